//! A Postgres of Debian's package, for the tests that are running: in a folder of its own, on a free
//! port, as a user without rights. It ends with them, however they end.

use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

const MISSING: &str =
    "these tests need a Postgres, and there is no `initdb`: apt-get install postgresql";

pub struct Postgres {
    folder: TempDir,
    port: u16,
    user: Option<User>,
    running: Mutex<Option<Child>>,
    n_databases: AtomicU32,
}

/// Root cannot run it.
struct User {
    name: &'static str,
    ids: [u32; 2],
}

impl Postgres {
    /// Returns the server that other tests use at the moment, or starts one.
    pub async fn shared() -> Arc<Self> {
        static SHARED: tokio::sync::Mutex<Weak<Postgres>> =
            tokio::sync::Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&server);
        server
    }

    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("easel-postgres").tempdir().unwrap();
        let user = (fs::metadata("/proc/self").unwrap().uid() == 0).then(User::without_rights);
        if let Some(user) = &user {
            chown(folder.path(), Some(user.ids[0]), Some(user.ids[1])).unwrap();
        }
        let mut server = Self {
            port: free_port(),
            user,
            running: Mutex::default(),
            n_databases: AtomicU32::new(0),
            folder,
        };
        let mut initdb = server.program("initdb");
        initdb.args(["--auth=trust", "--username=easel", "--locale=C", "--encoding=UTF8"]);
        let made = initdb.args(["--no-sync", "-D"]).arg(server.data()).output();
        let made = made.unwrap_or_else(|err| panic!("{MISSING} ({err})"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // Somebody else may have taken the port meanwhile.
        while !server.runs().await {
            server.port = free_port();
        }
        server
    }

    /// Makes an empty database and returns its address.
    pub async fn database(&self) -> String {
        let name = format!("t{}", self.n_databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&self.address("postgres")).await.unwrap();
        let text = format!("CREATE DATABASE {name}");
        connection.execute(sqlx::AssertSqlSafe(text)).await.unwrap();
        self.address(&name)
    }

    pub async fn run(&self) {
        assert!(self.runs().await, "Postgres ends before it answers");
    }

    /// Starts it, and returns whether it answers.
    async fn runs(&self) -> bool {
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.data()).args(["-c", "listen_addresses=127.0.0.1"]);
        server.args(["-p", &self.port.to_string(), "-c", "fsync=off", "-c"]);
        server.arg(format!("unix_socket_directories={}", self.folder.path().display()));
        // The shell ends it when its own input does: also when these tests are killed. And it ends
        // when the server does.
        let script = r#"exec 3<&0; "$@" & it=$!; { read -r _ <&3; kill -INT $it; } & wait $it"#;
        let mut watched = Command::new("sh");
        watched.args(["-c", script, "sh"]);
        watched.arg(server.get_program()).args(server.get_args());
        watched.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        *self.running.lock().unwrap() = Some(watched.spawn().unwrap());
        let began = Instant::now();
        while let Err(err) = PgConnection::connect(&self.address("postgres")).await {
            assert!(began.elapsed() < Duration::from_secs(120), "Postgres does not answer: {err}");
            if self.has_ended() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        true
    }

    fn has_ended(&self) -> bool {
        let mut running = self.running.lock().unwrap();
        running.as_mut().is_none_or(|it| it.try_wait().unwrap().is_some())
    }

    pub fn stop(&self) {
        if let Some(mut child) = self.running.lock().unwrap().take() {
            drop(child.stdin.take());
            child.wait().unwrap();
        }
    }

    fn address(&self, name: &str) -> String {
        format!("postgres://easel@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let path = found(name);
        let Some(user) = &self.user else { return Command::new(path) };
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={}", user.name)).arg(format!("--regid={}", user.ids[1]));
        command.args(["--clear-groups", "--"]).arg(path).current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

impl User {
    fn without_rights() -> Self {
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let ids = |name: &str| {
            let line = users.lines().find(|it| it.split(':').next() == Some(name))?;
            let mut numbers = line.split(':').skip(2).map(|it| it.parse().unwrap());
            Some([numbers.next()?, numbers.next()?])
        };
        let known = ["postgres", "nobody"].into_iter().find_map(|name| Some((name, ids(name)?)));
        let (name, ids) = known.expect("a user without rights");
        Self { name, ids }
    }
}

/// Debian keeps the server's programs out of the way.
fn found(name: &str) -> PathBuf {
    let versions = match fs::read_dir("/usr/lib/postgresql") {
        Ok(entries) => entries.map(|it| it.unwrap().path().join("bin").join(name)).collect(),
        Err(err) if err.kind() == ErrorKind::NotFound => Vec::new(),
        Err(err) => panic!("{err}"),
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::split_paths(&path).map(|it| it.join(name));
    let found = versions.into_iter().chain(named).filter(|it| Path::is_file(it)).max();
    found.unwrap_or_else(|| panic!("{MISSING}"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
