//! Asks the proxy on this machine whether it is ready, for containers that have no other program.
//!
//! It needs no configuration: it speaks plainly first, and TLS where the answer is none of HTTP. Any
//! certificate will do there. It is made out for the name that people open and not for the loopback,
//! and nothing secret is sent: one bit comes back from this machine, and who could forge it has taken
//! the proxy's place already.

use std::{
    io::{
        self,
        ErrorKind::{BrokenPipe, ConnectionReset},
        Read, Write,
    },
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

const PATIENCE: Duration = Duration::from_secs(1);

/// Every answer over HTTP begins with this.
const HTTP: &[u8] = b"HTTP/1.1 ";

const GOOD: &[u8] = b"200";

/// Returns whether the proxy at a port takes requests.
pub(crate) fn ready(port: u16) -> io::Result<bool> {
    if let Some(ready) = ask(connect(port)?, port)? {
        return Ok(ready);
    }
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any(provider)))
        .with_no_client_auth();
    let name = ServerName::IpAddress(Ipv4Addr::LOCALHOST.into());
    let tls = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let answer = ask(StreamOwned::new(tls, connect(port)?), port)?;
    answer.ok_or_else(|| io::Error::other("what answers there speaks no HTTP"))
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Returns nothing where the answer is none of HTTP.
fn ask(mut stream: impl Read + Write, port: u16) -> io::Result<Option<bool>> {
    let asked =
        format!("GET /readyz HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n");
    let n_bytes = u64::try_from(HTTP.len() + GOOD.len()).unwrap_or(u64::MAX);
    let mut answer = Vec::new();
    let exchanged = stream
        .write_all(asked.as_bytes())
        .and_then(|()| stream.flush())
        .and_then(|()| stream.take(n_bytes).read_to_end(&mut answer));
    match exchanged {
        Ok(_) => Ok(answer.strip_prefix(HTTP).map(|status| status == GOOD)),
        // Who was spoken to in the wrong way may hang up at any moment.
        Err(err) if matches!(err.kind(), ConnectionReset | BrokenPipe) => Ok(None),
        Err(err) => Err(err),
    }
}

/// Takes every certificate, from who has its key.
#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
