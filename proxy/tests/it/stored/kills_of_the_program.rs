//! The program is killed under load, again and again: every request that was answered in full is in the ledger, once.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet, time::sleep};

use super::kills::{next, seed};
use crate::{
    easel::until,
    upstream::{KEY, Upstream},
};

const KILLS: u64 = 6;
const KILLS_OF_A_SOAK: u64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn each_answered_request_is_in_the_ledger_once_whenever_the_program_is_killed() {
    let soak = std::env::var("EASEL_SOAK").is_ok_and(|it| it == "1");
    let n_kills = if soak { KILLS_OF_A_SOAK } else { KILLS };
    let folder = tempfile::tempdir().unwrap();
    let provider = Upstream::new(None, false).start(0).await;
    let mut random = seed();
    let answered = Arc::new(Mutex::new(Vec::<String>::new()));
    for kill in 0..n_kills {
        let mut program = Program::start(folder.path(), provider);
        let before = answered.lock().unwrap().len();
        let mut clients = JoinSet::new();
        for n in 0..8 + next(&mut random) % 5 {
            let connection = program.connect().await;
            clients.spawn(ask_on(connection, program.token.clone(), n, Arc::clone(&answered)));
        }
        until("somebody is answered", async || answered.lock().unwrap().len() > before).await;
        sleep(Duration::from_micros(next(&mut random) >> 33 & 0x7_ffff)).await;
        program.child.kill().unwrap();
        program.child.wait().unwrap();
        clients.join_all().await;
        println!("kill {kill}: {} were answered", answered.lock().unwrap().len() - before);
    }
    let program = Program::start(folder.path(), provider);
    let mut rows = BTreeMap::<String, u32>::new();
    let table = program.get("/admin/api/export.csv?from_ms=0").await;
    for line in table.lines().skip(1) {
        *rows.entry(line.rsplit_once(',').unwrap().1.to_owned()).or_default() += 1;
    }
    let answered = answered.lock().unwrap().clone();
    let lost: Vec<_> = answered.iter().filter(|it| !rows.contains_key(*it)).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), answered.len());
    let doubled: Vec<_> = rows.iter().filter(|it| *it.1 > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    // Sums say the same as rows.
    let sums: Value =
        serde_json::from_str(&program.get("/admin/api/usage?by=key&from_ms=0").await).unwrap();
    let n_summed: u64 =
        sums.as_array().unwrap().iter().map(|it| it["requests"].as_u64().unwrap()).sum();
    assert_eq!(n_summed, rows.len() as u64);
    println!("{} rows, {} of them answered, {n_kills} kills", rows.len(), answered.len());
}

/// Asks one request after the other, until the program is gone.
async fn ask_on(
    mut connection: SendRequest<Full<Bytes>>,
    token: String,
    first: u64,
    answered: Arc<Mutex<Vec<String>>>,
) {
    for n in first.. {
        let body = json!({
            "model": "openai/recorded-model",
            "stream": n % 3 > 0,
            "messages": [{ "role": "user", "content": "hi" }],
        });
        let asked = request("POST", "/v1/chat/completions", &token, body.to_string());
        let Ok(answer) = connection.send_request(asked).await else { return };
        let (parts, body) = answer.into_parts();
        // What broke off was not answered.
        if body.collect().await.is_err() {
            return;
        }
        assert_eq!(parts.status, 200);
        let id = parts.headers["x-request-id"].to_str().unwrap();
        answered.lock().unwrap().push(id.to_owned());
    }
}

fn request(method: &str, path: &str, token: &str, body: String) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "easel")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
        .unwrap()
}

/// The program as it is shipped, until it is killed.
struct Program {
    child: Child,
    port: u16,
    token: String,
}

impl Program {
    fn start(folder: &Path, provider: SocketAddr) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_easel-proxy"));
        command.env_clear().env("OPENAI_API_KEY", KEY);
        command.env("OPENAI_BASE_URL", format!("http://{provider}/v1"));
        command.args(["--port", "0", "--no-open", "--data"]).arg(folder);
        command.arg("--site").arg(folder.join("site"));
        std::fs::write(folder.join("easel.toml"), "hosts = [\"easel\"]\n").unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (address, token) = line.trim().split_once("/#token=").expect(&line);
        let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
        Self { child, port, token: token.to_owned() }
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let connection = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(connection)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn get(&self, path: &str) -> String {
        let asked = request("GET", path, &self.token, String::new());
        let answer = self.connect().await.send_request(asked).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
