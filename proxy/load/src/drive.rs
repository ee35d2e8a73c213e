//! The clients: each has a connection, and asks again as soon as it has its answer.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use futures::future::join_all;
use memchr::memmem;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    Failure,
    provider::{HEAD_END, LAST_CHUNK, length},
};

/// Clients that ask again as soon as they have their answer.
#[derive(Debug)]
pub(crate) struct Drive {
    to: SocketAddr,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    n_connections: usize,
    until: Until,
}

#[derive(Debug, Clone, Copy)]
enum Until {
    Seconds(f64),
    /// All connections together.
    Requests(usize),
}

/// What the clients saw.
#[derive(Debug, Default)]
struct Seen {
    whole_us: Vec<u32>,
    first_us: Vec<u32>,
    n_events: usize,
    n_errors: usize,
    error: Option<String>,
}

impl Drive {
    pub(crate) fn read(url: &str, flags: &[String]) -> Result<Self, Failure> {
        let rest = url.strip_prefix("http://").ok_or("only http://ADDRESS:PORT/path")?;
        let (to, path) = rest.split_at(rest.find('/').ok_or("the path is missing")?);
        let (mut n_connections, mut until) = (1, Until::Seconds(5.0));
        let (mut model, mut n_prompt, mut stream) = ("bench".to_owned(), 100, false);
        let mut headers = Vec::new();
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            let mut value = || flags.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--stream" => stream = true,
                "--connections" => n_connections = value()?.parse()?,
                "--seconds" => until = Until::Seconds(value()?.parse()?),
                "--requests" => until = Until::Requests(value()?.parse()?),
                "--model" => model.clone_from(value()?),
                "--prompt-bytes" => n_prompt = value()?.parse()?,
                "--header" => {
                    let (name, text) =
                        value()?.split_once(": ").ok_or("a header is `name: value`")?;
                    headers.push((name.to_owned(), text.to_owned()));
                }
                _ => return Err(format!("there is no {flag}").into()),
            }
        }
        let prompt = "lorem ipsum ".repeat(n_prompt / 12 + 1);
        let mut body = json!({ "model": model, "max_tokens": 200 });
        if stream {
            body["stream"] = true.into();
        }
        body["messages"] = json!([{ "role": "user", "content": prompt[..n_prompt] }]);
        let body = Bytes::from(body.to_string());
        Ok(Self { to: to.parse()?, path: path.to_owned(), headers, body, n_connections, until })
    }

    pub(crate) async fn run(&self) -> Result<serde_json::Value, Failure> {
        let began = Instant::now();
        let clients = (0..self.n_connections).map(|n| self.client(n, began));
        let mut all = Seen::default();
        for seen in join_all(clients).await {
            all.whole_us.extend(seen.whole_us);
            all.first_us.extend(seen.first_us);
            all.n_events += seen.n_events;
            all.n_errors += seen.n_errors;
            all.error = all.error.or(seen.error);
        }
        let secs = began.elapsed().as_secs_f64();
        let at = |values: &mut Vec<u32>, share: f64| {
            values.sort_unstable();
            let last = values.len().saturating_sub(1);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "an index"
            )]
            values.get((last as f64 * share) as usize).copied()
        };
        let n_requests = all.whole_us.len();
        Ok(json!({
            "requests": n_requests, "events": all.n_events, "seconds": secs,
            "errors": all.n_errors, "error": all.error,
            "p50_us": at(&mut all.whole_us, 0.5), "p99_us": at(&mut all.whole_us, 0.99),
            "first_p50_us": at(&mut all.first_us, 0.5),
        }))
    }

    async fn client(&self, n: usize, began: Instant) -> Seen {
        let (mut seen, mut connection) = (Seen::default(), None);
        let request = self.request();
        loop {
            let over = match self.until {
                Until::Seconds(secs) => began.elapsed().as_secs_f64() >= secs,
                Until::Requests(all) => {
                    let mine = all / self.n_connections + usize::from(n < all % self.n_connections);
                    seen.whole_us.len() + seen.n_errors >= mine
                }
            };
            if over {
                return seen;
            }
            if let Err(err) = self.ask(&request, &mut connection, &mut seen).await {
                seen.n_errors += 1;
                seen.error.get_or_insert(err.to_string());
                connection = None;
            }
        }
    }

    fn request(&self) -> Vec<u8> {
        let Self { to, path, body, .. } = self;
        let mut head = format!(
            "POST {path} HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), body].concat()
    }

    async fn ask(
        &self,
        request: &[u8],
        connection: &mut Option<TcpStream>,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        let stream = match connection {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.to).await?;
                stream.set_nodelay(true)?;
                connection.insert(stream)
            }
        };
        let began = Instant::now();
        stream.write_all(request).await?;
        let mut answer = BytesMut::with_capacity(4 << 10);
        let (mut end, mut first) = (None, None);
        let head = loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(format!("cut off: {}", String::from_utf8_lossy(&answer)).into());
            }
            if end.is_none() {
                end = End::of(&answer);
            }
            let Some(end) = end else { continue };
            if answer.len() > end.head {
                first.get_or_insert_with(|| began.elapsed());
            }
            if end.is_there(&answer) {
                break end.head;
            }
        };
        seen.n_events += memmem::find_iter(&answer[head..], b"\n\n").count();
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(&answer).into());
        }
        let us = |it: Duration| u32::try_from(it.as_micros()).unwrap_or(u32::MAX);
        seen.first_us.extend(first.map(us));
        seen.whole_us.push(us(began.elapsed()));
        Ok(())
    }
}

/// Where an answer's body begins, and where it ends if the head says so; else it is chunked.
#[derive(Debug, Clone, Copy)]
struct End {
    head: usize,
    end: Option<usize>,
}

impl End {
    fn of(answer: &[u8]) -> Option<Self> {
        let head = memmem::find(answer, HEAD_END)?;
        let body = head + HEAD_END.len();
        Some(Self { head: body, end: length(&answer[..head]).map(|it| body + it) })
    }

    fn is_there(self, answer: &[u8]) -> bool {
        self.end.map_or_else(|| answer.ends_with(LAST_CHUNK), |end| answer.len() >= end)
    }
}
