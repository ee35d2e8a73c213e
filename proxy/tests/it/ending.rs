//! The end: streams may finish for a while, what is open after that says so, and nobody new comes in.

use std::{path::Path, time::Duration};

use easel_proxy::{
    ledger::Ledger,
    store::{Location, Store},
};
use futures::TryStreamExt as _;
use http_body_util::BodyExt as _;
use providers::{feed::Feed, vendor::Vendor};
use serde_json::Value;
use wire::{ModelEvent, ProviderKind};

use crate::{
    dialects::slow_pairs,
    easel::{Easel, until},
    turns::ask,
};

#[tokio::test]
async fn an_open_stream_finishes_before_the_proxy_does() {
    let mut easel = Easel::start().await;
    let mut response =
        easel.app_stream("POST", "/app/turn", &ask("recorded/recorded-model", "hi")).await;
    response.body_mut().frame().await.unwrap().unwrap();
    easel.end.take().unwrap().send(()).unwrap();
    let rest = response.into_body().collect().await.unwrap().to_bytes();
    assert!(rest.ends_with(b"{\"type\":\"finish\",\"reason\":\"tool_use\"}\n"));
    easel.served.await.unwrap();
    assert!(tokio::net::TcpStream::connect(easel.address).await.is_err());
}

#[tokio::test]
async fn what_is_open_at_the_deadline_ends_in_an_error_of_its_dialect() {
    for (kind, path, body) in slow_pairs() {
        for provider in [kind, other(kind)] {
            let mut easel = ending_soon(provider).await;
            let mut response = easel.app_stream("POST", path, &body).await;
            let first = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
            easel.end.take().unwrap().send(()).unwrap();
            let rest = response.into_body().collect().await.unwrap().to_bytes();
            let dialect = Vendor::new(kind, "http://x").dialect();
            let (mut feed, mut events) = (Feed::new(dialect), Vec::new());
            feed.push(&first, &mut events);
            feed.push(&rest, &mut events);
            // Google's errors stand outside of events.
            feed.end(&mut events);
            let text = String::from_utf8_lossy(&rest);
            assert!(matches!(events.last(), Some(ModelEvent::Error(_))), "{path}: {text}");
            assert!(text.contains("The proxy ended before the reply did"), "{path}: {text}");
            easel.served.await.unwrap();
            assert_eq!(booked(easel.folder.path()).await, ["499"], "{path}");
        }
    }
}

#[tokio::test]
async fn a_turn_and_an_answer_in_one_piece_are_told_of_the_deadline_too() {
    let mut easel = ending_soon(ProviderKind::OpenaiCompatible).await;
    let mut turn = easel.app_stream("POST", "/app/turn", &ask("v/m", "slow")).await;
    turn.body_mut().frame().await.unwrap().unwrap();
    let mut whole = slow_pairs().remove(0).2;
    whole["stream"] = false.into();
    let end = easel.end.take().unwrap();
    let upstream = easel.upstream.clone();
    let ends = async {
        until("both are asked for", || async { upstream.n_open() == 2 }).await;
        end.send(()).unwrap();
    };
    let (whole, ()) = tokio::join!(easel.app("POST", "/v1/chat/completions", &whole), ends);
    assert_eq!(whole.status, 503, "{}", whole.text());
    assert_eq!(whole.json()["error"]["code"], "internal_error");
    let rest = turn.into_body().collect().await.unwrap().to_bytes();
    let last = rest[..rest.len() - 1].rsplit(|it| *it == b'\n').next().unwrap();
    let last: Value = serde_json::from_slice(last).unwrap();
    assert_eq!((&last["type"], &last["code"]), (&"error".into(), &"cut_off".into()));
    assert_eq!(last["request_id"].as_str().unwrap().len(), 16);
    easel.served.await.unwrap();
    assert_eq!(booked(easel.folder.path()).await, ["499", "499"]);
}

/// A proxy that gives streams less time than they need.
async fn ending_soon(kind: ProviderKind) -> Easel {
    Easel::start_for(Duration::from_millis(50), |config| {
        config.endpoints.truncate(1);
        config.endpoints[0].id = "v".to_owned();
        config.endpoints[0].kind = kind;
    })
    .await
}

/// A provider that speaks another dialect.
fn other(kind: ProviderKind) -> ProviderKind {
    if kind == ProviderKind::Anthropic {
        ProviderKind::OpenaiCompatible
    } else {
        ProviderKind::Anthropic
    }
}

/// Returns the status of every row.
async fn booked(folder: &Path) -> Vec<String> {
    let data = folder.join("data");
    let ledger = Ledger::open(Store::open(&Location::Folder(data.clone())).await.unwrap(), &data);
    let ledger = ledger.await.unwrap();
    let parts: Vec<_> = ledger.export(0, u64::MAX).try_collect().await.unwrap();
    ledger.close().await;
    let text = String::from_utf8(parts.concat()).unwrap();
    let mut lines = text.lines().map(|it| it.split(',').collect::<Vec<_>>());
    let at = lines.next().unwrap().iter().position(|it| *it == "status").unwrap();
    lines.map(|it| it[at].to_owned()).collect()
}
