//! What `cargo xtask bench proxy` measures with: a provider that costs nothing, a pass-through that does nothing else, and clients
//! that ask as fast as they are answered. Provider and clients speak just enough HTTP for that.
//!
//! `load floor PORT UPSTREAM` passes on. `load around PORT` is both sides of a gateway: the provider at the port, and the clients of
//! each line of its input, `["http://…", "--flag", …]`, answered by a line of figures. Each runs on one thread; what it runs on is
//! the caller's matter. It judges nothing and reads no answer but to count.
#![allow(clippy::print_stdout, reason = "it answers there")]

mod drive;
mod floor;
mod provider;

use std::error::Error;

use drive::Drive;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, stdin},
    task::yield_now,
};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["around", port] => runtime.block_on(around(port.parse()?)),
        ["floor", port, upstream] => {
            runtime.block_on(floor::serve(port.parse()?, upstream.parse()?))
        }
        _ => Err("load around PORT | floor PORT UPSTREAM".into()),
    }
}

/// Provides, and asks what its input says until that ends.
async fn around(port: u16) -> Result<(), Failure> {
    tokio::select! {
        done = provider::provide(port) => done,
        done = ask() => done,
    }
}

async fn ask() -> Result<(), Failure> {
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let args: Vec<String> = serde_json::from_str(&line)?;
        let (url, flags) = args.split_first().ok_or("the address is missing")?;
        let drive = Drive::read(url, flags)?;
        let awake = tokio::spawn(stay_awake());
        let said = drive.run().await;
        awake.abort();
        println!("{}", said?);
    }
    Ok(())
}

/// Keeps this thread from sleeping. It would be the gateway that pays for waking it, once for each of its writes, which it does
/// not for clients and providers on other machines.
async fn stay_awake() {
    loop {
        yield_now().await;
    }
}
