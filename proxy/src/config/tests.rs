//! Flags, files and variables in, a configuration or its fault out.

use std::{ffi::OsString, fs};

use super::*;

#[test]
fn without_anything_it_is_the_easel_of_this_person() {
    let config = serve(&[], &[("HOME", "/home/me")]).unwrap();
    assert_eq!((config.port, config.open), (PORT, true));
    assert_eq!(config.host.to_string(), "127.0.0.1");
    assert_eq!(config.data, PathBuf::from("/home/me/.local/share/easel"));
    assert_eq!(config.endpoints, []);
}

#[test]
fn data_lies_where_the_person_says() {
    let data = |env: &[(&str, &str)]| serve(&[], env).unwrap().data.display().to_string();
    assert_eq!(data(&[("HOME", "/h"), ("EASEL_DATA", "/d")]), "/d");
    assert_eq!(data(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")]), "/x/easel");
    assert_eq!(data(&[("HOME", "/h"), ("XDG_DATA_HOME", "x")]), "/h/.local/share/easel");
    let homeless = serve(&[], &[]).unwrap_err().to_string();
    assert_eq!(homeless, "HOME: is not set, so there is no place for data; give one with --data");
}

#[test]
fn keys_of_the_environment_make_providers_in_order() {
    let env = [
        ("HOME", "/h"),
        ("OLLAMA_BASE_URL", "http://localhost:11434"),
        ("OPENROUTER_API_KEY", "or-key"),
        ("OPENAI_API_KEY", " oa-key\n"),
        ("OPENAI_BASE_URL", "http://10.0.0.2:8080/v1/"),
        ("ANTHROPIC_API_KEY", ""),
    ];
    let endpoints = serve(&[], &env).unwrap().endpoints;
    let lines: Vec<_> = endpoints
        .iter()
        .map(|it| format!("{} {} {:?}", it.id, it.base_url, it.key.as_ref().map(Secret::expose)))
        .collect();
    assert_eq!(
        lines,
        [
            "openai http://10.0.0.2:8080/v1 Some(\"oa-key\")",
            "openrouter https://openrouter.ai/api/v1 Some(\"or-key\")",
            "ollama http://localhost:11434 None",
        ]
    );
    assert!(!format!("{endpoints:?}").contains("key\")"), "{endpoints:?}");
}

#[test]
fn amazons_keys_and_region_make_one_provider() {
    let made = |env: &[(&str, &str)]| {
        let env = [&[("HOME", "/h")], env].concat();
        let endpoints = serve(&[], &env).unwrap().endpoints;
        let line = |it: &Endpoint| format!("{} {}", it.base_url, it.key.as_ref().unwrap().expose());
        endpoints.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let pair = [("AWS_ACCESS_KEY_ID", "AK"), ("AWS_SECRET_ACCESS_KEY", "sk")];
    assert_eq!(made(&pair), "https://bedrock-runtime.us-east-1.amazonaws.com AK:sk");
    let more = [&pair[..], &[("AWS_SESSION_TOKEN", "st"), ("AWS_REGION", "eu-west-1")]].concat();
    assert_eq!(made(&more), "https://bedrock-runtime.eu-west-1.amazonaws.com AK:sk:st");
    let bearer = [&more[..], &[("AWS_BEARER_TOKEN_BEDROCK", "b")]].concat();
    assert_eq!(made(&bearer), "https://bedrock-runtime.eu-west-1.amazonaws.com b");
    assert_eq!(made(&pair[..1]), "");
    let odd = [&pair[..], &[("AWS_REGION", "evil.example/")]].concat();
    assert_eq!(made(&odd), "");
}

#[test]
fn names_of_ones_own_stand_for_lanes() {
    let text = "[models.fast]\nlanes = [\"a/m\", { model = \"b/m\", weight = 2 }]\nfallbacks = [\"a/x\"]\n";
    let folder = tempfile::tempdir().unwrap();
    let config = with_file(folder.path(), text, &[], &[]).unwrap();
    let fast = &config.groups["fast"];
    assert_eq!(fast.lanes.iter().map(|it| it.weight).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(fast.fallbacks, ["a/x"]);
    for (text, expected) in [
        (
            "[models.fast]\nlanes = [\"m\"]\n",
            "line 1: `m` is no lane: write it as `provider/model`",
        ),
        ("[models.fast]\nlanes = []\n", "line 1: `fast` has no lane"),
        (
            "[providers.x]\nkind = \"script\"\nbase-url = \"http://x\"\n",
            "line 2: `script` is built in",
        ),
    ] {
        let fault = with_file(folder.path(), text, &[], &[]).unwrap_err().to_string();
        assert!(fault.contains(expected), "{fault}");
    }
}

#[test]
fn a_wrong_flag_or_variable_is_named() {
    let home = ("HOME", "/h");
    let fault = |args: &[&str], env: &[(&str, &str)]| serve(args, env).unwrap_err().to_string();
    assert!(fault(&["--port", "x"], &[home]).starts_with("command line: cannot parse"));
    assert!(fault(&["--prot", "1"], &[home]).contains("'--prot'"));
    assert!(fault(&["extra"], &[home]).contains("\"extra\""));
    assert_eq!(
        fault(&[], &[home, ("OPENAI_BASE_URL", "localhost:1")]),
        "OPENAI_BASE_URL: `localhost:1` is no address of a provider: it must begin with http:// or https://"
    );
}

#[test]
fn the_file_is_read_and_flags_lead() {
    let text = r#"
        port = 1000
        site = "dist"
        hosts = ["Box.local:9595"]
        origins = ["https://easel.example.org/"]
        idle-timeout-secs = 7

        [providers.mine]
        kind = "openai-compatible"
        base-url = "http://box.local:8080"
        key-env = "MY_KEY"
        models = ["a", "b"]

        [providers.openai]
        kind = "openai-compatible"
        base-url = "https://api.openai.com/v1"
        key = "from-file"
    "#;
    let env = [("OPENAI_API_KEY", "from-environment"), ("MY_KEY", "k")];
    let folder = tempfile::tempdir().unwrap();
    let config = with_file(folder.path(), text, &["--port", "2000"], &env).unwrap();
    assert_eq!((config.port, config.idle.as_secs()), (2000, 7));
    assert_eq!(config.site, folder.path().join("dist"));
    assert_eq!(config.hosts, ["box.local:9595"]);
    assert_eq!(config.origins, ["https://easel.example.org"]);
    let keys: Vec<_> =
        config.endpoints.iter().map(|it| it.key.as_ref().unwrap().expose().to_owned()).collect();
    assert_eq!(keys, ["k", "from-file"]);
}

#[test]
fn a_wrong_line_of_the_file_is_named_and_its_key_is_not() {
    let provider = "[providers.p]\nkind = \"anthropic\"\n";
    for (text, expected) in [
        ("port = 99999\n", "line 1: invalid value"),
        ("\n\nprot = 1\n", "line 3: unknown field `prot`"),
        ("port = = 1\n", "line 1: "),
        (&format!("{provider}base-url = \"ftp://x\"\n"), "line 3: `ftp://x` is no address"),
        (&format!("{provider}key = \"sk-secret\"\n"), "line 1: missing field `base-url`"),
        (&format!("{provider}key = sk-secret\n"), "line 3: "),
        (
            &format!("{provider}base-url = \"http://x\"\nkey-env = \"NO\"\n"),
            "line 4: the variable `NO` is not set",
        ),
        (
            "[providers.Mine]\nkind = \"anthropic\"\nbase-url = \"http://x\"\n",
            "line 1: `Mine` is no name for a provider",
        ),
        ("hosts = [\"a\", \"a b\"]\n", "line 1: `a b` is no host"),
        ("origins = [\"https://a/b\"]\n", "line 1: `https://a/b` is no origin"),
        ("idle-timeout-secs = 0\n", "line 1: `0` would end every stream"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let fault = with_file(folder.path(), text, &[], &[]).unwrap_err().to_string();
        let place = folder.path().join("easel.toml").display().to_string();
        assert!(fault.starts_with(&format!("{place}, {expected}")), "{fault}");
        assert!(!fault.contains("secret"), "{fault}");
    }
}

#[test]
fn a_named_file_must_be_there() {
    let fault = serve(&["--config", "/nowhere/x.toml"], &[("HOME", "/h")]).unwrap_err();
    assert!(fault.to_string().starts_with("/nowhere/x.toml: cannot be read"), "{fault}");
}

fn with_file(
    folder: &std::path::Path,
    text: &str,
    args: &[&str],
    env: &[(&str, &str)],
) -> Result<Config, BadConfig> {
    fs::write(folder.join("easel.toml"), text).unwrap();
    let mut args = args.to_vec();
    let data = folder.display().to_string();
    args.extend(["--data", &data]);
    serve(&args, env)
}

fn serve(args: &[&str], env: &[(&str, &str)]) -> Result<Config, BadConfig> {
    let args = ["easel-proxy"].iter().chain(args).map(OsString::from);
    let env = |name: &str| env.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
    match read(args, &env)? {
        Command::Serve(config) => Ok(*config),
        Command::NewClient { .. } | Command::Help | Command::Version => panic!("not to be served"),
    }
}
