//! The hostile provider: reads a request, finds its plan by the model's name, and does what it says.
//!
//! It writes HTTP by hand, since most of it is wrong.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, Result},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use super::{
    IDLE,
    plan::{Fault, Plan},
};

/// Whoever keeps a connection for longer than this is not the provider.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct Provider {
    pub address: SocketAddr,
    /// What became of each plan.
    tries: Arc<Mutex<BTreeMap<u64, Tries>>>,
}

#[derive(Debug, Default)]
struct Tries {
    n: usize,
    /// When the proxy could know that the last one fails.
    evident: Option<Instant>,
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self { address: listener.local_addr().unwrap(), tries: Arc::default() };
        let answering = provider.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let provider = answering.clone();
                // Whatever the proxy does to the connection, the next one is answered.
                tokio::spawn(async move { provider.answer(connection).await.ok() });
            }
        });
        provider
    }

    async fn answer(&self, mut connection: TcpStream) -> Result<()> {
        loop {
            let asked = timeout(PATIENCE, request(&mut connection)).await;
            let Ok(Ok(Some(plan))) = asked else { return Ok(()) };
            let n_try = {
                let mut tries = self.tries.lock().unwrap();
                let tries = tries.entry(plan.seed).or_default();
                *tries = Tries { n: tries.n + 1, evident: None };
                tries.n
            };
            let failed = self.fail(&mut connection, &plan, n_try).await;
            // The connection is closed now, or what was wrong has been sent.
            self.is_evident(&plan, n_try, Duration::ZERO);
            failed?;
            if !plan.keeps || !matches!(plan.fault, Fault::None | Fault::Garbage { .. }) {
                return Ok(());
            }
        }
    }

    async fn fail(&self, connection: &mut TcpStream, plan: &Plan, n_try: usize) -> Result<()> {
        let events = reply(plan);
        match &plan.fault {
            Fault::None | Fault::Address { .. } => whole_reply(connection, plan, &events).await,
            Fault::Drip => {
                let bytes = framed(plan, &events);
                let piece = bytes.len().div_ceil(200);
                for piece in bytes.chunks(piece) {
                    connection.write_all(piece).await?;
                    sleep(Duration::from_millis(1)).await;
                }
                Ok(())
            }
            Fault::Cut { at, inside } => {
                let bytes = partial(plan, &events, *at, *inside);
                connection.write_all(&bytes).await
            }
            Fault::Ends { at } => {
                let n_events = events.len() * at / 1000;
                whole_reply(connection, plan, &events[..n_events]).await
            }
            Fault::Garbage { at, bytes } => {
                let mut events = events;
                let place = events.len() * at / 1000;
                events.insert(place, bytes.clone());
                whole_reply(connection, plan, &events).await
            }
            Fault::Error { at, text } => {
                let mut events = events;
                let place = events.len() * at / 1000;
                events.insert(place, format!("data: {text}\n\n").into_bytes());
                whole_reply(connection, plan, &events).await
            }
            Fault::Silence { at } => {
                let bytes = partial(plan, &events, *at, at % 2 == 0);
                connection.write_all(&bytes).await?;
                self.is_evident(plan, n_try, IDLE);
                wait(connection).await
            }
            Fault::SilentHead => {
                self.is_evident(plan, n_try, IDLE);
                wait(connection).await
            }
            Fault::Reset { at } => {
                let bytes = partial(plan, &events, *at, at % 2 == 0);
                connection.write_all(&bytes).await?;
                connection.set_zero_linger()
            }
            Fault::ResetHead => connection.set_zero_linger(),
            Fault::HalfClosed { at } => {
                let bytes = partial(plan, &events, *at, true);
                connection.write_all(&bytes).await?;
                connection.shutdown().await?;
                self.is_evident(plan, n_try, Duration::ZERO);
                wait(connection).await
            }
            Fault::Status { times, .. } if n_try > *times => {
                whole_reply(connection, plan, &events).await
            }
            Fault::Status { status, retry_after, silent, .. } => {
                let retry_after = match *retry_after {
                    "" => String::new(),
                    value => format!("retry-after: {value}\r\n"),
                };
                let body = "{\"error\":{\"message\":\"no\"}}";
                let head = format!(
                    "HTTP/1.1 {status} No\r\n{retry_after}content-type: application/json\r\nlocation: /elsewhere\r\n\
                     content-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                connection.write_all(head.as_bytes()).await?;
                if *silent {
                    return wait(connection).await;
                }
                connection.write_all(body.as_bytes()).await
            }
            Fault::Type { media_type } => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\nconnection: close\r\n\r\n"
                );
                connection.write_all(head.as_bytes()).await?;
                connection.write_all(&events.concat()).await
            }
            Fault::Page => {
                let head =
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n";
                connection.write_all(head.as_bytes()).await?;
                connection.write_all(b"<!doctype html><title>Sign in</title>").await
            }
            Fault::EndlessBody => {
                connection.write_all(plain_head(plan).as_bytes()).await?;
                // Above what is read of an answer in one piece.
                let n_bytes = if plan.stream { 1 << 20 } else { 9 << 20 };
                let piece = format!("{{\"x\":\"{}\"}}\n\n", "y".repeat(500));
                endless(connection, piece.as_bytes(), n_bytes).await
            }
            Fault::EndlessEvent => {
                connection.write_all(plain_head(plan).as_bytes()).await?;
                connection.write_all(b"data: {\"x\":\"").await?;
                endless(connection, &[b'y'; 16384], 18 << 20).await
            }
            Fault::EndlessHead => {
                connection.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                endless(connection, b"x-more: and more and more and more and more\r\n", 4 << 20)
                    .await
            }
            Fault::Nonsense { head } => {
                connection.write_all(head.as_bytes()).await?;
                if head.starts_with("HTTP/1.1 100") {
                    return endless(connection, head.as_bytes(), 1 << 20).await;
                }
                Ok(())
            }
        }
    }

    /// Returns when the proxy could know that a plan's last try fails.
    pub fn evident(&self, plan: &Plan) -> Option<Instant> {
        self.tries.lock().unwrap().get(&plan.seed)?.evident
    }

    /// Notes that the proxy can know after a while from now that a try fails, unless it could before.
    fn is_evident(&self, plan: &Plan, n_try: usize, after: Duration) {
        let mut tries = self.tries.lock().unwrap();
        if let Some(tries) = tries.get_mut(&plan.seed).filter(|it| it.n == n_try) {
            tries.evident.get_or_insert(Instant::now() + after);
        }
    }
}

/// Reads a request and returns its plan; none when the connection was closed.
async fn request(connection: &mut TcpStream) -> Result<Option<Plan>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(plan) = whole(&bytes) {
            return Ok(Some(plan));
        }
        if connection.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// Returns the plan of a request that has come in full.
fn whole(bytes: &[u8]) -> Option<Plan> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
    if body.len() < length.map_or(0, |it| it.parse().unwrap()) {
        return None;
    }
    let digits = text.split_once("f-").map_or("", |it| it.1);
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let seed: u64 = digits.parse().unwrap_or(u64::MAX);
    Some(if seed == u64::MAX { Plan::harmless() } else { Plan::of(seed) })
}

/// What a good provider would send: events, or one piece.
fn reply(plan: &Plan) -> Vec<Vec<u8>> {
    let recording = plan.provider.recorded.recording(false);
    if plan.stream {
        plan.provider.recorded.events(recording.streamed)
    } else {
        // Split, so that there are places in between.
        recording.whole.as_bytes().chunks(64).map(<[u8]>::to_vec).collect()
    }
}

fn head(plan: &Plan) -> String {
    let media_type =
        if plan.stream { plan.provider.recorded.media_type() } else { "application/json" };
    let keeps = if plan.keeps { "keep-alive" } else { "close" };
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\nconnection: {keeps}\r\ntransfer-encoding: chunked\r\n\r\n"
    )
}

/// Ends with the connection.
fn plain_head(plan: &Plan) -> String {
    head(plan).replace("transfer-encoding: chunked\r\n", "")
}

fn framed(plan: &Plan, events: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = head(plan).into_bytes();
    for event in events {
        chunk(event, &mut bytes);
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

fn chunk(data: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend(format!("{:x}\r\n", data.len()).as_bytes());
    bytes.extend(data);
    bytes.extend(b"\r\n");
}

/// The beginning of a reply, up to an event's end or into the next event.
fn partial(plan: &Plan, events: &[Vec<u8>], at: usize, inside: bool) -> Vec<u8> {
    let n_events = (events.len() * at / 1000).min(events.len() - 1);
    let mut bytes = head(plan).into_bytes();
    events[..n_events].iter().for_each(|it| chunk(it, &mut bytes));
    if inside {
        let event = &events[n_events];
        // A chunk of its own, so that it is read before the end.
        chunk(&event[..(event.len() * (at % 97) / 97).max(1)], &mut bytes);
    }
    bytes
}

async fn whole_reply(connection: &mut TcpStream, plan: &Plan, events: &[Vec<u8>]) -> Result<()> {
    connection.write_all(&framed(plan, events)).await
}

/// Waits until the proxy has had enough.
async fn wait(connection: &mut TcpStream) -> Result<()> {
    let mut bytes = [0; 1024];
    while connection.read(&mut bytes).await? > 0 {}
    Ok(())
}

/// Sends more than anybody needs, unless the proxy has had enough before.
async fn endless(connection: &mut TcpStream, piece: &[u8], n_bytes: usize) -> Result<()> {
    let pieces = piece.repeat(16384_usize.div_ceil(piece.len()));
    for _ in 0..n_bytes / pieces.len() {
        connection.write_all(&pieces).await?;
    }
    Ok(())
}
