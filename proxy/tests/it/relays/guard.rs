//! Where the proxy does not go, whoever asks it to: every form of a private address, names that lead
//! there, redirects, and names that change their mind.

use std::{
    collections::VecDeque,
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, response::Redirect, routing::get};
use easel_proxy::outbound::{NotReached, Outbound, Outgoing, OwnHost, Policy, Resolve};
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Empty};
use serde_json::json;
use url::Url;

use super::{allow, patterns, site};
use crate::easel::Easel;

/// Answers with each of these in turn, and counts.
#[derive(Debug)]
struct Changing(Mutex<VecDeque<Vec<&'static str>>>);

impl Changing {
    fn new(answers: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().map(|it| it.to_vec()).collect())))
    }

    fn n_left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Resolve for Changing {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let next = self.0.lock().unwrap().pop_front();
        Box::pin(async move {
            let next = next.ok_or_else(|| io::Error::other("asked too often"))?;
            Ok(next.iter().map(|it| it.parse().unwrap()).collect())
        })
    }
}

#[tokio::test]
async fn no_form_of_a_private_address_is_fetched() {
    let (canary, asked) = site(Router::new().fallback(|| async { "here" })).await;
    let port = canary.port();
    let any_port = format!("*:{port}");
    let easel = Easel::start_with(|config| {
        config.relays.fetch.hosts = patterns(&["*", &any_port]);
        config.relays.git.hosts = patterns(&["*", &any_port]);
    })
    .await;
    for host in [
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "[fe80::1]",
        "[fc00::1]",
        "[fd12::1]",
        "224.0.0.1",
        "[ff02::1]",
        "255.255.255.255",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "[2001:db8::1]",
        "198.18.0.1",
        "①②⑦.⓪.⓪.①",
    ] {
        let body = json!({ "url": format!("http://{host}:{port}/") });
        let answer = easel.app("POST", "/fetch", &body).await;
        assert_eq!(answer.status, 403, "{host}: {}", answer.text());
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        let told = message.contains("private network") || message.contains("never asked");
        assert!(told && !message.contains("127.0.0.1:"), "{message}");
    }
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "169.254.169.254"] {
        let path = format!("/git/{host}:{port}/x/info/refs?service=git-upload-pack");
        let answer = easel.app("GET", &path, &json!(null)).await;
        assert_eq!(answer.status, 403, "{host}: {}", answer.text());
    }
    // Without the port in the list, the list is enough.
    let easel = Easel::start().await;
    for address in [format!("http://127.0.0.1:{port}/"), "http://github.com:22/".to_owned()] {
        let answer = easel.app("POST", "/fetch", &json!({ "url": address })).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("fetch-hosts"), "{}", answer.text());
    }
    assert_eq!(asked.all(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redirect_is_judged_like_an_address() {
    let (canary, asked) = site(Router::new().fallback(|| async { "here" })).await;
    let away = move |to: String| get(move || std::future::ready(Redirect::temporary(&to)));
    let (address, _) = site(
        Router::new()
            .route("/other", away(format!("http://127.0.0.1:{}/", canary.port())))
            .route("/name", away(format!("http://localhost:{}/", canary.port())))
            .route("/metadata", away("http://169.254.169.254/latest/meta-data/".to_owned()))
            .route("/inside", away("http://10.0.0.1/".to_owned()))
            .route("/file", away("file:///etc/passwd".to_owned()))
            .route("/gopher", away("gopher://127.0.0.1:70/x".to_owned()))
            .route("/login", away("http://me:secret@127.0.0.1/".to_owned()))
            .route("/circle", away("/circle".to_owned()))
            .route("/1", away("2".to_owned()))
            .route("/2", away("/3".to_owned()))
            .route("/3", away("4?x".to_owned()))
            .route("/4", away("/5#part".to_owned()))
            .route("/5", away("/end".to_owned()))
            .route("/end", get(|| async { "the end" })),
    )
    .await;
    let easel = Easel::start_with(|config| {
        allow(&mut config.relays, &[address.to_string()]);
    })
    .await;
    for (path, status, words) in [
        ("other", 403, "is not among the hosts"),
        ("name", 403, "is not among the hosts"),
        ("metadata", 403, "never asked"),
        ("inside", 403, "private network"),
        ("file", 400, "must begin with http"),
        ("gopher", 400, "must begin with http"),
        ("login", 400, "a name or a password"),
        ("circle", 502, "on and on"),
        ("1", 200, "the end"),
    ] {
        let body = json!({ "url": format!("http://{address}/{path}") });
        let answer = easel.app("POST", "/fetch", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
        assert!(answer.text().contains(words), "{path}: {}", answer.text());
        if status == 200 {
            assert_eq!(answer.json()["url"], format!("http://{address}/end"));
        }
    }
    assert_eq!(asked.all(), Vec::<String>::new());
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_its_answer_is_what_is_connected_to() {
    let (address, asked) = site(Router::new().fallback(|| async { "here" })).await;
    let name = format!("rebind.test:{}", address.port());
    let resolver = Changing::new(&[&["127.0.0.1"], &["169.254.169.254"], &["127.0.0.1"]]);
    let outbound = outbound(&[&name], Arc::clone(&resolver));
    let url = Url::parse(&format!("http://{name}/")).unwrap();
    let send = async || {
        let mut request = Request::new(nothing());
        *request.uri_mut() = outbound.judge(&url, "list").unwrap();
        // Each request with a connection of its own.
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        outbound.send(request).await
    };
    let answer = send().await.unwrap();
    drop(answer.into_body().collect().await.unwrap());
    assert_eq!((asked.n(), resolver.n_left()), (1, 2));
    // The second answer is judged anew, and even a host of one's own is nowhere near metadata.
    assert!(matches!(send().await, Err(NotReached::Never { .. })));
    assert_eq!((asked.n(), resolver.n_left()), (1, 1));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused() {
    let (address, asked) = site(Router::new().fallback(|| async { "here" })).await;
    for answers in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["10.0.0.1"],
        &["fd12::1"],
        // One bad address among good ones, at whichever place.
        &["1.1.1.1", "127.0.0.1"],
        &["127.0.0.1", "1.1.1.1"],
        &["2606:4700:4700::1111", "192.168.0.1"],
    ] {
        let resolver = Changing::new(&[answers]);
        let policy =
            Policy { hosts: patterns(&[&format!("*:{}", address.port())]), ..Policy::default() };
        let outbound = Outbound::new(policy, resolver, Duration::from_secs(5));
        let url = Url::parse(&format!("http://name.test:{}/", address.port())).unwrap();
        let got = outbound.get(url, HeaderMap::new(), "list").await;
        assert!(matches!(got, Err(NotReached::Private { .. })), "{answers:?}: {got:?}");
    }
    let resolver = Changing::new(&[&["224.0.0.1"]]);
    let outbound = outbound(&["name.test"], resolver);
    let url = Url::parse("http://name.test/").unwrap();
    let got = outbound.get(url, HeaderMap::new(), "list").await;
    assert!(matches!(got, Err(NotReached::Never { .. })), "{got:?}");
    assert_eq!(asked.n(), 0);
}

#[tokio::test]
async fn keys_stay_with_the_origin_that_they_are_for() {
    let (second, at_second) = site(Router::new().fallback(|| async { "here" })).await;
    let there = format!("http://{second}/");
    let away = move || std::future::ready(Redirect::temporary(&there));
    let (first, at_first) = site(
        Router::new()
            .route("/a", get(|| async { Redirect::temporary("/b") }))
            .route("/b", get(away)),
    )
    .await;
    let outbound = outbound(&[&first.to_string(), &second.to_string()], Changing::new(&[]));
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
    headers.insert(header::COOKIE, HeaderValue::from_static("secret"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    let url = Url::parse(&format!("http://{first}/a")).unwrap();
    let (url, answer) = outbound.get(url, headers, "list").await.unwrap();
    assert_eq!((url.as_str(), answer.status().as_u16()), (&*format!("http://{second}/"), 200));
    assert!(at_first.all().iter().all(|it| it.matches("secret").count() == 2));
    assert!(at_second.all().iter().all(|it| !it.contains("secret") && it.contains("text/html")));
    assert_eq!((at_first.n(), at_second.n()), (2, 1));
}

fn outbound(own: &[&str], resolver: Arc<Changing>) -> Outbound {
    let private = own.iter().map(|it| OwnHost::parse(it).unwrap()).collect();
    Outbound::new(Policy { private, ..Policy::default() }, resolver, Duration::from_secs(5))
}

fn nothing() -> Outgoing {
    Empty::new().map_err(Into::into).boxed_unsync()
}
