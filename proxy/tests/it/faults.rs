//! Everything that breaks: a hostile provider and hostile clients, by the seed, in all dialects at both ends.
//!
//! Each request ends in a whole answer or in an explicit error of the client's dialect, within a second of the moment
//! at which the proxy could know; nothing is said twice, and afterwards no task, no descriptor and no reservation is
//! left. 500 seeds here, 12,000 with `EASEL_SOAK=1`.

mod client;
mod plan;
mod provider;
mod sockets;
mod verdict;

use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, Instant},
};

use easel_proxy::{
    budget::Period,
    config::{Budget, Endpoint},
    keys::Secret,
};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::{runtime::Handle, time::timeout};
use wire::ProviderKind;

use crate::{
    bills::priced,
    easel::{Ask, Easel, until},
    lag::Heart,
};
use client::Client;
use plan::{Behaviour, DIALECTS, Plan};
use provider::Provider;
use verdict::Verdict;

const SEEDS: u64 = 500;
const SEEDS_OF_A_SOAK: u64 = 12_000;
const AT_ONCE: usize = 48;

/// A thousand dollars: more than all of it costs, and less than the longest reply could.
const BUDGET_NANO: u64 = 1_000_000_000_000;

/// Of the proxy; a stall costs it, several times where it is tried again.
const IDLE: Duration = Duration::from_secs(1);

/// Whatever takes longer hangs: the tries, their pauses, and a machine that is busy with other things.
const CEILING: Duration = Duration::from_secs(60);

/// From the moment at which the proxy can know that a request fails to its error's end at the client.
const SOON: Duration = Duration::from_secs(1);

/// In a process of its own: what it holds is nobody else's.
const ALONE: &str = "EASEL_TEST_FAULTS";

#[test]
fn every_fault_ends_and_leaves_nothing() {
    let mut alone = Command::new(std::env::current_exe().unwrap());
    alone.args(["--exact", "faults::alone", "--ignored", "--nocapture"]).env(ALONE, "1");
    let output = alone.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().filter(|it| it.starts_with("faults: ")).for_each(|it| println!("{it}"));
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{failed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test above"]
async fn alone() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let soak = std::env::var("EASEL_SOAK").is_ok_and(|it| it == "1");
    let first = number("EASEL_SEED").unwrap_or(0);
    let n_seeds = number("EASEL_SEEDS").unwrap_or(if soak { SEEDS_OF_A_SOAK } else { SEEDS });
    let provider = Provider::start().await;
    let easel = start(&provider).await;
    let client = Client { address: easel.address, key: easel.token.clone() };
    let faults = Faults { client, provider: provider.clone(), heart: Heart::beating() };
    // What a first request sets up stays: the pool's own task, for one.
    faults.run(Plan::harmless()).await;
    settle(&easel, &provider).await;
    let (n_tasks, n_held) = (tasks(), sockets::held(easel.folder.path()).len());
    let mut latest = Duration::ZERO;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut runs = stream::iter(first..first + n_seeds)
        .map(|seed| faults.run(Plan::of(seed)))
        .buffer_unordered(AT_ONCE);
    while let Some(Run { plan, verdict, after }) = runs.next().await {
        latest = latest.max(after);
        match verdict {
            Verdict::Wrong(what) => wrong.push(format!("{what}\n  {plan:?}")),
            Verdict::Whole | Verdict::Refused | Verdict::Broken | Verdict::Left => {
                *counts.entry(format!("{verdict:?}")).or_default() += 1;
            }
        }
    }
    println!("faults: {n_seeds} seeds from {first}: {counts:?}; the latest error after {latest:?}");
    assert!(
        wrong.is_empty(),
        "{} of {n_seeds} went wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    settle(&easel, &provider).await;
    until(&format!("there are {n_tasks} tasks again"), || async { tasks() <= n_tasks }).await;
    let held = || sockets::held(easel.folder.path());
    until(&format!("{n_held} descriptors are open again"), async || held().len() <= n_held).await;
    let Run { verdict, .. } = faults.run(Plan::harmless()).await;
    assert!(matches!(verdict, Verdict::Whole), "it answers afterwards: {verdict:?}");
    assert_nothing_is_reserved(&easel).await;
}

/// What is left of the budget is what the ledger says was not spent.
async fn assert_nothing_is_reserved(easel: &Easel) {
    let get = async |path: &str| easel.app("GET", path, &Value::Null).await.json();
    until("nothing runs", || async { get("/admin/api/running").await == json!([]) }).await;
    let refused = refused_for_its_cost(easel).await;
    until(&format!("the ledger has what the counters say: {refused}"), || async {
        let left = BUDGET_NANO - spent(&get("/admin/api/usage?by=model&from_ms=0").await);
        let left = format!("${}.{:09}", left / 1_000_000_000, left % 1_000_000_000);
        refused.contains(&format!("{} left", left.trim_end_matches('0')))
    })
    .await;
}

fn spent(lines: &Value) -> u64 {
    let nano = |line: &Value| -> u64 {
        let (dollars, rest) = line["cost"].as_str().unwrap().split_once('.').unwrap();
        format!("{dollars}{rest:0<9}").parse().unwrap()
    };
    lines.as_array().unwrap().iter().map(nano).sum()
}

/// Asks for the longest reply of all, and returns the refusal, which says what is left.
async fn refused_for_its_cost(easel: &Easel) -> String {
    let model = Plan::harmless().model();
    let body = json!({ "model": model, "max_tokens": u32::MAX, "messages": [] }).to_string();
    let bearer = format!("Bearer {}", easel.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let ask = Ask { method: "POST", path: "/v1/chat/completions", headers: &headers, body: &body };
    easel.ask(&easel.home(), ask).await.text()
}

/// Both ends, and a heart that tells when the machine stood still.
struct Faults {
    client: Client,
    provider: Provider,
    heart: Heart,
}

struct Run {
    plan: Plan,
    verdict: Verdict,
    /// From when the proxy could know that it fails, without what the machine slept through.
    after: Duration,
}

impl Faults {
    async fn run(&self, plan: Plan) -> Run {
        let verdict = match timeout(CEILING, self.client.run(&plan)).await {
            Ok(verdict) => verdict,
            Err(_) => Verdict::Wrong("it hangs".to_owned()),
        };
        let after = match verdict {
            Verdict::Refused | Verdict::Broken => self.since_evident(&plan),
            Verdict::Whole | Verdict::Left | Verdict::Wrong(_) => Duration::ZERO,
        };
        let verdict = match after {
            after if after > SOON => Verdict::Wrong(format!("an error only after {after:?}")),
            _ => verdict,
        };
        Run { plan, verdict, after }
    }

    /// Returns how long ago the proxy could know of a plan's fault; nothing where no single moment can be told.
    fn since_evident(&self, plan: &Plan) -> Duration {
        let now = Instant::now();
        let patient = matches!(plan.behaviour, Behaviour::Patient) && plan.fails_at_a_moment();
        let evident = self.provider.evident(plan).filter(|it| patient && *it < now);
        let since = |it: Instant| (now - it).saturating_sub(self.heart.slept(it, now));
        evident.map(since).unwrap_or_default()
    }
}

/// Waits until nobody is connected to anybody.
async fn settle(easel: &Easel, provider: &Provider) {
    let ports = [easel.address.port(), provider.address.port()];
    for _ in 0..3 {
        // Its own patience is 2 s.
        if sockets::connected(ports) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    until("nobody is connected", || async { sockets::connected(ports) == 0 }).await;
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A proxy with the hostile provider in each dialect, and with three that are not even that.
async fn start(provider: &Provider) -> Easel {
    let plain = format!("http://{}", provider.address);
    let mut endpoints: Vec<Endpoint> =
        DIALECTS.iter().map(|it| endpoint(it.provider, it.kind, &plain)).collect();
    let chat = ProviderKind::OpenaiCompatible;
    endpoints.push(endpoint("nowhere", chat, "http://no-such-host.invalid"));
    endpoints.push(endpoint("nobody", chat, "http://127.0.0.1:1"));
    endpoints.push(endpoint("plain", chat, &format!("https://{}", provider.address)));
    Easel::start_with(|config| {
        config.endpoints = endpoints;
        config.idle = IDLE;
        priced(config);
        config.budget = Some(Budget { limit_nano: BUDGET_NANO, period: Period::Total });
    })
    .await
}

fn endpoint(id: &str, kind: ProviderKind, base_url: &str) -> Endpoint {
    Endpoint {
        id: id.to_owned(),
        kind,
        base_url: base_url.to_owned(),
        key: Some(Secret::new("test-key")),
        models: Vec::new(),
    }
}
