//! Who may not come in: other names, other pages, and whoever has no token.
//!
//! No site may spend the person's money. Each refusal is checked to have reached no provider.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    easel::{Answer, Ask, Easel},
    turns::ask,
};

const PATHS: [(&str, &str); 8] = [
    ("POST", "/app/turn"),
    ("GET", "/app/models"),
    ("GET", "/app/providers"),
    ("PUT", "/app/providers/recorded"),
    ("DELETE", "/app/providers/recorded"),
    ("POST", "/app/providers/recorded/test"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/v1/models"),
];

#[tokio::test]
async fn without_a_token_nothing_is_answered() {
    let easel = Easel::start().await;
    let wrong = format!("Bearer {}x", easel.token);
    let basic = format!("Basic {}", easel.token);
    for headers in [
        &[][..],
        &[("authorization", "Bearer ")],
        &[("authorization", wrong.as_str())],
        &[("authorization", basic.as_str())],
        &[("authorization", easel.token.as_str())],
        &[("cookie", easel.token.as_str())],
    ] {
        refused(&easel, &easel.home(), headers, 401).await;
    }
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_even_with_the_token() {
    let easel = Easel::start().await;
    let port = easel.address.port();
    let preview = format!("http://pv-a1b2c3d4.preview.easel.localhost:{port}");
    let other_port = format!("http://easel.localhost:{}", port ^ 1);
    let secure = format!("https://easel.localhost:{port}");
    for origin in [
        "https://evil.example",
        "null",
        preview.as_str(),
        other_port.as_str(),
        secure.as_str(),
        "http://easel.localhost",
        "file://",
        "",
    ] {
        let token = format!("Bearer {}", easel.token);
        let headers = [("origin", origin), ("authorization", token.as_str())];
        refused(&easel, &easel.home(), &headers, 403).await;
    }
}

#[tokio::test]
async fn what_a_page_can_send_without_asking_is_refused() {
    let easel = Easel::start().await;
    let token = format!("Bearer {}", easel.token);
    // A form or a `no-cors` request: it may be read as JSON nowhere.
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    {
        let headers = [("content-type", media_type), ("authorization", token.as_str())];
        for path in ["/app/turn", "/v1/chat/completions"] {
            let body = ask("recorded/recorded-model", "hi").to_string();
            let request = Ask { method: "POST", path, headers: &headers, body: &body };
            assert_eq!(easel.ask(&easel.home(), request).await.status, 415, "{media_type}");
        }
    }
    // Pictures and scripts carry no origin, but the browser says where they come from.
    for site in ["cross-site", "same-site"] {
        let headers = [("sec-fetch-site", site), ("authorization", token.as_str())];
        for path in ["/app/health", "/app/models", "/v1/models"] {
            assert_eq!(easel.ask(&easel.home(), Ask::get(path, &headers)).await.status, 403);
        }
    }
    assert!(easel.upstream.asked().is_empty());
}

#[tokio::test]
async fn under_another_name_nobody_answers() {
    let easel = Easel::start().await;
    let port = easel.address.port();
    let token = format!("Bearer {}", easel.token);
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("easel.localhost.evil.example:{port}"),
        format!("x.easel.localhost:{port}"),
        format!("preview.easel.localhost:{port}"),
        format!("pv-short.preview.easel.localhost:{port}"),
        format!("0.0.0.0:{port}"),
        "easel.localhost".to_owned(),
    ] {
        refused(&easel, &host, &[("authorization", token.as_str())], 421).await;
        let page = easel.ask(&host, Ask::get("/", &[("accept", "text/html")])).await;
        assert_eq!(page.status, 421, "{host}");
    }
}

#[tokio::test]
async fn on_a_preview_host_there_is_nothing_to_ask() {
    let easel = Easel::start().await;
    let host = format!("pv-a1b2c3d4.preview.{}", easel.home());
    let token = format!("Bearer {}", easel.token);
    let origin = format!("http://{}", easel.home());
    let headers = [("authorization", token.as_str()), ("origin", origin.as_str())];
    refused(&easel, &host, &headers, 404).await;
    for path in ["/app/health", "/healthz", "/v1/models", "/git/x"] {
        let html = [("accept", "text/html"), ("authorization", token.as_str())];
        assert_eq!(easel.ask(&host, Ask::get(path, &html)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn programs_may_use_every_name_and_pages_are_sent_home() {
    let easel = Easel::start().await;
    let port = easel.address.port();
    let token = format!("Bearer {}", easel.token);
    let headers = [("authorization", token.as_str())];
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]
    {
        let models = easel.ask(&host, Ask::get("/v1/models", &headers)).await;
        assert_eq!(models.status, 200, "{host}");
        let page = easel.ask(&host, Ask::get("/p/1?x=2", &[("accept", "text/html,*/*")])).await;
        assert_eq!(page.status, 302);
        assert_eq!(page.header("location"), format!("http://{}/p/1?x=2", easel.home()));
        let stays = easel.ask(&host, Ask::get("/?stay", &[("accept", "text/html")])).await;
        assert_ne!(stays.status, 302);
    }
}

#[tokio::test]
async fn health_is_for_everybody_and_tells_nothing_secret() {
    let easel = Easel::start().await;
    let answer = easel.ask(&easel.home(), Ask::get("/app/health", &[])).await;
    assert_eq!(answer.status, 200);
    let suffix = format!("preview.{}", easel.home());
    assert_eq!(
        answer.json(),
        serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "preview_suffix": suffix })
    );
    assert_eq!(easel.ask(&easel.home(), Ask::get("/healthz", &[])).await.text(), "ok\n");
}

#[tokio::test]
async fn origins_of_the_list_may_ask_and_read() {
    let allowed = "https://easel.example.org";
    let easel = Easel::start_with(|config| config.origins.push(allowed.to_owned())).await;
    let preflight = Ask {
        method: "OPTIONS",
        path: "/app/turn",
        headers: &[
            ("origin", allowed),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization, content-type, x-stainless-os"),
            ("access-control-request-private-network", "true"),
        ],
        body: "",
    };
    let answer = easel.ask(&easel.home(), preflight).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), allowed);
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "authorization, content-type, x-stainless-os"
    );
    assert_eq!(answer.header("access-control-allow-private-network"), "true");
    // Refusals can be read too, or the page could not say what is wrong.
    let refused = easel.ask(&easel.home(), Ask::get("/app/models", &[("origin", allowed)])).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), allowed);
    assert_eq!(
        refused.header("access-control-expose-headers"),
        "x-request-id,request-id,x-easel-code,retry-after,x-easel-cost,x-easel-needed,x-easel-available,x-easel-estimated,\
         x-ratelimit-limit-requests,x-ratelimit-remaining-requests,x-ratelimit-reset-requests,\
         mcp-session-id"
    );

    let foreign = Ask {
        headers: &[("origin", "https://evil.example"), ("access-control-request-method", "POST")],
        ..preflight
    };
    let answer = easel.ask(&easel.home(), foreign).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (403, ""));
}

/// Every address refuses, nothing is told, and no provider hears of it.
async fn refused(easel: &Easel, host: &str, headers: &[(&str, &str)], status: u16) {
    for (method, path) in PATHS {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        let body = ask("recorded/recorded-model", "hi").to_string();
        let request = Ask { method, path, headers: &headers, body: &body };
        let answer: Answer = easel.ask(host, request).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        if status != 404 {
            let body: Value = answer.json();
            let is_dialects = path.starts_with("/v1/");
            let code = if is_dialects { &body["error"]["code"] } else { &body["code"] };
            let expected = match (status, is_dialects) {
                (401, true) => "invalid_api_key",
                (401, false) => "not_paired",
                _ => "not_allowed",
            };
            assert_eq!(code, expected, "{body}");
        }
    }
    assert!(easel.upstream.asked().is_empty());
}

#[tokio::test]
async fn whoever_is_refused_before_the_body_came_keeps_the_connection() {
    let easel = Easel::start().await;
    let mut connection = TcpStream::connect(easel.address).await.unwrap();
    let host = format!("host: 127.0.0.1:{}\r\n", easel.address.port());
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\n{host}content-type: application/json\r\ncontent-length: 2\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut read = [0; 4096];
    let n = connection.read(&mut read).await.unwrap();
    assert!(read[..n].starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&read[..n]));
    let next = format!("{{}}GET /healthz HTTP/1.1\r\n{host}\r\n");
    connection.write_all(next.as_bytes()).await.unwrap();
    let mut text = String::new();
    while !text.contains("HTTP/1.1 200") {
        let n = connection.read(&mut read).await.unwrap();
        assert!(n > 0, "the connection was closed: {text}");
        text += &String::from_utf8_lossy(&read[..n]);
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_is_not_waited_for() {
    let easel = Easel::start().await;
    let mut connection = TcpStream::connect(easel.address).await.unwrap();
    connection.write_all(b"GET /v1/models HTTP/1.1\r\nhost: ").await.unwrap();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let waited = began.elapsed().as_secs();
    assert!((70..120).contains(&waited), "{waited} s");
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}
