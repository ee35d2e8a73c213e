//! A Redis of a test's own: on a free port, in a folder that goes with it.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);

pub struct Server {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if let Some(process) = spawn(&folder, port, more) {
                return Self { process, folder, port };
            }
        }
        panic!("redis-server found no free port");
    }

    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn port(&self) -> String {
        self.port.to_string()
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts again after [`Self::kill`], where it was.
    pub fn start_again(&mut self, more: &[&str]) {
        let process = spawn(&self.folder, self.port, more);
        self.process = process.expect("redis-server starts again");
    }

    /// Sends the process a signal, such as `STOP` and `CONT`.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already, by a test.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Returns nothing when the program ends before it answers, as it does when the port is taken.
fn spawn(folder: &TempDir, port: u16, more: &[&str]) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
    command.arg("--dir").arg(folder.path()).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = match command.spawn() {
        Ok(process) => process,
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            panic!("this test needs redis-server: apt-get install redis-server")
        }
        Err(err) => panic!("redis-server does not start: {err}"),
    };
    let began = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if answers(port).unwrap_or(false) {
            return Some(process);
        }
        if began.elapsed() > PATIENCE {
            process.kill().unwrap();
        }
        sleep(Duration::from_millis(5));
    }
    None
}

fn answers(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(&answer == b"+PONG")
}
