//! A model provider for the browser's journeys and the clients' ones: `cargo run -p easel-proxy
//! --example recorded-upstream -- --port N [--log FILE] [--strict]`.
//!
//! It answers in six dialects for the key `test-key`: a prompt with a call of `write` for
//! `index.html`, a tool's result with a closing sentence. What it was asked is at `/requests`, and
//! in FILE; how many replies are under way is at `/open`. Words in the prompt make it fail: "rate
//! limit", "fail", "too much", "cut", "garbage", "slow", "silent". With `--strict` it refuses
//! fields that the dialect does not have.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is for tests")]
#![allow(dead_code, unreachable_pub, reason = "tests look at more of it than this program")]

#[path = "../tests/it/upstream.rs"]
mod upstream;

use std::path::PathBuf;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let value = |flag: &str| {
        let at = args.iter().position(|it| it == flag)?;
        args.get(at + 1).cloned()
    };
    let port = value("--port").map_or(0, |it| it.parse().unwrap());
    let strict = args.iter().any(|it| it == "--strict");
    let upstream = upstream::Upstream::new(value("--log").map(PathBuf::from), strict);
    let address = upstream.start(port).await;
    println!("recorded upstream at http://{address}");
    std::future::pending::<()>().await;
}
