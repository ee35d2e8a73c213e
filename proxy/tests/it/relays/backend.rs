//! A git server: `git http-backend` behind a page of CGI, as any server for git has it.
//!
//! Below `/private/` it wants `me` and `secret`; below `/moved/` it leads to where that is.

use std::{path::PathBuf, process::Stdio};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use tokio::{io::AsyncWriteExt as _, process::Command};

pub fn router(repositories: PathBuf) -> Router {
    Router::new().fallback(serve).with_state(repositories)
}

pub fn login() -> String {
    format!("Basic {}", STANDARD.encode("me:secret"))
}

async fn serve(State(repositories): State<PathBuf>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if let Some(rest) = path.strip_prefix("/moved/") {
        let location = format!("/{rest}?{}", parts.uri.query().unwrap_or_default());
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response();
    }
    let private = path.strip_prefix("/private");
    let known = parts.headers.get(header::AUTHORIZATION).is_some_and(|it| it == &*login());
    if private.is_some() && !known {
        let headers =
            [(header::WWW_AUTHENTICATE, "Basic realm=git"), (header::CONTENT_TYPE, "text/plain")];
        return (StatusCode::UNAUTHORIZED, headers, "no password is as good as a token\n")
            .into_response();
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut backend = Command::new("git");
    backend
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_PROJECT_ROOT", repositories)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", private.unwrap_or(path))
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for (variable, name) in [
        ("CONTENT_TYPE", "content-type"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ("GIT_PROTOCOL", "git-protocol"),
    ] {
        if let Some(value) = parts.headers.get(name) {
            backend.env(variable, value.to_str().unwrap());
        }
    }
    if known {
        backend.env("REMOTE_USER", "me");
    }
    run(backend, body).await
}

async fn run(mut backend: Command, body: Bytes) -> Response {
    let mut backend = backend.spawn().unwrap();
    let mut stdin = backend.stdin.take().unwrap();
    let feeding = tokio::spawn(async move { stdin.write_all(&body).await });
    let output = backend.wait_with_output().await.unwrap();
    feeding.await.unwrap().ok();
    let end = output.stdout.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(output.stdout[..end].to_vec()).unwrap();
    let mut headers = HeaderMap::new();
    let mut status = StatusCode::OK;
    for line in head.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        if name == "Status" {
            status = value.split(' ').next().unwrap().parse().unwrap();
        } else {
            let name = header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, value.parse().unwrap());
        }
    }
    headers.insert(header::SET_COOKIE, "session=1".parse().unwrap());
    headers.insert("x-internal", "10.1.2.3".parse().unwrap());
    (status, headers, Body::from(output.stdout[end + 4..].to_vec())).into_response()
}
