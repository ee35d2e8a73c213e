//! What is being typed, and what is kept of it. Pure.
//!
//! The core keeps the draft and shows it to every tab; this tells a tab's own echo from a draft
//! that another tab, another project or a sent message has put there.

/// Echoes that are waited for; more than ever come late.
const MAX_AWAITED: usize = 16;

#[derive(Debug, Default)]
pub struct Draft {
    /// What the core was last known to have.
    kept: String,
    /// What was told to the core and has not come back.
    awaited: Vec<String>,
}

impl Draft {
    /// Notes that `text` is on its way to the core. Returns whether it needs to be told.
    pub fn tell(&mut self, text: &str) -> bool {
        if self.latest() == text {
            return false;
        }
        if self.awaited.len() == MAX_AWAITED {
            self.awaited.remove(0);
        }
        self.awaited.push(text.to_owned());
        true
    }

    /// Takes in what the core says is kept. Returns the text to show in place of `typed`, if any:
    /// never when it is an echo, and never over something that was typed since.
    pub fn heard(&mut self, kept: &str, typed: &str) -> Option<String> {
        if let Some(at) = self.awaited.iter().position(|it| it == kept) {
            self.awaited.drain(..=at);
            kept.clone_into(&mut self.kept);
            return None;
        }
        let untouched = typed == self.latest();
        self.awaited.clear();
        kept.clone_into(&mut self.kept);
        (untouched && typed != kept).then(|| kept.to_owned())
    }

    /// Whether the core has heard of it, or will.
    pub fn is_told(&self, text: &str) -> bool {
        self.latest() == text
    }

    fn latest(&self) -> &str {
        self.awaited.last().unwrap_or(&self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_draft_is_shown_when_nothing_was_typed() {
        let mut draft = Draft::default();
        assert_eq!(draft.heard("make it", ""), Some("make it".to_owned()));
        assert_eq!(draft.heard("", "make it"), Some(String::new()), "sent from another tab");
    }

    #[test]
    fn an_echo_changes_nothing_however_late_it_comes() {
        let mut draft = Draft::default();
        assert!(draft.tell("a"));
        assert!(draft.tell("ab"));
        assert!(!draft.tell("ab"), "told already");
        assert!(draft.tell("abc"));
        assert_eq!(draft.heard("a", "abc"), None);
        assert_eq!(draft.heard("abc", "abcd"), None, "one in between was skipped");
        assert_eq!(draft.heard("", "abcd"), None, "typed since: it stays");
    }

    #[test]
    fn another_project_brings_its_own_draft() {
        let mut draft = Draft::default();
        draft.tell("one");
        draft.heard("one", "one");
        assert_eq!(draft.heard("two", "one"), Some("two".to_owned()));
    }
}
