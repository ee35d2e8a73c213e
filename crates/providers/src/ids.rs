//! Ids of calls as another vendor takes them: shorter, or of fewer characters.
//!
//! It changes the same id alike every time, so that a call and its result stay together.

use std::borrow::Cow;

/// Hexadecimal digits of what tells changed ids apart.
const HASH_LENGTH: usize = 16;

/// Returns an id of at most so many bytes, all of them such that the vendor takes them.
pub(crate) fn fitting(call: &str, most: usize, takes: fn(char) -> bool) -> Cow<'_, str> {
    if call.chars().all(takes) && (1..=most).contains(&call.len()) {
        return Cow::Borrowed(call);
    }
    let kept: Vec<char> = call.chars().filter(|it| it.is_ascii() && takes(*it)).collect();
    let start = kept.len().saturating_sub(most - HASH_LENGTH - 1);
    let end: String = kept[start..].iter().collect();
    Cow::Owned(format!("{end}_{:016x}", hash(call)))
}

/// FNV-1a: the same in every version.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_changed_alike_and_stays_apart() {
        let takes = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let fitting = |call| fitting(call, 24, takes);
        assert_eq!(fitting("toolu_01"), "toolu_01");
        assert_eq!(fitting("functions.look:0"), fitting("functions.look:0"));
        let changed: Vec<Cow<'_, str>> =
            ["", "functions.look:0", "functions:look.0", "é", "x123456789012345678901234567890"]
                .into_iter()
                .map(fitting)
                .collect();
        for (n, it) in changed.iter().enumerate() {
            assert!(it.len() <= 24 && it.chars().all(takes), "{it}");
            assert!(!changed[..n].contains(it), "{it}");
        }
        assert_eq!(changed[4], "4567890_bb1d2cabfab6bf06");
    }
}
