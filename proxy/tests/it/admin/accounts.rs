//! The administration's main path, by who has the installation's token.

use serde_json::{Value, json};

use super::{by, chat, owner};
use crate::easel::{Easel, until};

#[tokio::test]
async fn a_key_is_made_used_capped_counted_and_revoked() {
    let easel = Easel::start().await;
    let organisation =
        owner(&easel, "POST", "/admin/api/organisations", &json!({ "name": "Sea" })).await;
    let organisation = organisation["id"].as_i64().unwrap();
    let project = json!({ "organisation": organisation, "name": "Boat" });
    let project =
        owner(&easel, "POST", "/admin/api/projects", &project).await["id"].as_i64().unwrap();
    let person = json!({ "name": "Ann", "organisation": organisation, "role": "member" });
    let person = owner(&easel, "POST", "/admin/api/people", &person).await["id"].as_i64().unwrap();
    let new = json!({
        "name": "editor", "organisation": organisation, "project": project, "person": person,
        "models": ["recorded/*"],
    });
    let made = by(&easel, &easel.token, ("POST", "/admin/api/keys"), &new).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("cache-control"), "no-store");
    let (id, key) = (made.json()["id"].as_i64().unwrap(), made.json()["key"].clone());
    let key = key.as_str().unwrap();

    // It works for models, and for nothing here.
    let body = chat("recorded/recorded-model");
    assert_eq!(by(&easel, key, ("POST", "/v1/chat/completions"), &body).await.status, 200);
    assert_eq!(by(&easel, key, ("GET", "/admin/api/keys"), &Value::Null).await.status, 401);

    let requests = until_booked(&easel, id).await;
    let request = &requests["requests"][0];
    assert_eq!(request["key_name"], "editor");
    assert_eq!(
        (&request["model"], &request["status"]),
        (&json!("recorded/recorded-model"), &json!(200))
    );
    assert!(request["tokens"]["input"].as_u64().unwrap() > 0);
    for by in ["hour", "day", "key", "model", "person", "project", "operation"] {
        let path = format!("/admin/api/usage?by={by}&scope=key&id={id}");
        let lines = owner(&easel, "GET", &path, &Value::Null).await;
        assert_eq!(lines[0]["requests"], 1, "{by}: {lines}");
        assert!(lines[0]["cost"].is_string());
    }
    let token = easel.token.clone();
    let path = format!("/admin/api/export.csv?scope=organisation&id={organisation}");
    let csv = by(&easel, &token, ("GET", &path), &Value::Null).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.text().lines().count(), 2, "{}", csv.text());
    let whose: Vec<String> =
        csv.text().lines().last().unwrap().split(',').skip(2).take(3).map(str::to_owned).collect();
    assert_eq!(whose[0], organisation.to_string(), "{}", csv.text());
    let elsewhere = "/admin/api/export.csv?scope=organisation&id=1";
    assert_eq!(
        by(&easel, &token, ("GET", elsewhere), &Value::Null).await.text().lines().count(),
        1
    );

    // A cap of one request at a time, none an hour.
    let caps = json!({ "budgets": { "month": "0.000000001" }, "per_minute": 1, "parallel": 1 });
    let path = format!("/admin/api/caps/key/{id}");
    owner(&easel, "PUT", &path, &caps).await;
    let read = owner(&easel, "GET", &path, &Value::Null).await;
    assert_eq!(read["caps"]["budgets"]["month"], "0.000000001");
    assert_eq!(read["caps"]["per_minute"], 1);
    let refused = by(&easel, key, ("POST", "/v1/chat/completions"), &body).await;
    assert!(matches!(refused.status.as_u16(), 402 | 403), "{}", refused.text());

    let change = json!({ "name": "editor 2", "models": ["claude/*"] });
    owner(&easel, "PUT", &format!("/admin/api/keys/{id}"), &change).await;
    let shown = owner(&easel, "GET", &format!("/admin/api/keys/{id}"), &Value::Null).await;
    assert_eq!((&shown["name"], &shown["state"]), (&json!("editor 2"), &json!("active")));
    assert!(shown["prefix"].as_str().unwrap().len() < key.len());
    assert!(!shown.to_string().contains(key));
    owner(&easel, "DELETE", &format!("/admin/api/keys/{id}"), &Value::Null).await;
    assert_eq!(by(&easel, key, ("GET", "/v1/models"), &Value::Null).await.status, 401);

    let audit = owner(&easel, "GET", "/admin/api/audit?most=200", &Value::Null).await;
    let actions: Vec<&str> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["action"].as_str().unwrap())
        .collect();
    for action in [
        "organisation.make",
        "project.make",
        "person.make",
        "key.make",
        "caps.set",
        "key.change",
        "key.revoke",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    let revoked = &audit["entries"][0];
    assert_eq!(revoked["actor"], "the installation's token");
    assert_eq!((&revoked["ip"], &revoked["user_agent"]), (&json!("127.0.0.1"), &json!("a test")));
    let verified = owner(&easel, "GET", "/admin/api/audit/verify", &Value::Null).await;
    assert_eq!(verified["whole"], true);
    let few = owner(&easel, "GET", "/admin/api/audit?most=2", &Value::Null).await;
    let next = few["next"].as_u64().unwrap();
    let further =
        owner(&easel, "GET", &format!("/admin/api/audit?most=2&before={next}"), &Value::Null).await;
    assert_eq!(further["entries"][0]["number"], next - 1);
}

async fn until_booked(easel: &Easel, key: i64) -> Value {
    let path = format!("/admin/api/requests?scope=key&id={key}");
    until("the row is in the database", async || {
        let listed = owner(easel, "GET", &path, &Value::Null).await;
        listed["requests"].as_array().is_some_and(|it| it.len() == 1)
    })
    .await;
    owner(easel, "GET", &path, &Value::Null).await
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_and_changes_nothing() {
    let easel = Easel::start().await;
    let before = owner(&easel, "GET", "/admin/api/audit", &Value::Null).await;
    let key = |more: Value| {
        let mut key = json!({ "name": "a", "organisation": 1 });
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    };
    let caps = |budget: Value| json!({ "budgets": { "month": budget } });
    for (method, path, body, status) in [
        ("POST", "/admin/api/keys", key(json!({ "admin": true })), 400),
        ("POST", "/admin/api/keys", key(json!({ "name": "" })), 400),
        ("POST", "/admin/api/keys", key(json!({ "name": "a\nb" })), 400),
        ("POST", "/admin/api/keys", key(json!({ "models": ["a b"] })), 400),
        ("POST", "/admin/api/keys", key(json!({ "organisation": 99 })), 404),
        ("POST", "/admin/api/keys", key(json!({ "project": 99 })), 404),
        ("POST", "/admin/api/keys", key(json!({ "organisation": "1" })), 400),
        ("POST", "/admin/api/keys", json!([]), 400),
        ("PUT", "/admin/api/keys/1", json!({ "name": "a", "models": ["*"] }), 409),
        ("DELETE", "/admin/api/keys/1", Value::Null, 409),
        ("DELETE", "/admin/api/keys/99", Value::Null, 404),
        ("DELETE", "/admin/api/keys/-1", Value::Null, 404),
        ("DELETE", "/admin/api/keys/1%2F..", Value::Null, 404),
        ("PUT", "/admin/api/caps/key/1", caps(json!(5)), 400),
        ("PUT", "/admin/api/caps/key/1", caps(json!("-5")), 400),
        ("PUT", "/admin/api/caps/key/1", caps(json!("1e9")), 400),
        ("PUT", "/admin/api/caps/key/1", json!({ "per_minute": -1 }), 400),
        ("PUT", "/admin/api/caps/key/1", json!({ "per_year": 1 }), 400),
        ("PUT", "/admin/api/caps/key/99", json!({}), 404),
        ("PUT", "/admin/api/caps/planet/1", json!({}), 404),
        ("POST", "/admin/api/organisations", json!({ "name": "Local" }), 409),
        ("POST", "/admin/api/people", json!({ "name": "x", "email": "no address" }), 400),
        ("POST", "/admin/api/people", json!({ "name": "x", "role": "owner" }), 400),
        (
            "PUT",
            "/admin/api/members",
            json!({ "person": 1, "organisation": 1, "role": "king" }),
            400,
        ),
        // The last owner stays.
        ("PUT", "/admin/api/members", json!({ "person": 1, "organisation": 1, "role": null }), 409),
        ("GET", "/admin/api/usage", Value::Null, 400),
        ("GET", "/admin/api/usage?by=planet", Value::Null, 400),
        ("GET", "/admin/api/usage?by=day&from_ms=-1", Value::Null, 400),
        ("GET", "/admin/api/usage?by=day&scope=key", Value::Null, 400),
        ("GET", "/admin/api/usage?by=day&scope=key&id=99", Value::Null, 404),
        ("GET", "/admin/api/requests?most=x", Value::Null, 400),
        ("GET", "/admin/api/requests?unknown=1", Value::Null, 400),
    ] {
        let answer = by(&easel, &easel.token, (method, path), &body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {}", answer.text());
        let told = answer.json();
        assert!(told["message"].is_string() && told["request_id"].is_string(), "{told}");
    }
    let after = owner(&easel, "GET", "/admin/api/audit", &Value::Null).await;
    assert_eq!(before, after);
    let large = json!({ "name": "x".repeat(70_000), "organisation": 1 });
    let answer = by(&easel, &easel.token, ("POST", "/admin/api/keys"), &large).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn providers_are_tried_and_nothing_secret_is_shown() {
    let easel = Easel::start().await;
    let listed = owner(&easel, "GET", "/admin/api/providers", &Value::Null).await;
    let ids: Vec<&Value> = listed.as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert!(ids.contains(&&json!("recorded")), "{listed}");
    assert!(!listed.to_string().contains(crate::upstream::KEY));
    let tested = owner(&easel, "POST", "/admin/api/providers/recorded/test", &Value::Null).await;
    assert_eq!(tested["failed"], Value::Null, "{tested}");
    let missing = owner(&easel, "POST", "/admin/api/providers/none/test", &Value::Null).await;
    assert_eq!(missing["failed"], "proxy");
    assert_eq!(owner(&easel, "GET", "/admin/api/lanes", &Value::Null).await, json!([]));
    assert_eq!(owner(&easel, "GET", "/admin/api/running", &Value::Null).await, json!([]));
    let health = owner(&easel, "GET", "/admin/api/health", &Value::Null).await;
    assert_eq!((&health["ready"], &health["ledger"]["unsaved"]), (&json!(true), &json!(0)));
}

#[tokio::test]
async fn a_request_is_shown_while_it_runs() {
    let easel = Easel::start().await;
    let mut body = chat("recorded/recorded-model");
    body["stream"] = true.into();
    body["messages"][0]["content"] = "slow".into();
    let stream = easel.app_stream("POST", "/v1/chat/completions", &body).await;
    let running = owner(&easel, "GET", "/admin/api/running", &Value::Null).await;
    assert_eq!(running.as_array().unwrap().len(), 1, "{running}");
    assert_eq!(running[0]["lane"], "recorded/recorded-model");
    let elsewhere = "/admin/api/running?scope=project&id=1";
    let here = owner(&easel, "GET", elsewhere, &Value::Null).await;
    assert_eq!(here[0]["request"], running[0]["request"]);
    drop(stream);
    until("it is over", async || running_again(&easel).await == json!([])).await;
}

async fn running_again(easel: &Easel) -> Value {
    owner(easel, "GET", "/admin/api/running", &Value::Null).await
}
