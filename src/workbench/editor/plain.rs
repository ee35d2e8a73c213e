//! A plain field in the editor's place: while the editor is being loaded, and when it cannot be.
//!
//! It keeps the editor's promise with less: what was typed is saved as one difference, and is never
//! lost. Where a change from elsewhere meets it in the same place, it asks.

use link::{editor::TextChange, patch::differing_range};

/// What is stored, and what is typed over it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plain {
    pub version: String,
    pub stored: String,
    /// What the field holds, when it differs.
    pub typed: Option<String>,
    /// What was sent and is not acknowledged.
    sent: Option<String>,
    /// The file changed elsewhere in the place where something is typed: nothing is saved until the
    /// person decides.
    pub clash: bool,
}

impl Plain {
    pub fn new(version: String, stored: String) -> Self {
        Self { version, stored, ..Self::default() }
    }

    pub fn text(&self) -> &str {
        self.typed.as_deref().unwrap_or(&self.stored)
    }

    pub fn type_text(&mut self, text: String) {
        self.typed = (text != self.stored).then_some(text);
    }

    /// Returns the difference to be saved; none when there is none, or a save is under way.
    pub fn take_save(&mut self) -> Option<TextChange> {
        if self.sent.is_some() || self.clash {
            return None;
        }
        let typed = self.typed.as_ref()?;
        let change = change_between(&self.stored, typed)?;
        self.sent = Some(typed.clone());
        Some(change)
    }

    /// The stored text changed.
    pub fn follow(&mut self, version: String, text: String) {
        let sent = self.sent.take();
        self.version = version;
        if sent.as_ref() != Some(&text)
            && let Some(typed) = self.typed.take()
        {
            let (merged, clash) = carried(&self.stored, &typed, &text);
            self.clash |= clash;
            self.typed = Some(merged);
        }
        self.stored = text;
        if self.typed.as_ref() == Some(&self.stored) {
            self.typed = None;
            self.clash = false;
        }
    }

    /// The person decided: what is typed stands, or what is stored does.
    pub fn decide(&mut self, keep_typed: bool) {
        self.clash = false;
        if !keep_typed {
            self.typed = None;
        }
    }
}

/// Returns `typed` with what changed from `old` to `new` in it, and whether both changed the same
/// place: then `typed` is as it was.
fn carried(old: &str, typed: &str, new: &str) -> (String, bool) {
    let (mine, mine_old_end, mine_end) = differing_range(old, typed);
    let (theirs, theirs_old_end, theirs_end) = differing_range(old, new);
    if theirs_old_end < mine || (theirs_old_end == mine && theirs < mine) {
        let merged =
            [&old[..theirs], &new[theirs..theirs_end], &old[theirs_old_end..mine], &typed[mine..]];
        return (merged.concat(), false);
    }
    if mine_old_end < theirs || (mine_old_end == theirs && mine < theirs) {
        let merged = [&typed[..mine_end], &old[mine_old_end..theirs], &new[theirs..]];
        return (merged.concat(), false);
    }
    (typed.to_owned(), true)
}

/// Returns the one range in which two texts differ, in UTF-16 units of the old one.
pub fn change_between(old: &str, new: &str) -> Option<TextChange> {
    if old == new {
        return None;
    }
    let (start, old_end, new_end) = differing_range(old, new);
    let units = |text: &str| text.encode_utf16().count() as u32;
    let from = units(&old[..start]);
    Some(TextChange {
        from,
        to: from + units(&old[start..old_end]),
        insert: new[start..new_end].to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_saved_as_one_difference() {
        let mut plain = Plain::new("v1".into(), "🦀 body".into());
        plain.type_text("🦀 nobody".into());
        assert_eq!(plain.take_save(), Some(change(3, 3, "no")));
        assert_eq!(plain.take_save(), None, "one save at a time");
        plain.follow("v2".into(), "🦀 nobody".into());
        assert_eq!(plain, Plain::new("v2".into(), "🦀 nobody".into()));
    }

    #[test]
    fn typing_goes_on_while_a_save_is_under_way() {
        let mut plain = Plain::new("v1".into(), "a".into());
        plain.type_text("ab".into());
        plain.take_save().unwrap();
        plain.type_text("abc".into());
        plain.follow("v2".into(), "ab".into());
        assert_eq!(plain.text(), "abc");
        assert_eq!(plain.take_save(), Some(change(2, 2, "c")));
    }

    #[test]
    fn a_change_in_another_place_is_taken_in() {
        let mut plain = Plain::new("v1".into(), "one\ntwo\nthree\n".into());
        plain.type_text("one\ntwo\nthree!\n".into());
        plain.follow("v2".into(), "zero\ntwo\nthree\n".into());
        assert_eq!(plain.text(), "zero\ntwo\nthree!\n");
        plain.follow("v3".into(), "zero\ntwo\nthree\nfour\n".into());
        assert!(plain.text().contains("three!") && plain.text().contains("four"));
        assert!(!plain.clash);
    }

    #[test]
    fn a_change_in_the_same_place_is_asked_about_and_nothing_is_lost() {
        let mut plain = Plain::new("v1".into(), "one\n".into());
        plain.type_text("mine\n".into());
        plain.follow("v2".into(), "theirs\n".into());
        assert_eq!(plain.text(), "mine\n");
        assert!(plain.clash);
        assert_eq!(plain.take_save(), None);
        let mut other = plain.clone();
        plain.decide(true);
        assert_eq!(plain.take_save().map(|it| it.insert), Some("mine".into()));
        other.decide(false);
        assert_eq!(other.text(), "theirs\n");
    }

    fn change(from: u32, to: u32, insert: &str) -> TextChange {
        TextChange { from, to, insert: insert.to_owned() }
    }
}
