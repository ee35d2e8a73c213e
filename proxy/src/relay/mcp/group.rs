//! A program and all that it starts: one group of processes, which ends together.
//!
//! What it says and is told is not looked at here.

use std::{
    io,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::keys::Secret;

/// A program that is told to end may take so long, twice.
const FAREWELL: Duration = Duration::from_secs(2);

/// What programs get of the proxy's own environment. Keys of providers are not among it.
const PASSED: [&str; 14] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
];

/// Dropping it kills the whole group.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    id: GroupId,
}

/// The ends of a program's pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// None once the group has ended: numbers of processes are used again.
#[derive(Debug, Clone)]
pub(super) struct GroupId(Arc<Mutex<Option<Pid>>>);

impl Group {
    pub(super) fn start(
        command: &str,
        args: &[String],
        env: &[(String, Secret)],
    ) -> io::Result<(Self, Pipes)> {
        let own = PASSED.into_iter().filter_map(|it| Some((it, std::env::var_os(it)?)));
        let mut child = Command::new(command)
            .args(args)
            .env_clear()
            .envs(own)
            .envs(env.iter().map(|(name, value)| (name, value.expose())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|it| Pid::from_raw(i32::try_from(it).ok()?));
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let group = Self { child, id: GroupId(Arc::new(Mutex::new(id))) };
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("a program without pipes"));
        };
        Ok((group, Pipes { stdin, stdout, stderr }))
    }

    pub(super) fn id(&self) -> GroupId {
        self.id.clone()
    }

    /// Waits until the program ends by itself, and returns how.
    pub(super) async fn ended(&mut self) -> String {
        let how = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(err) => err.to_string(),
        };
        // What it started must not go on without it.
        self.id.kill();
        self.id.forget();
        how
    }

    /// Ends it: its standard input is closed by now, which is enough for a good program.
    pub(super) async fn end(&mut self) {
        if timeout(FAREWELL, self.ended()).await.is_ok() {
            return;
        }
        self.id.signal(Signal::TERM);
        if timeout(FAREWELL, self.ended()).await.is_ok() {
            return;
        }
        self.id.kill();
        self.ended().await;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.id.kill();
    }
}

impl GroupId {
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn signal(&self, signal: Signal) {
        let id = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = *id else { return };
        if let Err(err) = kill_process_group(id, signal) {
            tracing::debug!(cause = %err, "no such group of processes");
        }
    }
}
