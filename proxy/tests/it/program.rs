//! The program itself: what it prints, and how it stops.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

#[test]
fn it_prints_the_address_with_the_token_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = program(&folder, &["--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(proxy.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let token = fs::read_to_string(folder.path().join("token")).unwrap();
    assert!(first.starts_with("Easel is at http://easel.localhost:"), "{first}");
    assert!(first.ends_with(&format!("/#token={token}")), "{first}");
    assert!(lines.next().unwrap().unwrap().starts_with("This is another Easel"));
    assert!(lines.next().unwrap().unwrap().starts_with("The app is not built"));
    let ended = Command::new("kill").arg(proxy.id().to_string()).status().unwrap();
    assert!(ended.success() && proxy.wait().unwrap().success());
    let mut log = String::new();
    proxy.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(!log.contains(&token));
    assert!(log.lines().all(|it| serde_json::from_str::<serde_json::Value>(it).is_ok()), "{log}");
}

#[test]
fn who_tells_it_twice_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let scripts = folder.path().join("scripts");
    fs::create_dir(&scripts).unwrap();
    fs::write(scripts.join("long.script"), "when *\ntext a\npause 60000\ntext b\n").unwrap();
    let flags = ["--port", "0", "--scripts", scripts.to_str().unwrap()];
    let mut proxy = program(&folder, &flags).stdout(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(proxy.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let port: u16 = line.split([':', '/']).nth(4).unwrap().parse().unwrap();
    let token = line.split("token=").nth(1).unwrap();
    let body =
        r#"{"model":"script/long","messages":[{"role":"user","content":"x"}],"stream":true}"#;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost:{port}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream.read_exact(&mut [0; 15]).unwrap();
    let id = proxy.id().to_string();
    let kill = || Command::new("kill").arg(&id).status().unwrap();
    assert!(kill().success());
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    assert!(kill().success());
    assert!(proxy.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = program(&folder, &["--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let line = BufReader::new(proxy.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let port: u16 = line.split([':', '/']).nth(4).unwrap().parse().unwrap();
    let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap());
    let mut ask = || {
        let request = format!("GET /v1/models HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n");
        connection.get_mut().write_all(request.as_bytes()).unwrap();
        let mut n_body = 0;
        loop {
            let mut line = String::new();
            assert_ne!(connection.read_line(&mut line).unwrap(), 0);
            if let Some(length) = line.strip_prefix("content-length: ") {
                n_body = length.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        connection.read_exact(&mut vec![0; n_body]).unwrap();
    };
    // A pipe holds 64 KiB, which are some hundred lines.
    (0..1_000).for_each(|_| ask());
    let mut log = BufReader::new(proxy.stderr.take().unwrap());
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|it: &String| it.contains("lines of the log were lost")) {
        ask();
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0);
        lines.push(line);
    }
    proxy.kill().unwrap();
    proxy.wait().unwrap();
    assert!(lines.len() > 100, "{}", lines.len());
    assert!(lines.iter().all(|it| serde_json::from_str::<serde_json::Value>(it).is_ok()));
}

#[test]
fn a_port_that_another_easel_has_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = program(&folder, &["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(first.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let port = line.split(':').nth(2).unwrap().split('/').next().unwrap();
    let second = output(&folder, &["--port", port]);
    first.kill().unwrap();
    first.wait().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success());
    assert!(said.contains("another Easel") && said.contains("is running there"), "{said}");
    assert!(said.contains(&format!("process {}", first.id())), "{said}");
}

#[test]
fn a_bad_start_says_where_and_what() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("easel.toml");
    fs::write(&config, "\nport = \"high\"\n").unwrap();
    let said = String::from_utf8(output(&folder, &[]).stderr).unwrap();
    assert!(said.starts_with(&format!("easel-proxy: {}, line 2: ", config.display())), "{said}");
    fs::remove_file(&config).unwrap();

    let scripts = folder.path().join("scripts");
    let flags = ["--port", "0", "--scripts", scripts.to_str().unwrap()];
    let said = String::from_utf8(output(&folder, &flags).stderr).unwrap();
    assert!(said.contains("cannot be read"), "{said}");
    fs::create_dir(&scripts).unwrap();
    fs::write(scripts.join("x.script"), "when *\nsing\n").unwrap();
    let said = String::from_utf8(output(&folder, &flags).stderr).unwrap();
    assert_eq!(said, "easel-proxy: x.script, line 2: there is no `sing`\n");

    fs::write(folder.path().join("providers.json"), "{").unwrap();
    let said = String::from_utf8(output(&folder, &["--port", "0"]).stderr).unwrap();
    assert!(said.contains("providers.json cannot be read"), "{said}");
}

#[test]
fn help_version_and_a_new_client() {
    let folder = tempfile::tempdir().unwrap();
    assert!(String::from_utf8(output(&folder, &["--help"]).stdout).unwrap().contains("--scripts"));
    let version = String::from_utf8(output(&folder, &["--version"]).stdout).unwrap();
    assert_eq!(version, format!("easel-proxy {}\n", env!("CARGO_PKG_VERSION")));
    let made = String::from_utf8(output(&folder, &["--new-client", "editor"]).stdout).unwrap();
    assert!(made.starts_with("easel-") && made.contains(" easel-signing-"), "{made}");
    let again = output(&folder, &["--new-client", "editor"]);
    assert!(!again.status.success());
}

#[test]
fn a_new_owner_and_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let made = output(&folder, &["--new-owner", "Ann@Example.com"]);
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(said.contains("owns `Local`") && said.contains("shared = true"), "{said}");
    assert!(output(&folder, &["--new-owner", "ann@example.com"]).status.success());
    assert!(!output(&folder, &["--new-owner", "no address"]).status.success());

    let mut proxy = program(&folder, &["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(proxy.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let port = line.split(':').nth(2).unwrap().split('/').next().unwrap();
    let ready = output(&folder, &["--check", "--port", port]);
    proxy.kill().unwrap();
    proxy.wait().unwrap();
    assert_eq!(String::from_utf8(ready.stdout).unwrap(), "ready\n");
    assert!(!output(&folder, &["--check", "--port", port]).status.success());
}

fn output(folder: &TempDir, args: &[&str]) -> Output {
    program(folder, args).output().unwrap()
}

fn program(folder: &TempDir, args: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_easel-proxy"));
    program.env_clear().args(args).arg("--no-open").arg("--data").arg(folder.path());
    program.arg("--site").arg(folder.path().join("site"));
    program
}
