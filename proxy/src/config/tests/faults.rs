//! What is told of a wrong configuration: its place and its value, and never a key.

use super::*;

/// What stands for a key or a password, wherever people may put one.
const KEYS: [&str; 3] = ["sk-live-4eC39HqLyjWDarjtT1zdp7dc", "aGVsbG8gd29ybGQ0", "5317317317"];

#[test]
fn a_key_is_not_repeated_wherever_it_was_put() {
    let provider = "[providers.p]\nkind = \"anthropic\"\nbase-url = \"http://x\"\n";
    let tables = [
        "[providers.p]\nkind = \"anthropic\"\nbase-url = \"https://u:KEY@x\"\n",
        "[providers.p]\nkind = \"anthropic\"\nbase-url = \"ftp://u:KEY@x\"\n",
        "[providers.p]\nkind = \"anthropic\"\nbase-url = \"https://x/v1?key=KEY\"\n",
        "[providers.p]\nkind = \"anthropic\"\nbase-url = \"KEY\"\n",
        "[providers.p]\nkind = \"KEY\"\nbase-url = \"http://x\"\n",
        "[providers.p]\nkind = \"anthropic\"\nbase-url = KEY\n",
        "[providers]\nopenai = \"KEY\"\n",
        "[providers.KEY]\nkind = \"script\"\nbase-url = \"http://x\"\n",
        "providers = \"KEY\"\n",
        "[PROVIDER]key-env = \"KEY\"\n",
        "[PROVIDER]key-env = [\"KEY\", \"KEY\"]\n",
        "[PROVIDER]key-env = 5317317317\n",
        "[PROVIDER]key-file = \"KEY\"\n",
        "[PROVIDER]key-file-env = \"KEY\"\n",
        "[PROVIDER]key-file-env = \"HOLDS_KEY\"\n",
        "[PROVIDER]key = 5317317317\n",
        "[PROVIDER]key = [\"KEY\"]\n",
        "[PROVIDER]key = KEY KEY\n",
        "[PROVIDER]KEY = 1\n",
        "[PROVIDER]\"KEY\" = \"KEY\"\n",
        "[clients]\nci = \"KEY\"\n",
        "[clients.ci]\nkey = 5317317317\n",
        "[clients.ci]\nkey-env = \"KEY\"\n",
        "[clients.\"KEY\"]\n",
        "[webhook]\nurl = \"https://u:KEY@x\"\nsecret = \"KEY\"\nevents = []\n",
        "[webhook]\nurl = \"ftp://hooks.example.org/services/KEY\"\nsecret = \"KEY\"\nevents = []\n",
        "[webhook]\nurl = \"https://x/KEY?a\"\nsecret = \"KEY\"\nevents = []\n",
        "[webhook]\nurl = \"https://x\"\nsecret = 5317317317\nevents = []\n",
        "[webhook]\nurl = \"https://x\"\nsecret-env = \"KEY\"\nevents = []\n",
        "[webhook]\nurl = \"https://x\"\nsecret = \"KEY\"\nevents = \"KEY\"\n",
        "[store]\naddress = \"mysql://u:KEY@x/n\"\n",
        "[store]\naddress = \"KEY\"\n",
        "[store]\naddress = \"KEY://x\"\n",
        "[store]\naddress = 5317317317\n",
        "[store]\naddress-env = \"KEY\"\n",
        "[store]\naddress-env = \"postgres://u:KEY@x/n\"\n",
        "[store]\naddress-env = \"HOLDS_KEY\"\n",
        "[store]\nredis = \"http://u:KEY@x\"\n",
        "[store]\nredis = \"rediss://u:KEY@x\"\n",
        "[store]\nredis = \"redis://u:KEY@x:port\"\n",
        "[store]\nredis-env = \"redis://u:KEY@x\"\n",
        "[store]\nredis-env = \"HOLDS_KEY\"\n",
        "store = \"postgres://u:KEY@x/n\"\n",
        "[accounts]\nmail-server = \"smtp://u:KEY@mail.example.org\"\nmail-from = \"a@b.c\"\n",
        "[accounts]\nmail-server = \"smtps://u:KEY@\"\nmail-from = \"a@b.c\"\n",
        "[accounts]\nmail-server = \"smtps://u:KEY@x\"\n",
        "[accounts]\nmail-server-env = \"smtps://u:KEY@x\"\n",
        "[telemetry]\notlp = \"https://u:KEY@x\"\n",
        "[telemetry]\notlp = \"KEY\"\n",
        "outbound-hosts = [\"u:KEY@x\"]\n",
        "outbound-hosts = []\n[telemetry]\notlp = \"https://KEY.example/KEY\"\n",
        "[telemetry]\notlp = \"https://x\"\nheader-env = { X-Key = \"KEY\" }\n",
        "[telemetry]\notlp = \"https://x\"\nheader-env = { \"X-Key: KEY\" = \"X\" }\n",
        "[telemetry]\notlp = \"https://x\"\nheader-env = { X-Key = \"ODD\" }\n",
        "[telemetry]\nheader-env = { X-Key = \"X\" }\n",
        "[mcp.x]\nurl = \"https://u:KEY@x\"\n",
        "[mcp.x]\nurl = \"ftp://x/KEY\"\n",
        "[mcp.x]\nurl = \"https://x\"\nkey-env = \"KEY\"\n",
        "[mcp.x]\nurl = \"https://x\"\nheader-env = { X-Key = \"KEY\" }\n",
        "[mcp.x]\nurl = \"https://x\"\nheader-env = { \"X-Key: KEY\" = \"X\" }\n",
        "[mcp.x]\nurl = \"https://x\"\nheader-env = { X-Key = 5317317317 }\n",
        "[mcp.x]\ncommand = \"x\"\nenv = { \"A=KEY\" = \"x\" }\n",
        "[mcp.x]\ncommand = \"x\"\nenv = { A = 5317317317 }\n",
        "[mcp.x]\ncommand = \"x\"\nenv = \"A=KEY\"\n",
        "[mcp.x]\ncommand = \"x\"\nenv-pass = [\"A=KEY\"]\n",
        "[mcp]\nx = \"https://u:KEY@x\"\n",
        "hosts = [\"https://u:KEY@x\"]\n",
        "origins = [\"https://u:KEY@x\"]\n",
        "[relays]\nprivate-hosts = [\"https://u:KEY@x\"]\n",
        "[relays]\ngit-hosts = [\"https://u:KEY@x\"]\n",
        "port = \"KEY\"\n",
        "host = \"KEY\"\n",
    ];
    for table in tables {
        // In an address, a short password is one too.
        let short = table.contains("u:KEY@").then_some("hunter2");
        for key in KEYS.into_iter().chain(short) {
            let text = table.replace("[PROVIDER]", provider).replace("HOLDS_KEY", "HOLDS");
            let text = text.replace("KEY", key);
            let odd = format!("{key}\n{key}");
            let env = [("HOLDS", &*format!("https://u:{key}@x")), ("X", "x"), ("ODD", &odd)];
            let folder = tempfile::tempdir().unwrap();
            let Err(fault) = with_file(folder.path(), &text, &[], &env) else {
                panic!("taken:\n{text}")
            };
            let fault = fault.to_string();
            assert!(!fault.contains(key), "{fault}");
            assert!(fault.contains(", line "), "{fault}");
        }
    }
    for key in KEYS {
        for (name, value) in [
            ("OPENAI_BASE_URL", &*format!("https://u:{key}@x")),
            ("AZURE_OPENAI_ENDPOINT", key),
            ("DATABASE_URL", &format!("mysql://u:{key}@x")),
            ("PORT", &format!("{key}{key}")),
            ("EASEL_LOG", &format!("{key}x")),
        ] {
            let env = [("HOME", "/h"), ("IS_CLOUD", "true"), (name, value)];
            let fault = serve(&[], &env).unwrap_err().to_string();
            assert!(fault.starts_with(name) && !fault.contains(key), "{fault}");
        }
    }
}

#[test]
fn a_key_in_litellms_file_is_not_repeated_either() {
    let tables = [
        "environment_variables:\n  A:\n    - KEY\n",
        "model_list:\n  - KEY\n",
        "model_list: KEY\n",
        "model_list:\n  - model_name: a\n    litellm_params: { model: openai/x, api_key: [KEY] }\n",
        "model_list:\n  - model_name: a\n    litellm_params: { model: openai/x, api_key: os.environ/KEY }\n",
        "model_list:\n  - model_name: a\n    litellm_params: { model: openai/x, api_base: \"https://u:KEY@x\" }\n",
        "model_list:\n  - model_name: a\n    litellm_params: { model: openai/x, api_base: os.environ/KEY }\n",
        "general_settings: { master_key: os.environ/KEY }\n",
        "general_settings: { master_key: [KEY] }\n",
        "general_settings: { database_url: \"mysql://u:KEY@x\" }\n",
        "general_settings: { database_url: os.environ/KEY }\n",
        "litellm_settings: { drop_params: KEY }\n",
        "general_settings: KEY\n",
        "general_settings: \"KEY\n",
    ];
    for table in tables {
        for key in KEYS {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("config.yaml");
            fs::write(&path, table.replace("KEY", key)).unwrap();
            let args = ["--config", path.to_str().unwrap()];
            let said = match serve(&args, &[("HOME", "/h")]) {
                Err(fault) => fault.to_string(),
                Ok(config) => config.notes.iter().map(ToString::to_string).collect(),
            };
            assert!(!said.is_empty(), "{table}");
            assert!(!said.contains(key), "{said}");
        }
    }
}

#[test]
fn a_wrong_value_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pem"), "").unwrap();
    let env = [("DB", "mysql://u:s3cret@h"), ("COUNTERS", "http://u:s3cret@h")];
    let mut said = String::new();
    for text in [
        "[store]\naddress = \"mysql://u:s3cret@h/n\"\n",
        "[store]\naddress = \"h/n\"\n",
        "[store]\n\naddress-env = \"DB\"\n",
        "[store]\nredis = \"http://u:s3cret@h\"\n",
        "[store]\nredis-env = \"COUNTERS\"\n",
        "[tls]\ncertificate = \"no.pem\"\nkey = \"a.pem\"\n",
        "[tls]\ncertificate = \"a.pem\"\nkey = \"no.pem\"\n",
        "scripts = \"/nope\"\n",
        "\nsite = \"nope\"\n",
        "site = \"a.pem\"\n",
        "host = \"nope\"\n",
        "port = 99999\n",
        "port = \"many\"\n",
        "[models.fast]\nlanes = [\n  \"a/m\",\n  { model = \"b/m\", weight = -1 },\n]\n",
        "[models.fast]\nlanes = [{ model = \"b/m\", weight = 99999999999 }]\n",
        "[models.fast]\nlanes = [{ model = \"b/m\", rpms = 1 }]\n",
        "[models.fast]\nlanes = [\n7]\n",
        "[providers.p]\nkind = \"anthropic\"\nbase-url = \"http://x\"\nkey-env = 7\n",
        "[clients.ci]\n",
        "[clients.ci]\nkey = \"\"\n",
        "[accounts]\nshared = \"yes\"\n",
    ] {
        let fault = with_file(folder.path(), text, &[], &env).unwrap_err().to_string();
        let file = format!("{}, ", folder.path().join("easel.toml").display());
        said += fault.strip_prefix(&file).unwrap();
        said.push('\n');
    }
    assert!(!said.contains("s3cret"), "{said}");
    expect_test::expect![[r#"
        line 2: `address` begins with `mysql://`; a database's address is like postgres://user:password@host/name
        line 2: `address` holds no address; a database's address is like postgres://user:password@host/name
        line 3: the variable `DB` begins with `mysql://`; a database's address is like postgres://user:password@host/name
        line 2: `redis` begins with `http://`; an address of Redis is like redis://127.0.0.1:6379/0
        line 2: the variable `COUNTERS` begins with `http://`; an address of Redis is like redis://127.0.0.1:6379/0
        line 2: `no.pem` cannot be read: No such file or directory (os error 2)
        line 3: `no.pem` cannot be read: No such file or directory (os error 2)
        line 1: `/nope` cannot be read: No such file or directory (os error 2)
        line 2: `nope` cannot be read: No such file or directory (os error 2)
        line 1: `a.pem` cannot be read: Not a directory (os error 20)
        line 1: `nope` is no address to listen on: write it as 127.0.0.1 or 0.0.0.0
        line 1: `99999` is an integer, and a number from 0 to 65535 is expected
        line 1: `many` is a string, and a number from 0 to 65535 is expected
        line 4: `-1` is an integer, and a number from 0 to 4294967295 is expected
        line 2: `99999999999` is an integer, and a number from 0 to 4294967295 is expected
        line 2: unknown field `rpms`, expected one of `model`, `weight`, `rpm`, `tpm`
        line 3: there is an integer, and a lane (`provider/model`, or `{ model, weight, rpm, tpm }`) is expected
        line 4: `key-env` is the name of a variable, or a list of names
        line 1: `ci` has no key: write `key-env`, or `key`
        line 1: `ci` has no key: write `key-env`, or `key`
        line 2: `yes` is a string, and a boolean is expected
    "#]].assert_eq(&said);
}

#[test]
fn what_is_in_the_environment_and_wrong_is_told_by_its_name() {
    let fault = |env: &[(&str, &str)]| {
        serve(&[], &[&[("HOME", "/h")], env].concat()).unwrap_err().to_string()
    };
    assert_eq!(
        fault(&[("LOCAL_MODE", "false"), ("DATABASE_URL", "mysql://u:s3cret@h/n")]),
        "DATABASE_URL: begins with `mysql://`; a database's address is like postgres://user:password@host/name"
    );
    for (name, value, words) in [
        ("IS_CLOUD", "banana", "true or false"),
        ("LOCAL_MODE", "banana", "true or false"),
        ("OGCODE_MCP_ENABLED", "banana", "true or false"),
        ("EASEL_LOG", "banana", "error, warn, info or debug"),
        ("OGCODE_LOG_LEVEL", "banana", "error, warn, info or debug"),
        ("EASEL_LOG_FORMAT", "xml", "json or text"),
        ("OGCODE_LOG_FORMAT", "xml", "json or text"),
    ] {
        assert_eq!(fault(&[(name, value)]), format!("{name}: `{value}` is not one of {words}"));
    }
}

/// Every variable that the programs before Easel document.
const DOCUMENTED: [&str; 29] = [
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENROUTER_API_KEY",
    "OLLAMA_BASE_URL",
    "OLLAMA_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "OGCODE_AGENTIC_MEMORY_MODE",
    "OGCODE_EMBED_PROVIDER",
    "OGCODE_EMBED_MODEL",
    "OGCODE_MCP_ENABLED",
    "OGCODE_MCP_COMMAND",
    "OGCODE_MCP_ARGS",
    "OGCODE_LOG_LEVEL",
    "OGCODE_LOG_FORMAT",
    "DATABASE_URL",
    "GOENV",
    "PORT",
    "IS_CLOUD",
    "LOCAL_MODE",
    "PLANDEX_BASE_DIR",
    "PLANDEX_API_HOST",
    "PLANDEX_ENV",
    "DB_PASSWORD",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
    "POSTGRES_DB",
    "LITELLM_MASTER_KEY",
    "GEMINI_API_KEY",
];

#[test]
fn every_variable_of_the_programs_before_does_something_or_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let account = folder.path().join("account.json");
    fs::write(&account, r#"{"project_id":"p","private_key":"k"}"#).unwrap();
    // For each its own value, and what it takes to mean something.
    let value = |name: &'static str| match name {
        "OPENAI_BASE_URL" | "OLLAMA_BASE_URL" => "http://box:1/v1",
        "GOOGLE_APPLICATION_CREDENTIALS" => account.to_str().unwrap(),
        "IS_CLOUD" | "OGCODE_MCP_ENABLED" => "true",
        "LOCAL_MODE" => "false",
        "DATABASE_URL" => "postgres://u:p@h/n",
        "OGCODE_LOG_LEVEL" => "debug",
        "OGCODE_LOG_FORMAT" => "text",
        "PORT" => "8099",
        _ => "/value",
    };
    let needs = |name: &str| match name {
        "IS_CLOUD" | "LOCAL_MODE" => [("DATABASE_URL", "postgres://u:p@h/n")].as_slice(),
        "DATABASE_URL" => [("IS_CLOUD", "true")].as_slice(),
        "OLLAMA_API_KEY" => [("OLLAMA_BASE_URL", "http://box:1")].as_slice(),
        "OGCODE_MCP_COMMAND" | "OGCODE_MCP_ARGS" => [("OGCODE_MCP_ENABLED", "true")].as_slice(),
        _ => [].as_slice(),
    };
    let shown = |env: &[(&str, &str)]| {
        let mut config = serve(&[], env).unwrap();
        let notes = std::mem::take(&mut config.notes);
        let keys: Vec<_> =
            config.endpoints.iter().map(|it| it.key.as_ref().map(Secret::expose)).collect();
        let store = config.stored.postgres.as_ref().map(Secret::expose);
        (format!("{keys:?} {store:?} {config:?}"), notes)
    };
    for name in DOCUMENTED {
        let without = [&[("HOME", "/h")], needs(name)].concat();
        let with = [&without[..], &[(name, value(name))]].concat();
        let (before, _) = shown(&without);
        let (after, notes) = shown(&with);
        let told = notes.iter().filter(|it| it.place == name).count();
        assert_eq!(told, usize::from(before == after), "{name}: {notes:?}");
        assert_eq!(told == 1, environment::NOWHERE.iter().any(|it| it.0 == name), "{name}");
        let notes: String = notes.iter().map(ToString::to_string).collect();
        assert!(!notes.contains("/value"), "{notes}");
    }
    for (name, _) in environment::NOWHERE {
        assert!(DOCUMENTED.contains(&name), "{name}");
    }
}

#[test]
fn ogcodes_program_with_tools_is_a_server_here() {
    let server = |env: &[(&str, &str)]| {
        let env = [&[("HOME", "/h"), ("OGCODE_MCP_ENABLED", "true")], env].concat();
        match serve(&[], &env).unwrap().relays.servers.remove("ogcode") {
            Some(Server::Program { command, args, .. }) => format!("{command} {args:?}"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(server(&[]), r#"ogden ["mcp"]"#);
    assert_eq!(server(&[("OGCODE_MCP_COMMAND", " tools ")]), "tools []");
    let both = [("OGCODE_MCP_COMMAND", "npx"), ("OGCODE_MCP_ARGS", "-y  some-server")];
    assert_eq!(server(&both), r#"npx ["-y", "some-server"]"#);
    let off = serve(&[], &[("HOME", "/h"), both[0], ("OGCODE_MCP_ENABLED", "off")]).unwrap();
    assert!(off.relays.servers.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let text = "[mcp.ogcode]\ncommand = \"mine\"\n";
    let config = with_file(folder.path(), text, &[], &[("OGCODE_MCP_ENABLED", "true")]).unwrap();
    let Server::Program { command, .. } = &config.relays.servers["ogcode"] else { panic!() };
    assert_eq!(command, "mine");
    assert_eq!(
        serve(&[], &[("HOME", "/h"), ("PLANDEX_BASE_DIR", "/p")]).unwrap().data,
        PathBuf::from("/p/easel")
    );
}
