//! Running other programs: with the terminal, for their output, with both, or only while they make progress.
//!
//! Knows nothing about the programs themselves.

use std::{
    ffi::OsStr,
    io::{Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{Outcome, places, stop};

/// A command that starts in the repository.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(places::root());
    // What cargo tells this program about itself. Build scripts that watch it (`ring`) would run again, and all that is made
    // of them would be built again, each time that one builds without this program.
    for (name, _) in std::env::vars_os() {
        let said_by_cargo = name
            .to_str()
            .is_some_and(|it| it.starts_with("CARGO_PKG_") || it.starts_with("CARGO_MANIFEST_"));
        if said_by_cargo {
            command.env_remove(name);
        }
    }
    command
}

/// Runs with the terminal's input and output.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => stop(format!("`{}` ended with {status}", line_of(command))),
        Err(err) => stop(format!("`{}` could not be started: {err}", line_of(command))),
    }
}

/// Returns what the program prints, or nothing when it cannot be started or fails.
pub(crate) fn asked(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a program said, and whether it succeeded.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) succeeded: bool,
    pub(crate) text: String,
}

/// Runs with the terminal's output, and keeps what was printed.
pub(crate) fn tee(command: &mut Command) -> Outcome<Said> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(err) => return stop(format!("`{}` could not be started: {err}", line_of(command))),
    };
    let out = child.stdout.take().map(|pipe| thread::spawn(|| copy(pipe, std::io::stdout())));
    let err = child.stderr.take().map(|pipe| thread::spawn(|| copy(pipe, std::io::stderr())));
    let status = child.wait();
    let text = [out, err].into_iter().flatten().filter_map(|it| it.join().ok()).collect();
    Ok(Said { succeeded: status.is_ok_and(|it| it.success()), text })
}

fn copy(mut from: impl Read, mut to: impl Write) -> String {
    let mut kept = Vec::new();
    let mut chunk = [0; 8192];
    while let Ok(n @ 1..) = from.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..n]);
        if to.write_all(&chunk[..n]).and_then(|()| to.flush()).is_err() {
            break; // The reader of our output has gone.
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Runs as long as the program prints or `grows` changes at least once per `patience`; else ends it with everything
/// that it started. Returns whether it succeeded.
pub(crate) fn while_it_moves(
    command: &mut Command,
    patience: Duration,
    grows: impl Fn() -> u64,
) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let Ok(mut child) = command.spawn() else { return false };
    let printed = AtomicU64::new(0);
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|it| Box::new(it) as Box<dyn Read + Send>),
        child.stderr.take().map(|it| Box::new(it) as Box<dyn Read + Send>),
    ];
    thread::scope(|scope| {
        for mut pipe in pipes.into_iter().flatten() {
            let printed = &printed;
            scope.spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                    eprint!("{}", String::from_utf8_lossy(&chunk[..n]));
                    printed.fetch_add(n as u64, Ordering::Relaxed);
                }
            });
        }
        let mut last = (0, 0);
        let mut moved_at = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => {}
                Err(_) => return false, // It is not our child any more.
            }
            let seen = (printed.load(Ordering::Relaxed), grows());
            if seen != last {
                (last, moved_at) = (seen, Instant::now());
            } else if moved_at.elapsed() > patience {
                end_group(child.id());
                return child.wait().is_ok_and(|it| it.success());
            }
            thread::sleep(Duration::from_millis(200));
        }
    })
}

/// Ends a process group that [`CommandExt::process_group`] made.
fn end_group(leader: u32) {
    for signal in ["-TERM", "-KILL"] {
        // It may have gone by itself in the meantime.
        asked(Command::new("kill").args([signal, "--", &format!("-{leader}")]));
        thread::sleep(Duration::from_millis(500));
    }
}

/// Looks a program up as a shell would.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|it| it.is_file())
}

/// Returns the command as one would type it.
fn line_of(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|it| it.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
