//! The provider: it answers at once, with what it has written beforehand, and reads of a request no more than it must.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::Failure;

/// Events of a streamed reply, its usage and its end among them.
const N_EVENTS: usize = 104;

/// Events that a fast provider writes at once.
const BURST: usize = 8;

/// Between two events of a slow reply.
const PACE: Duration = Duration::from_millis(100);

pub(crate) const HEAD_END: &[u8] = b"\r\n\r\n";
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Answers as `OpenAI`'s chat does: streamed if it is wanted so, and slowly for a model called `paced`. What is read and written
/// is as little as that takes, so that it is the gateway that is measured.
pub(crate) async fn provide(port: u16) -> Result<(), Failure> {
    let events: Vec<Bytes> = (0..N_EVENTS).map(event).map(|it| chunk(&it)).collect();
    let bursts: Vec<Vec<u8>> = events.chunks(BURST).map(<[Bytes]>::concat).collect();
    let (events, bursts): (&[Bytes], &[Vec<u8>]) = (events.leak(), bursts.leak());
    let whole: &[u8] = whole_answer().leak();
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let mut held = BytesMut::new();
            while let Some(request) = request(&mut stream, &mut held).await? {
                if !near(&request, b"\"stream\":true") {
                    stream.write_all(whole).await?;
                    continue;
                }
                let paced = near(&request, b"paced");
                stream.write_all(STREAM_HEAD).await?;
                if paced {
                    for event in events {
                        tokio::time::sleep(PACE).await;
                        stream.write_all(event).await?;
                    }
                } else {
                    for some in bursts {
                        stream.write_all(some).await?;
                    }
                }
                stream.write_all(LAST_CHUNK).await?;
            }
            Ok::<_, Failure>(()) // Whoever leaves is no failure.
        });
    }
}

/// Reads the next request; none when there is none.
async fn request(stream: &mut TcpStream, held: &mut BytesMut) -> Result<Option<BytesMut>, Failure> {
    loop {
        if let Some(head) = memmem::find(held, HEAD_END) {
            let length = length(&held[..head]).unwrap_or(0);
            let end = head + HEAD_END.len() + length;
            while held.len() < end {
                if stream.read_buf(held).await? == 0 {
                    return Ok(None);
                }
            }
            return Ok(Some(held.split_to(end)));
        }
        if stream.read_buf(held).await? == 0 {
            return Ok(None);
        }
    }
}

/// The fields that decide stand before the prompt, or behind it.
fn near(request: &[u8], what: &[u8]) -> bool {
    let end = request.len().saturating_sub(300);
    memmem::find(&request[..request.len().min(1_000)], what).is_some()
        || memmem::find(&request[end..], what).is_some()
}

pub(crate) fn length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?;
    let mut fields = head.split("\r\n").filter_map(|it| it.split_once(':'));
    let (_, value) = fields.find(|it| it.0.eq_ignore_ascii_case("content-length"))?;
    value.trim().parse().ok()
}

fn chunk(data: &[u8]) -> Bytes {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat().into()
}

fn whole_answer() -> Vec<u8> {
    let body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "bench",
        "choices": [{ "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": "The quick brown fox jumps over the lazy dog." } }],
        "usage": { "prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30 },
    })
    .to_string();
    let n = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {n}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn event(n: usize) -> Bytes {
    let chunk = |choices: serde_json::Value, usage: serde_json::Value| {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": "bench", "choices": choices, "usage": usage,
        });
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let delta = |delta| json!([{ "index": 0, "delta": delta, "finish_reason": null }]);
    match N_EVENTS - n {
        1 => Bytes::from_static(b"data: [DONE]\n\n"),
        2 => {
            let usage =
                json!({ "prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 120 });
            chunk(json!([]), usage)
        }
        3 => chunk(json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]), json!(null)),
        N_EVENTS => chunk(delta(json!({ "role": "assistant", "content": "" })), json!(null)),
        _ => chunk(delta(json!({ "content": format!(" word{n}") })), json!(null)),
    }
}
