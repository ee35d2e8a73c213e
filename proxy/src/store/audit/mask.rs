//! Texts as they may be kept: short, on one line, and without what looks like a key.
//!
//! No code should put a secret into the log; this is for the day when some does.

/// How keys and tokens of vendors begin, and ours.
const BEGINNINGS: &[&str] = &[
    "easel-",
    "sk-",
    "sk_",
    "pk_",
    "rk_",
    "ghp_",
    "gho_",
    "github_pat_",
    "xox",
    "AIza",
    "AKIA",
    "eyJ",
];

/// So many characters of a key may be shown: they name it and open nothing.
const SHOWN: usize = 12;

/// So many hexadecimal digits in a row are a token or a digest.
const LONG_HEX: usize = 32;

pub(super) fn shown(text: &str, most_bytes: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most_bytes));
    let part_of_key = |it: char| it.is_ascii_alphanumeric() || "-_.+/=~".contains(it);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let n_bytes = rest.find(|it| !part_of_key(it)).unwrap_or(rest.len());
        if n_bytes == 0 {
            // Line ends would make two entries of one, and Postgres has no zero bytes.
            out.push(if first.is_control() { ' ' } else { first });
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(n_bytes);
        push_word(&mut out, word);
        rest = after;
    }
    if out.len() > most_bytes {
        let end = (0..=most_bytes.saturating_sub('…'.len_utf8()))
            .rev()
            .find(|it| out.is_char_boundary(*it));
        out.truncate(end.unwrap_or(0));
        out.push('…');
    }
    out
}

fn push_word(out: &mut String, word: &str) {
    let hex = word.len() >= LONG_HEX && word.bytes().all(|it| it.is_ascii_hexdigit());
    let at = BEGINNINGS.iter().filter_map(|it| word.find(it)).min();
    let key = at.is_some_and(|at| word.len() - at > SHOWN);
    match at {
        Some(at) if key => {
            out.push_str(&word[..at + SHOWN]);
            out.push('…');
        }
        Some(_) | None if hex => {
            out.push_str(&word[..SHOWN]);
            out.push('…');
        }
        Some(_) | None => out.push_str(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_masked() {
        let key = "easel-0123456789abcdef0123456789abcdef";
        for (text, expected) in [
            ("a key easel-012345 of Ann", "a key easel-012345 of Ann"),
            (key, "easel-012345…"),
            (&format!("Bearer {key}, sent"), "Bearer easel-012345…, sent"),
            (&format!("x={key}"), "x=easel-012345…"),
            ("sk-proj-0123456789abcdef", "sk-proj-0123…"),
            (&"0f".repeat(32), "0f0f0f0f0f0f…"),
            ("anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
            ("two\nlines\0", "two lines "),
        ] {
            assert_eq!(shown(text, 512), expected);
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shown("ééééé", 7), "éé…");
        assert_eq!(shown("ééééé", 10), "ééééé");
        assert_eq!(shown("abc", 0), "…");
    }
}
