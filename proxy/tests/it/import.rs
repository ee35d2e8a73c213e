//! LiteLLM's `config.yaml`, given to the real program.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use serde_json::{Value, json};

use crate::easel::{Ask, Easel};

const CONFIG: &str = "
model_list:
  - model_name: small
    litellm_params:
      model: openai/recorded-model
      api_base: ADDRESS/v1
      api_key: os.environ/RECORDED_KEY
      input_cost_per_token: 0.000002
      output_cost_per_token: 0.000003
      seed: 7
  - model_name: both
    litellm_params: {model: openai/m, api_base: 'http://127.0.0.1:1', api_key: k}
litellm_settings:
  fallbacks: [{both: [small]}]
  num_retries: 0
";

#[test]
fn it_is_written_as_easel_toml_with_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    fs::write(&file, CONFIG.replace("ADDRESS", "http://box:8000")).unwrap();
    let run = |args: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_easel-proxy"));
        program.env_clear().env("HOME", folder.path()).arg("--import-litellm").arg(&file);
        program.args(args).output().unwrap()
    };
    let printed = run(&[]);
    assert!(printed.status.success());
    let toml = String::from_utf8(printed.stdout).unwrap();
    assert!(toml.contains("[models.\"small\"]\nlanes = [\"openai/recorded-model\"]"), "{toml}");
    let report = String::from_utf8(printed.stderr).unwrap();
    let line = format!("{}, line 10: `seed` of litellm_params has no place here\n", file.display());
    assert!(report.contains(&line), "{report}");
    assert!(report.ends_with("1 thing is to be looked at.\n"), "{report}");

    let output = folder.path().join("easel.toml");
    assert!(run(&["--output", output.to_str().unwrap()]).status.success());
    assert_eq!(fs::read_to_string(&output).unwrap(), toml);
    assert_eq!(fs::metadata(&output).unwrap().permissions().mode() & 0o777, 0o600);

    fs::write(&file, "model_list:\n  - litellm_params: {}\n").unwrap();
    let bad = run(&[]);
    assert!(!bad.status.success() && bad.stdout.is_empty());
    let said = String::from_utf8(bad.stderr).unwrap();
    assert!(said.contains("line 2: an entry of model_list needs a `model_name`"), "{said}");
}

#[tokio::test]
async fn who_used_litellm_asks_the_same_here() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let easel = Easel::start_with(|config| {
        let address = config.endpoints[0].base_url.clone();
        fs::write(&file, CONFIG.replace("ADDRESS", &address)).unwrap();
        let args = ["easel-proxy", "--config", file.to_str().unwrap(), "--data", "/unused"];
        let env = |name: &str| (name == "RECORDED_KEY").then(|| "test-key".to_owned());
        let read = easel_proxy::config::read(args.map(Into::into), &env).unwrap();
        let easel_proxy::config::Command::Serve(read) = read else { panic!("it serves") };
        config.endpoints = read.endpoints;
        config.groups = read.groups;
        config.limits = read.limits;
        config.prices = read.prices;
    })
    .await;
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    for model in ["small", "both"] {
        let body = json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
        let body = body.to_string();
        let path = "/v1/chat/completions";
        let request = Ask { method: "POST", path, headers: &headers, body: &body };
        let answer = easel.ask(&easel.home(), request).await;
        assert_eq!(answer.status, 200, "{model}: {}", answer.text());
        assert_eq!(easel.upstream.asked().last().unwrap()["body"]["model"], "recorded-model");
    }
    let listed = easel.ask(&easel.home(), Ask::get("/v1/models", &headers)).await.json();
    let ids: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids[..2], ["both", "small"]);
    let turn = easel.app("POST", "/app/turn", &crate::turns::ask("small", "hi")).await.text();
    assert!(turn.contains(&format!("\"cost_nano\":{}", 900 * 2_000 + 120 * 3_000)), "{turn}");
    assert_eq!(easel.app("GET", "/app/providers", &Value::Null).await.json()[0]["id"], "openai");
}
