//! A configuration that is read anew while streams go on: by a signal to the real program, and by
//! the app.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::sleep,
    time::Duration,
};

use easel_proxy::{
    config::{BadConfig, Config},
    keys::Secret,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::easel::{Ask, Easel};

#[test]
fn a_signal_changes_the_program_and_no_stream_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let scripts = folder.path().join("scripts");
    fs::create_dir(&scripts).unwrap();
    fs::write(scripts.join("long.script"), "when *\ntext first\npause 3000\ntext last\n").unwrap();
    fs::write(scripts.join("short.script"), "when *\ntext done\n").unwrap();
    let config = folder.path().join("easel.toml");
    fs::write(&config, "[models.fast]\nlanes = [\"script/nothing\"]\n").unwrap();
    let easel = Program::start(&folder);

    let mut stream = easel.ask("script/long");
    read_until(&mut stream, "first");
    assert!(easel.answer("fast").contains("model_not_found"));

    fs::write(&config, "[models.fast]\nlanes = [\"script/short\"]\n").unwrap();
    easel.hang_up();
    easel.until("fast", "done");

    fs::write(
        &config,
        "[models.fast]\nlanes = [\"script/short\"]\n[models.far]\nlanes = [\n\"nope/m\"]\n",
    )
    .unwrap();
    easel.hang_up();
    easel.until_logged("line 5\"");
    easel.until_logged("is passed over: There is no provider `nope`");

    fs::write(&config, "[models.fast]\nlanes = []\nretries = 99\n").unwrap();
    easel.hang_up();
    let expected = format!("{}, line 1: `fast` has no lane", config.display());
    easel.until_logged(&expected);
    fs::write(&config, "\n\n[limits]\nretries = 99\n").unwrap();
    easel.hang_up();
    easel.until_logged("line 4: `99` is out of bounds");
    assert!(easel.answer("fast").contains("done"), "what was good goes on");

    fs::write(
        &config,
        "store = { address = \"postgres://h/n\" }\n[models.fast]\nlanes = [\"script/short\"]\n",
    )
    .unwrap();
    easel.hang_up();
    easel.until_logged("\"needs_start\":\"store\"");

    let rest = read_until(&mut stream, "[DONE]");
    assert!(rest.contains("last"), "{rest}");
}

#[tokio::test]
async fn the_app_can_have_it_read_and_hears_what_is_wrong() {
    let next: Arc<Mutex<Option<Result<Config, BadConfig>>>> = Arc::default();
    let reread = Arc::clone(&next);
    let first: Arc<Mutex<Option<Config>>> = Arc::default();
    let kept = Arc::clone(&first);
    let easel = Easel::start_again(
        |_| {},
        move |config| {
            let copy = Config {
                endpoints: config.endpoints.clone(),
                site: config.site.clone(),
                port: config.port,
                ..Config::at(&config.data)
            };
            *kept.lock().unwrap() = Some(copy);
            Some(Box::new(move || reread.lock().unwrap().take().unwrap()))
        },
    )
    .await;
    let host = "box.local:1";
    let health = |host| easel.ask(host, Ask::get("/healthz", &[]));
    assert_eq!(health(host).await.status, 421);

    let bad =
        BadConfig { place: "easel.toml, line 3".to_owned(), what: "`x` is no host".to_owned() };
    *next.lock().unwrap() = Some(Err(bad));
    let refused = easel.app("POST", "/app/reload", &Value::Null).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.json()["message"],
        "Nothing was changed: easel.toml, line 3: `x` is no host"
    );

    // What Settings saved stays, and so does what a lane did.
    let saved =
        serde_json::json!({ "kind": "anthropic", "base_url": "http://127.0.0.1:1", "key": "k" });
    easel.app("PUT", "/app/providers/mine", &saved).await;
    let mut config = first.lock().unwrap().take().unwrap();
    config.hosts = vec![host.to_owned()];
    config.clients = vec![("ci".to_owned(), Secret::new("ci-key"))];
    config.stored.postgres = Some(Secret::new("postgres://other"));
    config.endpoints.truncate(1);
    *next.lock().unwrap() = Some(Ok(config));
    let done = easel.app("POST", "/app/reload", &Value::Null).await;
    assert_eq!(done.json()["needs_start"], serde_json::json!(["store"]), "{}", done.text());
    assert_eq!(health(host).await.status, 200);
    let providers = easel.app("GET", "/app/providers", &Value::Null).await.json();
    let ids: Vec<_> =
        providers.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["mine", "recorded", "script"]);
    let key = [("authorization", "Bearer ci-key")];
    assert_eq!(easel.ask(&easel.home(), Ask::get("/v1/models", &key)).await.status, 200);

    let home = easel.home();
    for path in ["/app/reload", "/admin/api/reload"] {
        let request = Ask { method: "POST", path, headers: &key, body: "" };
        assert_eq!(easel.ask(&home, request).await.status, 401);
    }

    // Who looks after it can do the same, and all of it is in the log.
    let broken = BadConfig { place: "easel.toml, line 9".to_owned(), what: "is odd".to_owned() };
    *next.lock().unwrap() = Some(Err(broken));
    let refused = easel.app("POST", "/admin/api/reload", &Value::Null).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("Nothing was changed: easel.toml, line 9: is odd"));
    assert_eq!(easel.app("DELETE", "/app/providers/mine", &Value::Null).await.status, 200);
    let log = easel.app("GET", "/admin/api/audit", &Value::Null).await.json();
    let entries = log["entries"].as_array().unwrap().iter().rev();
    let field = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    let entries: Vec<(String, String, String)> = entries
        .map(|it| (field(it, "action"), field(it, "subject"), field(it, "detail")))
        .filter(|it| it.0.starts_with("provider.") || it.0.starts_with("configuration."))
        .collect();
    let did = |action: &str, subject: &str, detail: &str| {
        (action.to_owned(), subject.to_owned(), detail.to_owned())
    };
    assert_eq!(
        entries,
        [
            did("configuration.refused", "easel.toml", "easel.toml, line 3: `x` is no host"),
            did("provider.set", "mine", "http://127.0.0.1:1 with a new key"),
            did("configuration.read", "easel.toml", "with the next start: store"),
            did("configuration.refused", "easel.toml", "easel.toml, line 9: is odd"),
            did("provider.remove", "mine", ""),
        ]
    );
}

#[tokio::test]
async fn what_was_not_read_is_not_read_again() {
    let easel = Easel::start().await;
    let refused = easel.app("POST", "/app/reload", &Value::Null).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("was not started from a configuration"), "{}", refused.text());
}

/// The real program, which ends with the test.
struct Program {
    child: Child,
    port: u16,
    token: String,
    log: Arc<Mutex<String>>,
}

impl Program {
    fn start(folder: &TempDir) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_easel-proxy"));
        program.env_clear().args(["--no-open", "--port", "0", "--data"]).arg(folder.path());
        program.arg("--scripts").arg(folder.path().join("scripts"));
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let log = Arc::<Mutex<String>>::default();
        let (kept, said) = (Arc::clone(&log), BufReader::new(child.stderr.take().unwrap()));
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        let port = line.split([':', '/']).nth(4).unwrap().parse().unwrap();
        let token = line.split("token=").nth(1).unwrap().to_owned();
        Self { child, port, token, log }
    }

    fn hang_up(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    fn ask(&self, model: &str) -> TcpStream {
        let body = format!(
            r#"{{"model":"{model}","messages":[{{"role":"user","content":"x"}}],"stream":true}}"#
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost:{}\r\nauthorization: Bearer {}\r\n\
             connection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.port,
            self.token,
            body.len()
        )
        .unwrap();
        stream
    }

    fn answer(&self, model: &str) -> String {
        let mut text = String::new();
        self.ask(model).read_to_string(&mut text).unwrap();
        text
    }

    fn until(&self, model: &str, expected: &str) {
        let mut last = String::new();
        for _ in 0..100 {
            last = self.answer(model);
            if last.contains(expected) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("never {expected}: {last}");
    }

    fn until_logged(&self, expected: &str) {
        for _ in 0..100 {
            if self.log.lock().unwrap().contains(expected) {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        panic!("never {expected}: {}", self.log.lock().unwrap());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read_until(stream: &mut TcpStream, expected: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).unwrap() > 0 {
        text.push(byte[0]);
        if text.ends_with(expected.as_bytes()) {
            break;
        }
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.ends_with(expected), "{text}");
    text
}
