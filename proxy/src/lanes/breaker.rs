//! Whether one lane may be tried: closed while it works, open after failures, then one try at a
//! time.

use std::time::Duration;

use tokio::time::Instant;

use super::Rules;

const LONGEST_REST: Duration = Duration::from_secs(300);

/// A try that is lost sight of (its client left) frees the place for another after so long.
const TRY: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    n_failures: u32,
    n_rests: u32,
    /// Not before then; later, one try at a time.
    until: Option<Instant>,
}

impl Breaker {
    /// Tells for how long it may not be tried.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(until) = self.until else { return Ok(()) };
        if now < until {
            return Err(until - now);
        }
        // This one tries; the others wait for what becomes of it.
        self.until = Some(now + TRY);
        Ok(())
    }

    pub(super) fn failed(&mut self, now: Instant, rules: &Rules) {
        self.n_failures = self.n_failures.saturating_add(1);
        if self.n_failures < rules.failures {
            return;
        }
        let longest = rules.rest.max(LONGEST_REST);
        let rest = rules.rest.saturating_mul(1 << self.n_rests.min(8)).min(longest);
        self.n_rests = self.n_rests.saturating_add(1);
        self.until = Some(now + rest);
    }

    /// How long it rests.
    pub(super) fn rests(&self, now: Instant) -> Option<Duration> {
        self.until?.checked_duration_since(now).filter(|it| !it.is_zero())
    }

    /// It says something about now.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.until.is_some_and(|it| it + LONGEST_REST > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { retries: 2, failures: 6, rest: Duration::from_secs(5) };

    #[test]
    fn after_a_rest_one_tries_for_all() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        for _ in 0..RULES.failures {
            assert_eq!(breaker.admit(start), Ok(()));
            breaker.failed(start, &RULES);
        }
        assert_eq!(breaker.admit(start), Err(RULES.rest));
        let later = start + RULES.rest;
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Err(TRY));
        breaker.failed(later, &RULES);
        assert_eq!(breaker.admit(later), Err(2 * RULES.rest));
    }

    #[test]
    fn rests_grow_to_a_limit() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..100 {
            breaker.failed(now, &RULES);
        }
        assert_eq!(breaker.rests(now), Some(LONGEST_REST));
    }
}
