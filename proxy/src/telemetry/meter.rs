//! What requests were, used, cost and how long they took, by lane.
//!
//! Counting is a few atomic additions. Lanes are names that clients can make up, so only the first
//! ones have figures of their own; all others share one.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::Exposition;
use crate::ledger::{ModelId, Row};

/// Lanes with figures of their own: thirty series each.
const MOST_LANES: usize = 200;

/// Upper bounds of the histograms.
const BOUNDS_MS: [u32; 13] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000];

const CLASSES: [&str; 5] = ["2xx", "4xx", "left", "5xx", "other"];

const TOKENS: [&str; 8] = [
    "input",
    "cache_read",
    "cache_write",
    "cache_write_long",
    "audio_input",
    "output",
    "reasoning",
    "audio_output",
];

#[derive(Debug, Default)]
pub(crate) struct Meter {
    lanes: RwLock<BTreeMap<ModelId, Arc<LaneMeter>>>,
    others: LaneMeter,
}

#[derive(Debug, Default)]
struct LaneMeter {
    requests: [AtomicU64; CLASSES.len()],
    tokens: [AtomicU64; TOKENS.len()],
    cost_nano: AtomicU64,
    unpriced: AtomicU64,
    whole: Histogram,
    first: Histogram,
}

#[derive(Debug, Default)]
struct Histogram {
    numbers: [AtomicU64; BOUNDS_MS.len() + 1],
    sum_ms: AtomicU64,
}

impl Meter {
    /// Counts a request that is over; `first_ms` is how long its client waited for the first of the
    /// reply, if there was any.
    pub(crate) fn count(&self, row: &Row, first_ms: Option<u32>) {
        let known =
            self.lanes.read().unwrap_or_else(PoisonError::into_inner).get(&row.model).cloned();
        match known.or_else(|| self.begin(row.model)) {
            Some(lane) => lane.count(row, first_ms),
            None => self.others.count(row, first_ms),
        }
    }

    fn begin(&self, model: ModelId) -> Option<Arc<LaneMeter>> {
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= MOST_LANES && !lanes.contains_key(&model) {
            return None;
        }
        Some(Arc::clone(lanes.entry(model).or_default()))
    }

    /// Writes all figures; `names` are those of the lanes.
    pub(crate) fn write(&self, names: &BTreeMap<ModelId, String>, text: &mut Exposition) {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner).clone();
        let named =
            |(id, lane): &(_, Arc<LaneMeter>)| Some((names.get(id)?.clone(), Arc::clone(lane)));
        let lanes: Vec<_> = lanes.into_iter().collect();
        let lanes: Vec<_> = lanes.iter().filter_map(named).collect();
        let all = || {
            let own = lanes.iter().map(|it| (it.0.as_str(), &*it.1));
            own.chain([("(others)", &self.others)])
        };
        text.counter(
            "easel_requests_total",
            "Requests by lane and class of status; `left` is a client that did not wait.",
        );
        for (name, lane) in all() {
            for (class, n) in CLASSES.iter().zip(&lane.requests) {
                let n = n.load(Ordering::Relaxed);
                if n > 0 {
                    text.value(&[("lane", name), ("class", class)], n);
                }
            }
        }
        text.counter("easel_tokens_total", "Tokens by lane and class.");
        for (name, lane) in all() {
            for (class, n) in TOKENS.iter().zip(&lane.tokens) {
                let n = n.load(Ordering::Relaxed);
                if n > 0 {
                    text.value(&[("lane", name), ("class", class)], n);
                }
            }
        }
        text.counter("easel_cost_dollars_total", "What requests cost, by lane.");
        for (name, lane) in all() {
            text.nano(&[("lane", name)], lane.cost_nano.load(Ordering::Relaxed));
        }
        text.counter("easel_unpriced_requests_total", "Requests whose price nobody knows.");
        for (name, lane) in all() {
            text.value(&[("lane", name)], lane.unpriced.load(Ordering::Relaxed));
        }
        text.histogram("easel_request_seconds", "From the request to the end of its reply.");
        for (name, lane) in all() {
            lane.whole.write(name, text);
        }
        text.histogram("easel_first_byte_seconds", "From the request to the first of its reply.");
        for (name, lane) in all() {
            lane.first.write(name, text);
        }
    }
}

impl LaneMeter {
    fn count(&self, row: &Row, first_ms: Option<u32>) {
        let class = match row.status {
            200..=299 => 0,
            499 => 2,
            400..=498 => 1,
            500..=599 => 3,
            _ => 4,
        };
        let add = |to: &AtomicU64, n: u64| {
            if n > 0 {
                to.fetch_add(n, Ordering::Relaxed);
            }
        };
        add(&self.requests[class], 1);
        for (to, n) in self.tokens.iter().zip(crate::ledger::tokens(&row.usage)) {
            add(to, n.into());
        }
        match row.usage.cost_nano {
            Some(nano) => add(&self.cost_nano, nano),
            None => add(&self.unpriced, 1),
        }
        self.whole.count(row.ms);
        if let Some(ms) = first_ms {
            self.first.count(ms);
        }
    }
}

impl Histogram {
    fn count(&self, ms: u32) {
        let at = BOUNDS_MS.partition_point(|it| *it < ms);
        self.numbers[at].fetch_add(1, Ordering::Relaxed);
        self.sum_ms.fetch_add(ms.into(), Ordering::Relaxed);
    }

    fn write(&self, lane: &str, text: &mut Exposition) {
        let numbers = self.numbers.each_ref().map(|it| it.load(Ordering::Relaxed));
        if numbers.iter().any(|it| *it > 0) {
            let sum_ms = self.sum_ms.load(Ordering::Relaxed);
            text.buckets(&[("lane", lane)], &BOUNDS_MS, &numbers, sum_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::Usage;

    use super::*;
    use crate::{
        accounts::KeyId,
        ledger::{Operation, RequestId},
    };

    #[test]
    fn made_up_lanes_do_not_grow_the_figures() {
        let meter = Meter::default();
        let row = |model| Row {
            at_ms: 1,
            key: KeyId(1),
            model: ModelId(model),
            status: 200,
            operation: Operation::Chat,
            usage: Usage { input_tokens: 3, cost_nano: Some(5), ..Usage::default() },
            ms: 70,
            request: RequestId([0; 8]),
            session: 0,
        };
        let most = u32::try_from(MOST_LANES).unwrap();
        for model in 0..most + 50 {
            meter.count(&row(model), None);
        }
        let names = (0..most + 50).map(|it| (ModelId(it), format!("p/m{it}"))).collect();
        let mut text = Exposition::default();
        meter.write(&names, &mut text);
        let text = text.finish();
        assert!(text.contains("easel_requests_total{lane=\"p/m0\",class=\"2xx\"} 1\n"), "{text}");
        assert!(text.contains("easel_requests_total{lane=\"(others)\",class=\"2xx\"} 50\n"));
        assert!(text.contains("easel_tokens_total{lane=\"(others)\",class=\"input\"} 150\n"));
        assert!(text.contains("easel_cost_dollars_total{lane=\"(others)\"} 0.000000250\n"));
        assert!(text.contains("easel_request_seconds_bucket{lane=\"p/m7\",le=\"0.100\"} 1\n"));
        assert!(!text.contains(&format!("p/m{most}")));
    }

    #[test]
    fn a_bound_is_within_its_bucket() {
        let histogram = Histogram::default();
        for ms in [0, 50, 51, 320_000, 320_001] {
            histogram.count(ms);
        }
        let numbers = histogram.numbers.map(AtomicU64::into_inner);
        assert_eq!((numbers[0], numbers[1], numbers[12], numbers[13]), (2, 1, 1, 1));
    }
}
