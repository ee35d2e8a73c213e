//! TLS on the way in, by rustls: one certificate, which can be replaced while the proxy runs.
//!
//! A handshake that is slow or wrong costs nobody else a wait.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::config::Tls;

/// Nobody needs longer for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Handshakes at the same time.
const HANDSHAKES_LIMIT: usize = 256;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    #[error("{} holds no certificate in PEM: {what}", path.display())]
    Certificate { path: PathBuf, what: String },
    #[error("{} holds no private key in PEM: {what}", path.display())]
    Key { path: PathBuf, what: String },
    #[error("{} and {} do not belong together: {source}", certificate.display(), key.display())]
    Pair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

/// Reads a certificate, with those that vouch for it, and its key.
pub(super) fn read(files: &Tls) -> Result<CertifiedKey, BadTls> {
    let Tls { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let bad = |what: String| BadTls::Certificate { path: certificate.clone(), what };
    let chain: Vec<CertificateDer<'static>> = chain.map_err(|err| bad(err.to_string()))?;
    if chain.is_empty() {
        return Err(bad("there is none".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|err| BadTls::Key { path: key.clone(), what: err.to_string() })?;
    CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(|source| {
        BadTls::Pair { certificate: certificate.clone(), key: key.clone(), source }
    })
}

/// The certificate of the moment.
#[derive(Debug)]
pub(super) struct Keys(RwLock<Arc<CertifiedKey>>);

impl Keys {
    pub(super) fn new(pair: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(pair)))
    }

    pub(super) fn replace(&self, pair: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
    }
}

impl ResolvesServerCert for Keys {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Connections whose handshake is over.
#[derive(Debug)]
pub(super) struct Listener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl Listener {
    pub(super) fn new(listener: TcpListener, keys: Arc<Keys>) -> io::Result<Self> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let mut config = config.with_no_client_auth().with_cert_resolver(keys);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let address = listener.local_addr()?;
        let (shaken, ready) = mpsc::channel(HANDSHAKES_LIMIT);
        tokio::spawn(accept_all(listener, TlsAcceptor::from(Arc::new(config)), shaken));
        Ok(Self { ready, address })
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task ends only with this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    shaken: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_LIMIT));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shaken.closed() => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(err) => {
                // No descriptors are left, mostly: some will be.
                tracing::error!(cause = %err, "no connection taken");
                sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        if let Err(err) = stream.set_nodelay(true) {
            tracing::debug!(cause = %err, "no TCP_NODELAY");
        }
        let (acceptor, shaken) = (acceptor.clone(), shaken.clone());
        tokio::spawn(async move {
            match timeout(HANDSHAKE, acceptor.accept(stream)).await {
                // Nobody takes it any more when the proxy ends.
                Ok(Ok(stream)) => drop(shaken.send((stream, address)).await),
                Ok(Err(err)) => tracing::debug!(cause = %err, "no handshake"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
            drop(place);
        });
    }
}
