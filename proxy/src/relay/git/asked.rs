//! What is asked of a git remote: read out of an address, strictly.
//!
//! It asks nothing itself and knows no remote.

use http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;
use url::Url;

use super::super::Refused;
use crate::outbound::{Policy, name};

const BEGIN: &str = "/git/";

const UPLOAD: &str = "git-upload-pack";
const RECEIVE: &str = "git-receive-pack";

/// One of the protocol's three requests.
#[derive(Debug)]
pub(super) struct Asked {
    /// As the client wrote it, with its port.
    pub(super) host: String,
    pub(super) url: Url,
    pub(super) advertises: bool,
    pub(super) logs_in: bool,
    service: &'static str,
}

impl Asked {
    pub(super) fn read(method: &Method, uri: &Uri, policy: &Policy) -> Result<Self, Refused> {
        let rest = uri.path().strip_prefix(BEGIN).unwrap_or_default();
        let (host, path) = rest.split_once('/').ok_or_else(no_repository)?;
        // Pages escape the colon before a port.
        let host = host.replace("%3A", ":").replace("%3a", ":").to_ascii_lowercase();
        if host.contains(['%', '@', '\\']) {
            return Err(Refused::bad("The host in this address is none"));
        }
        if !path.split('/').all(is_plain) {
            return Err(Refused::bad("The path of this repository cannot be used"));
        }
        let (service, advertises) = if *method == Method::POST && uri.query().is_none() {
            let of = |it: &'static str| path.ends_with(&format!("/{it}")).then_some((it, false));
            of(UPLOAD).or_else(|| of(RECEIVE)).ok_or_else(no_request)?
        } else if *method == Method::GET && path.ends_with("/info/refs") {
            match uri.query() {
                Some("service=git-upload-pack") => (UPLOAD, true),
                Some("service=git-receive-pack") => (RECEIVE, true),
                Some(_) | None => return Err(no_request()),
            }
        } else {
            return Err(no_request());
        };
        let query = if advertises { format!("?service={service}") } else { String::new() };
        let at = |scheme: &str| Url::parse(&format!("{scheme}://{host}/{path}{query}"));
        let bad = || Refused::bad("The host in this address is none");
        let mut url = at("https").ok().ok_or_else(bad)?;
        // In a network of one's own there may be no certificates.
        let plain = at("http").ok().ok_or_else(bad)?;
        let port = plain.port_or_known_default().unwrap_or_default();
        let own = name(&plain).and_then(|it| policy.own(&it, port).cloned());
        if own.is_some_and(|it| !it.secure) {
            url = plain;
        }
        if url.path() != format!("/{path}") {
            return Err(Refused::bad("The path of this repository cannot be used"));
        }
        Ok(Self { host, url, advertises, logs_in: false, service })
    }

    /// Whether the headers are those of the protocol.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let expected = format!("application/x-{}-request", self.service);
        let given = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
        if !self.advertises && given != expected.as_bytes() {
            return Err(Refused::bad(&format!("The body must be sent as `{expected}`")));
        }
        Ok(())
    }

    /// The media type of a good answer.
    pub(super) fn answered(&self) -> String {
        let what = if self.advertises { "advertisement" } else { "result" };
        format!("application/x-{}-{what}", self.service)
    }
}

/// Whether a part of a path is one and stays one after it was decoded.
fn is_plain(part: &str) -> bool {
    let fine = |it: u8| it.is_ascii_graphic() && !matches!(it, b'\\' | b'#' | b'?');
    let decoded: Vec<u8> = percent_decode_str(part).collect();
    !part.is_empty()
        && part.bytes().all(fine)
        && !matches!(&*decoded, b"." | b"..")
        && !decoded.iter().any(|it| it.is_ascii_control() || matches!(it, b'/' | b'\\' | b'%'))
}

fn no_repository() -> Refused {
    Refused::bad("Write the repository as in `/git/github.com/owner/name.git`")
}

fn no_request() -> Refused {
    Refused::bad(
        "Only git's own requests pass: `info/refs` for a service, `git-upload-pack` and `git-receive-pack`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::{OwnHost, Pattern};

    #[test]
    fn only_the_three_requests_of_the_protocol_pass() {
        let refs = "info/refs?service=git-upload-pack";
        for (method, address, expected) in [
            (
                "GET",
                &*format!("/git/github.com/a/b.git/{refs}"),
                Some("https://github.com/a/b.git"),
            ),
            ("GET", &format!("/git/GitHub.com/a/b/{refs}"), Some("https://github.com/a/b")),
            ("GET", &format!("/git/box.lan:3000/a/{refs}"), Some("http://box.lan:3000/a")),
            ("GET", &format!("/git/box.lan%3A3000/a/{refs}"), Some("http://box.lan:3000/a")),
            ("GET", &format!("/git/box.lan/a/{refs}"), Some("https://box.lan/a")),
            ("GET", &format!("/git/a.example:8443/a/{refs}"), Some("https://a.example:8443/a")),
            ("GET", &format!("/git/a.example/a%20b/{refs}"), Some("https://a.example/a%20b")),
            ("GET", &format!("/git/a.example/~me/_x/{refs}"), Some("https://a.example/~me/_x")),
            ("POST", "/git/a.example/a/git-upload-pack", Some("https://a.example/a")),
            ("POST", "/git/a.example/a/git-receive-pack", Some("https://a.example/a")),
            ("GET", "/git/a.example/a/info/refs?service=git-upload-archive", None),
            ("GET", "/git/a.example/a/info/refs?service=git-upload-pack&x", None),
            ("GET", "/git/a.example/a/info/refs", None),
            ("GET", "/git/a.example/a/HEAD", None),
            ("GET", "/git/a.example/a/objects/info/packs", None),
            ("GET", "/git/a.example/a/git-upload-pack", None),
            ("HEAD", &format!("/git/a.example/a/{refs}"), None),
            ("POST", &format!("/git/a.example/a/{refs}"), None),
            ("POST", "/git/a.example/a/git-upload-pack?x", None),
            ("POST", "/git/a.example/a/xgit-upload-pack", None),
            ("GET", "/git/a.example", None),
            ("GET", "/git/", None),
            ("GET", &format!("/git//a/{refs}"), None),
            ("GET", &format!("/git/a.example//a/{refs}"), None),
            ("GET", &format!("/git/a.example/../{refs}"), None),
            ("GET", &format!("/git/a.example/x/%2e%2E/{refs}"), None),
            ("GET", &format!("/git/a.example/x%2fy/{refs}"), None),
            ("GET", &format!("/git/a.example/x%5cy/{refs}"), None),
            ("GET", &format!("/git/a.example/x%00/{refs}"), None),
            ("GET", &format!("/git/a.example/x%252e/{refs}"), None),
            ("GET", &format!("/git/u:p@a.example/x/{refs}"), None),
            ("GET", &format!("/git/u%40a.example/x/{refs}"), None),
            ("GET", &format!("/git/a.example:x/x/{refs}"), None),
        ] {
            let uri: Uri = address.parse().unwrap();
            let policy = Policy {
                hosts: vec![Pattern::parse("*").unwrap()],
                private: vec![OwnHost::parse("box.lan:3000").unwrap()],
                ..Policy::default()
            };
            let read = Asked::read(&method.parse().unwrap(), &uri, &policy);
            let url = read.ok().map(|it| it.url.to_string());
            match expected {
                Some(begin) => {
                    let url = url.unwrap_or_else(|| panic!("{address} is refused"));
                    assert!(url.starts_with(&format!("{begin}/")), "{address}: {url}");
                }
                None => assert_eq!(url, None, "{method} {address}"),
            }
        }
    }
}
