//! Signing in over HTTP, and what it is refused for.

use serde_json::{Value, json};

use super::{by, chat, owner, pin, sign_in};
use crate::easel::{Easel, log};

pub async fn shared() -> Easel {
    Easel::start_with(|config| config.stored.shared = true).await
}

#[tokio::test]
async fn a_person_signs_in_works_and_signs_out() {
    let easel = shared().await;
    let email = "ann.in@example.com";
    let person = json!({ "name": "Ann", "email": email, "organisation": 1, "role": "member" });
    let person = owner(&easel, "POST", "/admin/api/people", &person).await["id"].clone();
    let session = sign_in(&easel, "ann.in@example.com").await;
    let me = by(&easel, &session, ("GET", "/auth/me"), &Value::Null).await.json();
    assert_eq!((&me["person"], &me["email"]), (&person, &json!(email)));
    assert_eq!(me["roles"][0]["role"], "member");
    let token = by(&easel, &session, ("POST", "/auth/token"), &Value::Null).await.json();
    assert_eq!(token["expires_in_secs"], 900);
    let jwt = token["token"].as_str().unwrap();
    for token in [session.as_str(), jwt] {
        let body = chat("recorded/recorded-model");
        assert_eq!(by(&easel, token, ("POST", "/v1/chat/completions"), &body).await.status, 200);
        let me = by(&easel, token, ("GET", "/admin/api/me"), &Value::Null).await.json();
        assert_eq!((&me["installation"], &me["person"]), (&json!(false), &person));
    }
    assert_eq!(by(&easel, &session, ("DELETE", "/auth/session"), &Value::Null).await.status, 204);
    for token in [session.as_str(), jwt] {
        for path in ["/auth/me", "/admin/api/me", "/v1/models"] {
            assert_eq!(by(&easel, token, ("GET", path), &Value::Null).await.status, 401, "{path}");
        }
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing_by_asking() {
    let easel = shared().await;
    let person =
        json!({ "name": "Bea", "email": "bea@example.com", "organisation": 1, "role": "member" });
    owner(&easel, "POST", "/admin/api/people", &person).await;
    let mut answers = Vec::new();
    for email in ["bea@example.com", "nobody@example.com"] {
        let asked = by(&easel, "", ("POST", "/auth/pin"), &json!({ "email": email })).await;
        let again = by(&easel, "", ("POST", "/auth/pin"), &json!({ "email": email })).await;
        let wrong = json!({ "email": email, "pin": "x" });
        let wrong = by(&easel, "", ("POST", "/auth/session"), &wrong).await;
        let mut told = wrong.json();
        told["request_id"] = Value::Null;
        answers.push((asked.status, asked.text(), again.status, wrong.status, told));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(
        (answers[0].0.as_u16(), answers[0].2.as_u16(), answers[0].3.as_u16()),
        (202, 429, 401)
    );
    assert!(!log().contains("\"to\":\"nobody@example.com\""));
    for body in [json!({ "email": "no" }), json!({}), json!({ "email": "a@b.c", "name": "x" })] {
        assert_eq!(by(&easel, "", ("POST", "/auth/pin"), &body).await.status, 400);
    }
}

#[tokio::test]
async fn who_tries_too_often_waits() {
    let easel = shared().await;
    let mut answers = Vec::new();
    for n in 0..25 {
        let body = json!({ "email": format!("guess{n}@example.com"), "pin": "123456" });
        answers.push(by(&easel, "", ("POST", "/auth/session"), &body).await);
    }
    assert_eq!(answers[0].status, 401);
    let last = answers.last().unwrap();
    assert_eq!(last.status, 429);
    assert!(!last.header("retry-after").is_empty());
    let asked: Vec<u16> = {
        let mut asked = Vec::new();
        for n in 0..25 {
            let body = json!({ "email": format!("pin{n}@example.com") });
            asked.push(by(&easel, "", ("POST", "/auth/pin"), &body).await.status.as_u16());
        }
        asked
    };
    assert_eq!((asked[0], asked[24]), (202, 429));
}

#[tokio::test]
async fn a_pin_of_somebody_else_opens_nothing() {
    let easel = shared().await;
    for name in ["carl", "dora"] {
        let email = format!("{name}@example.com");
        let person = json!({ "name": name, "email": email, "organisation": 1, "role": "member" });
        owner(&easel, "POST", "/admin/api/people", &person).await;
        by(&easel, "", ("POST", "/auth/pin"), &json!({ "email": email })).await;
    }
    let crossed = json!({ "email": "carl@example.com", "pin": pin("dora@example.com") });
    let answer = by(&easel, "", ("POST", "/auth/session"), &crossed).await;
    // One in a million says otherwise.
    assert_eq!(answer.status, 401);
    let audit = owner(&easel, "GET", "/admin/api/audit?most=1", &Value::Null).await;
    assert_eq!(audit["entries"][0]["action"], "session.refused");
}

#[tokio::test]
async fn where_one_person_works_nobody_signs_in() {
    let easel = Easel::start().await;
    for (method, path) in [
        ("POST", "/auth/pin"),
        ("POST", "/auth/session"),
        ("DELETE", "/auth/session"),
        ("POST", "/auth/token"),
        ("GET", "/auth/me"),
    ] {
        let answer = by(&easel, &easel.token, (method, path), &json!({ "email": "a@b.c" })).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["message"].as_str().unwrap().contains("shared = true"));
    }
}

#[tokio::test]
async fn only_the_proxys_own_word_counts_for_where_somebody_is() {
    for (behind_proxy, expected) in [(false, "127.0.0.1"), (true, "192.0.2.7")] {
        let easel = Easel::start_with(|config| config.stored.behind_proxy = behind_proxy).await;
        let token = format!("Bearer {}", easel.token);
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
            ("x-forwarded-for", "198.51.100.1, 192.0.2.7"),
        ];
        let request = crate::easel::Ask {
            method: "POST",
            path: "/admin/api/organisations",
            headers: &headers,
            body: r#"{"name":"Sea"}"#,
        };
        assert_eq!(easel.ask(&easel.home(), request).await.status, 201);
        let audit = owner(&easel, "GET", "/admin/api/audit?most=1", &Value::Null).await;
        assert_eq!(audit["entries"][0]["ip"], expected);
    }
}
