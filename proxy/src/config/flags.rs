//! The command line.
//!
//! It knows what flags there are, not what follows from them.

use std::{ffi::OsString, net::IpAddr, path::PathBuf};

use lexopt::{Arg, ValueExt as _};

use super::BadConfig;

#[derive(Debug)]
pub(super) enum Asked {
    Run(Box<Flags>),
    Help,
    Version,
}

#[derive(Debug, Default)]
pub(super) struct Flags {
    pub(super) host: Option<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) site: Option<PathBuf>,
    pub(super) data: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
    pub(super) scripts: Option<PathBuf>,
    pub(super) new_client: Option<String>,
    pub(super) import: Option<PathBuf>,
    pub(super) output: Option<PathBuf>,
    pub(super) new_owner: Option<String>,
    pub(super) check: bool,
    pub(super) open: bool,
}

/// Reads the arguments; the first one is the program.
pub(super) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Asked, BadConfig> {
    parse(args).map_err(|err| BadConfig {
        place: "command line".to_owned(),
        what: format!("{err}; `easel-proxy --help` lists the flags"),
    })
}

fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut parser = lexopt::Parser::from_iter(args);
    let mut flags = Flags { open: true, ..Flags::default() };
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("port") => flags.port = Some(parser.value()?.parse()?),
            Arg::Long("host") => flags.host = Some(parser.value()?.parse()?),
            Arg::Long("site") => flags.site = Some(parser.value()?.into()),
            Arg::Long("data") => flags.data = Some(parser.value()?.into()),
            Arg::Long("config") => flags.config = Some(parser.value()?.into()),
            Arg::Long("scripts") => flags.scripts = Some(parser.value()?.into()),
            Arg::Long("new-client") => flags.new_client = Some(parser.value()?.string()?),
            Arg::Long("import-litellm") => flags.import = Some(parser.value()?.into()),
            Arg::Long("output") => flags.output = Some(parser.value()?.into()),
            Arg::Long("new-owner") => flags.new_owner = Some(parser.value()?.string()?),
            Arg::Long("check") => flags.check = true,
            Arg::Long("no-open") => flags.open = false,
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Asked::Version),
            Arg::Long(_) | Arg::Short(_) | Arg::Value(_) => return Err(arg.unexpected()),
        }
    }
    Ok(Asked::Run(Box::new(flags)))
}
