//! What a request can cost at most, judged by its length before anybody has read it.

use std::sync::LazyLock;

use providers::{prices::Price, reply::tokens};
use regex_automata::{
    meta::{BuildError, Regex},
    util::syntax,
};
use sha2::{Digest as _, Sha256};

use crate::{accounts::KeyId, budget::Amounts, ledger::RequestId};

/// No text that models were seen to read has more tokens than this many bytes each. Pictures have
/// far fewer, so a request with one is taken for dearer than it is until it has been answered.
const LEAST_BYTES_PER_TOKEN: u64 = 2;

/// No model that is sold reads more at once.
const WIDEST_WINDOW: u64 = 1 << 20;

/// What a reply may have at most where the client sets no limit: more than nearly all have, and less
/// than what models could write.
pub const UNSAID_OUTPUT_TOKENS: u32 = 16_384;

/// A field whose value is something that lies elsewhere, or one whose value may be its address.
const ELSEWHERE: &str = r#"(?x-u)
      "(?:file_id|previous_response_id|conversation|s3Location)" \s*:\s* ["{]
    | "(?:url|image_url|file_url|fileUri|file_uri)" \s*:\s* "(?:http|gs:|s3:|file)
"#;

/// Characters of a name that a message shows.
const SHOWN: usize = 80;

/// How many replies a client wants, and how long each may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replies {
    pub n: u32,
    /// Tokens. None where the client does not say it.
    pub most: Option<u32>,
    /// What stands for it then.
    pub unsaid: u32,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Need {
    pub(super) amounts: Amounts,
    /// All lanes have a price.
    pub(super) priced: bool,
    /// The first lane's.
    pub(super) price: Option<Price>,
    pub(super) input_tokens: u32,
}

impl Need {
    /// Returns what a request can cost on the dearest of its lanes. Only where a budget is `capped`,
    /// the body is searched for what lies elsewhere.
    pub(super) fn new(
        body: &[u8],
        replies: Replies,
        prices: &[Option<Price>],
        capped: bool,
    ) -> Self {
        let n_bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let n_input = n_bytes / LEAST_BYTES_PER_TOKEN + 1;
        let n_input = if capped && refers(body) { n_input.max(WIDEST_WINDOW) } else { n_input };
        let each = u64::from(replies.most.unwrap_or(replies.unsaid));
        let n_output = each.saturating_mul(replies.n.max(1).into());
        let most = prices.iter().flatten().map(|it| it.most(n_input, n_output)).max();
        let input_tokens = tokens(body.len());
        let amounts = Amounts {
            nano: most.unwrap_or_default(),
            tokens: u64::from(input_tokens) + n_output.min(UNSAID_OUTPUT_TOKENS.into()),
            seconds: 0,
            messages: 1,
        };
        Self {
            amounts,
            priced: prices.iter().all(Option::is_some),
            price: prices.first().cloned().flatten(),
            input_tokens,
        }
    }
}

/// Whether a request names something that is read with it and lies elsewhere: how much that is can
/// be seen by nobody here.
fn refers(body: &[u8]) -> bool {
    static FINDER: LazyLock<Option<Regex>> = LazyLock::new(|| finder().ok());
    // What cannot be looked for is taken for found, as the dearer one.
    FINDER.as_ref().is_none_or(|it| it.is_match(body))
}

/// Whatever it is searched for, a body is gone through once.
fn finder() -> Result<Regex, Box<BuildError>> {
    let bytes = syntax::Config::new().utf8(false);
    Regex::builder().syntax(bytes).build(ELSEWHERE).map_err(Box::new)
}

/// Returns a session's number. Sessions of two keys are never one, whatever they are called.
pub(super) fn session(key: KeyId, name: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(key.0.to_le_bytes());
    hash.update(name.as_bytes());
    let digest = hash.finalize();
    // 0 is none.
    digest.first_chunk().map_or(1, |it| u64::from_le_bytes(*it).max(1))
}

pub(super) fn request_id(id: &str) -> RequestId {
    // Ids that are not ours have no number; the log finds them by the time.
    RequestId(u64::from_str_radix(id, 16).unwrap_or_default().to_be_bytes())
}

pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|it| !it.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use providers::prices::Quote;

    use super::*;

    #[test]
    fn the_dearest_lane_and_the_longest_reply_are_what_is_needed() {
        // Dollars per million: 3 and 15, 1 and 2.
        let price = |input, output| -> Option<Price> {
            let quote = Quote { input: Some(input), output: Some(output), ..Quote::default() };
            Some(quote.into())
        };
        let dear = price(3_000_000_000, 15_000_000_000);
        let cheap = price(1_000_000_000, 2_000_000_000);
        let said = Replies { n: 1, most: Some(100), unsaid: 9 };
        let body = [b'x'; 1998];
        let need = Need::new(&body, said, &[cheap.clone(), dear.clone()], true);
        assert_eq!(need.amounts.nano, 1000 * 3000 + 100 * 15_000);
        assert_eq!((need.price, need.priced, need.input_tokens), (cheap.clone(), true, 500));
        let several = Need::new(&body, Replies { n: 3, ..said }, std::slice::from_ref(&dear), true);
        assert_eq!(several.amounts.nano, 1000 * 3000 + 300 * 15_000);
        let unsaid = Need::new(b"", Replies { most: None, ..said }, &[dear], true);
        assert_eq!(unsaid.amounts.nano, 3000 + 9 * 15_000);
        assert!(!Need::new(b"", said, &[cheap, None], true).priced);
    }

    #[test]
    fn what_is_searched_for_can_be_searched_for() {
        finder().unwrap();
    }

    #[test]
    fn what_lies_elsewhere_is_taken_for_as_much_as_a_model_reads() {
        for (body, expected) in [
            (r#"{"image_url":{"url" : "https://a.example/b.png"}}"#, true),
            (r#"{"image_url": "http://a.example/b.png"}"#, true),
            (r#"{"fileData":{"fileUri":"gs://bucket/a.pdf"}}"#, true),
            (r#"{"source":{"s3Location":{"uri":"s3://b/c"}}}"#, true),
            (r#"{"previous_response_id":"resp_1"}"#, true),
            (r#"{"conversation":{"id":"c"}}"#, true),
            (r#"{"type":"file","file_id":"file-1"}"#, true),
            (r#"{"previous_response_id":null}"#, false),
            (r#"{"image_url":{"url":"data:image/png;base64,AA"}}"#, false),
            (
                r#"{"properties":{"url":{"type":"string"}},"$schema":"https://json-schema.org/x"}"#,
                false,
            ),
            (r#"{"text":"see \"url\": \"https://a.example\""}"#, false),
        ] {
            assert_eq!(refers(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn sessions_of_two_keys_differ() {
        assert_ne!(session(KeyId(1), "a"), session(KeyId(2), "a"));
        assert_eq!(session(KeyId(1), "a"), session(KeyId(1), "a"));
    }
}
