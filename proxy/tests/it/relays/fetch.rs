//! Pages for a prompt: what they become, and what is refused.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures::{StreamExt as _, stream};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::{allow, site};
use crate::easel::{Answer, Ask, Easel};

const PAGE: &str = "<!doctype html><title>A page</title><h1>Hello</h1><p>to <a href='/you'>you</a>\
    <script>document.write('x')</script>";

fn page(media_type: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, media_type)], body.into()).into_response()
}

async fn fetching(router: Router) -> (Easel, String) {
    let (address, _) = site(router).await;
    let easel = Easel::start_with(|config| allow(&mut config.relays, &[address.to_string()])).await;
    (easel, format!("http://{address}"))
}

async fn fetch(easel: &Easel, url: &str) -> Answer {
    easel.app("POST", "/fetch", &json!({ "url": url })).await
}

#[tokio::test]
async fn a_page_becomes_markdown() {
    let routes = Router::new()
        .route("/a/page", get(|| async { page("text/html; charset=utf-8", PAGE) }))
        .route(
            "/old",
            get(|| async { page("text/html", &b"<meta charset=windows-1251>\xcf\xf0\xe8"[..]) }),
        )
        .route("/text", get(|| async { page("text/plain", "<b>as it is</b>") }))
        .route("/json", get(|| async { page("application/vnd.api+json", "{\"a\":1}") }))
        .route(
            "/silent",
            get(|| async { Body::from("<p>html, though it does not say so").into_response() }),
        );
    let (easel, site) = fetching(routes).await;
    let answer = fetch(&easel, &format!("{site}/a/page#part")).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        answer.json(),
        json!({
            "url": format!("{site}/a/page"),
            "title": "A page",
            "media_type": "text/html",
            "text": format!("# Hello\n\nto [you]({site}/you)"),
            "cut": false,
        })
    );
    for (path, media_type, text) in [
        ("old", "text/html", "При"),
        ("text", "text/plain", "<b>as it is</b>"),
        ("json", "application/vnd.api+json", "{\"a\":1}"),
        ("silent", "", "html, though it does not say so"),
    ] {
        let answer = fetch(&easel, &format!("{site}/{path}")).await.json();
        assert_eq!((&answer["media_type"], &answer["text"]), (&media_type.into(), &text.into()));
    }
    let query =
        format!("/fetch?url={}", format!("{site}/text").replace(':', "%3A").replace('/', "%2F"));
    let answer = easel.app("GET", &query, &Value::Null).await;
    assert_eq!(answer.json()["text"], "<b>as it is</b>");
}

#[tokio::test]
async fn what_is_no_text_or_no_address_is_refused() {
    let routes = Router::new()
        .route("/image", get(|| async { page("image/png", "x") }))
        .route("/binary", get(|| async { page("text/plain", &b"a\0b"[..]) }))
        .route("/packed", get(|| async { ([(header::CONTENT_ENCODING, "gzip")], "x") }))
        .route("/gone", get(|| async { StatusCode::GONE }))
        .route(
            "/broken",
            get(|| async {
                // What was sent has to be on its way before it breaks.
                let half = stream::once(async { Ok("<p>half") });
                let broken = stream::once(async {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    Err(std::io::Error::other("gone"))
                });
                page("text/html", Body::from_stream(half.chain(broken)))
            }),
        );
    let (easel, site) = fetching(routes).await;
    for (url, status, code, words) in [
        (format!("{site}/image"), 415, "bad_request", "`image/png`, which is no text"),
        (format!("{site}/binary"), 415, "bad_request", "has no text"),
        (format!("{site}/packed"), 502, "provider_failed", "compressed"),
        (format!("{site}/gone"), 502, "provider_failed", "410 Gone"),
        (format!("{site}/broken"), 502, "cut_off", "broke off"),
        (format!("{site}/none"), 502, "provider_failed", "404 Not Found"),
        ("https://no-such-name.invalid/".to_owned(), 502, "unreachable", "host is not known"),
        ("example.org".to_owned(), 400, "bad_request", "is no address"),
        ("ftp://example.org/".to_owned(), 400, "bad_request", "must begin with http"),
        ("file:///etc/passwd".to_owned(), 400, "bad_request", "must begin with http"),
        ("data:text/html,<p>x".to_owned(), 400, "bad_request", "must begin with http"),
        (String::new(), 400, "bad_request", "is no address"),
    ] {
        let answer = fetch(&easel, &url).await;
        let body = answer.json();
        assert_eq!((answer.status.as_u16(), &body["code"]), (status, &code.into()), "{url} {body}");
        assert!(body["message"].as_str().unwrap().contains(words), "{body}");
        assert!(body["request_id"].is_string());
    }
    let answer = easel.app("GET", "/fetch", &Value::Null).await;
    assert_eq!(answer.status, 400);
    let token = format!("Bearer {}", easel.token);
    let headers = [("authorization", token.as_str()), ("content-type", "text/plain")];
    let request = Ask { method: "POST", path: "/fetch", headers: &headers, body: "{}" };
    assert_eq!(easel.ask(&easel.home(), request).await.status, 415);
}

#[tokio::test]
async fn what_is_too_large_is_cut_and_says_so() {
    let endless = |piece: &'static str| {
        let pieces = stream::repeat(piece.repeat(2000)).map(Ok::<_, Infallible>);
        page("text/html", Body::from_stream(pieces))
    };
    let routes = Router::new()
        .route("/words", get(move || async move { endless("<p>word ") }))
        .route("/deep", get(move || async move { endless("<div><ul><li><blockquote>") }))
        .route("/script", get(move || async move { endless("<script>") }))
        .route("/entity", get(move || async move { endless("&amp;&lt;") }))
        .route("/fits", get(|| async { page("text/plain", "é".repeat(100_000)) }))
        .route("/long", get(|| async { page("text/plain", "é".repeat(200_000)) }));
    let (easel, site) = fetching(routes).await;
    for (path, cut) in [
        ("words", true),
        ("deep", true),
        ("script", true),
        ("entity", true),
        ("long", true),
        ("fits", false),
    ] {
        let answer = fetch(&easel, &format!("{site}/{path}")).await;
        let body = answer.json();
        assert_eq!(body["cut"], cut, "{path}");
        assert!(body["text"].as_str().unwrap().len() <= 200 << 10, "{path}");
    }
}
