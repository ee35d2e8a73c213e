//! One text, in pieces: what may pass of it, and when.

use super::{Action, Blocked, Chosen, finder::Finder};
use std::ops::Range;

/// No more is held back of a text that streams; a longer match is found only where it lies in one
/// piece.
const WINDOW_BYTES: usize = 1_024;

#[derive(Debug)]
pub(super) struct Sieve {
    rules: Chosen,
    /// What has not passed, and before it the last character that has: patterns look back.
    text: String,
    /// So much of the text has passed.
    passed: usize,
    /// For each rule and each of its finders.
    seekers: Vec<Seeker>,
    masked: bool,
}

#[derive(Debug)]
struct Seeker {
    rule: usize,
    finder: usize,
    from: usize,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Unknown,
    None,
    At(Range<usize>),
}

impl Sieve {
    pub(super) fn new(rules: &Chosen) -> Self {
        let seekers = rules.rules.iter().enumerate().flat_map(|(rule, it)| {
            (0..it.finders.len()).map(move |finder| Seeker {
                rule,
                finder,
                from: 0,
                next: Next::Unknown,
            })
        });
        let seekers = seekers.collect();
        Self { rules: rules.clone(), text: String::new(), passed: 0, seekers, masked: false }
    }

    /// Whether something was replaced so far.
    pub(super) fn masked(&self) -> bool {
        self.masked
    }

    /// Takes a piece, and returns what may pass. `end` says that it was the last one.
    pub(super) fn push(&mut self, piece: &str, end: bool) -> Result<String, Blocked> {
        self.text.push_str(piece);
        for it in &mut self.seekers {
            it.next = Next::Unknown;
        }
        let mut out = String::with_capacity(piece.len());
        let mut hold = self.hold(end);
        self.judge(hold)?;
        while let Some((seeker, found)) = self.first_masked(hold) {
            out.push_str(&self.text[self.passed..found.start]);
            out.push_str(&self.finder(seeker).mask);
            tracing::info!(filter = self.rules.rules[self.seekers[seeker].rule].name, "masked");
            self.masked = true;
            self.passed = found.end;
            if found.end > hold {
                hold = self.hold(end);
                self.judge(hold)?;
            }
        }
        out.push_str(&self.text[self.passed..hold]);
        self.passed = hold;
        self.forget();
        Ok(out)
    }

    /// Looks for what is not masked; it may lie in what is.
    fn judge(&mut self, hold: usize) -> Result<(), Blocked> {
        for at in 0..self.seekers.len() {
            let rule = &self.rules.rules[self.seekers[at].rule];
            let blocks = match rule.action {
                Action::Mask => continue,
                Action::Block => true,
                Action::Log => false,
            };
            let name = rule.name.clone();
            let mut n_found = 0_u32;
            while let Some(found) = self.next(at, 0).filter(|it| it.start < hold) {
                if blocks {
                    tracing::info!(filter = name, "blocked");
                    return Err(Blocked { rule: name, on: self.rules.on });
                }
                n_found += 1;
                self.seekers[at].from = found.end;
            }
            if n_found > 0 {
                tracing::warn!(filter = name, n_found, "found by a filter");
            }
        }
        Ok(())
    }

    fn first_masked(&mut self, hold: usize) -> Option<(usize, Range<usize>)> {
        let mut first: Option<(usize, Range<usize>)> = None;
        for at in 0..self.seekers.len() {
            if self.rules.rules[self.seekers[at].rule].action != Action::Mask {
                continue;
            }
            let Some(found) = self.next(at, self.passed).filter(|it| it.start < hold) else {
                continue;
            };
            if first.as_ref().is_none_or(|it| found.start < it.1.start) {
                first = Some((at, found));
            }
        }
        first
    }

    /// Returns what a seeker finds next, not before `least`. It looks at no place twice.
    fn next(&mut self, at: usize, least: usize) -> Option<Range<usize>> {
        let seeker = &self.seekers[at];
        let from = seeker.from.max(least);
        let known = match &seeker.next {
            Next::None => return None,
            Next::At(found) => Some(found.clone()).filter(|it| it.start >= from),
            Next::Unknown => None,
        };
        let found = known.or_else(|| self.finder(at).find(&self.text, from));
        let seeker = &mut self.seekers[at];
        seeker.from = from;
        seeker.next = found.clone().map_or(Next::None, Next::At);
        found
    }

    fn finder(&self, at: usize) -> &Finder {
        let seeker = &self.seekers[at];
        &self.rules.rules[seeker.rule].finders[seeker.finder]
    }

    /// Returns from where on nothing may pass yet.
    fn hold(&self, end: bool) -> usize {
        let len = self.text.len();
        if end {
            return len.max(self.passed);
        }
        let mut from = self.passed.max(len.saturating_sub(WINDOW_BYTES));
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let finders = (0..self.seekers.len()).map(|at| self.finder(at));
        finders.filter_map(|it| it.open(&self.text, from)).min().unwrap_or(len).max(self.passed)
    }

    /// Drops what has passed, but for the last character.
    fn forget(&mut self) {
        let last = self.text[..self.passed].chars().next_back().map_or(0, char::len_utf8);
        let gone = self.passed - last;
        self.text.drain(..gone);
        self.passed = last;
        for it in &mut self.seekers {
            it.from = it.from.saturating_sub(gone);
            it.next = Next::Unknown;
        }
    }
}
