//! Whether it lives, whether it is ready, and its figures.

use easel_proxy::config::{self, Endpoint, Telemetry};
use serde_json::Value;

use super::{by, chat};
use crate::{
    budget::server::Server,
    easel::{Ask, Easel, log, until},
    upstream::KEY,
};

#[tokio::test]
async fn figures_are_for_who_has_the_token() {
    let easel = Easel::start().await;
    let body = chat("recorded/recorded-model");
    let token = easel.token.clone();
    assert_eq!(by(&easel, &token, ("POST", "/v1/chat/completions"), &body).await.status, 200);
    assert_eq!(easel.ask(&easel.home(), Ask::get("/metrics", &[])).await.status, 401);
    let figures = by(&easel, &token, ("GET", "/metrics"), &Value::Null).await;
    assert_eq!(figures.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = figures.text();
    for line in [
        "easel_requests_total{lane=\"recorded/recorded-model\",class=\"2xx\"} 1",
        "easel_request_seconds_count{lane=\"recorded/recorded-model\"} 1",
        "easel_first_byte_seconds_count{lane=\"recorded/recorded-model\"} 1",
        "easel_running_requests 0",
        "easel_ledger_unsaved_rows 0",
        "easel_ready 1",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert!(text.contains("process_resident_memory_bytes "));
    assert!(!text.contains(&token));
    // Each series is begun once, and each line is one.
    let heads: Vec<&str> = text.lines().filter(|it| it.starts_with("# TYPE")).collect();
    let mut once = heads.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), heads.len());
    assert!(
        text.lines()
            .all(|it| it.starts_with('#') || it.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok())
    );
}

#[tokio::test]
async fn figures_can_be_for_everybody() {
    let easel = Easel::start_with(|config| config.telemetry.open_metrics = true).await;
    assert_eq!(easel.ask(&easel.home(), Ask::get("/metrics", &[])).await.status, 200);
}

#[tokio::test]
async fn diagnostics_say_how_it_is_and_hold_no_secret() {
    let easel = Easel::start_with(|config| {
        let aside = Endpoint {
            id: "aside".to_owned(),
            base_url: "http://somebody:password@127.0.0.1:1/hidden".to_owned(),
            ..config.endpoints[0].clone()
        };
        config.endpoints.push(aside);
    })
    .await;
    let mut body = chat("recorded/recorded-model");
    let door = ("POST", "/v1/chat/completions");
    assert_eq!(by(&easel, &easel.token, door, &body).await.status, 200);
    body["messages"][0]["content"] = "fail with 500, my dear".into();
    by(&easel, &easel.token, door, &body).await;
    let asked = ("GET", "/admin/api/diagnostics");
    // Rows come into the database a moment later.
    until("the failure is told", async || {
        let answer = by(&easel, &easel.token, asked, &Value::Null).await;
        answer.json()["failures"][0]["model"] == "recorded/recorded-model"
    })
    .await;
    let answer = by(&easel, &easel.token, asked, &Value::Null).await;
    let told = answer.json();
    assert_eq!((&told["health"]["ready"], &told["database"]), (&true.into(), &"Sqlite".into()));
    let provider = told["providers"].as_array().unwrap().iter().find(|it| it["id"] == "aside");
    assert_eq!(provider.unwrap()["origin"], "http://127.0.0.1:1");
    assert!(told["figures"].as_array().unwrap().contains(&"easel_ready 1".into()));
    for secret in [easel.token.as_str(), KEY, "password", "hidden", "dear", "\"You\""] {
        assert!(!answer.text().contains(secret), "{secret}\n{}", answer.text());
    }
}

#[tokio::test]
async fn it_lives_and_is_ready() {
    let easel = Easel::start().await;
    for path in ["/healthz", "/livez", "/readyz"] {
        let answer = easel.ask(&easel.home(), Ask::get(path, &[])).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ok\n"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_counters_are_away_it_lives_and_is_not_ready() {
    let mut server = Server::start();
    let address = easel_proxy::keys::Secret::new(server.address());
    let easel = Easel::start_with(|config| config.stored.redis = Some(address)).await;
    let status = async |path| easel.ask(&easel.home(), Ask::get(path, &[])).await.status.as_u16();
    assert_eq!(status("/readyz").await, 200);
    server.kill();
    until("it is not ready", async || status("/readyz").await == 503).await;
    let told = easel.ask(&easel.home(), Ask::get("/readyz", &[])).await;
    assert_eq!(told.text(), "not ready: counters\n");
    assert_eq!(status("/livez").await, 200);
    server.start_again(&[]);
    until("it is ready again", async || status("/readyz").await == 200).await;
}

#[tokio::test]
async fn a_trace_of_each_request_reaches_the_collector_and_holds_no_text() {
    let collector = Collector::default();
    let address = collector.start().await;
    let easel = Easel::start_with(|config| {
        config.telemetry = telemetry(&format!("http://{address}"), Some(COLLECTORS_KEY));
    })
    .await;
    let token = format!("Bearer {}", easel.token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    let body = chat("recorded/recorded-model").to_string();
    let request =
        Ask { method: "POST", path: "/v1/chat/completions", headers: &headers, body: &body };
    assert_eq!(easel.ask(&easel.home(), request).await.status, 200);
    for _ in 0..100 {
        if !collector.taken().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let taken = collector.taken();
    let spans = &taken[0]["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(spans.as_array().unwrap().len(), 1);
    let span = &spans[0];
    assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(span["name"], "chat recorded-model");
    let attribute = |key: &str| {
        let all = span["attributes"].as_array().unwrap();
        all.iter().find(|it| it["key"] == key).map(|it| it["value"].clone()).unwrap_or_default()
    };
    assert_eq!(attribute("gen_ai.provider.name")["stringValue"], "recorded");
    assert_eq!(attribute("http.response.status_code")["intValue"], "200");
    assert!(attribute("gen_ai.usage.output_tokens")["intValue"].is_string());
    let all = taken[0].to_string();
    assert!(!all.contains(&easel.token) && !all.contains("\"hi\""), "{all}");
}

#[tokio::test]
async fn a_collector_that_is_away_keeps_nobody() {
    let easel = Easel::start_with(|config| {
        // Nobody listens there.
        config.telemetry = telemetry("http://127.0.0.1:9", None);
    })
    .await;
    let token = easel.token.clone();
    let body = chat("recorded/recorded-model");
    for _ in 0..20 {
        assert_eq!(by(&easel, &token, ("POST", "/v1/chat/completions"), &body).await.status, 200);
    }
}

#[tokio::test]
async fn a_collector_that_does_not_get_its_key_takes_nothing_and_it_is_told() {
    let collector = Collector::default();
    let address = format!("http://{}", collector.start().await);
    let easel = Easel::start_with(|config| {
        config.telemetry = telemetry(&address, Some("no-such-key-4eC39HqLyj"));
    })
    .await;
    let body = chat("recorded/recorded-model");
    let token = easel.token.clone();
    assert_eq!(by(&easel, &token, ("POST", "/v1/chat/completions"), &body).await.status, 200);
    until("it is counted", || async {
        let metrics = by(&easel, &token, ("GET", "/metrics"), &Value::Null).await.text();
        metrics.contains(r#"easel_spans_total{became="dropped"} 1"#)
    })
    .await;
    assert!(collector.taken().is_empty());
    assert!(!log().contains("no-such-key-4eC39HqLyj"));
}

/// What the collector of these tests wants.
const COLLECTORS_KEY: &str = "collectors-key-zdp7dc4eC39";

/// Reads it as it would stand in the file.
fn telemetry(address: &str, key: Option<&str>) -> Telemetry {
    let folder = tempfile::tempdir().unwrap();
    let header = key.map_or("", |_| r#"header-env = { X-Collector-Key = "COLLECTOR" }"#);
    let text = format!("[telemetry]\notlp = \"{address}\"\n{header}\n");
    std::fs::write(folder.path().join("easel.toml"), text).unwrap();
    let args = ["easel-proxy".into(), "--data".into(), folder.path().into()];
    let env = |name: &str| key.filter(|_| name == "COLLECTOR").map(str::to_owned);
    let config::Command::Serve(read) = config::read(args, &env).unwrap() else { panic!() };
    assert!(key.is_none_or(|it| !format!("{read:?}").contains(it)));
    read.telemetry
}

/// Takes what is sent to it with its key, as a hosted collector of OpenTelemetry does.
#[derive(Debug, Clone, Default)]
struct Collector {
    taken: std::sync::Arc<std::sync::Mutex<Vec<Value>>>,
}

impl Collector {
    async fn start(&self) -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = std::sync::Arc::clone(&self.taken);
        let take = async move |headers: http::HeaderMap, body: axum::Json<Value>| {
            if headers.get("x-collector-key").is_none_or(|it| it != COLLECTORS_KEY) {
                return Err(http::StatusCode::UNAUTHORIZED);
            }
            taken.lock().unwrap().push(body.0);
            Ok(axum::Json(serde_json::json!({})))
        };
        let router = axum::Router::new().route("/v1/traces", axum::routing::post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn taken(&self) -> Vec<Value> {
        self.taken.lock().unwrap().clone()
    }
}
