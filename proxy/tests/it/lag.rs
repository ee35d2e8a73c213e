//! Limits of time that judge the proxy and not the machine: what the machine slept through is allowed on top.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{task::JoinHandle, time::sleep};

const BEAT: Duration = Duration::from_millis(5);

/// Timers are no more exact than this.
const FUZZ: Duration = Duration::from_millis(3);

/// A task beside the tested ones that notes how much later than it wished it is woken.
#[derive(Debug)]
pub struct Heart {
    beats: Arc<Mutex<Vec<Beat>>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy)]
struct Beat {
    at: Instant,
    late: Duration,
}

impl Heart {
    pub fn beating() -> Self {
        let first = Beat { at: Instant::now(), late: Duration::ZERO };
        let beats = Arc::new(Mutex::new(vec![first]));
        let noted = Arc::clone(&beats);
        let task = tokio::spawn(async move {
            let mut last = first.at;
            loop {
                sleep(BEAT).await;
                let at = Instant::now();
                noted.lock().unwrap().push(Beat { at, late: late(at - last) });
                last = at;
            }
        });
        Self { beats, task }
    }

    /// Returns how much of a time was slept through.
    pub fn slept(&self, from: Instant, to: Instant) -> Duration {
        let beats = self.beats.lock().unwrap();
        let first = beats.partition_point(|it| it.at < from);
        let noted = beats[first..].iter().take_while(|it| it.at - it.late < to);
        // Perhaps it sleeps at this moment.
        let last = beats.last().unwrap().at;
        noted.map(|it| it.late).sum::<Duration>() + late(to.saturating_duration_since(last))
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn late(since_last: Duration) -> Duration {
    Some(since_last.saturating_sub(BEAT)).filter(|it| *it > FUZZ).unwrap_or_default()
}

/// Waits until something is true, which must be soon.
pub async fn within(limit: Duration, what: &str, holds: impl Fn() -> bool) {
    let (heart, began) = (Heart::beating(), Instant::now());
    loop {
        let is_so = holds();
        let now = Instant::now();
        let (took, slept) = (now - began, heart.slept(began, now));
        assert!(
            took <= limit + slept,
            "not within {limit:?}, but {took:?} ({slept:?} asleep): {what}"
        );
        if is_so {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}
