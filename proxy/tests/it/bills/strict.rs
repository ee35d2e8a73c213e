//! A budget is not exceeded by what a request says of itself, does not say, or leaves to others.

use serde_json::{Value, json};

use super::*;
use crate::admin::{owner, sign_in};

#[tokio::test]
async fn no_request_needs_less_by_saying_less() {
    let place = Shop::new(priced).await;
    let key = place.key("editor", budget(COST * 5)).await;
    let input = json!([{ "role": "user", "content": "hi" }]);
    let parts = json!([{ "role": "user", "parts": [{ "text": "hi" }] }]);
    let blocks = json!([{ "role": "user", "content": [{ "text": "hi" }] }]);
    let m = "recorded/m";
    for (path, body) in [
        (
            CHAT,
            json!({ "model": m, "messages": input, "max_completion_tokens": 1, "max_tokens": 60_000 }),
        ),
        (CHAT, json!({ "model": m, "messages": input, "max_tokens": 1_000, "n": 60 })),
        (
            MESSAGES,
            json!({ "model": m, "messages": input, "max_completion_tokens": 1, "max_tokens": 60_000 }),
        ),
        (
            "/v1/responses",
            json!({ "model": m, "input": "hi", "max_tokens": 1, "max_output_tokens": 60_000 }),
        ),
        (
            "/api/chat",
            json!({ "model": m, "messages": input, "max_tokens": 1, "options": { "num_predict": 60_000 } }),
        ),
        (
            "/v1beta/models/recorded/m:generateContent",
            json!({ "contents": parts, "max_tokens": 1, "generationConfig": { "maxOutputTokens": 60_000 } }),
        ),
        (
            "/model/recorded%2Fm/converse",
            json!({ "messages": blocks, "max_tokens": 1, "inferenceConfig": { "maxTokens": 60_000 } }),
        ),
    ] {
        let refused = ask(&place.easel, &key, path, &body).await;
        assert_eq!(refused.status, 402, "{path}: {}", refused.text());
        assert!(!refused.header("x-easel-needed").is_empty(), "{path}");
    }
    assert!(place.easel.upstream.asked().is_empty());
}

#[tokio::test]
async fn under_a_budget_a_reply_has_a_limit() {
    let place = Shop::new(priced).await;
    let key = place.key("editor", budget(COST * 1_000)).await;
    let without = |stream: bool| json!({ "model": "recorded/m", "stream": stream, "messages": [{ "role": "user", "content": "hi" }] });
    for (key, stream, expected) in [
        (&key, false, json!(16_384)),
        (&key, true, json!(16_384)),
        (&place.easel.token, false, Value::Null),
    ] {
        assert_eq!(ask(&place.easel, key, CHAT, &without(stream)).await.status, 200);
        let asked = place.easel.upstream.asked();
        assert_eq!(asked.last().unwrap()["body"]["max_tokens"], expected, "{stream}");
    }
    // Where it is translated, and where what the client says stands.
    let translated = json!({ "model": "recorded/m", "input": "hi" });
    assert_eq!(ask(&place.easel, &key, "/v1/responses", &translated).await.status, 200);
    assert_eq!(ask(&place.easel, &key, CHAT, &small("recorded/m")).await.status, 200);
    let asked = place.easel.upstream.asked();
    let limits: Vec<&Value> = asked[3..].iter().map(|it| &it["body"]["max_tokens"]).collect();
    assert_eq!(limits, [16_384, 120]);
}

#[tokio::test]
async fn what_lies_elsewhere_needs_as_much_as_a_model_reads() {
    let place = Shop::new(priced).await;
    let key = place.key("editor", budget(500_000_000)).await;
    let picture = |url: &str| {
        let parts = json!([{ "type": "image_url", "image_url": { "url": url } }]);
        json!({ "model": "recorded/m", "max_tokens": 9, "messages": [{ "role": "user", "content": parts }] })
    };
    let far = ask(&place.easel, &key, CHAT, &picture("https://a.example/b.png")).await;
    assert_eq!(far.status, 402, "{}", far.text());
    let near = ask(&place.easel, &key, CHAT, &picture("data:image/png;base64,iVBORw0KGgo=")).await;
    assert_eq!(near.status, 200, "{}", near.text());
}

#[tokio::test]
async fn a_name_is_free_again_when_nothing_was_paid() {
    let easel = Easel::start_with(priced).await;
    let named = async |text: &str| {
        let headers = [("idempotency-key", "a")];
        let body = chat("recorded/m", text, false);
        send(&easel, &easel.token, CHAT, &body, &headers).await.status().as_u16()
    };
    assert_eq!(named("limit once").await, 429);
    until("the name is free", async || named("limit once").await == 200).await;
    assert_eq!(named("limit once").await, 409);
}

#[tokio::test]
async fn counting_is_for_who_may_ask_and_no_oftener() {
    let place = Shop::new(|_| {}).await;
    let caps = Caps { per_hour: Some(2), ..Caps::default() };
    let key = place.key_for("editor", caps, &["claude/a"]).await;
    let count = async |model: &str| {
        let path = "/v1/messages/count_tokens";
        ask(&place.easel, &key, path, &small(model)).await.status.as_u16()
    };
    assert_eq!(count("claude/b").await, 403);
    assert_eq!(count("recorded/a").await, 403);
    assert_eq!([count("claude/a").await, count("claude/a").await], [200, 200]);
    assert_eq!(count("claude/a").await, 429);
}

#[tokio::test]
async fn who_waited_too_long_for_a_whole_reply_pays_for_the_question() {
    let easel = Easel::start_with(|config| {
        priced(config);
        config.limits.total = Some(Duration::from_secs(1));
    })
    .await;
    assert_eq!(
        ask(&easel, &easel.token, CHAT, &chat("recorded/m", "slow", false)).await.status,
        502
    );
    let texts = json!({ "model": "recorded/n", "input": "slow" });
    assert_eq!(ask(&easel, &easel.token, "/v1/embeddings", &texts).await.status, 502);
    for row in rows(&easel, 2).await {
        assert!(row.status == 502 && row.estimated && row.cost > Some(0), "{row:?}");
    }
}

#[tokio::test]
async fn a_cap_holds_on_every_level() {
    let easel = &Easel::start_with(|config| {
        priced(config);
        config.stored.shared = true;
    })
    .await;
    let email = "cap@example.com";
    let person = json!({ "name": "Cap", "email": email, "organisation": 1, "role": "member" });
    let person = owner(easel, "POST", "/admin/api/people", &person).await["id"].clone();
    let session = sign_in(easel, email).await;
    let project = json!({ "name": "Ours", "organisation": 1 });
    let project = owner(easel, "POST", "/admin/api/projects", &project).await["id"].to_string();
    let headers = [("x-easel-project", project.as_str())];
    let asked = async || {
        let answer = send(easel, &session, CHAT, &small("recorded/m"), &headers).await;
        answer.status().as_u16()
    };
    for scope in
        ["organisation/1".to_owned(), format!("project/{project}"), format!("person/{person}")]
    {
        let path = format!("/admin/api/caps/{scope}");
        let one_nano = json!({ "budgets": { "month": "0.000000001" } });
        owner(easel, "PUT", &path, &one_nano).await;
        assert_eq!(asked().await, 402, "{scope}");
        owner(easel, "PUT", &path, &json!({ "per_hour": 0 })).await;
        assert_eq!(asked().await, 403, "{scope}");
        owner(easel, "PUT", &path, &json!({})).await;
        assert_eq!(asked().await, 200, "{scope}");
    }
}

#[tokio::test]
async fn a_person_has_a_hundred_an_hour_and_a_project_two_hundred() {
    let easel = Easel::start_with(|config| {
        config.stored.shared = true;
        config.stored.defaults = Defaults::SHARED;
    })
    .await;
    let mut sessions = Vec::new();
    for email in ["one@example.com", "two@example.com", "three@example.com"] {
        let person = json!({ "name": email, "email": email, "organisation": 1, "role": "member" });
        owner(&easel, "POST", "/admin/api/people", &person).await;
        sessions.push(sign_in(&easel, email).await);
    }
    let project = json!({ "name": "Ours", "organisation": 1 });
    let project = owner(&easel, "POST", "/admin/api/projects", &project).await["id"].to_string();
    let headers = [("x-easel-project", project.as_str())];
    let asked = async |session: &str| {
        send(&easel, session, CHAT, &small("recorded/m"), &headers).await.status().as_u16()
    };
    let mut good = Vec::new();
    for session in &sessions {
        let mut n = 0;
        while asked(session).await == 200 {
            n += 1;
        }
        good.push(n);
    }
    // One more comes back every 36 s, which is long even for a busy machine.
    let about = |n: u32, most: u32| (most..most + 20).contains(&n);
    assert!(about(good[0], 100) && about(good[1], 100), "{good:?}");
    assert!(about(good[2], 0), "the project of all three has had its own: {good:?}");
}
