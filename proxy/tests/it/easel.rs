//! A proxy for a test: on a port of its own, with data of its own, and a way to ask it.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use easel_proxy::{
    Bound, Reread,
    config::{Config, Endpoint},
};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};
use wire::ProviderKind;

use crate::upstream::{KEY, Upstream};

pub struct Easel {
    pub address: SocketAddr,
    pub token: String,
    pub folder: TempDir,
    pub upstream: Upstream,
    pub end: Option<oneshot::Sender<()>>,
    pub served: JoinHandle<()>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Easel {
    /// Starts with both providers of the recorded upstream.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_again(change, |_| None).await
    }

    /// Starts with a way to read the configuration anew, made of the first one.
    pub async fn start_again(
        change: impl FnOnce(&mut Config),
        reread: impl FnOnce(&Config) -> Option<Reread>,
    ) -> Self {
        Self::start_bound(change, reread, |_| {}).await
    }

    /// Starts with streams that have so long at the end.
    pub async fn start_for(farewell: Duration, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_bound(change, |_| None, |bound| bound.farewell = farewell).await
    }

    async fn start_bound(
        change: impl FnOnce(&mut Config),
        reread: impl FnOnce(&Config) -> Option<Reread>,
        change_bound: impl FnOnce(&mut Bound),
    ) -> Self {
        listen_to_the_log();
        let upstream = Upstream::new(None, false);
        let address = upstream.start(0).await;
        let folder = tempfile::tempdir().unwrap();
        let endpoint = |id: &str, kind| Endpoint {
            id: id.to_owned(),
            kind,
            base_url: format!("http://{address}"),
            key: Some(easel_proxy::keys::Secret::new(KEY)),
            models: Vec::new(),
        };
        let mut config = Config {
            port: 0,
            site: folder.path().join("site"),
            idle: Duration::from_secs(5),
            groups: easel_proxy::catalogue::Groups::new(),
            endpoints: vec![
                endpoint("recorded", ProviderKind::OpenaiCompatible),
                endpoint("claude", ProviderKind::Anthropic),
            ],
            ..Config::at(&folder.path().join("data"))
        };
        change(&mut config);
        let reread = reread(&config);
        let mut bound = easel_proxy::bind_with(config, reread).await.unwrap();
        change_bound(&mut bound);
        let (end, ended) = oneshot::channel();
        let (address, token) = (bound.address, bound.token.expose().to_owned());
        let served = tokio::spawn(async move {
            bound.serve(async { ended.await.unwrap_or(()) }).await.unwrap();
        });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { address, token, folder, upstream, end: Some(end), served, client }
    }

    pub fn home(&self) -> String {
        format!("easel.localhost:{}", self.address.port())
    }

    pub fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// Sends a request as it is; `host` is what it calls the proxy.
    pub async fn send(&self, host: &str, request: Ask<'_>) -> Response<Incoming> {
        let uri = format!("http://{}{}", self.address, request.path);
        let mut builder = Request::builder().method(request.method).uri(uri).header("host", host);
        for (name, value) in request.headers {
            builder = builder.header(*name, *value);
        }
        let body = Full::new(Bytes::from(request.body.to_owned()));
        self.client.request(builder.body(body).unwrap()).await.unwrap()
    }

    pub async fn ask(&self, host: &str, request: Ask<'_>) -> Answer {
        read(self.send(host, request).await).await
    }

    /// As the app asks: with the token.
    pub async fn app(&self, method: &str, path: &str, body: &Value) -> Answer {
        read(self.app_stream(method, path, body).await).await
    }

    pub async fn app_stream(&self, method: &str, path: &str, body: &Value) -> Response<Incoming> {
        let token = format!("Bearer {}", self.token);
        let origin = format!("http://{}", self.home());
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "application/json"),
            ("origin", origin.as_str()),
        ];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(&self.home(), Ask { method, path, headers: &headers, body: &body }).await
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
}

impl<'a> Ask<'a> {
    pub fn get(path: &'a str, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: "GET", path, headers, body: "" }
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }
}

async fn read(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Reads a reply until some word of it has come.
pub async fn read_until(reply: &mut Response<Incoming>, word: &str) {
    let mut text = String::new();
    while !text.contains(word) {
        let frame = reply.frame().await.unwrap_or_else(|| panic!("over: {text}")).unwrap();
        text += &String::from_utf8_lossy(frame.data_ref().unwrap());
    }
}

/// Waits until something is true, and fails when it does not become so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

const LOG_LIMIT_BYTES: usize = 64 << 20;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Everything that was logged so far, by all tests of this process.
pub fn log() -> String {
    String::from_utf8_lossy(&lock()).into_owned()
}

fn lock() -> MutexGuard<'static, Vec<u8>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = lock();
        // A long run says more than anybody looks for.
        if log.len() > LOG_LIMIT_BYTES {
            log.clear();
        }
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn listen_to_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(|| Log)
            .init();
    });
}
