//! Patterns of names: `*` is any text, `#` a digit, `!` in front turns the rest round, `&` wants
//! both sides.

use memchr::memmem;

/// A pattern that names are often compared with.
#[derive(Debug)]
pub(super) enum Glob {
    Begins(Box<str>),
    Ends(Box<str>),
    Holds(Box<str>),
    Other(Box<str>),
}

impl Glob {
    /// Returns the pattern; none if it is but a name.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        const SPECIAL: [char; 4] = ['*', '#', '!', '&'];
        let middle = pattern.trim_matches('*');
        if middle.contains(SPECIAL) || middle.is_empty() {
            return Some(Self::Other(pattern.into()));
        }
        match (pattern.starts_with('*'), pattern.ends_with('*')) {
            (false, false) => None,
            (false, true) => Some(Self::Begins(middle.into())),
            (true, false) => Some(Self::Ends(middle.into())),
            (true, true) => Some(Self::Holds(middle.into())),
        }
    }

    pub(super) fn fits(&self, name: &str) -> bool {
        match self {
            Self::Begins(text) => name.starts_with(&**text),
            Self::Ends(text) => name.ends_with(&**text),
            Self::Holds(text) => memmem::find(name.as_bytes(), text.as_bytes()).is_some(),
            Self::Other(pattern) => fits(pattern, name),
        }
    }
}

/// Whether a name is what a pattern says.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    pattern.split('&').all(|it| match it.strip_prefix('!') {
        Some(unwanted) => !matches(unwanted.as_bytes(), name.as_bytes()),
        None => matches(it.as_bytes(), name.as_bytes()),
    })
}

/// Goes deeper for stars only, of which a pattern has few.
fn matches(mut pattern: &[u8], mut name: &[u8]) -> bool {
    while let Some((first, rest)) = pattern.split_first() {
        match (first, name.split_first()) {
            (b'*', _) => {
                return rest.is_empty() || (0..=name.len()).any(|at| matches(rest, &name[at..]));
            }
            (b'#', Some((digit, after))) if digit.is_ascii_digit() => name = after,
            (wanted, Some((byte, after))) if wanted == byte => name = after,
            (_, Some(_) | None) => return false,
        }
        pattern = rest;
    }
    name.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit() {
        for (pattern, fitting, others) in [
            ("a", &["a"][..], &["", "ab", "b"][..]),
            ("a*", &["a", "ab"], &["", "ba"]),
            ("*a", &["a", "ba"], &["ab", ""]),
            ("*ab", &["ab", "xab"], &["abx", "b"]),
            ("a#*", &["a1", "a12"], &["a", "ax"]),
            ("*ab*", &["ab", "aab", "xaby"], &["a", "axb"]),
            ("a-##", &["a-12"], &["a-1", "a-123", "a-x2"]),
            ("a*&!*-t&!*-t-*", &["a", "a-tt"], &["a-t", "a-t-1", "b"]),
            ("*", &["", "x"], &[]),
            ("", &[""], &["x"]),
        ] {
            assert!(fitting.iter().all(|it| fits(pattern, it)), "{pattern}");
            assert!(!others.iter().any(|it| fits(pattern, it)), "{pattern}");
            let Some(glob) = Glob::new(pattern) else { continue };
            assert!(fitting.iter().all(|it| glob.fits(it)), "{pattern}");
            assert!(!others.iter().any(|it| glob.fits(it)), "{pattern}");
        }
    }
}
