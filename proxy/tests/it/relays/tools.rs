//! Node's side of the tests: the official client and the official example server, from npm.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use easel_proxy::{config::Server, keys::Secret};
use serde_json::Value;
use tokio::process::Command;

/// A package that `npm ci` has put there.
pub fn package(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let found = root.join("node_modules").join(path);
    assert!(found.exists(), "{} is not there; run `npm ci` first", found.display());
    found
}

/// The example server, started by the proxy; it does not look at the mark.
pub fn everything(mark: &str, env: &[(&str, &str)]) -> Server {
    let script = package("@modelcontextprotocol/server-everything/dist/index.js");
    program("node", &[script.to_str().unwrap(), "stdio", mark], env)
}

/// A small server in shell: answers `initialize` and whatever else the script does.
pub fn shell(script: &str) -> Server {
    program("sh", &["-c", script], &[])
}

pub fn program(command: &str, args: &[&str], env: &[(&str, &str)]) -> Server {
    Server::Program {
        command: command.to_owned(),
        args: args.iter().map(|it| (*it).to_owned()).collect(),
        env: env.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect(),
        idle: std::time::Duration::from_secs(600),
    }
}

/// Runs the client's script against an address, and returns what it saw.
pub async fn client(url: &str, token: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/relays/client.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([url, token])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}
