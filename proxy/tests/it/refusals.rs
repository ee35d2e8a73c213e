//! Refusals as clients and pages read them: a shape, a status and a code of ours in every dialect.

use easel_proxy::{budget::Period, config::Budget};
use serde_json::{Value, json};

use crate::{
    bills::{forbidding, priced},
    easel::{Answer, Ask, Easel},
};

/// A door of each dialect.
const DOORS: [&str; 6] = [
    "/v1/chat/completions",
    "/v1/messages",
    "/v1/responses",
    "/v1beta/models/MODEL:generateContent",
    "/model/MODEL/converse",
    "/api/chat",
];

#[tokio::test]
async fn each_refusal_has_a_code_of_ours_in_every_dialect() {
    let easel = Easel::start_with(|config| {
        config.limits.body_bytes = 1 << 20;
        forbidding(config, "secret plan");
    })
    .await;
    let poor = Easel::start_with(|config| {
        priced(config);
        config.budget = Some(Budget { limit_nano: 1, period: Period::Month });
    })
    .await;
    let large = "x".repeat(2 << 20);
    for (n, door) in DOORS.into_iter().enumerate() {
        let m = "recorded/m";
        // A lane that fails and fails is left alone.
        let own = format!("recorded/m{n}");
        let refusals = [
            ("not_paired", 401, &easel, "no", said(door, m, "hi")),
            ("filtered", 400, &easel, &*easel.token, said(door, m, "the secret plan")),
            ("unknown_model", 404, &easel, &easel.token, said(door, "script/none", "hi")),
            (
                "bad_request",
                400,
                &easel,
                &easel.token,
                (path(door, m), json!({ "model": m, "messages": 7 })),
            ),
            ("too_large", 413, &easel, &easel.token, said(door, m, &large)),
            ("provider_failed", 502, &easel, &easel.token, said(door, &own, "unlucky")),
            ("insufficient_balance", 402, &poor, &poor.token, said(door, m, "hi")),
        ];
        for (code, status, easel, key, (path, body)) in refusals {
            let answer = post(easel, &path, key, &body).await;
            let text = answer.text();
            assert_eq!(answer.header("x-easel-code"), code, "{path}: {text}");
            assert_eq!(answer.status.as_u16(), status, "{path} {code}: {text}");
            let origin = format!("http://{}", easel.home());
            assert_eq!(answer.header("access-control-allow-origin"), origin, "{path} {code}");
            let exposed = answer.header("access-control-expose-headers");
            assert!(exposed.contains("x-easel-code"), "{exposed}");
            if let Some((at, expected)) = word(door, code) {
                assert_eq!(answer.json().pointer(at), Some(&json!(expected)), "{path} {code}");
            }
        }
    }
}

/// Where a dialect has a word of its own for it.
fn word(door: &str, code: &str) -> Option<(&'static str, &'static str)> {
    match (door, code) {
        ("/v1/chat/completions", "too_large") => Some(("/error/code", "request_too_large")),
        ("/v1/messages", "too_large") => Some(("/error/type", "request_too_large")),
        ("/v1/messages", "provider_failed") => Some(("/error/type", "api_error")),
        ("/v1/messages", "insufficient_balance") => Some(("/error/type", "billing_error")),
        _ => None,
    }
}

#[tokio::test]
async fn what_is_refused_says_what_to_do() {
    let easel = Easel::start_with(|config| config.limits.body_bytes = 1 << 20).await;
    let ask = async |body: Value| {
        let answer = post(&easel, "/v1/chat/completions", &easel.token, &body).await;
        answer.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    let (_, body) = said("/v1/chat/completions", "recorded/m", &"x".repeat(2 << 20));
    let large = ask(body).await;
    assert!(large.contains("`body-mb` raised under `[limits]`"), "{large}");
    // Of another dialect, so that it is read here.
    let wrong = ask(json!({ "model": "claude/m", "messages": [{ "role": "user", "content": 7 }] }));
    assert_eq!(
        wrong.await,
        "The request cannot be read: in `messages[0]`, a value has a wrong type, at line 1, column 59"
    );
}

#[tokio::test]
async fn a_page_can_read_that_its_signature_is_refused() {
    let easel = Easel::start().await;
    let origin = format!("http://{}", easel.home());
    let headers = [("origin", origin.as_str()), ("x-easel-signature", "0")];
    let answer = easel.ask(&easel.home(), Ask::get("/v1/models", &headers)).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert_eq!(answer.header("x-easel-code"), "not_paired");
}

#[tokio::test]
async fn anthropics_clients_find_the_id_where_they_look_for_it() {
    let easel = Easel::start().await;
    for (door, has_it) in [("/v1/messages", true), ("/v1/chat/completions", false)] {
        for key in ["no", &easel.token] {
            let (path, body) = said(door, "recorded/m", "hi");
            let answer = post(&easel, &path, key, &body).await;
            let expected = if has_it { answer.header("x-request-id") } else { "" };
            assert_eq!(answer.header("request-id"), expected, "{door}");
        }
    }
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_told_in_its_dialect() {
    let easel = Easel::start().await;
    let ask = async |method, path| {
        let bearer = format!("Bearer {}", easel.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        easel.ask(&easel.home(), Ask { method, path, headers: &headers, body: "" }).await
    };
    for (path, at, expected) in [
        ("/v1/nothing", "/error/code", "unknown_url"),
        ("/v1/files", "/error/code", "unknown_url"),
        ("/v1/messages/nothing", "/error/type", "not_found_error"),
        ("/v1beta/models", "/error/status", "NOT_FOUND"),
        (
            "/api/show",
            "/error",
            "There is nothing at this address; `GET /admin/api/openapi.json` names what there is",
        ),
        (
            "/model/x/nothing",
            "/message",
            "There is nothing at this address; `GET /admin/api/openapi.json` names what there is",
        ),
        ("/admin/api/nothing", "/code", "not_there"),
        ("/app/nothing", "/code", "not_there"),
        ("/auth/nothing", "/code", "not_there"),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = ask(method, path).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.header("content-type"), "application/json", "{method} {path}");
            assert_eq!(answer.header("x-easel-code"), "not_there", "{method} {path}");
            assert_eq!(answer.json().pointer(at), Some(&json!(expected)), "{method} {path}");
        }
    }
    let operation = ask("POST", "/model/x/nothing").await;
    assert_eq!(operation.header("x-amzn-errortype"), "UnknownOperationException");
    // Pages and files are no doors.
    assert_eq!(ask("POST", "/nothing.txt").await.status, 404);
    for (method, path, allowed) in [
        ("GET", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/models/x", "GET,HEAD,POST"),
        ("PUT", "/app/turn", "POST"),
        ("POST", "/p/1", "GET,HEAD"),
    ] {
        let answer = ask(method, path).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allowed), "{path}");
    }
}

#[tokio::test]
async fn one_model_is_described_as_in_the_list() {
    let easel = Easel::start().await;
    let get = async |path: &str| easel.app("GET", path, &Value::Null).await;
    let list = get("/v1/models").await.json();
    for path in ["/v1/models/recorded/recorded-model", "/v1/models/recorded%2Frecorded-model"] {
        let mut model = get(path).await.json();
        let listed = list["data"].as_array().unwrap().iter().find(|it| it["id"] == model["id"]);
        let mut listed = listed.unwrap().clone();
        assert_eq!(model["id"], "recorded/recorded-model");
        for it in [&mut model, &mut listed] {
            assert!(it.as_object_mut().unwrap().remove("created").unwrap().is_u64());
        }
        assert_eq!(model, listed);
    }
    let none = get("/v1/models/recorded/none").await;
    assert_eq!(none.status, 404);
    assert_eq!(none.json()["error"]["code"], "model_not_found");
}

fn path(door: &str, model: &str) -> String {
    door.replace("MODEL", &model.replace('/', "%2F"))
}

/// Returns where and how a door is asked.
fn said(door: &str, model: &str, prompt: &str) -> (String, Value) {
    let body = match door {
        "/v1/responses" => json!({ "model": model, "input": prompt }),
        "/v1beta/models/MODEL:generateContent" => {
            json!({ "contents": [{ "role": "user", "parts": [{ "text": prompt }] }] })
        }
        "/model/MODEL/converse" => {
            json!({ "messages": [{ "role": "user", "content": [{ "text": prompt }] }] })
        }
        _ => {
            let messages = json!([{ "role": "user", "content": prompt }]);
            json!({ "model": model, "max_tokens": 9, "stream": false, "messages": messages })
        }
    };
    (path(door, model), body)
}

/// As a page asks that may.
async fn post(easel: &Easel, path: &str, key: &str, body: &Value) -> Answer {
    let origin = format!("http://{}", easel.home());
    let headers =
        [("x-api-key", key), ("content-type", "application/json"), ("origin", origin.as_str())];
    let body = body.to_string();
    easel.ask(&easel.home(), Ask { method: "POST", path, headers: &headers, body: &body }).await
}
