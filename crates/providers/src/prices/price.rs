//! The price of a model: what each class of tokens costs, and what a usage costs by that.
//!
//! Knows no model and no day.

use wire::{ModelEvent, Usage};

use super::decimal::rounded;

const MILLION: u128 = 1_000_000;

/// Nano-dollars per million, as a price list tells them. A class that is absent costs what the
/// wider one costs that it is part of: a cache for an hour is a cache, a cache is input, a thought
/// is output. Input or output that is absent too costs nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quote {
    pub input: Option<u64>,
    pub cache_read: Option<u64>,
    pub cache_write: Option<u64>,
    /// Into a cache that lives for an hour.
    pub cache_write_long: Option<u64>,
    pub audio_input: Option<u64>,
    pub output: Option<u64>,
    pub reasoning: Option<u64>,
    pub audio_output: Option<u64>,
    /// Per million requests.
    pub request: Option<u64>,
}

/// Nano-dollars per million tokens of each class, and per million requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub input: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    pub cache_write_long: u64,
    pub audio_input: u64,
    pub output: u64,
    pub reasoning: u64,
    pub audio_output: u64,
    pub request: u64,
}

/// What a model costs at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Price {
    pub base: Rates,
    /// What a request costs, as a whole, that puts more into the model.
    pub above: Vec<Above>,
}

/// The rates of requests with more input, of all classes, than a number of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Above {
    pub tokens: u64,
    pub rates: Rates,
}

impl From<Quote> for Rates {
    fn from(it: Quote) -> Self {
        let (input, output) = (it.input.unwrap_or(0), it.output.unwrap_or(0));
        let cache_write = it.cache_write.unwrap_or(input);
        Self {
            input,
            cache_read: it.cache_read.unwrap_or(input),
            cache_write,
            cache_write_long: it.cache_write_long.unwrap_or(cache_write),
            audio_input: it.audio_input.unwrap_or(input),
            output,
            reasoning: it.reasoning.unwrap_or(output),
            audio_output: it.audio_output.unwrap_or(output),
            request: it.request.unwrap_or(0),
        }
    }
}

impl From<Quote> for Price {
    fn from(quote: Quote) -> Self {
        Self { base: quote.into(), above: Vec::new() }
    }
}

impl Rates {
    /// Returns what a usage costs, in nano-dollars times a million.
    fn sum(&self, usage: &Usage) -> u128 {
        let classes = [
            (usage.input_tokens, self.input),
            (usage.cache_read_tokens, self.cache_read),
            (usage.cache_write_tokens, self.cache_write),
            (usage.cache_write_long_tokens, self.cache_write_long),
            (usage.audio_input_tokens, self.audio_input),
            (usage.output_tokens, self.output),
            (usage.reasoning_tokens, self.reasoning),
            (usage.audio_output_tokens, self.audio_output),
            (1, self.request),
        ];
        classes.into_iter().map(|(n, rate)| u128::from(n) * u128::from(rate)).sum()
    }

    fn dearest_input(&self) -> u64 {
        let written = self.cache_write.max(self.cache_write_long);
        self.input.max(self.cache_read).max(written).max(self.audio_input)
    }

    fn dearest_output(&self) -> u64 {
        self.output.max(self.reasoning).max(self.audio_output)
    }
}

impl Price {
    /// Nothing costs anything.
    pub const FREE: Self = Self {
        base: Rates {
            input: 0,
            cache_read: 0,
            cache_write: 0,
            cache_write_long: 0,
            audio_input: 0,
            output: 0,
            reasoning: 0,
            audio_output: 0,
            request: 0,
        },
        above: Vec::new(),
    };

    /// Returns what a reply cost, in nano-dollars, rounded to the nearest one and from the middle
    /// to the even one.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> u64 {
        let sum = self.rates(usage.all_input_tokens()).sum(usage);
        u64::try_from(rounded(sum, MILLION)).unwrap_or(u64::MAX)
    }

    /// Says what a reply cost where its provider does not.
    pub fn charge(&self, events: &mut [ModelEvent]) {
        for event in events {
            if let ModelEvent::Usage(usage) = event
                && usage.cost_nano.is_none()
            {
                usage.cost_nano = Some(self.cost(usage));
            }
        }
    }

    /// Returns what a request can cost at most, in nano-dollars: all of its input and all of its
    /// output in their dearest classes, and not more input than is said here.
    #[must_use]
    pub fn most(&self, n_input_tokens: u64, max_output_tokens: u64) -> u64 {
        let above = self.above.iter().filter(|it| n_input_tokens > it.tokens);
        let rates = above.map(|it| &it.rates).chain([&self.base]);
        let times = |n: u64, rate: u64| u128::from(n) * u128::from(rate);
        let sums = rates.map(|it| {
            times(n_input_tokens, it.dearest_input())
                .saturating_add(times(max_output_tokens, it.dearest_output()))
                .saturating_add(u128::from(it.request))
        });
        let most = sums.max().unwrap_or(0).div_ceil(MILLION);
        u64::try_from(most).unwrap_or(u64::MAX)
    }

    /// Returns the rates of a request with so much input.
    #[must_use]
    pub fn rates(&self, n_input_tokens: u64) -> &Rates {
        let above = self.above.iter().filter(|it| n_input_tokens > it.tokens);
        above.max_by_key(|it| it.tokens).map_or(&self.base, |it| &it.rates)
    }
}
