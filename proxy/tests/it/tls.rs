//! TLS with a certificate of the test's own, and a real client that trusts nobody else.

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use easel_proxy::config::{Config, Tls};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::easel::{Easel, until};

#[tokio::test]
async fn who_trusts_the_certificate_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let root = certificate(folder.path());
    let files = files(folder.path());
    let easel = Easel::start_with(|config| {
        config.tls = Some(files);
        config.hosts = vec!["box.local".to_owned()];
    })
    .await;
    let answer = get(easel.address, &root, &easel.home(), "/healthz").await.unwrap();
    assert_eq!(answer.status(), 200);
    // Names that all programs of a machine share are not to be remembered.
    assert!(!answer.headers().contains_key("strict-transport-security"));
    let answer = get(easel.address, &root, "box.local", "/healthz").await.unwrap();
    assert!(answer.headers().contains_key("strict-transport-security"));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&body[..], b"ok\n");

    let stranger = certificate(tempfile::tempdir().unwrap().path());
    assert!(get(easel.address, &stranger, &easel.home(), "/healthz").await.is_err());
    // Who speaks no TLS gets nothing, and stops nobody.
    let plain = TcpStream::connect(easel.address).await.unwrap();
    assert!(get(easel.address, &root, &easel.home(), "/healthz").await.is_ok());
    drop(plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_speaks_tls_where_the_proxy_does() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let files = files(folder.path());
    let easel = Easel::start_with(|config| config.tls = Some(files)).await;
    let (port, data) = (easel.address.port().to_string(), folder.path().join("data"));
    // As a container does: with no word about the configuration.
    let check = move || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_easel-proxy"));
        program.env_clear().arg("--data").arg(&data).args(["--check", "--port", &port]);
        program.output().unwrap()
    };
    let ready = tokio::task::spawn_blocking(check.clone()).await.unwrap();
    assert_eq!(String::from_utf8(ready.stdout).unwrap(), "ready\n", "{:?}", ready.stderr);
    let Easel { served, end, .. } = easel;
    end.unwrap().send(()).unwrap();
    served.await.unwrap();
    let gone = tokio::task::spawn_blocking(check).await.unwrap();
    assert!(!gone.status.success() && gone.stdout.is_empty());
}

#[tokio::test]
async fn a_new_certificate_comes_with_a_reload_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate(folder.path());
    let (tls, again) = (files(folder.path()), folder.path().to_owned());
    let bound = {
        let data = folder.path().join("data");
        let config = move || Config { port: 0, tls: Some(tls.clone()), ..Config::at(&data) };
        easel_proxy::bind_with(config(), Some(Box::new(move || Ok(config())))).await.unwrap()
    };
    let (address, live) = (bound.address, Arc::clone(&bound.live));
    assert!(bound.home.starts_with("https://easel.localhost:"), "{}", bound.home);
    let host = bound.home.strip_prefix("https://").unwrap().to_owned();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(bound.serve(async { drop(ended.await) }));
    assert!(get(address, &first, &host, "/healthz").await.is_ok());

    let second = certificate(&again);
    let reload = || {
        let live = Arc::clone(&live);
        async move { tokio::task::spawn_blocking(move || live.reload()).await.unwrap() }
    };
    reload().await.unwrap();
    assert!(get(address, &second, &host, "/healthz").await.is_ok());
    assert!(get(address, &first, &host, "/healthz").await.is_err());

    std::fs::write(again.join("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let fault = reload().await.unwrap_err().to_string();
    assert!(fault.contains("do not belong together"), "{fault}");
    std::fs::write(again.join("cert.pem"), "none").unwrap();
    let fault = reload().await.unwrap_err().to_string();
    assert!(fault.contains("cert.pem holds no certificate"), "{fault}");
    assert!(get(address, &second, &host, "/healthz").await.is_ok());
    end.send(()).unwrap();
    let served = Mutex::new(Some(served));
    until("it ends", || {
        let done =
            served.lock().unwrap().as_ref().is_some_and(tokio::task::JoinHandle::is_finished);
        async move { done }
    })
    .await;
}

fn files(folder: &Path) -> Tls {
    Tls { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
}

/// Writes a certificate and its key, and returns what a client trusts.
fn certificate(folder: &Path) -> CertificateDer<'static> {
    let pair = KeyPair::generate().unwrap();
    let names = ["easel.localhost".to_owned(), "box.local".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&pair).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), pair.serialize_pem()).unwrap();
    certificate.der().clone()
}

async fn get(
    address: SocketAddr,
    root: &CertificateDer<'static>,
    host: &str,
    path: &str,
) -> std::io::Result<Response<Incoming>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = host.split(':').next().unwrap().to_owned();
    let stream = TcpStream::connect(address).await?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(ServerName::try_from(name).unwrap(), stream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(std::io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::builder().uri(path).header("host", host);
    let request = request.body(Full::new(Bytes::new())).unwrap();
    sender.send_request(request).await.map_err(std::io::Error::other)
}
