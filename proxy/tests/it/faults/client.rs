//! The client of a plan: patient, slow, or gone before the end.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use super::{
    plan::{Behaviour, Plan},
    verdict::{self, Verdict},
};
use crate::upstream::dialect::Dialect;

#[derive(Debug)]
pub struct Client {
    pub address: SocketAddr,
    pub key: String,
}

impl Client {
    pub async fn run(&self, plan: &Plan) -> Verdict {
        let (path, body) = ask(plan);
        let body = body.to_string();
        match plan.behaviour {
            Behaviour::Patient => self.read(plan, &path, body, None, Duration::ZERO).await,
            Behaviour::Slow => self.read(plan, &path, body, None, Duration::from_millis(20)).await,
            Behaviour::Leaves { after_bytes, .. } => {
                self.read(plan, &path, body, Some(after_bytes), Duration::ZERO).await
            }
            Behaviour::HalfCloses => self.write(&path, &body, body.len(), true).await,
            Behaviour::BreaksOff { at } => {
                self.write(&path, &body, body.len() * at / 1000, false).await
            }
        }
    }

    /// Asks and reads, up to so many bytes.
    async fn read(
        &self,
        plan: &Plan,
        path: &str,
        body: String,
        leaves: Option<usize>,
        pause: Duration,
    ) -> Verdict {
        let connection = self.connect().await;
        if matches!(plan.behaviour, Behaviour::Leaves { resets: true, .. }) {
            connection.set_zero_linger().unwrap();
        }
        let io = TokioIo::new(connection);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        let driver = tokio::spawn(connection);
        let asked = Request::post(path)
            .header("host", self.address.to_string())
            .header("x-api-key", &self.key)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let answered = async {
            let response = match sender.send_request(asked).await {
                Ok(response) => response,
                Err(err) => return Verdict::Wrong(format!("no answer: {err}")),
            };
            let (parts, mut body) = response.into_parts();
            let mut bytes = Vec::new();
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) => bytes.extend(frame.data_ref().into_iter().flatten()),
                    Err(err) => return Verdict::Wrong(format!("the answer breaks off: {err}")),
                }
                if leaves.is_some_and(|it| bytes.len() >= it) {
                    return Verdict::Left;
                }
                sleep(pause).await;
            }
            verdict::judge(plan, &parts, &bytes)
        };
        // Some leave before anything has come.
        let verdict = match leaves {
            Some(after) => {
                let patience = Duration::from_millis(u64::try_from(after / 4).unwrap());
                tokio::time::timeout(patience, answered).await.unwrap_or(Verdict::Left)
            }
            None => answered.await,
        };
        drop(sender);
        driver.abort();
        verdict
    }

    /// Writes a part of a request, and reads whatever comes.
    async fn write(&self, path: &str, body: &str, n_bytes: usize, half: bool) -> Verdict {
        let mut connection = self.connect().await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nx-api-key: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            self.address,
            self.key,
            body.len()
        );
        let sent = [head.as_bytes(), &body.as_bytes()[..n_bytes]].concat();
        connection.write_all(&sent).await.unwrap();
        if half {
            connection.shutdown().await.unwrap();
            let mut bytes = Vec::new();
            // It may be reset: whoever closes its half is taken for gone.
            connection.read_to_end(&mut bytes).await.ok();
        } else {
            sleep(Duration::from_millis(5)).await;
        }
        Verdict::Left
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// Returns the door's path and what is asked there.
fn ask(plan: &Plan) -> (String, Value) {
    let model = plan.model();
    let in_path = model.replace('/', "%2F");
    let stream = plan.stream;
    let said = json!([{ "role": "user", "content": "hi" }]);
    match plan.client.recorded {
        Dialect::Chat => (
            "/v1/chat/completions".to_owned(),
            json!({ "model": model, "stream": stream, "messages": said }),
        ),
        Dialect::Messages => (
            "/v1/messages".to_owned(),
            json!({ "model": model, "stream": stream, "max_tokens": 100, "messages": said }),
        ),
        Dialect::Responses => {
            ("/v1/responses".to_owned(), json!({ "model": model, "stream": stream, "input": "hi" }))
        }
        Dialect::Ollama => {
            ("/api/chat".to_owned(), json!({ "model": model, "stream": stream, "messages": said }))
        }
        Dialect::Gemini => {
            let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let contents = json!([{ "role": "user", "parts": [{ "text": "hi" }] }]);
            (format!("/v1beta/models/{in_path}:{method}"), json!({ "contents": contents }))
        }
        Dialect::Converse => {
            let method = if stream { "converse-stream" } else { "converse" };
            let messages = json!([{ "role": "user", "content": [{ "text": "hi" }] }]);
            (format!("/model/{in_path}/{method}"), json!({ "messages": messages }))
        }
    }
}
