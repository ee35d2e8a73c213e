//! Files as people have them, and such as nobody should have.

use expect_test::{Expect, expect};

use super::*;
use crate::config::{self, Command};

#[test]
fn a_file_of_a_small_team() {
    check(
        r#"
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: https://eu.openai.azure.com/
      api_key: os.environ/AZURE_KEY_EU
      api_version: "2024-06-01"
      rpm: 600
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-us
      api_base: https://us.openai.azure.com
      api_key: os.environ/AZURE_KEY_US
      rpm: 300
  - model_name: gpt-4o
    litellm_params: {model: gpt-4o, rpm: 100, temperature: 0.2}
  - model_name: claude
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: "os.environ/ANTHROPIC_API_KEY"
    model_info:
      id: c1
      mode: chat
      input_cost_per_token: 0.000003
      output_cost_per_token: 1.5e-05
      cache_read_input_token_cost: 3e-07
      input_cost_per_token_above_200k_tokens: 0.000006
      output_cost_per_token_above_200k_tokens: 0.0000225
  - model_name: local
    litellm_params:
      model: ollama_chat/llama3.1
  - model_name: vllm
    litellm_params:
      model: openai/facebook/opt-125m
      api_base: http://10.0.0.5:8000/v1
      api_key: none
router_settings:
  routing_strategy: usage-based-routing-v2
  model_group_alias: {"gpt-4": "gpt-4o", "hid": {model: claude, hidden: true}}
  num_retries: 3
  timeout: 29.5
  allowed_fails: 2
  cooldown_time: 45
  redis_host: os.environ/REDIS_HOST
litellm_settings:
  num_retries: 1
  drop_params: True
  request_timeout: 600
  set_verbose: false
  success_callback: ["langfuse"]
  max_budget: 100
  budget_duration: 30d
  fallbacks: [{"gpt-4o": ["claude", "local"]}, {"claude": ["gpt-4o"]}]
  context_window_fallbacks: [{"local": ["claude"]}]
  default_fallbacks: ["vllm"]
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: "os.environ/DATABASE_URL"
  alerting: ["slack"]
"#,
        &expect![[r#"
            [limits]
            total-timeout-secs = 30
            retries = 3
            failures = 3
            rest-secs = 45

            [budget]
            dollars = 100.00
            period = "month"

            [store]
            address-env = "DATABASE_URL"

            [clients.master]
            key-env = "LITELLM_MASTER_KEY"

            [providers."azure"]
            kind = "azure"
            base-url = "https://eu.openai.azure.com"
            key-env = "AZURE_KEY_EU"
            models = ["gpt-4o-eu"]

            [providers."azure-2"]
            kind = "azure"
            base-url = "https://us.openai.azure.com"
            key-env = "AZURE_KEY_US"
            models = ["gpt-4o-us"]

            [providers."openai"]
            kind = "openai-compatible"
            base-url = "https://api.openai.com/v1"
            key-env = "OPENAI_API_KEY"
            models = ["gpt-4o"]

            [providers."anthropic"]
            kind = "anthropic"
            base-url = "https://api.anthropic.com"
            key-env = "ANTHROPIC_API_KEY"
            models = ["claude-sonnet-4-5"]

            [providers."ollama_chat"]
            kind = "ollama"
            base-url = "http://localhost:11434"
            models = ["llama3.1"]

            [providers."openai-2"]
            kind = "openai-compatible"
            base-url = "http://10.0.0.5:8000/v1"
            key = "none"
            models = ["facebook/opt-125m"]

            [models."gpt-4o"]
            lanes = [
              { model = "azure/gpt-4o-eu", rpm = 600 },
              { model = "azure-2/gpt-4o-us", rpm = 300 },
              { model = "openai/gpt-4o", rpm = 100 },
            ]
            strategy = "usage"
            fallbacks = ["claude", "local"]

            [models."claude"]
            lanes = ["anthropic/claude-sonnet-4-5"]
            fallbacks = ["gpt-4o"]

            [models."local"]
            lanes = ["ollama_chat/llama3.1"]
            fallbacks = ["claude"]

            [models."vllm"]
            lanes = ["openai-2/facebook/opt-125m"]

            [models."gpt-4"]
            lanes = []
            fallbacks = ["gpt-4o"]

            [models."hid"]
            lanes = []
            fallbacks = ["claude"]

            [[prices]]
            provider = "anthropic"
            model = "claude-sonnet-4-5"
            input = 3.00
            output = 15.00
            cache-read = 0.30
            above = [{ tokens = 200000, input = 6.00, output = 22.50 }]

            --
            c.yaml, line 8: `api_version` is not needed: Azure's v1 interface has none
            c.yaml, line 17: `temperature` of litellm_params has no place here
            c.yaml, line 45: `redis_host` of router_settings has no place here
            c.yaml, line 51: `success_callback` of litellm_settings has no place here
            c.yaml, line 53: `30d` is a month of the calendar here
            c.yaml, line 55: `context_window_fallbacks` step in on every failure here
            c.yaml, line 58: the master key is the key of a client named `master`; who administers takes the proxy's own token
            c.yaml, line 60: `alerting` of general_settings has no place here
        "#]],
    );
}

#[test]
fn the_clouds() {
    check(
        r#"
environment_variables:
  EU_KEY: "sk-\"quoted\\"
model_list:
  - model_name: a
    litellm_params:
      model: bedrock/converse/anthropic.claude-sonnet-4-5-v1:0
      aws_region_name: eu-central-1
      aws_access_key_id: os.environ/AK
      aws_secret_access_key: os.environ/SK
  - model_name: b
    litellm_params: {model: bedrock/us-west-2/amazon.nova-pro-v1:0}
  - model_name: c
    litellm_params:
      model: vertex_ai/gemini-2.5-pro
      vertex_project: p1
      vertex_location: global
      vertex_credentials: /etc/account.json
  - model_name: d
    litellm_params: {model: vertex_ai/claude-sonnet-4, vertex_project: p1}
  - model_name: e
    litellm_params: {model: gemini/gemini-2.5-flash, api_key: os.environ/EU_KEY}
  - model_name: f
    litellm_params: {model: groq/llama-3.3-70b, weight: 3}
  - model_name: f
    litellm_params: {model: openrouter/meta-llama/llama-3.3-70b, weight: 1}
  - model_name: "anthropic/*"
    litellm_params: {model: "anthropic/*"}
  - model_name: "*"
    litellm_params: {model: "openai/*"}
  - model_name: g
    litellm_params: {model: replicate/x, api_key: k}
  - model_name: h
    litellm_params: {model: my-model, api_base: os.environ/BASE}
  - model_name: i
    litellm_params: {model: my-model, api_base: "http://box:1/v1", custom_llm_provider: openai}
"#,
        &expect![[r#"
            [providers."bedrock"]
            kind = "bedrock"
            base-url = "https://bedrock-runtime.eu-central-1.amazonaws.com"
            key-env = ["AK", "SK"]
            models = ["anthropic.claude-sonnet-4-5-v1:0"]

            [providers."bedrock-2"]
            kind = "bedrock"
            base-url = "https://bedrock-runtime.us-west-2.amazonaws.com"
            key-env = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
            models = ["amazon.nova-pro-v1:0"]

            [providers."vertex_ai"]
            kind = "vertex"
            base-url = "https://aiplatform.googleapis.com/v1/projects/p1/locations/global/publishers/google"
            key-file = "/etc/account.json"
            models = ["gemini-2.5-pro"]

            [providers."gemini"]
            kind = "gemini"
            base-url = "https://generativelanguage.googleapis.com"
            key = "sk-\"quoted\\"
            models = ["gemini-2.5-flash"]

            [providers."groq"]
            kind = "openai-compatible"
            base-url = "https://api.groq.com/openai/v1"
            key-env = "GROQ_API_KEY"
            models = ["llama-3.3-70b"]

            [providers."openrouter"]
            kind = "openai-compatible"
            base-url = "https://openrouter.ai/api/v1"
            key-env = "OPENROUTER_API_KEY"
            models = ["meta-llama/llama-3.3-70b"]

            [providers."anthropic"]
            kind = "anthropic"
            base-url = "https://api.anthropic.com"
            key-env = "ANTHROPIC_API_KEY"

            [providers."openai"]
            kind = "openai-compatible"
            base-url = "https://api.openai.com/v1"
            key-env = "OPENAI_API_KEY"

            [providers."openai-2"]
            kind = "openai-compatible"
            base-url = "http://box:1/v1"
            models = ["my-model"]

            [models."a"]
            lanes = ["bedrock/anthropic.claude-sonnet-4-5-v1:0"]

            [models."b"]
            lanes = ["bedrock-2/amazon.nova-pro-v1:0"]

            [models."c"]
            lanes = ["vertex_ai/gemini-2.5-pro"]

            [models."e"]
            lanes = ["gemini/gemini-2.5-flash"]

            [models."f"]
            lanes = [
              { model = "groq/llama-3.3-70b", weight = 3 },
              "openrouter/meta-llama/llama-3.3-70b",
            ]

            [models."i"]
            lanes = ["openai-2/my-model"]

            --
            c.yaml, line 20: `claude-sonnet-4` of Vertex AI is no Gemini; it is left out
            c.yaml, line 29: names that fit `*` are not mapped; ask for `openai/MODEL`, which goes to the same place
            c.yaml, line 32: `replicate` is no provider that is known here; its model is left out
            c.yaml, line 34: `api_base` is in the variable `BASE`, which easel.toml cannot say; write the value itself. The deployment is left out
            c.yaml, line 36: no `api_key` for this `api_base`: `OPENAI_API_KEY` belongs to another address and is not sent there
        "#]],
    );
}

#[test]
fn what_stands_once_and_is_used_often() {
    check(
        r"
shared: &shared
  api_base: http://box:8000/v1
  api_key: k
model_list:
  - model_name: a
    litellm_params:
      <<: *shared
      model: openai/one
  - model_name: b
    litellm_params:
      <<: [*shared]
      model: openai/two
      api_key: other
      api_key: last
",
        &expect![[r#"
            [providers."openai"]
            kind = "openai-compatible"
            base-url = "http://box:8000/v1"
            key = "k"
            models = ["one"]

            [providers."openai-2"]
            kind = "openai-compatible"
            base-url = "http://box:8000/v1"
            key = "last"
            models = ["two"]

            [models."a"]
            lanes = ["openai/one"]

            [models."b"]
            lanes = ["openai-2/two"]

            --
            c.yaml, line 2: `shared` of the file has no place here
            c.yaml, line 15: `api_key` stands here again; the last one counts
        "#]],
    );
}

#[test]
fn what_cannot_be_is_told_with_its_line() {
    let mut said = String::new();
    for text in [
        "model_list: 7",
        "model_list:\n  - litellm_params: {model: a}",
        "model_list:\n  - model_name: a",
        "model_list:\n  - model_name: a\n    litellm_params: {}",
        "model_list:\n  - model_name: a\n    litellm_params:\n      model: openai/a\n      rpm: many",
        "model_list:\n  - model_name: a\n    litellm_params:\n      model: openai/a\n      input_cost_per_token: cheap",
        "litellm_settings:\n  max_budget: -1",
        "litellm_settings:\n  fallbacks: {a: [b]}",
        "router_settings:\n  model_group_alias: {a: {hidden: true}}",
        "a: b\n  c: d",
        "a: [1, 2",
        "a: *nobody",
        "a: &a [*a]",
        "a: \"never ends",
    ] {
        let fault = convert(Path::new("config.yaml"), text).unwrap_err();
        said += &format!("{fault}\n");
    }
    expect![[r#"
        config.yaml, line 1: model_list needs a list
        config.yaml, line 2: an entry of model_list needs a `model_name`
        config.yaml, line 2: `a` needs `litellm_params`
        config.yaml, line 3: `a` needs a `model` in litellm_params
        config.yaml, line 5: `rpm` is `many`, which is no number
        config.yaml, line 5: `input_cost_per_token` is `cheap`, which is no price
        config.yaml, line 2: `max_budget` is `-1`, which is no amount of dollars
        config.yaml, line 2: fallbacks needs a list
        config.yaml, line 2: `a` needs a `model`
        config.yaml, line 2: is no YAML: mapping values are not allowed in this context
        config.yaml, line 2: is no YAML: while parsing a flow sequence, expected ',' or ']'
        config.yaml, line 1: is no YAML: while parsing node, found unknown anchor
        config.yaml, line 1: an alias stands within itself
        config.yaml, line 1: is no YAML: while scanning a quoted scalar, found unexpected end of stream
    "#]].assert_eq(&said);
}

#[test]
fn nothing_at_all_is_an_easel_without_providers() {
    for text in ["", "# only a comment\n", "---\n", "model_list:\n", "~"] {
        let imported = convert(Path::new("c.yaml"), text).unwrap();
        assert_eq!((imported.toml.as_str(), imported.notes.len()), ("", 0), "{text:?}");
    }
}

#[test]
fn a_small_file_does_not_become_a_large_one() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for n in 1..30 {
        let many = vec![format!("*a{}", n - 1); 10].join(", ");
        laughs += &format!("a{n}: &a{n} [{many}]\n");
    }
    let fault = convert(Path::new("c.yaml"), &laughs).unwrap_err();
    assert!(fault.to_string().contains("comes to more than 100000 values"), "{fault}");
    assert!(convert(Path::new("c.yaml"), &"[".repeat(1_000_000)).is_err());
    let deep = format!("a: {}", "[".repeat(100));
    let fault = convert(Path::new("c.yaml"), &deep).unwrap_err();
    assert!(fault.to_string().contains("nested deeper"), "{fault}");
    let merges: String =
        (1..30).map(|n| format!("m{n}: &m{n} {{<<: [*m{0}, *m{0}], k{n}: 1}}\n", n - 1)).collect();
    let merges = format!("m0: &m0 {{k0: 1}}\n{merges}");
    assert!(convert(Path::new("c.yaml"), &merges).is_err());
    let long = "x".repeat(5 << 20);
    assert!(convert(Path::new("c.yaml"), &long).is_err());
}

/// Bytes of real files, changed at random: seeded, so that a failure comes again.
#[test]
fn whatever_a_file_holds_nothing_panics_and_what_is_written_is_toml() {
    let sample = "a: &a {b: [1, 'x', \"y\\n\"], <<: *a}\nmodel_list:\n  - model_name: m\n    litellm_params:\n      \
                  model: azure/gpt\n      api_base: http://b\n      rpm: 1_0\n      input_cost_per_token: 1e-6\n\
                  router_settings: {model_group_alias: {x: m}, fallbacks: [{m: [x]}], timeout: 1.5}\n\
                  general_settings:\n  master_key: |\n    k\n  database_url: >-\n    u\n";
    let alphabet = b"\n\t :-[]{}\"'&*!|>#?%@`,~\\x0<\xc3\xa9\0";
    let mut seed = 0x5eed_u64;
    let mut random = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % n
    };
    for _ in 0..3_000 {
        let mut bytes = sample.as_bytes().to_vec();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = alphabet[random(alphabet.len())],
                1 => bytes.insert(at, alphabet[random(alphabet.len())]),
                _ => drop(bytes.drain(at..(at + random(9)).min(bytes.len()))),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(imported) = convert(Path::new("c.yaml"), &text) {
            let toml = toml::from_str::<toml::Table>(&imported.toml);
            assert!(toml.is_ok(), "{text:?} became {:?}: {toml:?}", imported.toml);
            assert_eq!(imported.lines.len(), imported.toml.lines().count(), "{text:?}");
        }
    }
}

#[test]
fn what_a_deployment_bears_is_a_weight_or_a_limit_by_the_strategy() {
    let lanes = |settings: &str| {
        let text = format!(
            "model_list:\n- model_name: m\n  litellm_params: {{model: groq/a, rpm: 10, tpm: 500}}\n\
             - model_name: m\n  litellm_params: {{model: groq/b, rpm: 30}}\nrouter_settings: {settings}\n"
        );
        let imported = convert(Path::new("c.yaml"), &text).unwrap();
        let (_, lanes) = imported.toml.split_once("lanes = ").unwrap();
        let notes = imported.notes.iter().filter(|it| it.what.contains("`rpm`")).count();
        (lanes.split_whitespace().collect::<Vec<_>>().join(" "), notes)
    };
    let shares = r#"[ { model = "groq/a", weight = 10 }, { model = "groq/b", weight = 30 }, ]"#;
    assert_eq!(lanes("{}"), (shares.to_owned(), 2));
    let kept = r#"[ { model = "groq/a", weight = 10, rpm = 10, tpm = 500 }, { model = "groq/b", weight = 30, rpm = 30 }, ]"#;
    assert_eq!(lanes("{enable_pre_call_checks: true}"), (kept.to_owned(), 0));
    let busy = r#"[ "groq/a", "groq/b", ] strategy = "least-busy""#;
    assert_eq!(lanes("{routing_strategy: least-busy}"), (busy.to_owned(), 2));
    let cheap = r#"[ { model = "groq/a", rpm = 10, tpm = 500 }, { model = "groq/b", rpm = 30 }, ] strategy = "cost""#;
    assert_eq!(lanes("{routing_strategy: cost-based-routing}"), (cheap.to_owned(), 0));
    assert_eq!(lanes("{routing_strategy: mine}").0, shares);
}

#[test]
fn the_file_itself_is_a_configuration_and_knows_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let text = "model_list:\n  - model_name: m\n    litellm_params:\n\n      model: groq/x\n      seed: 1\n";
    fs::write(&file, text).unwrap();
    let read = |env: &[(&str, &str)]| {
        let args = ["easel-proxy", "--config", file.to_str().unwrap(), "--data", "/d"];
        config::read(args.map(Into::into), &|name| {
            env.iter().find(|it| it.0 == name).map(|it| it.1.to_owned())
        })
    };
    let fault = read(&[]).unwrap_err().to_string();
    assert_eq!(
        fault,
        format!("{}, line 5: the variable `GROQ_API_KEY` is not set", file.display())
    );
    let Command::Serve(config) = read(&[("GROQ_API_KEY", "k")]).unwrap() else {
        panic!("it serves")
    };
    assert_eq!(config.groups["m"].lanes[0].lane.to_string(), "groq/x");
    let note = format!("{}, line 6: `seed` of litellm_params has no place here", file.display());
    assert_eq!(config.notes[0].to_string(), note);
}

/// The result, read as any easel.toml is, and the notes.
#[track_caller]
fn check(text: &str, expected: &Expect) {
    let imported = convert(Path::new("c.yaml"), text).unwrap();
    let notes: String = imported.notes.iter().map(|it| format!("{it}\n")).collect();
    expected.assert_eq(&format!("{}\n--\n{notes}", imported.toml));
    assert_eq!(imported.lines.len(), imported.toml.lines().count());
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("easel.toml"),
        imported.toml.replace("/etc/account.json", "easel.toml"),
    )
    .unwrap();
    let args = ["easel-proxy", "--data", folder.path().to_str().unwrap()];
    let env = |name: &str| {
        let value = match name {
            "GOOGLE_APPLICATION_CREDENTIALS" => "easel.toml",
            "DATABASE_URL" => "postgres://h/n",
            "PORT" | "IS_CLOUD" | "LOCAL_MODE" => return None,
            _ if name.ends_with("_URL") || name.ends_with("ENDPOINT") => return None,
            _ if name.starts_with("OGCODE") || name.starts_with("EASEL") => return None,
            _ => "value",
        };
        Some(value.to_owned())
    };
    config::read(args.map(Into::into), &env).unwrap();
}

#[test]
fn what_the_fuzzer_begins_with_can_be_read() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/litellm");
    let mut n_read = 0;
    for entry in fs::read_dir(seeds).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        // Half a file, and one with a byte too many, are what a fuzzer makes of it first.
        for cut in (0..=text.len()).filter(|it| text.is_char_boundary(*it)) {
            let Ok(imported) = convert(&path, &text[..cut]) else { continue };
            let read = toml::from_str::<toml::Table>(&imported.toml);
            assert!(read.is_ok(), "{read:?}\n{}", imported.toml);
            assert_eq!(imported.lines.len(), imported.toml.lines().count());
            n_read += usize::from(cut == text.len());
        }
    }
    assert_eq!(n_read, 2, "the third is refused");
}
