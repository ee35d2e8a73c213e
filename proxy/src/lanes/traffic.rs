//! What goes over a lane now and in the last minute, and how soon it answers.
//!
//! Only lanes are counted whose group is chosen by it, or that bear only so much. Each instance
//! counts what it sends itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use wire::Usage;

use super::Lane;

const MINUTE: Duration = Duration::from_secs(60);

/// A delay that was measured longer ago says nothing any more: the lane is tried to find out.
const DELAY_HOLDS: Duration = Duration::from_secs(300);

/// A new delay counts so much, all older ones together the rest.
const NEWEST: f64 = 0.3;

/// What a request is taken to have while none has been over.
const TOKENS_GUESS: u64 = 1_000;

/// What a lane bears in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaneLimits {
    pub requests: Option<u64>,
    /// Of all classes. They are known when a reply is over, so those under way are not counted yet.
    pub tokens: Option<u64>,
}

/// How a reply comes: what is waited for is not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Whole,
    Streamed,
}

/// How it is on a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub running: u32,
    pub minute_requests: u64,
    pub minute_tokens: u64,
    /// Until the first of a streamed reply, lately.
    pub first: Option<Duration>,
}

/// Lanes that are counted.
#[derive(Debug, Default)]
pub(super) struct Watched {
    lanes: BTreeMap<Lane, (LaneLimits, Arc<Mutex<Traffic>>)>,
    /// By all configurations so far, which may still have requests under way.
    known: Arc<Mutex<BTreeMap<Lane, Arc<Mutex<Traffic>>>>>,
}

/// One request more on a lane, for as long as it is kept.
#[derive(Debug, Default)]
pub struct Place(Option<Taken>);

#[derive(Debug)]
struct Taken {
    traffic: Arc<Mutex<Traffic>>,
    since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Traffic {
    running: u32,
    requests: Window,
    tokens: Window,
    whole: Option<Delay>,
    streamed: Option<Delay>,
}

/// About the last minute: this one, and of the one before as much as would be within.
#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    this: u64,
    before: u64,
}

#[derive(Debug, Clone, Copy)]
struct Delay {
    mean: Duration,
    at: Instant,
}

impl Watched {
    /// Returns others that know what went over the same lanes before.
    pub(super) fn instead(&self, limits: BTreeMap<Lane, LaneLimits>) -> Self {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|lane, _| limits.contains_key(lane));
        let lanes = limits.into_iter().map(|(lane, limits)| {
            let traffic = Arc::clone(known.entry(lane.clone()).or_default());
            (lane, (limits, traffic))
        });
        Self { lanes: lanes.collect(), known: Arc::clone(&self.known) }
    }

    /// Takes a place on a lane, or tells for how long there will be none.
    pub(super) fn enter(&self, lane: &Lane, now: Instant) -> Result<Place, Duration> {
        let Some((limits, traffic)) = self.lanes.get(lane) else { return Ok(Place(None)) };
        lock(traffic).enter(limits, now)?;
        Ok(Place(Some(Taken { traffic: Arc::clone(traffic), since: now })))
    }

    pub(super) fn traffic(&self, lane: &Lane) -> Option<(LaneLimits, MutexGuard<'_, Traffic>)> {
        self.lanes.get(lane).map(|(limits, traffic)| (*limits, lock(traffic)))
    }

    pub(super) fn seen(&self, now: Instant) -> impl Iterator<Item = (&Lane, Seen)> {
        self.lanes.iter().map(move |(lane, (_, traffic))| (lane, lock(traffic).seen(now)))
    }
}

impl Place {
    /// The lane began to answer.
    pub(super) fn answered(&self, manner: Manner, now: Instant) {
        if let Some(taken) = &self.0 {
            let waited = now.saturating_duration_since(taken.since);
            lock(&taken.traffic).answered(manner, waited, now);
        }
    }

    /// The lane was not asked after all.
    pub(super) fn give_back(self) {
        if let Some(taken) = &self.0 {
            lock(&taken.traffic).requests.take_back();
        }
    }

    /// The reply is over.
    pub fn used(self, usage: &Usage) {
        if let Some(taken) = &self.0 {
            let n_tokens = usage.all_input_tokens() + usage.all_output_tokens();
            lock(&taken.traffic).tokens.add(n_tokens, Instant::now());
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut traffic = lock(&self.traffic);
        traffic.running = traffic.running.saturating_sub(1);
    }
}

impl Traffic {
    fn enter(&mut self, limits: &LaneLimits, now: Instant) -> Result<(), Duration> {
        if let Some(most) = limits.requests {
            self.requests.room(most, now)?;
        }
        if let Some(most) = limits.tokens {
            self.tokens.room(most, now)?;
        }
        self.requests.add(1, now);
        self.running += 1;
        Ok(())
    }

    fn answered(&mut self, manner: Manner, waited: Duration, now: Instant) {
        let delay = self.delay_mut(manner);
        let mean = match delay {
            Some(it) if now < it.at + DELAY_HOLDS => {
                it.mean.mul_f64(1.0 - NEWEST) + waited.mul_f64(NEWEST)
            }
            Some(_) | None => waited,
        };
        *delay = Some(Delay { mean, at: now });
    }

    fn delay_mut(&mut self, manner: Manner) -> &mut Option<Delay> {
        match manner {
            Manner::Whole => &mut self.whole,
            Manner::Streamed => &mut self.streamed,
        }
    }

    pub(super) fn running(&self) -> u32 {
        self.running
    }

    /// How soon it answers, if that is known.
    pub(super) fn delay(&mut self, manner: Manner, now: Instant) -> Option<Duration> {
        self.delay_mut(manner).filter(|it| now < it.at + DELAY_HOLDS).map(|it| it.mean)
    }

    /// What it bears now: millionths of its limits where it has some, else tokens. Requests under
    /// way are taken to have as many tokens as those before.
    pub(super) fn load(&mut self, limits: &LaneLimits, now: Instant) -> u64 {
        let (requests, tokens) = (self.requests.used(now), self.tokens.used(now));
        let running = u64::from(self.running);
        let each = tokens.checked_div(requests.saturating_sub(running)).filter(|it| *it > 0);
        let tokens = tokens + running * each.unwrap_or(TOKENS_GUESS);
        let share = |used: u64, most: Option<u64>| Some(used * 1_000_000 / most?.max(1));
        let share = share(requests, limits.requests).max(share(tokens, limits.tokens));
        share.unwrap_or(tokens)
    }

    fn seen(&mut self, now: Instant) -> Seen {
        Seen {
            running: self.running,
            minute_requests: self.requests.used(now),
            minute_tokens: self.tokens.used(now),
            first: self.delay(Manner::Streamed, now),
        }
    }
}

impl Window {
    fn add(&mut self, n: u64, now: Instant) {
        self.turn(now);
        self.this += n;
    }

    fn take_back(&mut self) {
        self.this = self.this.saturating_sub(1);
    }

    /// Goes on to the minute of now, and returns how much of it has passed.
    fn turn(&mut self, now: Instant) -> Duration {
        let began = *self.began.get_or_insert(now);
        let passed = now.saturating_duration_since(began);
        if passed < MINUTE {
            return passed;
        }
        let next = passed < MINUTE * 2;
        self.before = if next { self.this } else { 0 };
        self.this = 0;
        self.began = Some(if next { began + MINUTE } else { now });
        if next { passed - MINUTE } else { Duration::ZERO }
    }

    fn used(&mut self, now: Instant) -> u64 {
        let left = MINUTE.saturating_sub(self.turn(now));
        // At most a minute's tokens, so nothing is lost.
        let before = u128::from(self.before) * left.as_millis() / MINUTE.as_millis();
        self.this + u64::try_from(before).unwrap_or(u64::MAX)
    }

    /// Tells how long it takes until there is room for one more.
    fn room(&mut self, most: u64, now: Instant) -> Result<(), Duration> {
        if self.used(now) < most {
            return Ok(());
        }
        let passed = self.turn(now);
        let left = MINUTE.saturating_sub(passed);
        // In this minute, when enough of the one before is out of sight; else in the next one.
        let (base, over, wait) = match most.checked_sub(self.this) {
            Some(room) if room > 0 => (self.before, room, Duration::ZERO),
            Some(_) | None => (self.this, most, left),
        };
        let share = over as f64 / base.max(1) as f64;
        let turn = MINUTE.mul_f64(1.0 - share.min(1.0));
        let wait = if wait.is_zero() { turn.saturating_sub(passed) } else { wait + turn };
        Err(wait.max(Duration::from_millis(1)))
    }
}

fn lock(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    // A panic elsewhere cannot leave it half changed.
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn in_about_a_minute_no_more_goes_over_a_lane_than_it_bears() {
        let mut window = Window::default();
        let start = Instant::now();
        let mut sent = Vec::new();
        for n in 0..3_000_u64 {
            let now = start + Duration::from_millis(n * 100);
            if window.room(60, now).is_ok() {
                window.add(1, now);
                sent.push(now);
            }
        }
        let most = sent
            .iter()
            .map(|from| sent.iter().filter(|it| **it >= *from && **it < *from + MINUTE).count());
        // Sixty at once, and then as many as go out of sight.
        assert!(most.clone().max() <= Some(120), "{:?}", most.max());
        assert!((290..=360).contains(&sent.len()), "{} in five minutes", sent.len());
    }

    #[test]
    fn who_waits_as_long_as_it_is_told_finds_room() {
        for before in [0, 30, 60, 200] {
            let mut window = Window::default();
            let start = Instant::now();
            window.add(before, start);
            let mut now = start + secs(70);
            window.turn(now);
            while window.room(60, now).is_ok() {
                window.add(1, now);
            }
            let wait = window.room(60, now).unwrap_err();
            now += wait + Duration::from_millis(20);
            assert_eq!(window.room(60, now), Ok(()), "after {wait:?} with {before}");
            assert!(wait <= MINUTE * 2, "{wait:?}");
        }
    }

    #[test]
    fn a_long_silence_forgets_everything() {
        let (mut traffic, start) = (Traffic::default(), Instant::now());
        let limits = LaneLimits { requests: Some(1), tokens: None };
        assert_eq!(traffic.enter(&limits, start), Ok(()));
        assert!(traffic.enter(&limits, start).is_err());
        traffic.answered(Manner::Streamed, secs(2), start);
        traffic.answered(Manner::Streamed, secs(4), start);
        assert_eq!(traffic.delay(Manner::Streamed, start), Some(Duration::from_millis(2_600)));
        assert_eq!(traffic.delay(Manner::Whole, start), None);
        let later = start + DELAY_HOLDS;
        assert_eq!(traffic.delay(Manner::Streamed, later), None);
        assert_eq!(traffic.enter(&limits, later), Ok(()));
    }

    #[test]
    fn what_is_under_way_counts_as_much_as_what_went_before() {
        let (mut traffic, now) = (Traffic::default(), Instant::now());
        let limits = LaneLimits { requests: None, tokens: Some(10_000) };
        traffic.enter(&limits, now).unwrap();
        assert_eq!(traffic.load(&limits, now), 100_000, "a thousand of ten thousand");
        traffic.running = 0;
        traffic.tokens.add(500, now);
        traffic.enter(&limits, now).unwrap();
        assert_eq!(traffic.load(&limits, now), 100_000, "five hundred, and as many to come");
        assert_eq!(traffic.load(&LaneLimits::default(), now), 1_000);
    }
}
