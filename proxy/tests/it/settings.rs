//! Providers as Settings sets them up, tests them and lists their models. Keys go in only.

use serde_json::{Value, json};

use crate::{
    easel::{Easel, log},
    turns::ask,
    upstream::KEY,
};

#[tokio::test]
async fn a_key_goes_in_works_and_never_comes_out() {
    let easel = Easel::start().await;
    let secret = "sk-typed-once-4711";
    let address =
        easel.app("GET", "/app/providers", &Value::Null).await.json()[0]["base_url"].clone();
    let change =
        json!({ "kind": "openai-compatible", "base_url": address, "key": secret, "models": ["m"] });
    let saved = easel.app("PUT", "/app/providers/mine", &change).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    let listed = easel.app("GET", "/app/providers", &Value::Null).await;
    let mine = listed.json().as_array().unwrap().iter().find(|it| it["id"] == "mine").cloned();
    assert_eq!(
        mine.unwrap(),
        json!({ "id": "mine", "kind": "openai-compatible", "base_url": address, "key": "saved", "models": ["m"] })
    );
    let report = easel.app("POST", "/app/providers/mine/test", &Value::Null).await;
    assert_eq!(
        report.json(),
        json!({ "failed": "key", "message": "The provider refused the key; whoever runs this proxy can enter another one in Settings or easel.toml", "n_models": 0 })
    );

    let right = json!({ "kind": "openai-compatible", "base_url": address, "key": KEY });
    easel.app("PUT", "/app/providers/mine", &right).await;
    let report = easel.app("POST", "/app/providers/mine/test", &Value::Null).await;
    assert_eq!(report.json(), json!({ "message": "Works: 2 models", "n_models": 2 }));
    let turn = easel.app("POST", "/app/turn", &ask("mine/recorded-model", "hi")).await;
    assert!(turn.text().contains("I "));

    for text in [saved.text(), listed.text(), report.text(), turn.text(), log()] {
        assert!(!text.contains(secret) && !text.contains(KEY) && !text.contains(&easel.token));
    }
    let removed = easel.app("DELETE", "/app/providers/mine", &Value::Null).await;
    assert!(removed.status.is_success() && !removed.text().contains("mine"));
}

#[tokio::test]
async fn what_cannot_be_saved_is_refused_and_nothing_changes() {
    let easel = Easel::start().await;
    let before = easel.app("GET", "/app/providers", &Value::Null).await.text();
    for (id, base_url, expected) in [
        (
            "mine",
            "ftp://x",
            "Not saved: the address cannot be used: it must begin with http:// or https://",
        ),
        (
            "mine",
            "https://u:p@x",
            "Not saved: the address cannot be used: it must not hold a name or a password",
        ),
        (
            "script",
            "http://x",
            "Not saved: a provider's name has small letters, digits and `-`, and is not `script`",
        ),
        (
            "A",
            "http://x",
            "Not saved: a provider's name has small letters, digits and `-`, and is not `script`",
        ),
        (
            "a%2Fb",
            "http://x",
            "Not saved: a provider's name has small letters, digits and `-`, and is not `script`",
        ),
    ] {
        let change = json!({ "kind": "anthropic", "base_url": base_url, "key": "sk-lost" });
        let answer = easel.app("PUT", &format!("/app/providers/{id}"), &change).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["message"].as_str().unwrap()),
            (400, expected)
        );
    }
    let broken = easel.app("PUT", "/app/providers/mine", &json!({ "kind": "sk-lost" })).await;
    assert!(!broken.text().contains("sk-lost"));
    let removed = easel.app("DELETE", "/app/providers/recorded", &Value::Null).await;
    assert_eq!(removed.status, 409);
    assert_eq!(easel.app("GET", "/app/providers", &Value::Null).await.text(), before);
    assert!(!log().contains("sk-lost"));
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_is_told() {
    let easel = Easel::start().await;
    let data = easel.folder.path().join("data");
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::write(&data, "in the way").unwrap();
    let change = json!({ "kind": "anthropic", "base_url": "http://x" });
    let answer = easel.app("PUT", "/app/providers/mine", &change).await;
    assert_eq!(answer.status, 500);
    assert_eq!(
        answer.json()["message"],
        "The proxy could not write to its data folder; nothing was changed"
    );
    assert!(!easel.app("GET", "/app/providers", &Value::Null).await.text().contains("mine"));
}

#[tokio::test]
async fn models_are_those_of_all_who_answer() {
    let easel = Easel::start_with(|config| {
        let mut away = config.endpoints[0].clone();
        "away".clone_into(&mut away.id);
        "http://127.0.0.1:1".clone_into(&mut away.base_url);
        away.models.push("own".to_owned());
        config.endpoints.push(away);
    })
    .await;
    let models = easel.app("GET", "/app/models", &Value::Null).await.json();
    let ids: Vec<_> =
        models.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "away/own",
            "claude/recorded-model",
            "claude/claude-recorded",
            "recorded/recorded-model",
            "recorded/claude-recorded",
            "script/demo",
        ]
    );
    assert_eq!(models.as_array().unwrap().last().unwrap()["scripted"], true);
}

#[tokio::test]
async fn a_test_names_the_hop_that_failed() {
    let easel = Easel::start_with(|config| {
        config.endpoints[0].models = vec!["recorded-model".to_owned(), "unlisted".to_owned()];
        config.endpoints[1].base_url += "/not/a/provider";
    })
    .await;
    let test = |id: &'static str| {
        let easel = &easel;
        async move { easel.app("POST", &format!("/app/providers/{id}/test"), &Value::Null).await.json() }
    };
    assert_eq!(test("recorded").await, json!({ "message": "Works: 2 models", "n_models": 2 }));
    let asked = easel.upstream.asked();
    let models: Vec<_> = asked.iter().map(|it| it["body"]["model"].as_str().unwrap()).collect();
    assert_eq!(models, ["unlisted"], "only what the list does not prove is asked for");
    assert_eq!(
        test("claude").await,
        json!({ "failed": "provider", "message": "The address answers, but not as a model provider does; check its path", "n_models": 0 })
    );
    assert_eq!(test("nobody").await["failed"], "proxy");
    assert_eq!(test("script").await["n_models"], 1);
}
