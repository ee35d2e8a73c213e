//! What requests cost: booked however they end, and never more than a cap allows.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use easel_proxy::{
    accounts::{Accounts, Caps, KeyChange, KeyId, NewKey, Patterns, Scope, Who},
    bill::Defaults,
    budget::Period,
    config::{Config, Stored},
    filters::{Action, Filters, On, Rule, Sketch},
    store::{Location, Store},
};
use futures::future::join_all;
use http_body_util::BodyExt as _;
use providers::prices::{Own, Prices, Quote};
use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::{
    budget::Server as Redis,
    easel::{Answer, Ask, Easel, until},
    stored::Postgres,
    turns,
};

mod strict;

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

/// Dollars per million tokens: 1 for what goes in, 2 for what comes out. What was in a cache costs
/// nothing. The recorded reply has 400 and 500 of them in, and 100 and 20 of thoughts out.
const COST: u64 = 400_000 + 120 * 2_000;

#[tokio::test]
async fn a_reply_is_booked_with_its_cost_whichever_way_it_came() {
    let easel = Easel::start_with(priced).await;
    let own = ask(&easel, &easel.token, CHAT, &chat("recorded/recorded-model", "hi", false)).await;
    assert_eq!((own.status.as_u16(), own.header("x-easel-cost")), (200, "0.000640000"));
    for (path, stream) in [(CHAT, true), (MESSAGES, false), (MESSAGES, true)] {
        let body = chat("recorded/recorded-model", "hi", stream);
        assert_eq!(ask(&easel, &easel.token, path, &body).await.status, 200);
    }
    let turn = turns::ask("recorded/recorded-model", "hi");
    assert_eq!(easel.app("POST", "/app/turn", &turn).await.status, 200);
    let rows = rows(&easel, 5).await;
    for row in &rows {
        assert_eq!((row.key.as_str(), row.model.as_str()), ("You", "recorded/recorded-model"));
        assert_eq!((row.status, row.cost), (200, Some(COST)), "{row:?}");
        assert_eq!((row.input, row.output, row.estimated), (400, 100, false), "{row:?}");
    }
}

#[tokio::test]
async fn a_reply_that_breaks_off_and_a_client_that_leaves_are_booked_too() {
    let easel = Easel::start_with(priced).await;
    let cut = ask(&easel, &easel.token, CHAT, &chat("recorded/m", "cut", true)).await;
    assert!(cut.text().contains("stream_cut_off"), "{}", cut.text());
    let failed = ask(&easel, &easel.token, CHAT, &chat("recorded/n", "fail", false)).await;
    assert_eq!(failed.status, 502);
    let mut left = send(&easel, &easel.token, CHAT, &chat("recorded/o", "slow", true), &[]).await;
    crate::easel::read_until(&mut left, "data").await;
    drop(left);
    let slow = chat("recorded/p", "slow", false);
    let asked = send(&easel, &easel.token, CHAT, &slow, &[]);
    assert!(tokio::time::timeout(Duration::from_millis(300), asked).await.is_err());
    let rows = rows(&easel, 4).await;
    let shown: Vec<_> = rows
        .iter()
        .map(|it| (it.model.as_str(), it.status, it.estimated, it.cost.unwrap() > 0))
        .collect();
    assert_eq!(
        shown,
        [
            ("recorded/m", 502, true, true),
            ("recorded/n", 502, false, false),
            ("recorded/o", 499, true, true),
            ("recorded/p", 499, true, true),
        ]
    );
}

#[tokio::test]
async fn what_a_filter_keeps_back_costs_nothing() {
    let easel = Easel::start_with(|config| {
        priced(config);
        forbidding(config, "secret");
    })
    .await;
    for stream in [false, true] {
        let body = chat("recorded/m", "a secret", stream);
        assert_eq!(ask(&easel, &easel.token, CHAT, &body).await.status, 400);
    }
    for row in rows(&easel, 2).await {
        assert_eq!((row.status, row.cost, row.estimated), (400, Some(0), false), "{row:?}");
    }
    assert!(easel.upstream.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_never_exceed_a_cap() {
    let place = Shop::new(priced).await;
    let (easel, key) = (&place.easel, place.key("editor", budget(COST * 20)).await);
    let answers = thousand(easel, &key).await;
    let good = answers.iter().filter(|it| it.status == 200).count();
    for refused in answers.iter().filter(|it| it.status != 200) {
        let error = &refused.json()["error"];
        assert_eq!(
            (refused.status.as_u16(), error["code"].as_str()),
            (402, Some("insufficient_balance"))
        );
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("This can need $") && message.contains(" left; it "),
            "{message}"
        );
        let dollars =
            |name: &str| -> f64 { refused.headers[name].to_str().unwrap().parse().unwrap() };
        assert!(dollars("x-easel-needed") > dollars("x-easel-available"), "{:?}", refused.headers);
    }
    let rows = rows(easel, good).await;
    let spent: u64 = rows.iter().filter_map(|it| it.cost).sum();
    assert!(good >= 1 && spent <= COST * 20, "{good} answers cost {spent}");
    // What is left is of use: one by one, nearly all of it can be spent.
    let mut n_more = 0;
    while ask(easel, &key, CHAT, &long("recorded/m", false)).await.status == 200 {
        n_more += 1;
    }
    let total = u64::try_from(good + n_more).unwrap() * COST;
    assert!((COST * 15..=COST * 20).contains(&total), "{total} of {}", COST * 20);
}

#[tokio::test]
async fn a_start_knows_what_was_spent_before() {
    let mut place = Shop::new(priced).await;
    let key = place.key("editor", budget(COST * 5)).await;
    let mut n_rows = 0;
    while ask(&place.easel, &key, CHAT, &long("recorded/m", false)).await.status == 200 {
        n_rows += 1;
    }
    assert!(n_rows > 0);
    place.restart(priced).await;
    assert_eq!(ask(&place.easel, &key, CHAT, &long("recorded/m", false)).await.status, 402);
    rows(&place.easel, n_rows).await;
}

#[tokio::test]
async fn a_model_without_a_price_is_not_bought_from_a_budget() {
    let place = Shop::new(|_| {}).await;
    let key = place.key("editor", budget(COST)).await;
    let refused = ask(&place.easel, &key, CHAT, &small("recorded/m")).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("Nobody knows what `recorded/m` costs"), "{}", refused.text());
    // What is free needs no price, and who has no budget needs none.
    assert_eq!(ask(&place.easel, &key, CHAT, &small("script/demo")).await.status, 200);
    let token = &place.easel.token;
    assert_eq!(ask(&place.easel, token, CHAT, &small("recorded/m")).await.status, 200);
}

#[tokio::test]
async fn a_key_has_its_models_its_rates_and_its_end() {
    let place = Shop::new(|_| {}).await;
    let caps = Caps { per_minute: Some(2), ..Caps::default() };
    let key = place.key_for("editor", caps, &["script/*"]).await;
    let other = ask(&place.easel, &key, CHAT, &small("recorded/m")).await;
    assert_eq!(
        (other.status.as_u16(), other.json()["error"]["code"].as_str()),
        (403, Some("not_allowed"))
    );
    assert!(other.text().contains("`GET /v1/models` lists what it may"), "{}", other.text());
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    let listed =
        place.easel.ask(&place.easel.home(), Ask::get("/v1/models", &headers)).await.json();
    let ids: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(!ids.is_empty() && ids.iter().all(|it| it.starts_with("script/")), "{ids:?}");
    for (path, left) in [(CHAT, "1"), (MESSAGES, "0")] {
        let good = ask(&place.easel, &key, path, &small("script/demo")).await;
        let limits = ["limit", "remaining"].map(|it| format!("x-ratelimit-{it}-requests"));
        assert_eq!(
            (good.status.as_u16(), limits.map(|it| good.header(&it).to_owned())),
            (200, ["2", left].map(str::to_owned))
        );
        assert!(good.header("x-ratelimit-reset-requests").ends_with('s'), "{:?}", good.headers);
    }
    let fast = ask(&place.easel, &key, MESSAGES, &small("script/demo")).await;
    assert_eq!(
        (fast.status.as_u16(), fast.json()["error"]["type"].as_str()),
        (429, Some("rate_limit_error"))
    );
    let secs: u64 = fast.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&secs), "{secs}");
    let limits = ["limit", "remaining"].map(|it| format!("x-ratelimit-{it}-requests"));
    assert_eq!(limits.map(|it| fast.header(&it).to_owned()), ["2", "0"].map(str::to_owned));
    let reset = fast.header("x-ratelimit-reset-requests").strip_suffix('s').unwrap();
    assert!((31..=60).contains(&reset.parse::<u64>().unwrap()), "{reset}");

    let id = place.id_of("editor");
    place.accounts.end(Scope::Key(id), Who::default(), 1).await.unwrap();
    until("the key is refused", async || {
        let answer = ask(&place.easel, &key, CHAT, &small("script/demo")).await;
        answer.status == 401 && answer.text().contains("revoked")
    })
    .await;
}

#[tokio::test]
async fn only_so_many_run_at_once() {
    let place = Shop::new(|_| {}).await;
    let key = place.key("editor", Caps { parallel: Some(1), ..Caps::default() }).await;
    let slow = chat("recorded/m", "slow", true);
    let first = send(&place.easel, &key, CHAT, &slow, &[]).await;
    let second = ask(&place.easel, &key, CHAT, &small("script/demo")).await;
    assert_eq!(second.status, 429, "{}", second.text());
    assert!(second.text().contains("at once"), "{}", second.text());
    drop(first);
    until("the place is free", async || {
        ask(&place.easel, &key, CHAT, &small("script/demo")).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_session_has_an_end() {
    let defaults = Defaults { session_messages: Some(2), ..Defaults::default() };
    let easel = Easel::start_with(|it| it.stored.defaults = defaults).await;
    let within = async |session: &str| {
        let headers = [("x-easel-session", session)];
        let sent = send(&easel, &easel.token, CHAT, &small("script/demo"), &headers).await;
        sent.status().as_u16()
    };
    assert_eq!([within("a").await, within("a").await, within("a").await], [200, 200, 402]);
    assert_eq!(within("b").await, 200);
    assert_eq!(within("").await, 200);
    // A project of the app is one session for as long as it lives.
    let body = serde_json::json!({
        "model": "script/demo", "system": [], "max_output_tokens": 9,
        "messages": [{ "role": "user", "blocks": [{ "type": "text", "text": "hello" }] }],
    });
    for _ in 0..3 {
        let headers = [("x-easel-session", "c")];
        let sent = send(&easel, &easel.token, "/app/turn", &body, &headers).await;
        assert_eq!(sent.status(), 200);
    }
}

#[tokio::test]
async fn a_request_with_a_name_is_paid_for_once() {
    let easel = Easel::start_with(priced).await;
    let named = async |name: &str, body: &Value| {
        let sent = send(&easel, &easel.token, CHAT, body, &[("idempotency-key", name)]).await;
        let status = sent.status().as_u16();
        (status, String::from_utf8(sent.collect().await.unwrap().to_bytes().to_vec()).unwrap())
    };
    let body = small("recorded/m");
    assert_eq!(named("a", &body).await.0, 200);
    let (status, again) = named("a", &body).await;
    assert!(status == 409 && again.contains("answered before"), "{status} {again}");
    let (status, other) = named("a", &small("recorded/n")).await;
    assert!(status == 409 && other.contains("another request"), "{status} {other}");
    assert_eq!(named("b", &body).await.0, 200);
    assert_eq!(named(&"x".repeat(300), &body).await.0, 400);
    assert_eq!(rows(&easel, 2).await.len(), 2);
    assert_eq!(easel.upstream.asked().len(), 2);
}

/// Two instances on one Postgres and one Redis: a cap holds across both.
#[tokio::test(flavor = "multi_thread")]
async fn two_instances_keep_one_budget() {
    let (postgres, redis) = (Postgres::shared().await, Redis::start());
    let (database, counters) = (postgres.database().await, redis.address());
    let shared = |config: &mut Config| {
        priced(config);
        config.stored = Stored {
            postgres: Some(easel_proxy::keys::Secret::new(database.as_str())),
            redis: Some(easel_proxy::keys::Secret::new(counters.as_str())),
            ..Stored::default()
        };
    };
    let one = Easel::start_with(shared).await;
    let pepper = std::fs::read(one.folder.path().join("data/pepper")).unwrap();
    let two = Easel::start_with(|config| {
        shared(config);
        std::fs::create_dir_all(&config.data).unwrap();
        std::fs::write(config.data.join("pepper"), pepper).unwrap();
    })
    .await;
    let location = Location::Postgres(database.clone());
    let accounts = accounts(&location, &one).await;
    let key = make(&accounts, "editor", budget(COST * 20), &["*"]).await;
    for easel in [&one, &two] {
        until("the key is known", async || {
            ask(easel, &key, CHAT, &small("script/demo")).await.status == 200
        })
        .await;
    }
    let (ours, theirs) = tokio::join!(thousand(&one, &key), thousand(&two, &key));
    let good = ours.iter().chain(&theirs).filter(|it| it.status == 200).count();
    for refused in ours.iter().chain(&theirs).filter(|it| it.status != 200) {
        // On a machine that is busy, counters that answer late refuse, too.
        let away = refused.status == 429 && refused.text().contains("cannot be checked");
        assert!(refused.status == 402 || away, "{}", refused.text());
    }
    assert!((1..=20).contains(&good), "{good}");
    let spent = u64::try_from(good).unwrap() * COST;
    assert!(spent <= COST * 20, "{spent}");
}

/// 500 of each of two kinds, all at once.
async fn thousand(easel: &Easel, key: &str) -> Vec<Answer> {
    let n = if key.is_empty() { 0 } else { 500 };
    let bodies: Vec<Value> = (0..n).map(|n| long("recorded/m", n % 2 == 0)).collect();
    join_all(bodies.iter().map(|it| ask(easel, key, CHAT, it))).await
}

/// Refuses requests with some words in them.
pub fn forbidding(config: &mut Config, words: &str) {
    let sketch = Sketch {
        name: "words".to_owned(),
        on: On::Requests,
        models: Vec::new(),
        keywords: vec![words.to_owned()],
        pattern: None,
        kinds: Vec::new(),
        action: Action::Block,
        mask: None,
    };
    config.filters = Filters::new(vec![Rule::new(sketch).unwrap()]);
}

pub fn priced(config: &mut Config) {
    let quote = Quote {
        input: Some(1_000_000_000),
        cache_read: Some(0),
        output: Some(2_000_000_000),
        ..Quote::default()
    };
    let own = Own {
        provider: "*".to_owned(),
        model: "*".to_owned(),
        effective_from: None,
        price: quote.into(),
    };
    config.prices = Prices::new(vec![own]);
}

fn budget(nano: u64) -> Caps {
    Caps { budgets: BTreeMap::from([(Period::Month, nano)]), ..Caps::default() }
}

fn chat(model: &str, text: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "max_tokens": 120,
        "messages": [{ "role": "user", "content": text }] })
}

/// As long as a prompt is that has the tokens of the recorded reply.
fn long(model: &str, stream: bool) -> Value {
    chat(model, &format!("{}\nhi", "lorem ipsum ".repeat(200)), stream)
}

fn small(model: &str) -> Value {
    chat(model, "hi", false)
}

async fn ask(easel: &Easel, key: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = body.to_string();
    easel.ask(&easel.home(), Ask { method: "POST", path, headers: &headers, body: &body }).await
}

async fn send(
    easel: &Easel,
    key: &str,
    path: &str,
    body: &Value,
    more: &[(&str, &str)],
) -> http::Response<hyper::body::Incoming> {
    let bearer = format!("Bearer {key}");
    let mut headers =
        vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
    headers.extend_from_slice(more);
    let body = body.to_string();
    easel.send(&easel.home(), Ask { method: "POST", path, headers: &headers, body: &body }).await
}

/// A row of the ledger.
#[derive(Debug)]
struct Row {
    key: String,
    model: String,
    status: i64,
    input: i64,
    output: i64,
    cost: Option<u64>,
    estimated: bool,
}

/// Waits until there are so many rows, and returns all.
async fn rows(easel: &Easel, n: usize) -> Vec<Row> {
    let path = easel.folder.path().join("data/easel.db");
    let text =
        "SELECT k.name, m.name, r.status, r.input_tokens, r.output_tokens, r.cost_nano, r.estimated
        FROM requests r JOIN client_keys k ON k.id = r.key_id JOIN models m ON m.id = r.model_id
        ORDER BY m.name, r.id";
    for _ in 0..500 {
        let mut database =
            SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        let found = sqlx::query(text).fetch_all(&mut database).await.unwrap();
        database.close().await.unwrap();
        if found.len() < n {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        }
        assert_eq!(found.len(), n);
        let read = |it: &sqlx::sqlite::SqliteRow| Row {
            key: it.get(0),
            model: it.get(1),
            status: it.get(2),
            input: it.get(3),
            output: it.get(4),
            cost: it.get::<Option<i64>, _>(5).map(|it| u64::try_from(it).unwrap()),
            estimated: it.get::<i64, _>(6) != 0,
        };
        return found.iter().map(read).collect();
    }
    panic!("never {n} rows");
}

/// A proxy, and its accounts from outside, as the command line has them.
struct Shop {
    easel: Easel,
    accounts: Arc<Accounts>,
}

impl Shop {
    async fn new(change: impl FnOnce(&mut Config)) -> Self {
        let easel = Easel::start_with(change).await;
        let location = Location::Folder(easel.folder.path().join("data"));
        Self { accounts: accounts(&location, &easel).await, easel }
    }

    async fn key(&self, name: &str, caps: Caps) -> String {
        self.key_for(name, caps, &["*"]).await
    }

    /// Makes a key and waits until the proxy knows it.
    async fn key_for(&self, name: &str, caps: Caps, models: &[&str]) -> String {
        let key = make(&self.accounts, name, caps, models).await;
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str())];
        until("the key is known", async || {
            self.easel.ask(&self.easel.home(), Ask::get("/v1/models", &headers)).await.status == 200
        })
        .await;
        key
    }

    fn id_of(&self, name: &str) -> KeyId {
        *self.accounts.directory().clients.iter().find(|it| it.1.name == name).unwrap().0
    }

    /// Ends the proxy and starts it anew, with the same data.
    async fn restart(&mut self, change: impl FnOnce(&mut Config)) {
        self.easel.end.take().unwrap().send(()).unwrap();
        (&mut self.easel.served).await.unwrap();
        let data = self.easel.folder.path().join("data");
        let folder = tempfile::tempdir().unwrap();
        let folder = std::mem::replace(&mut self.easel.folder, folder);
        let mut next = Easel::start_with(|config| {
            change(config);
            config.data = data;
        })
        .await;
        next.folder = folder;
        self.easel = next;
    }
}

async fn accounts(location: &Location, easel: &Easel) -> Arc<Accounts> {
    let store = Store::open(location).await.unwrap();
    Accounts::open(store, &easel.folder.path().join("data")).await.unwrap()
}

/// The key may be used once its caps are set, so that nobody sees it without them.
async fn make(accounts: &Accounts, name: &str, caps: Caps, models: &[&str]) -> String {
    let local = accounts.local(1).await.unwrap();
    let models = models.iter().map(|it| (*it).to_owned()).collect();
    let key = NewKey {
        name,
        organisation: local.organisation,
        project: local.project,
        person: None,
        models: Patterns::new(models).unwrap(),
        expires_at_ms: Some(1),
    };
    let to = KeyChange { name, models: key.models.clone(), expires_at_ms: None };
    let (id, secret) = accounts.make_key(key, Who::default(), 1).await.unwrap();
    accounts.set_caps(Scope::Key(id), &caps, Who::default(), 1).await.unwrap();
    accounts.change_key(id, to, Who::default(), 1).await.unwrap();
    secret.expose().to_owned()
}
