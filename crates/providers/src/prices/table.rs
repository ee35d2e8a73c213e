//! The table of prices, and how it is read: the names of a seller when it is first asked for, an
//! offer each time.
//!
//! `table.txt` is written by `cargo xtask prices`. A line is a model: names, `=`, offers. A name
//! can be a [pattern](super::glob); one that begins with `+` goes on where the first one of the
//! line ends. The first line that fits counts.
//!
//! | line | meaning |
//! |---|---|
//! | `# …` | nothing |
//! | `@azure openai …` | the models of this seller follow; for others, see those sellers |
//! | `a,+-latest=3r.3o15` | dollars per million tokens: input, read from a cache, output |
//! | `…>200000i6o22.5` | what differs above this number of input tokens |
//! | `…;2026-08-21 2o10` | the offer from this day on; the last one that holds counts, else the first |
//! | `…;01:00-04:00 4o20` | the offer between these hours |
//! | `a=0` | free |
//! | `a=` | sold, but not by tokens |
//!
//! Classes: `i` input, `r` cache read, `w` cache write, `W` for an hour, `a` audio, `o` output, `t`
//! thoughts, `A` audio put out, `q` thousand requests.

use std::{borrow::Cow, collections::BTreeMap, iter, sync::OnceLock};

use super::{Above, Day, Price, Quote, Seller, decimal, glob::Glob};

/// The only mention of the file, so that who never asks for a price does not carry it.
fn text() -> &'static str {
    include_str!("table.txt")
}

/// What one seller sells.
#[derive(Debug, Default)]
struct Shelf {
    /// Where else the models of this seller stand.
    others: Vec<Seller>,
    /// By name: the number of the line, and its offers.
    named: BTreeMap<Cow<'static, str>, (usize, &'static str)>,
    patterns: Vec<(usize, Glob, &'static str)>,
}

/// Returns the offers of the first model that is called so, in small letters.
pub(super) fn find(seller: Seller, model: &str) -> Option<&'static str> {
    let others = shelf(seller).others.iter().copied();
    iter::once(seller).chain(others).find_map(|it| shelf(it).find(model))
}

fn shelf(seller: Seller) -> &'static Shelf {
    static SHELVES: [OnceLock<Shelf>; Seller::N] = [const { OnceLock::new() }; Seller::N];
    SHELVES[seller as usize].get_or_init(|| {
        let sections = text().split("\n@").skip(1);
        let mut lines = sections.map(str::lines).filter_map(|mut it| Some((it.next()?, it)));
        let mut shelf = Shelf::default();
        if let Some((others, lines)) = lines.find_map(|(head, lines)| {
            let (name, others) = head.split_once(' ').unwrap_or((head, ""));
            (name == seller.name()).then_some((others, lines))
        }) {
            shelf.others = others.split(' ').filter_map(Seller::named).collect();
            lines.enumerate().for_each(|(n, line)| shelf.add(n, line));
        }
        shelf
    })
}

impl Shelf {
    fn add(&mut self, n: usize, line: &'static str) {
        let (names, offers) = line.split_once('=').unwrap_or((line, ""));
        let first = names.split(',').next().unwrap_or_default().trim_end_matches('*');
        for name in names.split(',') {
            let name = match name.strip_prefix('+') {
                Some(rest) => Cow::Owned([first, rest].concat()),
                None => Cow::Borrowed(name),
            };
            match Glob::new(&name) {
                Some(pattern) => self.patterns.push((n, pattern, offers)),
                None => drop(self.named.entry(name).or_insert((n, offers))),
            }
        }
    }

    fn find(&self, model: &str) -> Option<&'static str> {
        let named = self.named.get(model).copied();
        let before = named.map_or(usize::MAX, |(n, _)| n);
        let mut patterns = self.patterns.iter().take_while(|it| it.0 < before);
        let fitting = patterns.find(|it| it.1.fits(model)).map(|it| it.2);
        fitting.or(named.map(|(_, offers)| offers))
    }
}

/// Reads the offer that holds at a moment; none if it is not made by tokens.
pub(super) fn read(offers: &str, at_secs: u64) -> Option<Price> {
    let mut chosen = None;
    for offer in offers.split(';') {
        let (when, rates) = offer.split_once(' ').unwrap_or(("", offer));
        if holds(when, at_secs)? || chosen.is_none() {
            chosen = Some(rates);
        }
    }
    let mut parts = chosen?.split('>');
    let mut quote = Quote::default();
    add(&mut quote, parts.next().filter(|it| !it.is_empty())?)?;
    let mut price = Price::from(quote);
    for part in parts {
        let (tokens, rates) = part.split_at(part.find(|it: char| !it.is_ascii_digit())?);
        add(&mut quote, rates)?;
        price.above.push(Above { tokens: tokens.parse().ok()?, rates: quote.into() }); // Digits.
    }
    Some(price)
}

fn holds(when: &str, at_secs: u64) -> Option<bool> {
    if when.is_empty() {
        return Some(true);
    }
    let Some((from, to)) = when.split_once('-').filter(|_| when.contains(':')) else {
        return Some(Day::parse(when)? <= Day::of(at_secs));
    };
    let minutes = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        Some(hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?) // Our own file.
    };
    let (from, to, at) = (minutes(from)?, minutes(to)?, at_secs % 86_400 / 60);
    Some(if from <= to { from <= at && at < to } else { from <= at || at < to })
}

/// Reads `3r.3o15` into a quote.
fn add(quote: &mut Quote, mut rates: &str) -> Option<()> {
    while !rates.is_empty() {
        let digit = |it: char| it.is_ascii_digit() || it == '.';
        let (class, rest) = rates.split_at(rates.find(digit)?);
        let (number, rest) = rest.split_at(rest.find(|it| !digit(it)).unwrap_or(rest.len()));
        let (class, per) = match class {
            "" | "i" => (&mut quote.input, 1),
            "r" => (&mut quote.cache_read, 1),
            "w" => (&mut quote.cache_write, 1),
            "W" => (&mut quote.cache_write_long, 1),
            "a" => (&mut quote.audio_input, 1),
            "o" => (&mut quote.output, 1),
            "t" => (&mut quote.reasoning, 1),
            "A" => (&mut quote.audio_output, 1),
            "q" => (&mut quote.request, 1_000),
            _ => return None,
        };
        *class = Some(decimal::per_million(number)?.checked_mul(per)?);
        rates = rest;
    }
    Some(())
}

/// Returns the offers of a seller that say nothing.
#[cfg(test)]
pub(super) fn unreadable(seller: Seller) -> Vec<&'static str> {
    let Shelf { named, patterns, .. } = shelf(seller);
    assert!(!named.is_empty(), "{seller:?} sells nothing");
    let offers = named.values().map(|it| it.1).chain(patterns.iter().map(|it| it.2));
    let all = offers.filter(|it| !it.is_empty()).flat_map(|it| it.split(';'));
    all.filter(|it| read(it, 0).is_none()).collect()
}
