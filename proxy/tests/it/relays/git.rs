//! A real git through the proxy against a real git, and what the proxy adds to it: refusals.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Redirect},
    routing::{any, get},
};
use futures::stream;
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::process::Command;

use super::{Asked, allow, backend, site};
use crate::easel::{Answer, Ask, Easel, until};

const REFS: &str = "info/refs?service=git-upload-pack";

/// A proxy, a git server behind it, and a git that knows the proxy only.
struct Setup {
    easel: Easel,
    /// As it stands in addresses.
    host: String,
    asked: Asked,
    repositories: PathBuf,
}

impl Setup {
    async fn new() -> Self {
        Self::with_limit(64 << 20).await
    }

    async fn with_limit(limit_bytes: u64) -> Self {
        let mut host = String::new();
        let folder = tempfile::tempdir().unwrap().keep();
        let (address, asked) = site(backend::router(folder.clone())).await;
        let easel = Easel::start_with(|config| {
            host = address.to_string();
            allow(&mut config.relays, std::slice::from_ref(&host));
            config.relays.git_limit_bytes = limit_bytes;
        })
        .await;
        let setup = Self { easel, host, asked, repositories: folder };
        setup.make_origin().await;
        setup
    }

    /// A repository with some history, and a file larger than git sends in one piece.
    async fn make_origin(&self) {
        let work = self.repositories.join("work");
        fs::create_dir(&work).unwrap();
        self.good(&work, &["init", "-q", "-b", "main"]).await;
        for n in 0..5 {
            fs::write(work.join("text"), format!("line {n}\n").repeat(100)).unwrap();
            fs::write(work.join(format!("noise{n}")), noise(n, 400_000)).unwrap();
            self.good(&work, &["add", "."]).await;
            self.good(&work, &["commit", "-q", "-m", &format!("commit {n}")]).await;
        }
        self.good(&self.repositories, &["clone", "-q", "--bare", "work", "origin.git"]).await;
        self.good(&self.origin(), &["config", "http.receivepack", "true"]).await;
    }

    fn origin(&self) -> PathBuf {
        self.repositories.join("origin.git")
    }

    fn address(&self, path: &str) -> String {
        format!("http://{}/git/{}/{path}", self.easel.address, self.host)
    }

    async fn git(&self, folder: &Path, args: &[&str]) -> Output {
        Command::new("git")
            .args(["-c", &format!("http.extraHeader=Authorization: Bearer {}", self.easel.token)])
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.repositories)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_TRACE_PACKET", "1")
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@a.invalid")])
            .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@a.invalid")])
            .kill_on_drop(true)
            .output()
            .await
            .unwrap()
    }

    /// Runs git, which must succeed; returns what it printed and its trace.
    async fn good(&self, folder: &Path, args: &[&str]) -> (String, String) {
        let output = self.git(folder, args).await;
        let trace = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {args:?}: {trace}");
        (String::from_utf8(output.stdout).unwrap().trim().to_owned(), trace)
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let token = format!("Bearer {}", self.easel.token);
        let mut headers = headers.to_vec();
        headers.push(("authorization", &token));
        let request = Ask { method, path, headers: &headers, body: "" };
        self.easel.ask(&self.easel.home(), request).await
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.repositories).unwrap();
    }
}

/// Bytes that no compression makes smaller.
fn noise(seed: u64, n: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..n).map(next).collect()
}

#[tokio::test]
async fn git_clones_fetches_and_pushes_through_the_proxy() {
    let setup = Setup::new().await;
    let folder = setup.repositories.clone();
    let origin = setup.origin();
    let head = async |at: &Path| setup.good(at, &["rev-parse", "main"]).await.0;

    let (_, trace) = setup.good(&folder, &["clone", &setup.address("origin.git"), "one"]).await;
    assert!(trace.contains("version 2"), "{trace}");
    let one = folder.join("one");
    setup.good(&one, &["fsck", "--strict"]).await;
    assert_eq!(head(&one).await, head(&origin).await);
    assert_eq!(fs::read(one.join("noise3")).unwrap(), noise(3, 400_000));

    let shallow = ["clone", "--depth", "1", "-q", &setup.address("origin.git"), "two"];
    setup.good(&folder, &shallow).await;
    let two = folder.join("two");
    setup.good(&two, &["fsck", "--strict"]).await;
    assert_eq!(setup.good(&two, &["rev-list", "--count", "HEAD"]).await.0, "1");
    setup.good(&two, &["fetch", "-q", "--unshallow"]).await;
    assert_eq!(setup.good(&two, &["rev-list", "--count", "HEAD"]).await.0, "5");

    // Larger than git's buffer, so that it comes in chunks and of unknown length.
    fs::write(one.join("large"), noise(9, 5 << 20)).unwrap();
    setup.good(&one, &["add", "."]).await;
    setup.good(&one, &["commit", "-q", "-m", "large"]).await;
    setup.good(&one, &["remote", "set-url", "origin", &setup.address("private/origin.git")]).await;
    let login = format!("http.extraHeader=X-Git-Authorization: {}", backend::login());
    setup.good(&one, &["-c", &login, "push", "-q", "origin", "main"]).await;
    setup.good(&origin, &["fsck", "--strict"]).await;
    assert_eq!(head(&one).await, head(&origin).await);
    setup.good(&two, &["pull", "-q"]).await;
    assert_eq!(fs::read(two.join("large")).unwrap(), noise(9, 5 << 20));

    let asked = setup.asked.all();
    assert!(asked.iter().any(|it| it.starts_with("POST") && it.contains("chunked")), "{asked:#?}");
    assert!(asked.iter().all(|it| !it.contains(&setup.easel.token)), "{asked:#?}");
}

#[tokio::test]
async fn an_older_protocol_passes_too() {
    let setup = Setup::new().await;
    let old = ["-c", "protocol.version=0", "clone", &setup.address("origin.git"), "old"];
    let (_, trace) = setup.good(&setup.repositories.clone(), &old).await;
    assert!(!trace.contains("version 2"), "{trace}");
    setup.good(&setup.repositories.join("old"), &["fsck", "--strict"]).await;
}

#[tokio::test]
async fn a_repository_that_has_moved_is_followed_by_the_client() {
    let setup = Setup::new().await;
    let path = format!("/git/{}/moved/origin.git/{REFS}", setup.host);
    let answer = setup.ask("GET", &path, &[]).await;
    assert_eq!(answer.status, 307);
    assert_eq!(answer.header("location"), format!("/git/{}/origin.git/{REFS}", setup.host));
    let folder = setup.repositories.clone();
    setup.good(&folder, &["clone", "-q", &setup.address("moved/origin.git"), "three"]).await;
    setup.good(&folder.join("three"), &["fsck", "--strict"]).await;
}

#[tokio::test]
async fn what_a_remote_says_besides_stays_there() {
    let setup = Setup::new().await;
    let path = format!("/git/{}/origin.git/{REFS}", setup.host);
    let headers =
        [("cookie", "a=b"), ("x-forwarded-for", "1.2.3.4"), ("git-protocol", "version=2")];
    let answer = setup.ask("GET", &path, &headers).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/x-git-upload-pack-advertisement");
    for name in ["set-cookie", "x-internal", "expires", "pragma"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
    let asked = setup.asked.all().pop().unwrap();
    for word in ["cookie", "forwarded", "authorization", "easel.localhost"] {
        assert!(!asked.contains(word), "{asked}");
    }
    assert!(asked.contains("version=2") && asked.contains("git/easel-"), "{asked}");
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let (bad, _) = site(
        Router::new()
            .route("/page/info/refs", get(|| async { "<html>" }))
            .route("/broken/info/refs", any(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .route("/busy/info/refs", any(|| async { StatusCode::TOO_MANY_REQUESTS }))
            .route(
                "/away/info/refs",
                get(|| async {
                    Redirect::permanent("http://10.0.0.1/new/info/refs?service=git-upload-pack")
                }),
            )
            .route("/odd/info/refs", get(|| async { Redirect::permanent("/login") })),
    )
    .await;
    let mut setup = Setup::new().await;
    let easel = Easel::start_with(|config| {
        allow(&mut config.relays, &[bad.to_string(), setup.host.clone()]);
    })
    .await;
    setup.easel = easel;
    let (host, port) = (setup.host.clone(), bad.port() ^ 1);
    for (path, login, status, code, words) in [
        (format!("{host}/private/origin.git"), None, 401, "bad_key", "wants a name and a token"),
        (
            format!("{host}/private/origin.git"),
            Some("Basic eA=="),
            401,
            "bad_key",
            "no password is as good",
        ),
        (format!("{host}/none.git"), None, 404, "bad_request", "has no such repository"),
        (format!("{bad}/page"), None, 502, "provider_failed", "not as a git server"),
        (format!("{bad}/broken"), None, 502, "provider_failed", "failed on its side"),
        (format!("{bad}/busy"), None, 429, "busy", "too many requests"),
        (format!("{bad}/away"), None, 410, "bad_request", "has moved to http://10.0.0.1/new; use"),
        (format!("{bad}/odd"), None, 502, "provider_failed", "leads elsewhere"),
        (format!("127.0.0.1:{port}/x"), None, 403, "bad_request", "`git-hosts`"),
        ("evil.example/x".to_owned(), None, 403, "bad_request", "`evil.example` is not among"),
        ("u:p@github.com/x".to_owned(), None, 400, "bad_request", "The host"),
        ("github.com/../x".to_owned(), None, 400, "bad_request", "The path"),
    ] {
        let path = format!("/git/{path}/{REFS}");
        let login = login.map(|it| ("x-git-authorization", it));
        let answer = setup.ask("GET", &path, login.as_slice()).await;
        let body: Value = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &body["code"]),
            (status, &code.into()),
            "{path} {body}"
        );
        assert!(body["message"].as_str().unwrap().contains(words), "{body}");
        // A browser that sees this asks the person for a password.
        assert_eq!(answer.header("www-authenticate"), "");
    }
    let path = format!("/git/{host}/origin.git/git-upload-pack");
    let answer = setup.ask("POST", &path, &[("content-type", "text/plain")]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("application/x-git-upload-pack-request"));
}

#[tokio::test]
async fn a_push_that_is_too_large_is_refused_and_says_so() {
    let setup = Setup::with_limit(3 << 20).await;
    let folder = setup.repositories.clone();
    setup.good(&folder, &["clone", "-q", &setup.address("origin.git"), "one"]).await;
    let one = folder.join("one");
    fs::write(one.join("large"), noise(9, 5 << 20)).unwrap();
    setup.good(&one, &["add", "."]).await;
    setup.good(&one, &["commit", "-q", "-m", "large"]).await;
    let before = setup.good(&setup.origin(), &["rev-parse", "main"]).await.0;
    setup.good(&one, &["remote", "set-url", "origin", &setup.address("private/origin.git")]).await;
    let login = format!("http.extraHeader=X-Git-Authorization: {}", backend::login());
    let pushed = setup.git(&one, &["-c", &login, "push", "origin", "main"]).await;
    let said = String::from_utf8_lossy(&pushed.stderr).into_owned();
    assert!(!pushed.status.success() && said.contains("413"), "{said}");
    assert_eq!(setup.good(&setup.origin(), &["rev-parse", "main"]).await.0, before);
}

#[tokio::test]
async fn packs_are_streamed_and_end_with_the_client() {
    struct Open(Arc<AtomicUsize>);
    impl Drop for Open {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let n_open = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&n_open);
    let endless = move || {
        counting.fetch_add(1, Ordering::SeqCst);
        let open = Open(Arc::clone(&counting));
        let bytes = stream::repeat_with(move || {
            assert!(open.0.load(Ordering::SeqCst) > 0);
            Ok::<_, std::convert::Infallible>(vec![0_u8; 4096])
        });
        let headers = [(header::CONTENT_TYPE, "application/x-git-upload-pack-advertisement")];
        std::future::ready((headers, Body::from_stream(bytes)).into_response())
    };
    let (address, _) = site(Router::new().route("/x/info/refs", get(endless))).await;
    let easel = Easel::start_with(|config| allow(&mut config.relays, &[address.to_string()])).await;
    let path = format!("/git/{address}/x/{REFS}");
    let mut response = easel.app_stream("GET", &path, &Value::Null).await;
    assert_eq!(response.status(), 200);
    for _ in 0..3 {
        response.body_mut().frame().await.unwrap().unwrap();
    }
    assert_eq!(n_open.load(Ordering::SeqCst), 1);
    drop(response);
    until("the remote's stream is closed", async || n_open.load(Ordering::SeqCst) == 0).await;
}
