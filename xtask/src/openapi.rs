//! Sends a proxy what its document allows, and what it does not: no answer may be another than the
//! document says.
//!
//! `schemathesis` makes the requests, always the same ones.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{Outcome, places, run, start, stop, tools, tools::say};

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) examples: u32,
    pub(crate) secs: u32,
}

/// The first would have the proxy call invented hosts, the second end everything else.
const LEFT_OUT: [&str; 2] = ["setProvider", "endOrganisation"];

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance";

/// Runs it against a proxy of its own.
pub(crate) fn check(effort: Effort) -> Outcome<run::Said> {
    let program = tools::schemathesis()?;
    let proxy = Proxy::start()?;
    let mut schemathesis = run::program(program);
    schemathesis.current_dir(places::target().join("openapi")); // it writes beside where it runs
    schemathesis.args(["run", &format!("{}/admin/api/openapi.json", proxy.address)]);
    schemathesis.args(["-H", &format!("authorization: Bearer {}", proxy.token)]);
    schemathesis.args(["-c", CHECKS, "--phases", "coverage,fuzzing", "--mode", "all"]);
    schemathesis.args(["-n", &effort.examples.to_string()]);
    schemathesis.args(["--max-time", &effort.secs.to_string()]);
    schemathesis.args(["--generation-deterministic", "--no-color", "--warnings", "off"]);
    for id in LEFT_OUT {
        schemathesis.args(["--exclude-operation-id", id]);
    }
    run::tee(&mut schemathesis)
}

/// A proxy with an empty data folder; dropped, it ends.
struct Proxy {
    process: Child,
    address: String,
    token: String,
}

impl Proxy {
    fn start() -> Outcome<Self> {
        let program = start::build_for_tests()?.proxy;
        let data = places::target().join("openapi");
        if data.exists()
            && let Err(err) = fs::remove_dir_all(&data)
        {
            return stop(format!("{} cannot be removed: {err}", data.display()));
        }
        let shared = "[accounts]\nshared = true\n";
        if let Err(err) =
            fs::create_dir_all(&data).and_then(|()| fs::write(data.join("easel.toml"), shared))
        {
            return stop(format!("{} cannot be written: {err}", data.display()));
        }
        let mut command = Command::new(program);
        // Without the keys of the person's environment: nothing may reach a provider.
        command.env_clear().args(["--port", "0", "--no-open", "--data"]).arg(&data);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = match command.spawn() {
            Ok(process) => process,
            Err(err) => return stop(format!("the proxy could not be started: {err}")),
        };
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            // An empty line is told below.
            BufReader::new(out).read_line(&mut line).ok();
        }
        let said =
            line.trim().strip_prefix("Easel is at ").and_then(|it| it.split_once("/#token="));
        let Some((address, token)) = said else {
            process.kill().ok();
            return stop("the proxy did not say where it is");
        };
        say(&format!("asking the proxy at {address}"));
        // Its own name needs a resolver that knows it.
        let address = address.replace("easel.localhost", "localhost");
        Ok(Self { process, address, token: token.to_owned() })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // One that is gone already is as good.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
