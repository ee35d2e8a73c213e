//! The end: streams may finish, and nobody new comes in.

use http_body_util::BodyExt as _;

use crate::{easel::Easel, turns::ask};

#[tokio::test]
async fn an_open_stream_finishes_before_the_proxy_does() {
    let mut easel = Easel::start().await;
    let mut response =
        easel.app_stream("POST", "/app/turn", &ask("recorded/recorded-model", "hi")).await;
    response.body_mut().frame().await.unwrap().unwrap();
    easel.end.take().unwrap().send(()).unwrap();
    let rest = response.into_body().collect().await.unwrap().to_bytes();
    assert!(rest.ends_with(b"{\"type\":\"finish\",\"reason\":\"tool_use\"}\n"));
    easel.served.await.unwrap();
    assert!(tokio::net::TcpStream::connect(easel.address).await.is_err());
}
