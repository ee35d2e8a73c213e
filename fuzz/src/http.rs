//! The doors: a proxy in this process, and requests at it.
//!
//! Its only model is a script, so nothing leaves this machine. A target's bytes are a request without what must be right
//! for it to come in: `METHOD PATH`, headers, an empty line, the body.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::LazyLock,
    time::Duration,
};

use easel_proxy::config::{self, Command};

const PATIENCE: Duration = Duration::from_secs(20);

const SCRIPT: &str =
    "when *\nthink Hm.\ntext Hello.\ntool write {\"path\":\"x\"}\nafter 1\ntext Done.\n";

struct Proxy {
    address: SocketAddr,
    token: String,
}

static PROXY: LazyLock<Proxy> = LazyLock::new(start);

/// Sends a request and reads the answer to its end.
pub fn http(data: &[u8]) {
    let at = data.windows(2).position(|it| it == b"\n\n").unwrap_or(data.len());
    let (head, body) = (&data[..at], data.get(at + 2..).unwrap_or_default());
    let mut lines = head.split(|it| *it == b'\n');
    let mut request = lines.next().unwrap_or_default().to_vec();
    request.extend(b" HTTP/1.1\r\n");
    for line in lines {
        request.extend(line);
        request.extend(b"\r\n");
    }
    let Proxy { address, token } = &*PROXY;
    let rest = format!(
        "host: {address}\r\nx-api-key: {token}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    request.extend(rest.as_bytes());
    request.extend(body);
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may be refused before all of it is sent.
    connection.write_all(&request).ok();
    let (mut answer, mut piece) = (Vec::new(), [0; 16384]);
    loop {
        match connection.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&piece[..n]),
            Err(err) => {
                let late = matches!(
                    err.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                );
                assert!(!late, "it hangs");
                break;
            }
        }
    }
    let status = answer.get(9..12).unwrap_or_default();
    assert!(status != b"500", "{}", String::from_utf8_lossy(&answer));
}

fn start() -> Proxy {
    let folder = tempfile::tempdir().unwrap().keep();
    let scripts = folder.join("scripts");
    fs::create_dir(&scripts).unwrap();
    fs::write(scripts.join("fuzz.script"), SCRIPT).unwrap();
    let flag = |it: &str| it.into();
    let args = ["easel-proxy", "--no-open", "--port", "0", "--data"].map(flag);
    let args = args.into_iter().chain([folder.clone().into(), "--site".into()]);
    let args = args.chain([folder.join("site").into(), "--scripts".into(), scripts.into()]);
    let read = config::read(args, &|_| None).unwrap();
    let Command::Serve(config) = read else { unreachable!("it is asked to serve") };
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.unwrap().block_on(async {
            let bound = easel_proxy::bind(*config).await.unwrap();
            let token = bound.token.expose().to_owned();
            tell.send(Proxy { address: bound.address, token }).unwrap();
            bound.serve(std::future::pending()).await.unwrap();
        });
    });
    told.recv().unwrap()
}
