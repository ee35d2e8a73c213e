//! The floor: a pass-through on hyper that does nothing else. What a gateway costs more than it, it costs for what it does.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, combinators::BoxBody};
use hyper::{
    body::Incoming, client::conn::http1 as client, server::conn::http1 as server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::Failure;

type Body = BoxBody<Bytes, Failure>;

/// Passes on what comes, on connections that stay open.
pub(crate) async fn serve(port: u16, upstream: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service_fn(move |request| pass(upstream, request));
        tokio::spawn(async move {
            // Whoever leaves is no failure.
            server::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

/// Passes a request on over a connection of its client's own.
async fn pass(upstream: SocketAddr, request: Request<Incoming>) -> Result<Response<Body>, Failure> {
    thread_local! {
        static IDLE: std::cell::RefCell<Vec<client::SendRequest<Incoming>>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    let idle = IDLE.with_borrow_mut(Vec::pop).filter(client::SendRequest::is_ready);
    let mut sender = match idle {
        Some(sender) => sender,
        None => connect(upstream).await?,
    };
    let (parts, body) = sender.send_request(request).await?.into_parts();
    tokio::spawn(async move {
        // It is once the answer has been read.
        if sender.ready().await.is_ok() {
            IDLE.with_borrow_mut(|it| it.push(sender));
        }
    });
    Ok(Response::from_parts(parts, body.map_err(Into::into).boxed()))
}

async fn connect(to: SocketAddr) -> Result<client::SendRequest<Incoming>, Failure> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = client::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
