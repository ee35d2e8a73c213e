//! Flags, files and variables in, a configuration or its fault out.

mod faults;

use std::{ffi::OsString, fs};

use super::*;
use crate::{
    catalogue,
    lanes::{Lane, LaneLimits, Strategy},
};

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
fn googles_account_makes_a_provider_where_it_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.json");
    fs::write(&file, r#"{"project_id":"own","private_key":"k"}"#).unwrap();
    let made = |more: &[(&str, &str)]| {
        let path = ("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap());
        let env = [&[("HOME", "/h"), path], more].concat();
        serve(&[], &env).unwrap().endpoints.iter().map(|it| it.base_url.clone()).collect::<Vec<_>>()
    };
    let global =
        "https://aiplatform.googleapis.com/v1/projects/own/locations/global/publishers/google";
    assert_eq!(made(&[]), [global]);
    let there = [("GOOGLE_CLOUD_PROJECT", "p"), ("GOOGLE_CLOUD_LOCATION", "eu-west1")];
    let expected = "https://eu-west1-aiplatform.googleapis.com/v1/projects/p/locations/eu-west1/publishers/google";
    assert_eq!(made(&there), [expected]);
    assert_eq!(made(&[("GOOGLE_CLOUD_LOCATION", "evil.example/")]), Vec::<String>::new());
    fs::write(&file, "{}").unwrap();
    assert_eq!(made(&[]), Vec::<String>::new());
}

#[test]
fn names_of_ones_own_stand_for_lanes() {
    let text = r#"
        [models.fast]
        lanes = ["a/m", { model = "b/m", weight = 2, rpm = 60, tpm = 90_000 }, { model = "c/m", tpm = 5 }]
        strategy = "least-busy"
        fallbacks = ["a/x"]
        [models.slow]
        lanes = ["d/m", { model = "b/m", rpm = 80 }, { model = "script/demo", rpm = 1 }]
    "#;
    let folder = tempfile::tempdir().unwrap();
    let config = with_file(folder.path(), text, &[], &[]).unwrap();
    let fast = &config.groups["fast"];
    assert_eq!(fast.lanes.iter().map(|it| it.weight).collect::<Vec<_>>(), [1, 2, 1]);
    assert_eq!((fast.strategy, &*fast.fallbacks), (Strategy::LeastBusy, &["a/x".to_owned()][..]));
    let counted: Vec<_> = catalogue::counted(&config.groups).into_iter().collect();
    let bears = |requests, tokens| LaneLimits { requests, tokens };
    let lane = |name| Lane::parse(name).unwrap();
    assert_eq!(
        counted,
        [
            (lane("a/m"), bears(None, None)),
            (lane("b/m"), bears(Some(60), Some(90_000))),
            (lane("c/m"), bears(None, Some(5))),
        ]
    );
    for (text, expected) in [
        (
            "[models.fast]\nlanes = [\"m\"]\n",
            "line 2: `m` is no lane: write it as `provider/model`",
        ),
        (
            "[models.fast]\nlanes = [\n  \"a/m\",\n  { model = \"b/m\", rpm = 0 },\n]\n",
            "line 4: `b/m` would never be asked",
        ),
        (
            "[models.fast]\nlanes = [{ model = \"b/m\", rpms = 1 }]\n",
            "line 2: unknown field `rpms`",
        ),
        ("[models.fast]\nlanes = [\"b/m\"]\nstrategy = \"random\"\n", "line 3: "),
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
fn what_deploy_starts_with_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("HOME", "/h"),
        ("EASEL_POSTGRES", "postgres://easel:secret@postgres/easel"),
        ("EASEL_REDIS", "redis://redis"),
        ("EASEL_MAIL", "smtps://easel:secret@mail.example.org"),
    ];
    for (file, begins) in [
        (include_str!("../../../deploy/compose.yaml"), "content: |"),
        (include_str!("../../../deploy/kubernetes.yaml"), "easel.toml: |"),
    ] {
        let mut lines = file.lines().skip_while(|it| it.trim() != begins).skip(1);
        let first = lines.next().unwrap();
        let indent = " ".repeat(first.len() - first.trim_start().len());
        let within = |it: &&str| it.is_empty() || it.starts_with(&indent);
        let text: String = std::iter::once(first)
            .chain(lines.take_while(within))
            .map(|it| it.trim().to_owned() + "\n")
            .collect();
        let text = text.replace("${EASEL_HOST:?the name that people open}", "easel.example.org");
        let text = text.replace("${EASEL_HOST}", "easel.example.org");
        let config = with_file(folder.path(), &text, &[], &env).unwrap();
        assert_eq!(config.host.to_string(), "0.0.0.0");
        assert_eq!(config.stored.postgres.unwrap().expose(), env[1].1);
        assert_eq!(config.stored.redis.unwrap().expose(), env[2].1);
        assert!(config.stored.shared && config.stored.behind_proxy);
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
    fs::create_dir(folder.path().join("dist")).unwrap();
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
        ("port = 99999\n", "line 1: `99999` is an integer"),
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
        ("idle-timeout-secs = 0\n", "line 1: `0` is out of bounds: it goes from 1 to 604800"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let fault = with_file(folder.path(), text, &[], &[]).unwrap_err().to_string();
        let place = folder.path().join("easel.toml").display().to_string();
        assert!(fault.starts_with(&format!("{place}, {expected}")), "{fault}");
        assert!(!fault.contains("secret"), "{fault}");
    }
}

#[test]
fn what_may_be_fetched_is_configured() {
    let text = r#"
        [relays]
        git-hosts = ["git.example.org", "*.forge.example:8443"]
        private-hosts = ["gitea.lan:3000"]
        git-limit-mb = 5

        [mcp.far]
        url = "https://tools.example.org/mcp"
        key-env = "TOOL_KEY"
        header-env = { X-Team = "TEAM" }

        [mcp.near]
        command = "npx"
        args = ["-y", "some-server"]
        env = { MODE = "fast" }
        env-pass = ["TEAM"]
        idle-secs = 60
    "#;
    let env = [("TOOL_KEY", "k-secret"), ("TEAM", "blue")];
    let folder = tempfile::tempdir().unwrap();
    let relays = with_file(folder.path(), text, &[], &env).unwrap().relays;
    assert_eq!((relays.git.hosts.len(), relays.git.private.len()), (2, 1));
    assert_eq!((relays.fetch.hosts.len(), relays.fetch.private.len()), (1, 1));
    assert_eq!(relays.git_limit_bytes, 5 << 20);
    assert!(!format!("{relays:?}").contains("secret"), "{relays:?}");
    let Server::At { url, headers } = &relays.servers["far"] else { panic!("no address") };
    let headers: Vec<_> = headers.iter().map(|it| (it.0.as_str(), it.1.expose())).collect();
    assert_eq!(url.as_str(), "https://tools.example.org/mcp");
    assert_eq!(headers, [("x-team", "blue"), ("authorization", "Bearer k-secret")]);
    let Server::Program { command, args, env, idle } = &relays.servers["near"] else {
        panic!("no program")
    };
    assert_eq!((command.as_str(), args.len(), idle.as_secs()), ("npx", 2, 60));
    let env: Vec<_> = env.iter().map(|it| (it.0.as_str(), it.1.expose())).collect();
    assert_eq!(env, [("MODE", "fast"), ("TEAM", "blue")]);
    let usual = serve(&[], &[("HOME", "/h")]).unwrap().relays;
    assert_eq!(usual.git.hosts.len(), GIT_HOSTS.len());
}

#[test]
fn a_wrong_host_or_server_is_named_with_its_line() {
    for (text, expected) in [
        ("[relays]\ngit-hosts = [\"a\", \"https://b\"]\n", "line 2: `https://b` is no host"),
        ("[relays]\nfetch-hosts = [\"*a\"]\n", "line 2: `*a` is no host"),
        ("[relays]\nprivate-hosts = [\"*.lan\"]\n", "line 2: `*.lan` is no host"),
        ("[relays]\ngit-limit-mb = 0\n", "line 2: `0` would let no repository through"),
        ("[relays]\nhosts = []\n", "line 2: unknown field `hosts`"),
        ("[mcp.X]\ncommand = \"x\"\n", "line 1: `X` is no name for a server"),
        ("[mcp.x]\nargs = []\n", "line 1: `x` needs either a `url` or a `command`"),
        (
            "[mcp.x]\nurl = \"http://a\"\ncommand = \"x\"\n",
            "line 1: `x` needs either a `url` or a `command`",
        ),
        ("[mcp.x]\nurl = \"http://a\"\nargs = [\"b\"]\n", "line 1: `x` has a `url`; `args`"),
        (
            "[mcp.x]\ncommand = \"a\"\nkey-env = \"K\"\n",
            "line 1: `x` has a `command`; `header-env`",
        ),
        ("[mcp.x]\ncommand = \" \"\n", "line 2: there is no command"),
        ("[mcp.x]\nurl = \"ftp://a\"\n", "line 2: `ftp://a` is no address of a server"),
        (
            "[mcp.x]\nurl = \"http://u:secret@a\"\n",
            "line 2: this address holds a name or a password",
        ),
        ("[mcp.x]\nurl = \"http://a\"\nkey-env = \"NO\"\n", "line 3: the variable `NO` is not set"),
        (
            "[mcp.x]\nurl = \"http://a\"\nkey-env = \"ODD\"\n",
            "line 3: the variable `ODD` holds what no header can",
        ),
        (
            "[mcp.x]\nurl = \"http://a\"\nheader-env = { Host = \"K\" }\n",
            "line 3: `Host` is no header that can be set",
        ),
        ("[mcp.x]\ncommand = \"a\"\nenv-pass = [\"NO\"]\n", "line 3: the variable `NO` is not set"),
        ("[mcp.x]\ncommand = \"a\"\nenv = { \"A=B\" = \"c\" }\n", "line 1: `x` sets a variable"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let env = [("ODD", "a\nsecret"), ("K", "secret")];
        let fault = with_file(folder.path(), text, &[], &env).unwrap_err().to_string();
        let place = folder.path().join("easel.toml").display().to_string();
        assert!(fault.starts_with(&format!("{place}, {expected}")), "{fault}");
        assert!(!fault.contains("secret"), "{fault}");
    }
}

#[test]
fn what_the_file_names_is_within_its_bounds() {
    let bounds = "outbound-hosts = [\"*.example.org\", \"box.lan:11434\"]\n";
    let provider = "[providers.p]\nkind = \"ollama\"\nbase-url = ";
    let within = [
        &format!("{provider}\"http://box.lan:11434\"\n"),
        &format!("{provider}\"https://api.example.org/v1\"\n"),
        "[mcp.x]\nurl = \"https://tools.example.org/mcp\"\n",
        "[telemetry]\notlp = \"https://traces.example.org\"\n",
    ];
    let folder = tempfile::tempdir().unwrap();
    for text in within {
        with_file(folder.path(), &format!("{bounds}{text}"), &[], &[]).unwrap();
    }
    for (text, line) in [
        (&*format!("{provider}\"http://box.lan:8080\"\n"), 4),
        (&format!("{provider}\"https://example.org/v1\"\n"), 4),
        ("[mcp.x]\nurl = \"https://tools.example.com/mcp\"\n", 3),
        ("[telemetry]\notlp = \"https://traces.example.com\"\n", 3),
        ("[webhook]\nurl = \"https://hooks.example.com\"\nsecret = \"s\"\nevents = []\n", 3),
    ] {
        let fault = with_file(folder.path(), &format!("{bounds}{text}"), &[], &[]).unwrap_err();
        let fault = fault.to_string();
        let expected = "is at a host that `outbound-hosts` does not list";
        assert!(fault.ends_with(expected) && fault.contains(&format!("line {line}:")), "{fault}");
    }
    let config = with_file(folder.path(), bounds, &[], &[("OPENAI_API_KEY", "k-secret")]).unwrap();
    assert!(!config.relays.fetch.bounds.admit("https://elsewhere.example/"));
    let notes: Vec<_> = config.notes.iter().map(ToString::to_string).collect();
    let expected =
        "the environment: `openai` is at a host that `outbound-hosts` does not list".to_owned();
    assert!(notes.contains(&expected), "{notes:?}");
}

#[test]
fn a_named_file_must_be_there() {
    let fault = serve(&["--config", "/nowhere/x.toml"], &[("HOME", "/h")]).unwrap_err();
    assert!(fault.to_string().starts_with("/nowhere/x.toml: cannot be read"), "{fault}");
}

#[test]
fn limits_prices_and_a_budget_are_read_exactly() {
    let text = r#"
        [limits]
        body-mb = 4
        depth = 20
        total-timeout-secs = 60
        retries = 0
        failures = 3
        rest-secs = 9

        [[prices]]
        provider = "mine"
        model = "llama-*"
        input = 0.0375
        output = "1.5"
        above = [{ tokens = 200_000, input = 3, output = 4 }]

        [[prices]]
        model = "llama-1"
        output = 2
        effective-from = 2026-01-01

        [budget]
        dollars = 12.50
        period = "month"

        [models.fast]
        lanes = ["mine/llama-1"]
        retries = 4
    "#;
    let folder = tempfile::tempdir().unwrap();
    let config = with_file(folder.path(), text, &[], &[]).unwrap();
    let limits = config.limits;
    assert_eq!(
        (limits.body_bytes, limits.depth, limits.total),
        (4 << 20, 20, Some(Duration::from_secs(60)))
    );
    assert_eq!(limits.lanes, Rules { retries: 0, failures: 3, rest: Duration::from_secs(9) });
    let price = config.prices.find("mine", None, "llama-2", 0).unwrap();
    assert_eq!((price.base.input, price.base.output), (37_500_000, 1_500_000_000));
    assert_eq!((price.above[0].tokens, price.above[0].rates.output), (200_000, 4_000_000_000));
    assert_eq!(config.prices.find("other", None, "llama-1", 1_700_000_000), None);
    assert_eq!(
        config.prices.find("other", None, "llama-1", 1_800_000_000).unwrap().base.output,
        2_000_000_000
    );
    assert_eq!(config.budget, Some(Budget { limit_nano: 12_500_000_000, period: Period::Month }));
    assert_eq!(config.groups["fast"].retries, Some(4));
}

#[test]
fn guards_are_read_and_their_secrets_are_not_shown() {
    let text = r#"
        [[filters]]
        name = "cards"
        kinds = ["credit-card", "email"]
        action = "mask"
        on = "replies"

        [webhook]
        url = "https://hook.example/easel"
        secret-env = "HOOK"
        events = ["before", "after"]
        timeout-ms = 250
        fail-closed = true

        [tls]
        certificate = "tls/cert.pem"
        key = "/abs/key.pem"

        [clients.ci]
        key-env = "CI_KEY"

        [store]
        address-env = "DB"

        [providers.aws]
        kind = "bedrock"
        base-url = "https://bedrock-runtime.eu-west-1.amazonaws.com"
        key-env = ["AK", "SK"]

        [providers.g]
        kind = "vertex"
        base-url = "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google"
        key-file = "account.json"
    "#;
    let env = [
        ("HOOK", "hs3cret"),
        ("CI_KEY", "ks3cret"),
        ("DB", "postgres://u:ps3cret@h/n"),
        ("AK", "a"),
        ("SK", "s3cret"),
    ];
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("account.json"), "{s3cret}\n").unwrap();
    let key = folder.path().join("abs.pem");
    fs::create_dir(folder.path().join("tls")).unwrap();
    fs::write(folder.path().join("tls/cert.pem"), "").unwrap();
    fs::write(&key, "").unwrap();
    let text = &text.replace("/abs/key.pem", key.to_str().unwrap());
    let config = with_file(folder.path(), text, &[], &env).unwrap();
    assert!(
        config.filters.requests(&["m"]).is_empty() && !config.filters.replies(&["m"]).is_empty()
    );
    let webhook = config.webhook.clone().unwrap();
    assert_eq!(
        (webhook.wait.as_millis(), webhook.fail_closed, webhook.prompts),
        (250, true, false)
    );
    assert_eq!(config.tls.clone().unwrap().certificate, folder.path().join("tls/cert.pem"));
    assert_eq!(config.tls.clone().unwrap().key, key);
    assert_eq!(config.clients[0].1.expose(), "ks3cret");
    let keys: Vec<_> =
        config.endpoints.iter().map(|it| it.key.as_ref().unwrap().expose()).collect();
    assert_eq!(keys, ["a:s3cret", "{s3cret}"]);
    assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
}

#[test]
fn what_is_wrong_with_a_guard_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = String::new();
    for text in [
        "[limits]\nbody-mb = 0\n",
        "[limits]\ndepth = 500\n",
        "[limits]\n\nretries = 99\n",
        "[limits]\ntotal-timeout = 1\n",
        "[[prices]]\nmodel = \"m\"\ninput = -1\n",
        "[[prices]]\nmodel = \"m\"\noutput = \"free\"\n",
        "[[prices]]\nmodel = \"m\"\neffective-from = \"soon\"\n",
        "[budget]\ndollars = 1\nperiod = \"week\"\n",
        "[[filters]]\naction = \"mask\"\n",
        "[[filters]]\naction = \"eat\"\nkeywords = [\"a\"]\n",
        "[[filters]]\naction = \"mask\"\npattern = \"a(b\"\n",
        "[[filters]]\naction = \"mask\"\npattern = \"a*\"\n",
        "[[filters]]\naction = \"mask\"\npattern = \"(a{999}){999}\"\n",
        "[[filters]]\naction = \"block\"\nkinds = [\"email\", \"shoe-size\"]\n",
        "[webhook]\nurl = \"hook\"\nsecret = \"s3cret\"\nevents = []\n",
        "[webhook]\nurl = \"http://h\"\nevents = [\"before\"]\n",
        "[webhook]\nurl = \"http://h\"\nsecret = \"s3cret\"\nevents = [\"before\",\n\"while\"]\n",
        "[tls]\ncertificate = \"c\"\n",
        "[clients.x]\nkey-env = \"NO\"\n",
        "[providers.p]\nkind = \"vertex\"\nbase-url = \"http://x\"\nkey-file = \"/no/such\"\n",
    ] {
        let fault = with_file(folder.path(), text, &[], &[]).unwrap_err().to_string();
        said += fault
            .strip_prefix(&format!("{}, ", folder.path().join("easel.toml").display()))
            .unwrap();
        said.push('\n');
    }
    assert!(!said.contains("s3cret"), "{said}");
    expect_test::expect![[r#"
        line 2: `0` is out of bounds: it goes from 1 to 1024
        line 2: `500` is out of bounds: it goes from 1 to 120
        line 3: `99` is out of bounds: it goes from 0 to 10
        line 2: unknown field `total-timeout`, expected one of `body-mb`, `depth`, `total-timeout-secs`, `idle-timeout-secs`, `retries`, `failures`, `rest-secs`
        line 3: `-1` is no amount of dollars: write it as 0.25
        line 3: `free` is no amount of dollars: write it as 0.25
        line 3: `soon` is no day: write it as 2026-12-31
        line 3: `week` is no period: total, month, day or hour
        line 1: a filter needs `keywords`, a `pattern` or `kinds`
        line 2: unknown variant `eat`, expected one of `block`, `mask`, `log`
        line 3: `a(b` is no pattern: unclosed group
        line 3: `a*` would find nothing at all, which is everywhere
        line 3: `(a{999}){999}` comes to more than 1024 KB
        line 3: `shoe-size` is no kind: email, phone, iban, credit-card, ip, us-ssn, api-key
        line 2: `hook` is no address of a webhook: it must begin with http:// or https://
        line 2: a webhook needs `secret-env`: with it, calls are signed
        line 5: `while` is no event: before, after
        line 1: missing field `key`
        line 2: the variable `NO` is not set
        line 4: `/no/such` cannot be read: No such file or directory (os error 2)
    "#]].assert_eq(&said);
}

#[test]
fn the_environment_says_where_one_runs() {
    let of = |env: &[(&str, &str)]| serve(&[], &[&[("HOME", "/h")], env].concat());
    assert_eq!(of(&[("PORT", "8099")]).unwrap().port, 8099);
    assert_eq!(
        of(&[("PORT", "x")]).unwrap_err().to_string(),
        "PORT: `x` is no port: it is a number up to 65535"
    );
    let database = ("DATABASE_URL", "postgres://u:p@h/n");
    let store =
        |env: &[(&str, &str)]| of(env).unwrap().stored.postgres.map(|it| it.expose().to_owned());
    assert_eq!(store(&[database]), None, "another program's");
    assert_eq!(store(&[database, ("LOCAL_MODE", "true")]), None);
    assert_eq!(store(&[database, ("LOCAL_MODE", "false")]).as_deref(), Some("postgres://u:p@h/n"));
    assert_eq!(store(&[database, ("IS_CLOUD", "true")]).as_deref(), Some("postgres://u:p@h/n"));
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
        Command::NewClient { .. }
        | Command::NewOwner { .. }
        | Command::Import { .. }
        | Command::Check { .. }
        | Command::Help
        | Command::Version => panic!("not to be served"),
    }
}
