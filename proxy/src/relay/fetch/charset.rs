//! Bytes of a page as text, whatever they say that they are.
//!
//! A mark at the beginning counts most, then the header, then what the page says in its head; without
//! any it is UTF-8 if it can be, else what old pages are in.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far a page is searched for what it says.
const HEAD_BYTES: usize = 1024;

pub(super) fn decode<'a>(bytes: &'a [u8], content_type: &str, html: bool) -> Cow<'a, str> {
    let said = label(content_type.as_bytes());
    let said = said.or_else(|| {
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        // Whoever could read this much of it as letters is not reading UTF-16.
        let utf_8 = |it: &&Encoding| *it == UTF_16LE || *it == UTF_16BE;
        html.then(|| label(head)).flatten().map(|it| if utf_8(&it) { UTF_8 } else { it })
    });
    let encoding = said.unwrap_or_else(|| {
        let valid = match std::str::from_utf8(bytes) {
            Ok(_) => true,
            // A character at the end may have been cut off, if there were others before it.
            Err(err) => err.error_len().is_none() && !bytes[..err.valid_up_to()].is_ascii(),
        };
        if valid { UTF_8 } else { WINDOWS_1252 }
    });
    encoding.decode(bytes).0
}

/// Returns the encoding behind the first `charset=`.
fn label(text: &[u8]) -> Option<&'static Encoding> {
    const NAME: &[u8] = b"charset";
    let at = text.windows(NAME.len()).position(|it| it.eq_ignore_ascii_case(NAME))?;
    let rest = text[at + NAME.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|it| matches!(it, b'"' | b'\'' | b';' | b'>' | b'/' | b' '));
    let found = Encoding::for_label(&rest[..end.unwrap_or(rest.len())])?;
    // Names of encodings that are a danger to browsers stand for one that reads nothing.
    (found != encoding_rs::REPLACEMENT).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_what_it_says() {
        for (bytes, content_type, expected) in [
            (&b"caf\xc3\xa9"[..], "text/html", "café"),
            (b"caf\xe9", "text/html", "café"),
            (b"caf\xc3\xa9", "text/html; charset=utf-8", "café"),
            (b"caf\xe9", "text/html; Charset=\"ISO-8859-1\"", "café"),
            (b"\x93\xfa\x96{", "text/html;charset=shift_jis", "日本"),
            (b"<meta charset=shift_jis>\x93\xfa", "text/html", "<meta charset=shift_jis>日"),
            (
                b"<meta http-equiv=x content='text/html; charset=koi8-r'>\xf2",
                "text/html",
                "<meta http-equiv=x content='text/html; charset=koi8-r'>Р",
            ),
            (b"<meta charset=\"utf-16\">\xc3\xa9", "text/html", "<meta charset=\"utf-16\">é"),
            (b"\xef\xbb\xbf\xc3\xa9", "text/html; charset=windows-1252", "é"),
            (b"\xff\xfea\0b\0", "text/html; charset=utf-8", "ab"),
            (b"+ADw-script+AD4-", "text/html; charset=utf-7", "+ADw-script+AD4-"),
            (b"a\xe9", "text/html; charset=nonsense", "aé"),
            (b"a\xff\xff", "text/html; charset=utf-8", "a\u{fffd}\u{fffd}"),
            (b"a\x1b$B", "text/html; charset=iso-2022-kr", "a\x1b$B"),
            (b"caf\xc3\xa9\xc3", "text/html", "café\u{fffd}"),
            (b"", "", ""),
        ] {
            assert_eq!(decode(bytes, content_type, true), expected, "{content_type}");
        }
    }
}
