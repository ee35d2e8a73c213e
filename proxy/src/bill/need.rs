//! What a request can cost at most, judged by its length before anybody has read it.

use providers::{prices::Price, reply::tokens};
use sha2::{Digest as _, Sha256};

use crate::{accounts::KeyId, budget::Amounts, ledger::RequestId};

/// No text that models were seen to read has more tokens than this many bytes each. Pictures have
/// far fewer, so a request with one is taken for dearer than it is until it has been answered.
const LEAST_BYTES_PER_TOKEN: u64 = 2;

/// What a reply is taken to have at most where the client sets no limit: more than nearly all have,
/// and less than what models could write.
const UNSAID_OUTPUT_TOKENS: u32 = 16_384;

/// Characters of a name that a message shows.
const SHOWN: usize = 80;

#[derive(Debug, Clone, Default)]
pub struct Need {
    pub(super) amounts: Amounts,
    /// All lanes have a price.
    pub(super) priced: bool,
    /// The first lane's.
    pub(super) price: Option<Price>,
    pub(super) input_tokens: u32,
}

impl Need {
    /// Returns what a request of so many bytes can cost on the dearest of its lanes.
    #[must_use]
    pub fn new(n_bytes: usize, max_output_tokens: Option<u32>, prices: &[Option<Price>]) -> Self {
        let n_bytes_wide = u64::try_from(n_bytes).unwrap_or(u64::MAX);
        let n_input = n_bytes_wide / LEAST_BYTES_PER_TOKEN + 1;
        let n_output = u64::from(max_output_tokens.unwrap_or(UNSAID_OUTPUT_TOKENS));
        let most = prices.iter().flatten().map(|it| it.most(n_input, n_output)).max();
        let input_tokens = tokens(n_bytes);
        let amounts = Amounts {
            nano: most.unwrap_or_default(),
            tokens: u64::from(input_tokens) + n_output.min(u64::from(UNSAID_OUTPUT_TOKENS)),
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
        let need = Need::new(1998, Some(100), &[cheap.clone(), dear.clone()]);
        assert_eq!(need.amounts.nano, 1000 * 3000 + 100 * 15_000);
        assert_eq!((need.price, need.priced, need.input_tokens), (cheap.clone(), true, 500));
        let unsaid = Need::new(0, None, &[dear]);
        assert_eq!(unsaid.amounts.nano, 3000 + 16_384 * 15_000);
        assert!(!Need::new(0, None, &[cheap, None]).priced);
    }

    #[test]
    fn sessions_of_two_keys_differ() {
        assert_ne!(session(KeyId(1), "a"), session(KeyId(2), "a"));
        assert_eq!(session(KeyId(1), "a"), session(KeyId(1), "a"));
    }
}
