//! Budgets and limits: how much an organisation, a project, a person or a key may use.
//!
//! It only says how much; who counts and refuses is elsewhere.

use std::{collections::BTreeMap, fmt};

use crate::budget::Period;

/// What one scope may use. What is not said is not limited here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caps {
    /// Nano-dollars per period.
    pub budgets: BTreeMap<Period, u64>,
    pub per_minute: Option<u32>,
    pub per_hour: Option<u32>,
    /// Requests at the same time.
    pub parallel: Option<u32>,
}

const PER_MINUTE: i64 = 11;
const PER_HOUR: i64 = 12;
const PARALLEL: i64 = 13;

impl Caps {
    /// Returns a number for each kind of cap, and the cap.
    pub(super) fn numbers(&self) -> Vec<(i64, u64)> {
        let mut numbers: Vec<_> =
            self.budgets.iter().map(|(period, most)| (*period as i64 + 1, *most)).collect();
        let limits =
            [(PER_MINUTE, self.per_minute), (PER_HOUR, self.per_hour), (PARALLEL, self.parallel)];
        numbers.extend(limits.into_iter().filter_map(|(kind, most)| Some((kind, most?.into()))));
        numbers
    }

    /// Takes what [`Self::numbers`] gave. A kind of a later version is left out.
    pub(super) fn add(&mut self, kind: i64, most: u64) {
        let limit = Some(u32::try_from(most).unwrap_or(u32::MAX));
        match kind {
            PER_MINUTE => self.per_minute = limit,
            PER_HOUR => self.per_hour = limit,
            PARALLEL => self.parallel = limit,
            _ => {
                let period = Period::ALL.into_iter().find(|it| *it as i64 + 1 == kind);
                self.budgets.extend(period.map(|it| (it, most)));
            }
        }
    }
}

impl fmt::Display for Caps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        for (period, most) in &self.budgets {
            let dollars = (most / NANO_PER_DOLLAR, most % NANO_PER_DOLLAR);
            let period = match period {
                Period::Total => "in total",
                Period::Month => "a month",
                Period::Day => "a day",
                Period::Hour => "an hour",
            };
            parts.push(format!("${}.{:09} {period}", dollars.0, dollars.1));
        }
        for (most, what) in [
            (self.per_minute, "requests a minute"),
            (self.per_hour, "requests an hour"),
            (self.parallel, "requests at a time"),
        ] {
            parts.extend(most.map(|it| format!("{it} {what}")));
        }
        f.write_str(if parts.is_empty() { "no caps" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}

const NANO_PER_DOLLAR: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_come_back_as_they_went() {
        let caps = Caps {
            budgets: [(Period::Total, 5), (Period::Hour, u64::MAX >> 1)].into(),
            per_minute: Some(10),
            per_hour: None,
            parallel: Some(0),
        };
        let mut read = Caps::default();
        for (kind, most) in caps.numbers() {
            read.add(kind, most);
        }
        assert_eq!(read, caps);
        assert_eq!(
            Caps { budgets: [(Period::Month, 12_500_000_000)].into(), ..caps }.to_string(),
            "$12.500000000 a month, 10 requests a minute, 0 requests at a time"
        );
        assert_eq!(Caps::default().to_string(), "no caps");
    }
}
