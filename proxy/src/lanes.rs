//! The ways to a model: which to try, in which order, how often, and which to leave alone for now.
//!
//! A lane is a provider and its name of a model. It sends nothing and reads no clock: what
//! happened and when is told to it.

mod breaker;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use wire::{Rejection, RejectionCode};

pub use breaker::Admission;
use breaker::Breaker;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Nobody waits longer for a single try, whatever the provider asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Lanes that are remembered: names of models come from clients.
const LANES_LIMIT: usize = 4_096;

/// A provider and its own name of a model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    pub provider: String,
    pub model: String,
}

/// How patient one is with lanes that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Tried so often after the first time, before anything of a reply has come.
    pub retries: u32,
    /// In a row, before a lane is left alone.
    pub failures: u32,
    /// The first rest of such a lane; each further one is twice as long.
    pub rest: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        // Two requests with all their tries.
        Self { retries: 2, failures: 6, rest: Duration::from_secs(5) }
    }
}

/// What became of the lanes lately.
#[derive(Debug, Default)]
pub struct Lanes {
    rules: Rules,
    breakers: Arc<Mutex<BTreeMap<Lane, Breaker>>>,
    /// For each group of weighted lanes, how much each is owed.
    owed: Arc<Mutex<BTreeMap<String, Vec<i64>>>>,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The same lane, after a pause.
    Again(Duration),
    /// Another lane might do better.
    Elsewhere,
    /// It would fail everywhere.
    GiveUp,
}

impl Lanes {
    /// Returns the same lanes, with what became of them, under other rules.
    #[must_use]
    pub fn under(&self, rules: Rules) -> Self {
        Self { rules, breakers: Arc::clone(&self.breakers), owed: Arc::clone(&self.owed) }
    }

    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Returns whether a lane may be tried.
    pub fn admit(&self, lane: &Lane, now: Instant) -> Admission {
        match self.breakers().get_mut(lane) {
            Some(breaker) => breaker.admit(now),
            None => Admission::Go,
        }
    }

    /// The lane began to answer.
    pub fn succeeded(&self, lane: &Lane) {
        // What never failed is not remembered.
        self.breakers().remove(lane);
    }

    /// The lane failed. Refusals that say something about the request only are no failures.
    pub fn failed(&self, lane: &Lane, rejection: &Rejection, now: Instant) {
        if !is_the_lanes_fault(rejection.code) {
            return;
        }
        let mut breakers = self.breakers();
        if breakers.len() >= LANES_LIMIT && !breakers.contains_key(lane) {
            breakers.retain(|_, it| it.is_fresh(now));
            if breakers.len() >= LANES_LIMIT {
                return;
            }
        }
        breakers.entry(lane.clone()).or_default().failed(now, &self.rules);
    }

    /// Puts weighted lanes into the order in which this request tries them: over many requests,
    /// each is first as often as its weight says.
    pub fn order(&self, group: &str, weights: &[u32]) -> Vec<usize> {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = owed.entry(group.to_owned()).or_default();
        owed.resize(weights.len(), 0);
        let total: i64 = weights.iter().map(|it| i64::from(*it)).sum();
        for (owed, weight) in owed.iter_mut().zip(weights) {
            *owed += i64::from(*weight);
        }
        let mut order: Vec<usize> = (0..weights.len()).filter(|it| weights[*it] > 0).collect();
        order.sort_by_key(|it| (-owed[*it], *it));
        if let Some(first) = order.first() {
            owed[*first] -= total;
        }
        order
    }

    /// Lanes that are left alone, with the time until they are tried again: for people.
    #[must_use]
    pub fn resting(&self, now: Instant) -> Vec<(Lane, Duration)> {
        let breakers = self.breakers();
        breakers.iter().filter_map(|(lane, it)| Some((lane.clone(), it.rests(now)?))).collect()
    }

    fn breakers(&self) -> MutexGuard<'_, BTreeMap<Lane, Breaker>> {
        // A panic elsewhere cannot leave it half changed.
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Decides what to do after a failed try. `chance` is between 0 and 1.
#[must_use]
pub fn next(rejection: &Rejection, n_tries: u32, retries: u32, chance: f64) -> Next {
    match rejection.code {
        RejectionCode::Busy | RejectionCode::ProviderFailed | RejectionCode::Unreachable
            if n_tries <= retries =>
        {
            match pause(rejection, n_tries, chance) {
                Some(pause) => Next::Again(pause),
                None => Next::Elsewhere,
            }
        }
        RejectionCode::Busy
        | RejectionCode::ProviderFailed
        | RejectionCode::Unreachable
        | RejectionCode::CutOff
        | RejectionCode::BadKey
        | RejectionCode::NoProvider
        | RejectionCode::UnknownModel
        // Another model may have a larger window.
        | RejectionCode::PromptTooLong => Next::Elsewhere,
        RejectionCode::NotPaired
        | RejectionCode::NotAllowed
        | RejectionCode::InsufficientBalance
        | RejectionCode::Repeated
        | RejectionCode::Filtered
        | RejectionCode::BadRequest
        | RejectionCode::Broken => Next::GiveUp,
    }
}

/// As long as the provider says, else longer each time, with chance so that many clients do not
/// come back at once. None when the provider wants more patience than anybody has.
fn pause(rejection: &Rejection, n_tries: u32, chance: f64) -> Option<Duration> {
    let asked = rejection.retry_after_secs.map(|it| Duration::from_secs(it.into()));
    if asked.is_some_and(|it| it > LONGEST_PAUSE) {
        return None;
    }
    let own = FIRST_PAUSE.saturating_mul(1 << n_tries.saturating_sub(1).min(8)).min(LONGEST_PAUSE);
    let own = own.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
    Some(asked.map_or(own, |it| it + own.min(FIRST_PAUSE)))
}

fn is_the_lanes_fault(code: RejectionCode) -> bool {
    match code {
        RejectionCode::ProviderFailed | RejectionCode::Unreachable | RejectionCode::CutOff => true,
        // A wrong key is refused at once and mended by a person, who should not have to wait.
        RejectionCode::BadKey
        | RejectionCode::NotPaired
        | RejectionCode::NotAllowed
        | RejectionCode::InsufficientBalance
        | RejectionCode::Repeated
        | RejectionCode::Filtered
        | RejectionCode::NoProvider
        | RejectionCode::UnknownModel
        | RejectionCode::Busy
        | RejectionCode::PromptTooLong
        | RejectionCode::BadRequest
        | RejectionCode::Broken => false,
    }
}

#[cfg(test)]
mod tests {
    use providers::failure::plain;

    use super::*;

    #[test]
    fn weights_are_kept_over_time_and_a_zero_is_never_tried() {
        let lanes = Lanes::default();
        let firsts: Vec<usize> = (0..8).map(|_| lanes.order("g", &[3, 1, 0])[0]).collect();
        assert_eq!(firsts.iter().filter(|it| **it == 0).count(), 6);
        assert_eq!(firsts.iter().filter(|it| **it == 1).count(), 2);
        assert_eq!(lanes.order("g", &[3, 1, 0]).len(), 2);
        assert_eq!(lanes.order("other", &[]), Vec::<usize>::new());
    }

    #[test]
    fn what_may_help_is_done_and_what_cannot_is_not() {
        let of = |code| plain(code, "");
        assert_eq!(
            next(&of(RejectionCode::ProviderFailed), 1, 2, 1.0),
            Next::Again(Duration::from_millis(250))
        );
        assert_eq!(
            next(&of(RejectionCode::ProviderFailed), 2, 2, 0.0),
            Next::Again(Duration::from_millis(250))
        );
        assert_eq!(next(&of(RejectionCode::ProviderFailed), 3, 2, 0.0), Next::Elsewhere);
        assert_eq!(next(&of(RejectionCode::BadKey), 1, 2, 0.0), Next::Elsewhere);
        assert_eq!(next(&of(RejectionCode::BadRequest), 1, 2, 0.0), Next::GiveUp);
    }

    #[test]
    fn a_provider_is_not_asked_before_the_time_that_it_gave() {
        let mut busy = plain(RejectionCode::Busy, "");
        busy.retry_after_secs = Some(2);
        let Next::Again(pause) = next(&busy, 1, 2, 0.5) else { panic!("it is worth a try") };
        assert!(pause > Duration::from_secs(2) && pause < Duration::from_secs(3), "{pause:?}");
        busy.retry_after_secs = Some(60);
        assert_eq!(next(&busy, 1, 2, 0.5), Next::Elsewhere);
    }

    #[test]
    fn a_lane_that_fails_rests_and_one_that_is_only_asked_wrongly_does_not() {
        let lanes = Lanes::default();
        let lane = Lane { provider: "p".to_owned(), model: "m".to_owned() };
        let now = Instant::now();
        for _ in 0..20 {
            lanes.failed(&lane, &plain(RejectionCode::BadRequest, ""), now);
            lanes.failed(&lane, &plain(RejectionCode::Busy, ""), now);
        }
        assert_eq!(lanes.admit(&lane, now), Admission::Go);
        for _ in 0..6 {
            lanes.failed(&lane, &plain(RejectionCode::Unreachable, ""), now);
        }
        assert!(matches!(lanes.admit(&lane, now), Admission::Wait(_)));
        assert_eq!(lanes.resting(now).len(), 1);
        lanes.succeeded(&lane);
        assert_eq!(lanes.admit(&lane, now), Admission::Go);
    }

    #[test]
    fn other_rules_know_what_became_of_the_lanes() {
        let lanes = Lanes::default();
        let lane = Lane { provider: "p".to_owned(), model: "m".to_owned() };
        let now = Instant::now();
        let strict = lanes.under(Rules { failures: 1, rest: Duration::from_secs(60), retries: 0 });
        strict.failed(&lane, &plain(RejectionCode::Unreachable, ""), now);
        assert_eq!(lanes.admit(&lane, now), Admission::Wait(Duration::from_secs(60)));
    }
}
