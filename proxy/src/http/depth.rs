//! How deep the brackets of a body nest, before anybody reads it as JSON.
//!
//! It judges no syntax: what is no JSON is refused by its reader.

use memchr::memchr2;

/// Whether a text of JSON nests deeper than a limit.
pub(super) fn exceeds(body: &[u8], limit: usize) -> bool {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        at += 1;
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => at = string_end(body, at),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// Prompts are nearly all of a body, so they are leapt over.
fn string_end(body: &[u8], mut at: usize) -> usize {
    while let Some(found) = body.get(at..).and_then(|it| memchr2(b'"', b'\\', it)) {
        at += found + 1;
        if body[at - 1] == b'"' {
            return at;
        }
        at += 1; // What is escaped is no end.
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_and_those_in_texts_do_not() {
        for (body, depth) in [
            ("", 0),
            ("{}", 1),
            ("[[],[[]]]", 3),
            (r#"{"a":"[[[[","b":[1]}"#, 2),
            (r#"["\\",["\"[[["]]"#, 2),
            (r#"["never ends [[["#, 1),
            (r#"["ends in a slash \"#, 1),
            ("]]]][", 1),
        ] {
            assert!(!exceeds(body.as_bytes(), depth), "{body}");
            assert!(depth == 0 || exceeds(body.as_bytes(), depth - 1), "{body}");
        }
        assert!(exceeds("[".repeat(1_000_000).as_bytes(), 120));
    }
}
