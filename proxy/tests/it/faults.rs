//! Everything that breaks: a hostile provider and hostile clients, by the seed, in all dialects at both ends.
//!
//! Each request ends in a whole answer or in an explicit error of the client's dialect, nothing is said twice, and
//! afterwards no task, no socket and no reservation is left. 500 seeds here, 12,000 with `EASEL_SOAK=1`.

mod client;
mod plan;
mod provider;
mod sockets;
mod verdict;

use std::{collections::BTreeMap, time::Duration};

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
};
use client::Client;
use plan::{DIALECTS, Plan};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_ends_and_leaves_nothing() {
    let soak = std::env::var("EASEL_SOAK").is_ok_and(|it| it == "1");
    let first = number("EASEL_SEED").unwrap_or(0);
    let n_seeds = number("EASEL_SEEDS").unwrap_or(if soak { SEEDS_OF_A_SOAK } else { SEEDS });
    let provider = Provider::start().await;
    let easel = start(&provider).await;
    let client = Client { address: easel.address, key: easel.token.clone() };
    // What a first request sets up stays: the pool's own task, for one.
    run(&client, Plan::harmless()).await;
    settle(&easel, &provider).await;
    let n_tasks = tasks();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut runs = stream::iter(first..first + n_seeds)
        .map(|seed| run(&client, Plan::of(seed)))
        .buffer_unordered(AT_ONCE);
    while let Some((plan, verdict)) = runs.next().await {
        match verdict {
            Verdict::Wrong(what) => wrong.push(format!("{what}\n  {plan:?}")),
            Verdict::Whole | Verdict::Refused | Verdict::Broken | Verdict::Left => {
                *counts.entry(format!("{verdict:?}")).or_default() += 1;
            }
        }
    }
    println!("faults: {n_seeds} seeds from {first}: {counts:?}");
    assert!(
        wrong.is_empty(),
        "{} of {n_seeds} went wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    settle(&easel, &provider).await;
    until(&format!("there are {n_tasks} tasks again"), || async { tasks() <= n_tasks }).await;
    let (_, verdict) = run(&client, Plan::harmless()).await;
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

async fn run(client: &Client, plan: Plan) -> (Plan, Verdict) {
    let verdict = match timeout(CEILING, client.run(&plan)).await {
        Ok(verdict) => verdict,
        Err(_) => Verdict::Wrong("it hangs".to_owned()),
    };
    (plan, verdict)
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
