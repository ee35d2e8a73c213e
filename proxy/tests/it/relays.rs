//! What the proxy fetches for the app: git, pages, servers of tools.

mod backend;
mod fetch;
mod git;
mod guard;
mod mcp;
mod tools;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request, middleware};
use easel_proxy::{
    config::Relays,
    outbound::{OwnHost, Pattern},
};
use tokio::net::TcpListener;

use crate::easel::{Ask, Easel};

/// Serves on a free port of the loopback, and notes who asked for what.
pub async fn site(router: Router) -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let noting = asked.clone();
    let router =
        router.layer(middleware::from_fn(move |request: Request, next: middleware::Next| {
            noting.note(&request);
            next.run(request)
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

/// Requests as they came, head only.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn note(&self, request: &Request) {
        let head = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        self.0.lock().unwrap().push(head);
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn n(&self) -> usize {
        self.all().len()
    }
}

/// Lets the proxy reach these hosts of the loopback.
pub fn allow(relays: &mut Relays, hosts: &[String]) {
    for host in hosts {
        let own = OwnHost::parse(host).unwrap();
        relays.git.private.push(own.clone());
        relays.fetch.private.push(own);
    }
}

pub fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|it| Pattern::parse(it).unwrap()).collect()
}

#[tokio::test]
async fn relays_are_for_the_app_alone() {
    let easel = Easel::start().await;
    let preview = format!("pv-a1b2c3d4.preview.{}", easel.home());
    let token = format!("Bearer {}", easel.token);
    for path in [
        "/git/github.com/a/b/info/refs?service=git-upload-pack",
        "/fetch?url=https%3A%2F%2Fexample.org%2F",
        "/mcp/tools",
        "/app/mcp",
    ] {
        let html = ("accept", "text/html");
        let answer = easel.ask(&easel.home(), Ask::get(path, &[html])).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.json().to_string().matches("not_paired").count(), 1, "{path}");
        let headers = [("authorization", token.as_str()), html];
        let answer = easel.ask(&preview, Ask::get(path, &headers)).await;
        assert_eq!(answer.status, 404, "{path}");
        for site in ["cross-site", "same-site"] {
            let headers = [("authorization", token.as_str()), ("sec-fetch-site", site)];
            let answer = easel.ask(&easel.home(), Ask::get(path, &headers)).await;
            assert_eq!(answer.status, 403, "{path}");
        }
    }
}
