//! Whether the proxy lives and may be sent requests, and its figures for Prometheus.
//!
//! `/livez` says that the process answers; `/readyz` that it can take requests. What is behind it is
//! asked at most once a second, however many ask.

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, timeout},
};
use wire::RejectionCode;

use super::{Shared, refusal::Refusal};
use crate::{
    store::{Store, StoreError},
    telemetry::{Exposition, process},
};

/// What was found out stays true for so long.
const FRESH: Duration = Duration::from_secs(1);

/// What does not answer in this time does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far the process is with ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Runs,
    Ends,
    Over,
}

/// Looks after one process.
#[derive(Debug)]
pub struct Watch {
    began: Instant,
    phase: watch::Sender<Phase>,
    store: Store,
    found: Mutex<Option<(Instant, Vec<&'static str>)>>,
    /// Answers by the first digit of their status; the first is for all others.
    answered: [AtomicU64; 6],
}

impl Watch {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            began: Instant::now(),
            phase: watch::Sender::new(Phase::Runs),
            store,
            found: Mutex::default(),
            answered: Default::default(),
        }
    }

    /// From now on it takes no more requests.
    pub fn ends(&self) {
        self.phase.send_replace(Phase::Ends);
    }

    /// From now on what is still open says that it is cut off, and ends.
    pub fn is_over(&self) {
        self.phase.send_replace(Phase::Over);
    }

    /// Resolves when the time of what is still open is over.
    pub(super) fn over(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut phase = self.phase.subscribe();
        async move {
            if phase.wait_for(|it| *it == Phase::Over).await.is_err() {
                // Nobody is left who could say so.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Returns the kind of the database.
    pub(super) fn database(&self) -> String {
        format!("{:?}", self.store.kind())
    }

    pub(super) fn up_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        let class = self.answered.get(class).unwrap_or(&self.answered[0]);
        class.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns what keeps requests out; nothing, when they can be taken.
    pub(super) async fn trouble(&self, state: &super::State) -> Vec<&'static str> {
        if *self.phase.borrow() != Phase::Runs {
            return vec!["ending"];
        }
        // Who comes meanwhile waits for the same answer.
        let mut found = self.found.lock().await;
        if let Some((at, trouble)) = &*found
            && at.elapsed() < FRESH
        {
            return trouble.clone();
        }
        let trouble = self.look(state).await;
        *found = Some((Instant::now(), trouble.clone()));
        trouble
    }

    async fn look(&self, state: &super::State) -> Vec<&'static str> {
        let books = &state.gateway.books;
        let mut trouble = Vec::new();
        let answered: Result<Result<(), StoreError>, _> =
            timeout(PATIENCE, self.store.answers()).await;
        if !matches!(answered, Ok(Ok(()))) {
            trouble.push("store");
        }
        if !matches!(timeout(PATIENCE, books.counters_answer()).await, Ok(true)) {
            trouble.push("counters");
        }
        let ledger = books.ledger().health();
        if ledger.unsaved > 0 || ledger.room == 0 {
            trouble.push("ledger");
        }
        trouble
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/livez", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(state): State<Shared>) -> Response {
    let trouble = state.operations.watch.trouble(&state).await;
    let mut response = match trouble.is_empty() {
        true => "ok\n".into_response(),
        false => {
            let said = format!("not ready: {}\n", trouble.join(", "));
            (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn metrics(State(state): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = token.and_then(|it| it.strip_prefix("Bearer "));
    if !state.operations.open_metrics && !token.is_some_and(|it| state.token.matches(it.trim())) {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            RejectionCode::NotPaired,
            "Figures are for who has the installation's token; `open-metrics = true` under \
             `[telemetry]` in easel.toml shows them to everybody",
        ));
    }
    let mut response = figures(&state).await.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Returns the figures in Prometheus' form.
pub(super) async fn figures(state: &super::State) -> String {
    let watch = &state.operations.watch;
    let trouble = watch.trouble(state).await;
    let mut text = Exposition::default();
    let classes = watch.answered.iter().enumerate().map(|(class, n)| {
        let class = if class == 0 { "other".to_owned() } else { format!("{class}xx") };
        (class, n.load(Ordering::Relaxed))
    });
    text.counter("easel_http_responses_total", "Answers of every kind, by class of status.");
    for (class, n) in classes {
        text.value(&[("class", &class)], n);
    }
    text.gauge("easel_ready", "1 when requests can be taken.");
    text.value(&[], u64::from(trouble.is_empty()));
    state.gateway.books.write_figures(&mut text);
    state.relays.carried.write(&mut text);
    text.gauge("easel_lane_resting_seconds", "How long a lane is still left alone after failures.");
    let (lanes, now) = (&state.gateway.lanes, Instant::now());
    for (lane, rests) in lanes.resting(now) {
        text.value(&[("lane", &lane.to_string())], rests.as_secs());
    }
    text.gauge("easel_lane_running", "Requests under way, of lanes that are counted.");
    for (lane, seen) in lanes.seen(now) {
        text.value(&[("lane", &lane.to_string())], seen.running.into());
    }
    process(&mut text, watch.began.elapsed());
    text.finish()
}
