//! Connections: each is taken, answered, and let go when the proxy ends or a client asks too slowly.
//!
//! What is answered is not known here.

use std::{convert::Infallible, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{body::Body, extract::ConnectInfo, serve::Listener};
use http::Request;
use hyper::{
    body::Incoming,
    rt::{Read, Write},
    server::conn::http1::{Builder, Connection},
    service::{HttpService, service_fn},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::watch, task::JoinSet};

use super::Live;

/// For the whole head of a request, the wait for its first byte included. Balancers and common clients
/// keep an idle connection for 60 s or less, so that it is they who close it.
const PATIENCE: Duration = Duration::from_secs(75);

/// Answers whoever comes, until it is told to end; then those who are there.
pub(super) async fn answer<L>(mut listener: L, live: Arc<Live>, mut told: watch::Receiver<()>)
where
    L: Listener<Addr = SocketAddr>,
{
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let mut open = JoinSet::new();
    loop {
        let (io, peer) = tokio::select! {
            taken = listener.accept() => taken,
            Some(_) = open.join_next() => continue,
            // An error says that the teller is gone, which is an end too.
            _ = told.changed() => break,
        };
        let live = Arc::clone(&live);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            // Those of this moment: a reload changes them.
            let doors = live.doors();
            // In a box, which goes with it: what a connection holds itself, it holds as long as it is open.
            Box::pin(async move { Ok::<_, Infallible>(doors.answer(request).await) })
        });
        let connection = http.serve_connection(TokioIo::new(io), service);
        open.spawn(go_on(Box::pin(connection), told.clone()));
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

async fn go_on<I, S>(mut connection: Pin<Box<Connection<I, S>>>, mut told: watch::Receiver<()>)
where
    I: Read + Write + Unpin,
    S: HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = told.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(err) = ended {
        tracing::debug!(cause = %err, "a connection broke");
    }
}
