//! Who has the port, when it is taken.
//!
//! It only looks: it ends nobody and takes no other port, because on another port the browser
//! has other projects.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpStream},
    path::Path,
    process::Command,
    time::Duration,
};

use wire::Health;

const PATIENCE: Duration = Duration::from_secs(2);
const ANSWER_LIMIT_BYTES: u64 = 64 << 10;

/// Says who listens at an address, as the end of a sentence.
pub(crate) fn holder(address: SocketAddr) -> String {
    let program = by_process_table(address.port()).or_else(|| by_lsof(address.port()));
    let program = program.map(|it| format!(", by {it}")).unwrap_or_default();
    match ask_for_health(address) {
        Some(health) => format!(
            "another Easel ({}) is running there{program}; use that one at \
             http://easel.localhost:{}/, or end it first",
            health.version,
            address.port()
        ),
        None => format!(
            "it is taken{program}; end that program first. Easel keeps to this port because the \
             browser keeps projects by address (`--port` makes another Easel, without these projects)"
        ),
    }
}

fn ask_for_health(address: SocketAddr) -> Option<Health> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let host = match address.ip() {
        IpAddr::V4(_) => "127.0.0.1",
        IpAddr::V6(_) => "[::1]",
    };
    let port = address.port();
    let request =
        format!("GET /app/health HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.take(ANSWER_LIMIT_BYTES).read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    if !head.starts_with("HTTP/1.1 200") {
        return None;
    }
    serde_json::from_str(body).ok()
}

/// Linux: the listening socket's inode, and the process that holds it.
fn by_process_table(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|it| inode(&fs::read_to_string(it).ok()?, port))?;
    let socket = format!("socket:[{inode}]");
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(descriptors) = fs::read_dir(process.path().join("fd")).ok() else { continue };
        let mut targets = descriptors.flatten().filter_map(|it| fs::read_link(it.path()).ok());
        if targets.any(|it| it == Path::new(&socket)) {
            let name = fs::read_to_string(process.path().join("comm")).ok()?;
            let id = process.file_name().to_string_lossy().into_owned();
            return Some(format!("`{}` (process {id})", name.trim()));
        }
    }
    None
}

/// Finds the inode of the socket that listens on a port in the kernel's table.
fn inode(table: &str, port: u16) -> Option<String> {
    const LISTENS: &str = "0A";
    let port = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&port) && *fields.get(3)? == LISTENS;
        listens.then(|| fields.get(9).map(|it| (*it).to_owned()))?
    })
}

/// macOS has no such table, but this program.
fn by_lsof(port: u16) -> Option<String> {
    let port = format!("-iTCP:{port}");
    let found = Command::new("lsof").args(["-nP", "-sTCP:LISTEN", "-Fpc", &port]).output().ok()?;
    let text = String::from_utf8_lossy(&found.stdout);
    let field = |mark: char| text.lines().find_map(|it| it.strip_prefix(mark));
    Some(format!("`{}` (process {})", field('c')?, field('p')?))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listening_socket_is_found_in_the_table() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:257B 0100007F:0001 01 00000000:00000000 00:00000000 00000000  1000        0 11 1
   1: 0100007F:257B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 22 1
";
        assert_eq!(inode(table, 9595).as_deref(), Some("22"));
        assert_eq!(inode(table, 9596), None);
        assert_eq!(inode("", 9595), None);
    }

    #[test]
    fn a_port_that_something_else_has_is_said_so() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answered = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"SSH-2.0-something\r\n").unwrap();
        });
        let text = holder(address);
        answered.join().unwrap();
        assert!(text.contains("end that program first"), "{text}");
    }
}
