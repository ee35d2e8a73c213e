//! The tokens of a turn: the sum over its requests.
//!
//! It counts what was reported; it estimates nothing.

use wire::Usage;

#[derive(Debug, Default)]
pub(super) struct Sum(Option<Usage>);

impl Sum {
    pub(super) fn total(&self) -> Usage {
        self.0.unwrap_or_default()
    }

    /// Adds class by class; a price that is missing once makes the whole cost unknown.
    pub(super) fn add(&mut self, more: Usage) {
        let Some(sum) = &mut self.0 else {
            self.0 = Some(more);
            return;
        };
        sum.input_tokens = sum.input_tokens.saturating_add(more.input_tokens);
        sum.cache_read_tokens = sum.cache_read_tokens.saturating_add(more.cache_read_tokens);
        sum.cache_write_tokens = sum.cache_write_tokens.saturating_add(more.cache_write_tokens);
        sum.output_tokens = sum.output_tokens.saturating_add(more.output_tokens);
        sum.reasoning_tokens = sum.reasoning_tokens.saturating_add(more.reasoning_tokens);
        sum.cost_nano = sum.cost_nano.zip(more.cost_nano).map(|(a, b)| a.saturating_add(b));
        sum.estimated |= more.estimated;
    }
}
