//! Embeddings: alone, together, and with somebody who spoils it.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::easel::{Answer, Ask, Easel};

#[tokio::test]
async fn requests_of_one_moment_are_one_request() {
    let easel = Easel::start().await;
    let texts: Vec<String> = (1..=20).map(|n| "x".repeat(n)).collect();
    let answers = join_all(texts.iter().map(|it| embed(&easel, json!(it)))).await;
    let mut n_tokens = 0;
    for (text, answer) in texts.iter().zip(&answers) {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let expected = json!([{ "object": "embedding", "index": 0, "embedding": [text.len()] }]);
        assert_eq!(answer["data"], expected);
        n_tokens += answer["usage"]["prompt_tokens"].as_u64().unwrap();
    }
    let asked = easel.upstream.asked();
    assert!(asked.len() < 10, "{} requests for 20", asked.len());
    assert_eq!(n_tokens, 210, "what all cost together is what all are told");
}

#[tokio::test]
async fn several_texts_of_one_request_stay_in_order() {
    let easel = Easel::start().await;
    let answers =
        join_all([embed(&easel, json!(["a", "bb"])), embed(&easel, json!(["ccc", "dddd"]))]).await;
    let lengths = |it: &Answer| -> Vec<Value> {
        let data = it.json()["data"].as_array().unwrap().clone();
        data.iter().map(|it| it["embedding"][0].clone()).collect()
    };
    assert_eq!(lengths(&answers[0]), [1, 2]);
    assert_eq!(lengths(&answers[1]), [3, 4]);
}

#[tokio::test]
async fn a_bad_text_spoils_only_its_own_request() {
    let easel = Easel::start().await;
    let answers = join_all([embed(&easel, json!("good")), embed(&easel, json!("bad"))]).await;
    assert_eq!(answers[0].status, 200, "{}", answers[0].text());
    assert_eq!(answers[1].status, 400, "{}", answers[1].text());
}

#[tokio::test]
async fn a_provider_without_them_says_so() {
    let easel = Easel::start().await;
    let answer = ask(&easel, &json!({ "model": "claude/m", "input": "x" })).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("no embeddings"), "{}", answer.text());
}

async fn embed(easel: &Easel, input: Value) -> Answer {
    ask(easel, &json!({ "model": "recorded/e", "input": input })).await
}

async fn ask(easel: &Easel, body: &Value) -> Answer {
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let host = format!("127.0.0.1:{}", easel.address.port());
    let body = body.to_string();
    easel
        .ask(&host, Ask { method: "POST", path: "/v1/embeddings", headers: &headers, body: &body })
        .await
}
