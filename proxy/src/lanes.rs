//! The ways to a model: which to try, in which order, how often, and which to leave alone for now.
//!
//! A lane is a provider and its name of a model. It sends nothing: what happened is told to it.

mod breaker;
mod traffic;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use tokio::time::Instant;
use wire::{Rejection, RejectionCode};

use breaker::Breaker;
use traffic::Watched;
pub use traffic::{LaneLimits, Manner, Place, Seen};

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Nobody waits longer for a single try, whatever the provider asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Lanes that are remembered: names of models come from clients.
const LANES_LIMIT: usize = 4_096;

/// Who needs this part more than the fastest is as fast.
const ABOUT: u64 = 5;

/// A provider and its own name of a model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    pub provider: String,
    pub model: String,
}

impl Lane {
    /// Reads `provider/model`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (provider, model) = name.split_once('/')?;
        Some(Self { provider: provider.to_owned(), model: model.to_owned() })
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// A lane of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighted {
    pub lane: Lane,
    pub weight: u32,
    pub limits: LaneLimits,
}

/// Which lane of a group is tried first. Among equals it goes by the weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Each as often as its weight says.
    #[default]
    Weight,
    /// The one with the fewest requests under way.
    LeastBusy,
    /// The one that answered soonest lately; those that are about as fast are equals.
    Latency,
    /// The one that has most left of what it bears in a minute.
    Usage,
    /// The one that costs least, input and output together.
    Cost,
}

impl Strategy {
    /// As the configuration calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::LeastBusy => "least-busy",
            Self::Latency => "latency",
            Self::Usage => "usage",
            Self::Cost => "cost",
        }
    }
}

/// Why a lane is not tried, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It failed too often.
    Rests(Duration),
    /// It had what it bears in a minute.
    Full(Duration),
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
    watched: Watched,
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
    /// Returns the same lanes, with what became of them, under other rules. Those of `limits` are
    /// counted from now on.
    #[must_use]
    pub fn under(&self, rules: Rules, limits: BTreeMap<Lane, LaneLimits>) -> Self {
        Self {
            rules,
            breakers: Arc::clone(&self.breakers),
            owed: Arc::clone(&self.owed),
            watched: self.watched.instead(limits),
        }
    }

    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Takes a place on a lane, if it may be tried.
    pub fn admit(&self, lane: &Lane, now: Instant) -> Result<Place, Held> {
        let place = self.watched.enter(lane, now).map_err(Held::Full)?;
        match self.breakers().get_mut(lane).and_then(|it| it.admit(now).err()) {
            Some(rest) => {
                place.give_back();
                Err(Held::Rests(rest))
            }
            None => Ok(place),
        }
    }

    /// The lane began to answer.
    pub fn succeeded(&self, lane: &Lane, place: &Place, manner: Manner, now: Instant) {
        // What never failed is not remembered.
        self.breakers().remove(lane);
        place.answered(manner, now);
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

    /// Puts the lanes of a group into the order in which this request tries them. `cost` ranks them
    /// by their price.
    pub fn order(
        &self,
        group: &str,
        lanes: &[Weighted],
        by: Strategy,
        manner: Manner,
        cost: impl Fn(&Lane) -> u64,
    ) -> Vec<usize> {
        let ranks = self.ranks(lanes, by, manner, cost);
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = owed.entry(group.to_owned()).or_default();
        owed.resize(lanes.len(), 0);
        let total: i64 = lanes.iter().map(|it| i64::from(it.weight)).sum();
        for (owed, lane) in owed.iter_mut().zip(lanes) {
            // Who was of a higher rank for long does not catch up with all of it.
            *owed = (*owed + i64::from(lane.weight)).min(total);
        }
        let mut order: Vec<usize> = (0..lanes.len()).filter(|it| lanes[*it].weight > 0).collect();
        order.sort_by_key(|it| (ranks[*it], -owed[*it], *it));
        if let Some(first) = order.first() {
            owed[*first] = (owed[*first] - total).max(-total);
        }
        order
    }

    /// Ranks lanes by a strategy.
    fn ranks(
        &self,
        lanes: &[Weighted],
        by: Strategy,
        manner: Manner,
        cost: impl Fn(&Lane) -> u64,
    ) -> Vec<u64> {
        let now = Instant::now();
        let rank = |it: &Weighted| {
            let traffic = || self.watched.traffic(&it.lane);
            match by {
                Strategy::Weight => 0,
                Strategy::Cost => cost(&it.lane),
                Strategy::LeastBusy => traffic().map_or(0, |(_, it)| it.running().into()),
                Strategy::Usage => traffic().map_or(0, |(limits, mut it)| it.load(&limits, now)),
                Strategy::Latency => {
                    traffic().map_or(0, |(_, mut it)| match it.delay(manner, now) {
                        Some(delay) => u64::try_from(delay.as_micros()).unwrap_or(u64::MAX).max(1),
                        // One request finds out; meanwhile those are asked that are known.
                        None if it.running() == 0 => 0,
                        None => u64::MAX,
                    })
                }
            }
        };
        let mut ranks: Vec<u64> = lanes.iter().map(rank).collect();
        if by == Strategy::Latency {
            let best = ranks.iter().copied().filter(|it| *it > 0).min().unwrap_or_default();
            let as_fast = best..=best.saturating_add(best / ABOUT);
            ranks.iter_mut().filter(|it| as_fast.contains(it)).for_each(|it| *it = best);
        }
        ranks
    }

    /// What goes over the lanes that are counted.
    pub fn seen(&self, now: Instant) -> impl Iterator<Item = (&Lane, Seen)> {
        self.watched.seen(now)
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
        | RejectionCode::TooLarge
        | RejectionCode::BadRequest
        | RejectionCode::NotThere
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
        | RejectionCode::TooLarge
        | RejectionCode::BadRequest
        | RejectionCode::NotThere
        | RejectionCode::Broken => false,
    }
}

#[cfg(test)]
mod tests {
    use providers::failure::plain;
    use wire::Usage;

    use super::*;

    fn group(weights: &[u32]) -> Vec<Weighted> {
        let lane = |(n, weight): (usize, &u32)| Weighted {
            lane: Lane { provider: "p".to_owned(), model: n.to_string() },
            weight: *weight,
            limits: LaneLimits::default(),
        };
        weights.iter().enumerate().map(lane).collect()
    }

    /// Lanes that are counted.
    fn counted(group: &[Weighted]) -> Lanes {
        let limits = group.iter().map(|it| (it.lane.clone(), it.limits)).collect();
        Lanes::default().under(Rules::default(), limits)
    }

    fn first(lanes: &Lanes, group: &[Weighted], by: Strategy) -> usize {
        lanes.order("g", group, by, Manner::Streamed, |it| it.model.parse().unwrap())[0]
    }

    #[test]
    fn weights_are_kept_over_time_and_a_zero_is_never_tried() {
        let lanes = Lanes::default();
        let weighted = group(&[3, 1, 0]);
        let by = Strategy::Weight;
        let firsts: Vec<usize> = (0..8).map(|_| first(&lanes, &weighted, by)).collect();
        assert_eq!(firsts.iter().filter(|it| **it == 0).count(), 6);
        assert_eq!(firsts.iter().filter(|it| **it == 1).count(), 2);
        let order = |name, group: &[Weighted]| lanes.order(name, group, by, Manner::Whole, |_| 0);
        assert_eq!(order("g", &weighted).len(), 2);
        assert_eq!(order("other", &[]), Vec::<usize>::new());
    }

    #[test]
    fn the_least_busy_comes_first_and_weights_decide_among_equals() {
        let group = group(&[1, 1, 1]);
        let (lanes, now, by) = (counted(&group), Instant::now(), Strategy::LeastBusy);
        let mut places = Vec::new();
        for _ in 0..9 {
            let first = first(&lanes, &group, by);
            places.push((first, lanes.admit(&group[first].lane, now).unwrap()));
        }
        let running: Vec<u32> = lanes.seen(now).map(|it| it.1.running).collect();
        assert_eq!(running, [3, 3, 3]);
        places.retain(|it| it.0 != 1);
        assert_eq!(first(&lanes, &group, by), 1, "all of its replies are over");
    }

    #[test]
    fn who_answers_soonest_comes_first_and_who_is_not_known_is_tried_once() {
        let group = group(&[1, 1, 1]);
        let (lanes, start, by) = (counted(&group), Instant::now(), Strategy::Latency);
        let answer = |at: usize, ms| {
            let place = lanes.admit(&group[at].lane, start).unwrap();
            let now = start + Duration::from_millis(ms);
            lanes.succeeded(&group[at].lane, &place, Manner::Streamed, now);
        };
        answer(0, 900);
        answer(1, 300);
        let unknown = first(&lanes, &group, by);
        assert_eq!(unknown, 2);
        let place = lanes.admit(&group[2].lane, start).unwrap();
        assert_eq!(first(&lanes, &group, by), 1, "one finds out, the others go where it is known");
        drop(place);
        answer(2, 330);
        let mut firsts: Vec<usize> = (0..4).map(|_| first(&lanes, &group, by)).collect();
        firsts.sort_unstable();
        assert_eq!(firsts, [1, 1, 2, 2], "a tenth more is about as fast");
    }

    #[test]
    fn who_has_most_left_comes_first() {
        let mut group = group(&[1, 1]);
        group[0].limits.tokens = Some(10_000);
        group[1].limits.tokens = Some(40_000);
        let (lanes, by) = (counted(&group), Strategy::Usage);
        let mut firsts = [0, 0];
        for _ in 0..20 {
            let first = first(&lanes, &group, by);
            firsts[first] += 1;
            let place = lanes.admit(&group[first].lane, Instant::now()).unwrap();
            place.used(&Usage { input_tokens: 1_000, ..Usage::default() });
        }
        assert_eq!(firsts, [4, 16]);
    }

    #[test]
    fn who_costs_least_comes_first() {
        let lanes = Lanes::default();
        assert_eq!(first(&lanes, &group(&[1, 5]), Strategy::Cost), 0);
        assert_eq!(first(&lanes, &group(&[0, 5]), Strategy::Cost), 1);
    }

    #[test]
    fn a_lane_bears_so_much_and_a_rest_takes_nothing_of_it() {
        let mut group = group(&[1]);
        group[0].limits.requests = Some(2);
        let (lane, now) = (group[0].lane.clone(), Instant::now());
        let lanes = counted(&group);
        for _ in 0..6 {
            lanes.failed(&lane, &plain(RejectionCode::Unreachable, ""), now);
        }
        for _ in 0..5 {
            assert_eq!(lanes.admit(&lane, now).unwrap_err(), Held::Rests(Duration::from_secs(5)));
        }
        let later = now + Duration::from_secs(5);
        let place = lanes.admit(&lane, later).unwrap();
        lanes.succeeded(&lane, &place, Manner::Whole, later);
        drop(lanes.admit(&lane, later).unwrap());
        let Err(Held::Full(wait)) = lanes.admit(&lane, later) else { panic!("two of two") };
        assert!(wait <= Duration::from_secs(60), "{wait:?}");
        let again =
            lanes.under(Rules::default(), BTreeMap::from([(lane.clone(), group[0].limits)]));
        assert!(again.admit(&lane, later).is_err(), "another configuration knows it, too");
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
        assert!(lanes.admit(&lane, now).is_ok());
        for _ in 0..6 {
            lanes.failed(&lane, &plain(RejectionCode::Unreachable, ""), now);
        }
        assert!(matches!(lanes.admit(&lane, now), Err(Held::Rests(_))));
        assert_eq!(lanes.resting(now).len(), 1);
        lanes.succeeded(&lane, &Place::default(), Manner::Whole, now);
        assert!(lanes.admit(&lane, now).is_ok());
    }

    #[test]
    fn other_rules_know_what_became_of_the_lanes() {
        let lanes = Lanes::default();
        let lane = Lane { provider: "p".to_owned(), model: "m".to_owned() };
        let now = Instant::now();
        let rules = Rules { failures: 1, rest: Duration::from_secs(60), retries: 0 };
        let strict = lanes.under(rules, BTreeMap::new());
        strict.failed(&lane, &plain(RejectionCode::Unreachable, ""), now);
        assert_eq!(lanes.admit(&lane, now).unwrap_err(), Held::Rests(Duration::from_secs(60)));
    }
}
