//! Why a provider could not be reached, in words that help and without addresses.
//!
//! The cause in full is for the log.

use std::{error::Error, io};

use providers::failure;
use wire::{Rejection, RejectionCode};

pub(crate) fn unreachable(provider: &str, err: &hyper_util::client::legacy::Error) -> Rejection {
    let causes = causes(err);
    tracing::warn!(provider, cause = causes.join(": "), "provider not reached");
    let kind = io_kind(err);
    let says = |part: &str| causes.iter().any(|it| it.contains(part));
    let what = if says("dns error") {
        "its host is not known; check the address and the network"
    } else if says("certificate") || says("tls") || says("TLS") || says("InvalidContentType") {
        "no safe connection could be made; check https and the certificate"
    } else if kind == Some(io::ErrorKind::ConnectionRefused) {
        "nothing listens at its address; is it running?"
    } else if kind == Some(io::ErrorKind::TimedOut) || says("timed out") {
        "it did not answer in time"
    } else if err.is_connect() {
        "no connection could be made"
    } else {
        "it closed the connection without an answer"
    };
    failure::plain(RejectionCode::Unreachable, &format!("`{provider}` cannot be reached: {what}"))
}

fn causes(err: &(dyn Error + 'static)) -> Vec<String> {
    chain(err).map(ToString::to_string).collect()
}

fn io_kind(err: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    chain(err).filter_map(|it| it.downcast_ref::<io::Error>()).map(io::Error::kind).last()
}

fn chain<'a>(err: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(err);
    std::iter::from_fn(move || {
        let err = next?;
        next = err.source();
        Some(err)
    })
}
