//! Shortcuts: how they are written in the tables, matched and shown. Pure.
//!
//! `Mod+Shift+P`: modifiers, then one key. `Mod` is ⌘ on Apple's keyboards and Ctrl elsewhere.

/// A key that went down, with what was held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Press {
    /// What the key means in the person's layout.
    pub key: String,
    /// Where it is: "KeyP". Counts where the layout has no Latin letters, or Alt changes them.
    pub code: String,
    pub control: bool,
    pub command: bool,
    pub alt: bool,
    pub shift: bool,
}

/// Whether a press is this shortcut.
pub fn matches(keys: &str, press: &Press, apple: bool) -> bool {
    let wanted = parse(keys);
    let (command, control) = if apple { (wanted.main, false) } else { (false, wanted.main) };
    let control = control || wanted.control;
    press.command == command
        && press.control == control
        && press.alt == wanted.alt
        && press.shift == wanted.shift
        && is_key(wanted.key, press)
}

/// Returns a shortcut for people: "Ctrl+Shift+P", "⇧⌘P".
pub fn shown(keys: &str, apple: bool) -> String {
    let wanted = parse(keys);
    let marks = if apple {
        [(wanted.control, "⌃"), (wanted.alt, "⌥"), (wanted.shift, "⇧"), (wanted.main, "⌘")]
    } else {
        [
            (wanted.main || wanted.control, "Ctrl+"),
            (wanted.alt, "Alt+"),
            (wanted.shift, "Shift+"),
            (false, ""),
        ]
    };
    let held = marks.iter().filter(|(held, _)| *held).map(|(_, mark)| *mark);
    held.chain([wanted.key]).collect()
}

struct Wanted<'a> {
    key: &'a str,
    main: bool,
    control: bool,
    alt: bool,
    shift: bool,
}

fn parse(keys: &str) -> Wanted<'_> {
    let mut wanted = Wanted { key: keys, main: false, control: false, alt: false, shift: false };
    while let Some((held, rest)) = wanted.key.split_once('+') {
        match held {
            "Mod" => wanted.main = true,
            "Ctrl" => wanted.control = true,
            "Alt" => wanted.alt = true,
            "Shift" => wanted.shift = true,
            _ => break,
        }
        wanted.key = rest;
    }
    wanted
}

fn is_key(wanted: &str, press: &Press) -> bool {
    if press.key.eq_ignore_ascii_case(wanted) {
        return true;
    }
    let mut chars = wanted.chars();
    let (Some(letter), None) = (chars.next(), chars.next()) else { return false };
    // A layout with Latin letters says which one it is; then the place does not count.
    let latin = press.key.len() == 1 && press.key.is_ascii() && !press.alt;
    !latin
        && match letter {
            'A'..='Z' => press.code.strip_prefix("Key") == Some(wanted),
            '0'..='9' => press.code.strip_prefix("Digit") == Some(wanted),
            ',' => press.code == "Comma",
            '.' => press.code == "Period",
            '/' => press.code == "Slash",
            '\\' => press.code == "Backslash",
            _ => false,
        }
}
