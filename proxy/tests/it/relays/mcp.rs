//! Servers of tools behind the proxy: real ones with the official client, and bad ones by hand.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Response},
    routing::any,
};
use easel_proxy::{
    config::{Config, Server},
    keys::Secret,
};
use futures::stream;
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;

use super::{
    site,
    tools::{client, everything, package, program, shell},
};
use crate::easel::{Answer, Ask, Easel, log, until};

/// Answers `initialize`, and goes on with the rest of the script.
const HELLO: &str = r#"read -r line; echo '{"jsonrpc":"2.0","id":1,"result":{"hello":true}}';"#;

async fn with(servers: impl IntoIterator<Item = (&'static str, Server)>) -> Easel {
    let servers: BTreeMap<String, Server> =
        servers.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    Easel::start_with(|config| config.relays.servers = servers).await
}

/// Sends a message as a client does; with the session, if there is one.
async fn say(easel: &Easel, name: &str, session: &str, message: &Value) -> Answer {
    ask(easel, "POST", name, session, &message.to_string()).await
}

async fn ask(easel: &Easel, method: &str, name: &str, session: &str, body: &str) -> Answer {
    let token = format!("Bearer {}", easel.token);
    let mut headers = vec![
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    if !session.is_empty() {
        headers.push(("mcp-session-id", session));
    }
    let path = format!("/mcp/{name}");
    easel.ask(&easel.home(), Ask { method, path: &path, headers: &headers, body }).await
}

fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": "first", "method": "initialize", "params": {} })
}

fn request(method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method })
}

/// Begins a session, and returns its id.
async fn begin(easel: &Easel, name: &str) -> String {
    let answer = say(easel, name, "", &initialize()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["id"], "first");
    answer.header("mcp-session-id").to_owned()
}

fn check_everything(seen: &Value) {
    assert_eq!(seen["session"], "string", "{seen}");
    assert!(seen["tools"].as_array().unwrap().len() > 8, "{seen}");
    assert_eq!(seen["echoes"], json!(["Echo: a\nb", "Echo: ünï", "Echo: c"]));
    assert!(seen["sum"].as_str().unwrap().contains("42"));
    assert!(seen["image"].as_str().unwrap().contains("image"));
    assert_eq!(seen["progress"], json!([1, 2, 3, 4]));
    assert!(seen["long"].as_str().unwrap().contains("completed"));
    assert!(seen["sampled"].as_str().unwrap().contains("sampled by the page"), "{seen}");
    assert!(seen["asked"][0].as_str().unwrap().contains("say something"), "{seen}");
    assert!(seen["roots"].as_str().unwrap().contains("file:///project"), "{seen}");
    assert!(seen["unknown"].as_str().unwrap().contains("no-such-tool"), "{seen}");
    assert!(seen["cancelled"].as_str().unwrap().contains("enough"), "{seen}");
    assert_eq!(seen["after"], "Echo: still there");
    assert!(seen["resources"].as_u64().unwrap() > 0 && seen["prompts"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn the_official_client_uses_a_program_through_the_proxy() {
    let mark = mark(line!());
    let easel = with([("tools", everything(&mark, &[("TOOL_KEY", "k-123456")]))]).await;
    let url = format!("http://{}/mcp/tools", easel.address);
    let seen = client(&url, &easel.token).await;
    check_everything(&seen);
    let environment = seen["environment"].as_object().unwrap();
    assert_eq!(environment["TOOL_KEY"], "k-123456");
    assert!(environment.contains_key("PATH"));
    // Whatever else the proxy was started with is not the program's: keys of providers, for one.
    assert!(!environment.contains_key("CARGO_MANIFEST_DIR"), "{environment:?}");
    // The client said goodbye, so nothing runs any more.
    until("its process is gone", async || n_running(&mark) == 0).await;
    let again = easel.app("GET", "/app/mcp", &Value::Null).await;
    assert_eq!(again.json(), json!([{ "name": "tools", "kind": "stdio" }]));
}

#[tokio::test]
async fn the_official_client_uses_a_server_with_an_address_through_the_proxy() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = package("@modelcontextprotocol/server-everything/dist/index.js");
    let mut server = Command::new("node")
        .arg(script)
        .arg("streamableHttp")
        .env("PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    for _ in 0..3000 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let url = Url::parse(&format!("http://127.0.0.1:{port}/mcp")).unwrap();
    let easel = with([("far", Server::At { url, headers: Vec::new() })]).await;
    let seen = client(&format!("http://{}/mcp/far", easel.address), &easel.token).await;
    check_everything(&seen);
    let listed = easel.app("GET", "/app/mcp", &Value::Null).await;
    assert_eq!(listed.json(), json!([{ "name": "far", "kind": "http" }]));
    server.kill().await.unwrap();
}

#[tokio::test]
async fn a_session_has_a_process_of_its_own_and_both_end_together() {
    let mark = mark(line!());
    // A child that would outlive the shell, if nobody saw to it.
    let script = format!("{HELLO} sleep {mark} & while read -r line; do :; done; wait");
    let mut easel = with([("tools", shell(&script))]).await;
    let one = begin(&easel, "tools").await;
    let two = begin(&easel, "tools").await;
    assert_ne!(one, two);
    until("two run", async || n_running(&mark) == 2).await;
    assert_eq!(ask(&easel, "DELETE", "tools", &one, "").await.status, 204);
    until("one runs", async || n_running(&mark) == 1).await;
    let answer = say(&easel, "tools", &one, &request("x")).await;
    assert_eq!(answer.status, 404);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("initialize"));
    // A stream that listens does not hold up the proxy's end, and no process is left.
    let listening = listen(&easel, "tools", &two).await;
    easel.end.take().unwrap().send(()).unwrap();
    listening.into_body().collect().await.unwrap();
    (&mut easel.served).await.unwrap();
    assert_eq!(n_running(&mark), 0);
}

#[tokio::test]
async fn a_changed_configuration_ends_what_it_changes_and_nothing_else() {
    let mark = mark(line!());
    let server = |end: &str| {
        shell(&format!("{HELLO} sleep {mark} & while read -r line; do :; done; exit {end}"))
    };
    let servers = |all: &[(&str, &str)]| -> BTreeMap<String, Server> {
        all.iter().map(|(name, end)| ((*name).to_owned(), server(end))).collect()
    };
    let next: Arc<Mutex<Option<Config>>> = Arc::default();
    let (reread, first) =
        (Arc::clone(&next), servers(&[("kept", "1"), ("changed", "2"), ("gone", "3")]));
    let then = servers(&[("kept", "1"), ("changed", "4"), ("new", "5")]);
    let easel = Easel::start_again(
        |config| config.relays.servers = first,
        move |config| {
            let mut changed = Config { port: config.port, ..Config::at(&config.data) };
            changed.relays.servers = then;
            changed.relays.git_limit_bytes = 1 << 20;
            *next.lock().unwrap() = Some(changed);
            Some(Box::new(move || Ok(reread.lock().unwrap().take().unwrap())))
        },
    )
    .await;
    let kept = begin(&easel, "kept").await;
    for name in ["changed", "gone"] {
        begin(&easel, name).await;
    }
    until("all run", async || n_running(&mark) == 3).await;
    let done = easel.app("POST", "/app/reload", &Value::Null).await;
    assert_eq!(done.json()["needs_start"], json!([]), "{}", done.text());
    until("one runs", async || n_running(&mark) == 1).await;
    assert_eq!(
        say(&easel, "kept", &kept, &json!({ "jsonrpc": "2.0", "method": "x" })).await.status,
        202
    );
    let names = easel.app("GET", "/app/mcp", &Value::Null).await.json();
    let names: Vec<&str> =
        names.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["changed", "kept", "new"]);
    assert_eq!(say(&easel, "gone", "", &initialize()).await.status, 404);
    begin(&easel, "new").await;
    let figures = easel.app("GET", "/metrics", &Value::Null).await.text();
    assert!(
        figures.contains("easel_relay_answers_total{relay=\"mcp\",class=\"2xx\"} 5\n"),
        "{figures}"
    );
    assert!(
        figures.contains("easel_relay_answers_total{relay=\"mcp\",class=\"4xx\"} 1\n"),
        "{figures}"
    );
}

#[tokio::test]
async fn a_program_that_nobody_uses_is_ended() {
    let mark = mark(line!());
    let mut server = shell(&format!("{HELLO} exec sleep {mark}"));
    if let Server::Program { idle, .. } = &mut server {
        *idle = Duration::from_millis(300);
    }
    let easel = with([("tools", server)]).await;
    let session = begin(&easel, "tools").await;
    let listening = listen(&easel, "tools", &session).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(n_running(&mark), 1, "somebody listens");
    drop(listening);
    until("it has ended", async || n_running(&mark) == 0).await;
}

#[tokio::test]
async fn at_the_limit_the_longest_idle_session_gives_way() {
    let easel = with([("tools", shell(&format!("{HELLO} cat >/dev/null")))]).await;
    let first = begin(&easel, "tools").await;
    let mut held = Vec::new();
    for _ in 0..7 {
        let session = begin(&easel, "tools").await;
        held.push(listen(&easel, "tools", &session).await);
    }
    let ninth = begin(&easel, "tools").await;
    assert_eq!(say(&easel, "tools", &first, &request("x")).await.status, 404);
    held.push(listen(&easel, "tools", &ninth).await);
    let answer = say(&easel, "tools", "", &initialize()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "2"));
}

#[tokio::test]
async fn a_program_that_fails_is_told_to_the_client() {
    let long = format!("{HELLO} read -r line; head -c 9000000 /dev/zero | tr '\\0' x");
    let easel = with([
        ("none", program("/nowhere/at-all", &[], &[])),
        ("ends", shell("echo no license >&2; exit 3")),
        ("later", shell(&format!("{HELLO} read -r line; exit 4"))),
        ("silent", shell(&format!("{HELLO} read -r line; exec sleep 600"))),
        (
            "noisy",
            shell(&format!(
                "echo Welcome; echo; {HELLO} read -r line; echo '[]'; echo '{{}}'; \
            echo '{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":9}}'; cat >/dev/null"
            )),
        ),
        ("long", shell(&long)),
    ])
    .await;
    for (name, words) in [("none", "its program is not there"), ("ends", "The server `ends`")] {
        let answer = say(&easel, name, "", &initialize()).await;
        let told = answer.text();
        assert!(told.contains(words), "{told}");
        assert!(answer.header("mcp-session-id").is_empty());
    }
    until("what it said is logged", async || log().contains("no license")).await;
    for (name, words) in [("later", "exit status: 4"), ("long", "too long")] {
        let session = begin(&easel, name).await;
        let answer = say(&easel, name, &session, &request("x")).await;
        assert_eq!(answer.json()["id"], 7);
        let told = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(told.contains(words), "{told}");
        until("its session is over", async || {
            say(&easel, name, &session, &request("x")).await.status == StatusCode::NOT_FOUND
        })
        .await;
    }
    let session = begin(&easel, "noisy").await;
    let answer = say(&easel, "noisy", &session, &request("x")).await;
    assert_eq!(answer.json(), json!({ "jsonrpc": "2.0", "id": 7, "result": 9 }));
    // Giving up is told to the program under its own number, and ends the waiting.
    let session = begin(&easel, "silent").await;
    let message = request("x");
    let waiting = say(&easel, "silent", &session, &message);
    let giving_up = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let params = json!({ "requestId": 7 });
        let note =
            json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
        say(&easel, "silent", &session, &note).await
    };
    let (waited, gave_up) = tokio::join!(waiting, giving_up);
    assert_eq!((waited.status.as_u16(), gave_up.status.as_u16()), (502, 202));
}

#[tokio::test]
async fn what_a_program_asks_reaches_whoever_listens() {
    let asks = r#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#;
    let script = format!("{HELLO} echo '{asks}'; while read -r line; do echo \"$line\" >&2; done");
    let easel = with([("tools", shell(&script))]).await;
    let session = begin(&easel, "tools").await;
    // It was asked before anybody listened.
    let mut listening = listen(&easel, "tools", &session).await;
    let event = listening.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    let event = String::from_utf8(event.to_vec()).unwrap();
    let data = event.strip_prefix("event: message\ndata: ").unwrap().trim_end();
    assert_eq!(serde_json::from_str::<Value>(data).unwrap()["id"], "q");
    let answer = json!({ "jsonrpc": "2.0", "id": "q", "result": { "roots": ["seen-by-program"] } });
    assert_eq!(say(&easel, "tools", &session, &answer).await.status, 202);
    until("the program has its answer", async || log().contains("seen-by-program")).await;
    // Nobody may answer what was not asked.
    assert_eq!(say(&easel, "tools", &session, &answer).await.status, 400);
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_clients_own_form() {
    let easel = with([("tools", shell(&format!("{HELLO} cat >/dev/null")))]).await;
    let session = begin(&easel, "tools").await;
    let large = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{}\"}}", "x".repeat(9 << 20));
    let cases: [(&str, &str, &str, &str, u16); 11] = [
        ("POST", "other", "", "{}", 404),
        ("POST", "tools", "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", 400),
        ("POST", "tools", "nonsense", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}", 404),
        ("POST", "tools", &session, "", 400),
        ("POST", "tools", &session, "{", 400),
        ("POST", "tools", &session, "[]", 400),
        ("POST", "tools", &session, &large, 413),
        ("GET", "tools", &session, "", 406),
        ("GET", "tools", "", "", 406),
        ("PUT", "tools", &session, "", 405),
        ("DELETE", "tools", "", "", 400),
    ];
    for (method, name, session, body, status) in cases {
        let answer = ask(&easel, method, name, session, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {name} {}", answer.text());
        let told = answer.json();
        assert_eq!((&told["jsonrpc"], &told["error"]["code"]), (&"2.0".into(), &(-32000).into()));
        assert!(told["error"]["data"]["request_id"].is_string(), "{told}");
    }
}

#[tokio::test]
async fn a_server_with_an_address_gets_its_keys_and_nothing_of_the_apps() {
    let answer = |headers: HeaderMap, method: http::Method| async move {
        let session = headers.get("mcp-session-id").cloned();
        match (method.as_str(), session.as_ref().map(|it| it.to_str().unwrap())) {
            ("DELETE", _) => StatusCode::OK.into_response(),
            ("GET", _) => {
                let never = stream::pending::<Result<String, std::io::Error>>();
                let begin = stream::iter([Ok("id: 5\ndata: {}\n\n".to_owned())]);
                events(Body::from_stream(futures::StreamExt::chain(begin, never)))
            }
            (_, Some("gone")) => StatusCode::NOT_FOUND.into_response(),
            (_, Some("refused")) => {
                ([(header::WWW_AUTHENTICATE, "Bearer")], StatusCode::UNAUTHORIZED).into_response()
            }
            (_, Some("page")) => ([(header::CONTENT_TYPE, "text/html")], "<p>").into_response(),
            (_, Some("moved")) => {
                axum::response::Redirect::temporary("http://10.0.0.1/").into_response()
            }
            (_, Some("noted")) => StatusCode::ACCEPTED.into_response(),
            _ => {
                let headers = [
                    (header::CONTENT_TYPE, "application/json"),
                    (HeaderName::from_static("mcp-session-id"), "s1"),
                    (header::SET_COOKIE, "a=b"),
                    (HeaderName::from_static("x-internal"), "10.0.0.1"),
                ];
                (headers, "{\"jsonrpc\":\"2.0\"}").into_response()
            }
        }
    };
    let (address, asked) = site(Router::new().route("/mcp", any(answer))).await;
    let url = Url::parse(&format!("http://{address}/mcp")).unwrap();
    let key = (header::AUTHORIZATION, Secret::new("Bearer tool-key"));
    let mut easel = with([("far", Server::At { url, headers: vec![key] })]).await;
    let first = say(&easel, "far", "", &initialize()).await;
    assert_eq!((first.status.as_u16(), first.header("mcp-session-id")), (200, "s1"));
    assert_eq!((first.header("set-cookie"), first.header("x-internal")), ("", ""));
    let head = asked.all().pop().unwrap();
    assert!(!head.contains(&easel.token) && !head.contains("easel.localhost"), "{head}");
    for (session, status, words) in [
        ("gone", 404, ""),
        ("refused", 502, "does not take the key"),
        ("page", 502, "not in MCP"),
        ("moved", 502, "has moved"),
        ("noted", 202, ""),
    ] {
        let answer = say(&easel, "far", session, &request("x")).await;
        assert_eq!(answer.status.as_u16(), status, "{session}");
        assert!(answer.text().contains(words) && !answer.text().contains("10.0.0.1"));
        assert_eq!(answer.header("www-authenticate"), "");
    }
    assert_eq!(ask(&easel, "DELETE", "far", "s1", "").await.status, 200);
    // A stream that listens passes as it is, and ends with the proxy.
    let mut listening = listen(&easel, "far", "s1").await;
    let event = listening.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&event[..], b"id: 5\ndata: {}\n\n");
    assert!(asked.all().pop().unwrap().contains("\"last-event-id\": \"4\""));
    easel.end.take().unwrap().send(()).unwrap();
    listening.into_body().collect().await.unwrap();
    easel.served.await.unwrap();
}

/// The program itself: told once to end, it waits for what was asked; told twice, it does not.
#[test]
fn no_server_outlives_the_proxy() {
    for n_told in [1, 2] {
        let mark = mark(line!() + n_told);
        let folder = tempfile::tempdir().unwrap();
        let script = format!("{HELLO} sleep {mark} & wait");
        let config = format!("[mcp.tools]\ncommand = \"sh\"\nargs = [\"-c\", '''{script}''']\n");
        std::fs::write(folder.path().join("easel.toml"), config).unwrap();
        let mut proxy = std::process::Command::new(env!("CARGO_BIN_EXE_easel-proxy"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .args(["--no-open", "--port", "0", "--data"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let line = BufReader::new(proxy.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let port: u16 = line.split([':', '/']).nth(4).unwrap().parse().unwrap();
        let token = line.split("token=").nth(1).unwrap();
        let post = |session: &str, message: &Value| {
            let message = message.to_string();
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            write!(
                stream,
                "POST /mcp/tools HTTP/1.1\r\nhost: localhost:{port}\r\n\
                 authorization: Bearer {token}\r\ncontent-type: application/json\r\n\
                 {session}content-length: {}\r\n\r\n{message}",
                message.len()
            )
            .unwrap();
            stream
        };
        let answered = BufReader::new(post("", &initialize())).lines();
        let session = answered.map(Result::unwrap).find(|it| it.starts_with("mcp-session-id"));
        let waiting = post(&format!("{}\r\n", session.unwrap()), &request("x"));
        assert_eq!(n_running(&mark), 1);
        for _ in 0..n_told {
            let mut kill = std::process::Command::new("kill");
            assert!(kill.arg(proxy.id().to_string()).status().unwrap().success());
            std::thread::sleep(Duration::from_millis(300));
        }
        assert!(proxy.wait().unwrap().success());
        drop(waiting);
        assert_eq!(n_running(&mark), 0, "told {n_told} times");
    }
}

fn events(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

async fn listen(easel: &Easel, name: &str, session: &str) -> http::Response<hyper::body::Incoming> {
    let token = format!("Bearer {}", easel.token);
    let headers = [
        ("authorization", token.as_str()),
        ("accept", "text/event-stream"),
        ("mcp-session-id", session),
        ("last-event-id", "4"),
    ];
    let path = format!("/mcp/{name}");
    let response = easel.send(&easel.home(), Ask::get(&path, &headers)).await;
    assert_eq!(response.status(), 200);
    response
}

/// How many processes have this as their last argument.
fn n_running(mark: &str) -> usize {
    let listed = std::process::Command::new("ps").args(["-A", "-o", "args"]).output().unwrap();
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    text.lines().filter(|it| it.split_whitespace().next_back() == Some(mark)).count()
}

/// Seconds that nobody else sleeps for.
fn mark(line: u32) -> String {
    format!("6{:08}{line:04}", std::process::id())
}
