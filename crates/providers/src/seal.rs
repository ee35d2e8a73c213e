//! A vendor's opaque block as a text that another dialect's clients carry along.
//!
//! Signed thoughts must come back to their vendor byte for byte, but a client of another dialect
//! has no field for them. Each dialect has one for a text that nobody reads: that is where they
//! travel. It hides nothing and proves nothing: the vendor checks its own signature. It is base64
//! from its first to its last character, since some clients take these texts for bytes.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

/// Tells our texts from vendors' own signatures: `easel1` in base64.
const PREFIX: &str = "ZWFzZWwx";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Marks a call's id that ends in a handle.
const HANDLE: &str = "_eh";

/// Characters of a handle.
const HANDLE_LENGTH: usize = 16;

/// Returns the text that carries a block.
#[must_use]
pub fn seal(opaque: &Value) -> String {
    format!("{PREFIX}{}", BASE64.encode(opaque.to_string()))
}

/// Returns the block of a text of ours; none of any other.
#[must_use]
pub fn unseal(text: &str) -> Option<Value> {
    // Clients that read bytes may write them again in the other alphabet.
    let text = text.strip_prefix(PREFIX)?.replace('-', "+").replace('_', "/");
    let bytes = BASE64.decode(text).ok()?; // Another's text.
    serde_json::from_slice(&bytes).ok() // As above.
}

/// Returns a call's id with a handle, under which the thoughts before it were put aside: some
/// clients bring back nothing else. A handle is 16 hexadecimal digits.
#[must_use]
pub fn with_handle(call: &str, handle: &str) -> String {
    format!("{call}{HANDLE}{handle}")
}

/// Returns a call's own id, and its handle if it has one.
#[must_use]
pub fn split_handle(call: &str) -> (&str, Option<&str>) {
    let at = call.len().checked_sub(HANDLE.len() + HANDLE_LENGTH);
    let Some((own, rest)) = at.and_then(|it| call.split_at_checked(it)) else {
        return (call, None);
    };
    match rest.strip_prefix(HANDLE) {
        Some(handle) if handle.bytes().all(|it| it.is_ascii_hexdigit()) => (own, Some(handle)),
        Some(_) | None => (call, None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_block_comes_back_as_it_went() {
        let block = json!({ "anthropic": { "thinking": "é", "signature": "c2ln" } });
        assert_eq!(unseal(&seal(&block)), Some(block));
        assert_eq!(unseal("EqUCCqICAb4"), None);
        assert_eq!(unseal("ZWFzZWwx!"), None);
        assert_eq!(unseal("ZWFzZWwxe30x"), None);
    }

    #[test]
    fn a_client_may_take_it_for_bytes() {
        let block = json!({ "gemini": { "thoughtSignature": "~~~???>>>" } });
        let text = seal(&block);
        assert!(text.contains(['+', '/']), "{text}");
        let bytes = base64::engine::general_purpose::STANDARD.decode(&text).unwrap();
        let again = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(unseal(&again), Some(block));
    }

    #[test]
    fn a_handle_is_found_at_the_end_of_an_id() {
        let id = with_handle("toolu_01", "0123456789abcdef");
        assert_eq!(split_handle(&id), ("toolu_01", Some("0123456789abcdef")));
        for other in ["", "call_1", "_eh", "x_eh0123456789abcdeg", "é_eh0123456789abcde"] {
            assert_eq!(split_handle(other), (other, None));
        }
        assert_eq!(split_handle("_eh0123456789abcdef"), ("", Some("0123456789abcdef")));
    }
}
