//! What `cargo xtask bench proxy` measures with: a provider that costs nothing, a pass-through that does nothing else, and clients
//! that ask as fast as they are answered. Provider and clients speak just enough HTTP for that.
//!
//! `load upstream PORT`, `load floor PORT UPSTREAM`, `load drive URL [flags]`. Each runs on one thread; what it
//! runs on is the caller's matter. It judges nothing and reads no answer but to count.
#![allow(clippy::print_stdout, reason = "it answers there")]

mod drive;
mod floor;
mod provider;

use std::error::Error;

use drive::Drive;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["upstream", port] => runtime.block_on(provider::provide(port.parse()?)),
        ["floor", port, upstream] => {
            runtime.block_on(floor::serve(port.parse()?, upstream.parse()?))
        }
        ["drive", url, ..] => {
            let drive = Drive::read(url, &args[2..])?;
            let said = runtime.block_on(drive.run())?;
            println!("{said}");
            Ok(())
        }
        _ => Err("load upstream PORT | floor PORT UPSTREAM | drive URL [flags]".into()),
    }
}
