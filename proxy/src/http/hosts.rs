//! By which names this proxy is called, and whose pages may ask.
//!
//! A page of another site can reach a local proxy under a name of its own that points here (DNS
//! rebinding), or directly; the first is told by `Host`, the second by `Origin`. Both are lists of
//! what is allowed, never of what is not.

use http::{HeaderMap, HeaderValue, Uri, header};
use providers::endpoint;

/// The name at which the app lives.
const HOME: &str = "easel.localhost";

const PREVIEW: &str = "preview.easel.localhost";

/// Letters and digits after `pv-`.
const LABEL_LENGTH: usize = 8;

#[derive(Debug, Clone)]
pub struct Hosts {
    scheme: &'static str,
    /// With the port, unless it is the usual one.
    home: String,
    preview: String,
    app: Vec<String>,
    origins: Vec<String>,
}

/// Whom a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    App,
    /// The app under a name that is for programs; pages belong to the other one.
    Alias,
    Preview,
    Unknown,
}

impl Hosts {
    /// `hosts` and `origins` are those that the configuration adds.
    #[must_use]
    pub fn new(port: u16, hosts: &[String], origins: &[String]) -> Self {
        Self::at("http", 80, port, hosts, origins)
    }

    /// The same where the proxy speaks TLS.
    #[must_use]
    pub fn secure(port: u16, hosts: &[String], origins: &[String]) -> Self {
        Self::at("https", 443, port, hosts, origins)
    }

    fn at(
        scheme: &'static str,
        usual: u16,
        port: u16,
        hosts: &[String],
        origins: &[String],
    ) -> Self {
        let at = |name: &str| match port {
            port if port == usual => name.to_owned(),
            _ => format!("{name}:{port}"),
        };
        let mut app = vec![at(HOME), at("localhost"), at("127.0.0.1"), at("[::1]")];
        let mut allowed: Vec<String> = app.iter().map(|it| format!("{scheme}://{it}")).collect();
        allowed
            .extend(hosts.iter().flat_map(|it| [format!("http://{it}"), format!("https://{it}")]));
        allowed.extend(origins.iter().cloned());
        app.extend(hosts.iter().cloned());
        Self { scheme, home: at(HOME), preview: at(PREVIEW), app, origins: allowed }
    }

    /// Where the app lives.
    #[must_use]
    pub fn home(&self) -> String {
        format!("{}://{}", self.scheme, self.home)
    }

    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Names that everybody has are no host of which a browser should remember something.
    #[must_use]
    pub fn is_remembered(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
        self.scheme == "https" && self.app.iter().skip(4).any(|it| it.eq_ignore_ascii_case(host))
    }

    /// What follows a preview's own label.
    #[must_use]
    pub fn preview_suffix(&self) -> &str {
        &self.preview
    }

    /// Origins at which the app itself may run.
    #[must_use]
    pub fn app_origins(&self) -> String {
        let origins: Vec<String> =
            self.app.iter().map(|it| format!("{}://{it}", self.scheme)).collect();
        // Frame policies know no addresses in brackets.
        origins.into_iter().filter(|it| !it.contains('[')).collect::<Vec<_>>().join(" ")
    }

    #[must_use]
    pub fn called(&self, headers: &HeaderMap, uri: &Uri) -> Called {
        let mut named = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (named.next().and_then(|it| it.to_str().ok()), named.next())
        else {
            return Called::Unknown;
        };
        let host = host.to_ascii_lowercase();
        if uri.authority().is_some_and(|it| !it.as_str().eq_ignore_ascii_case(&host)) {
            return Called::Unknown;
        }
        match self.app.iter().position(|it| *it == host) {
            Some(1..=3) => Called::Alias,
            Some(_) => Called::App,
            None if self.is_preview(&host) => Called::Preview,
            None => Called::Unknown,
        }
    }

    fn is_preview(&self, host: &str) -> bool {
        let label = host.strip_suffix(&self.preview).and_then(|it| it.strip_suffix('.'));
        let label = label.and_then(|it| it.strip_prefix("pv-"));
        label.is_some_and(|it| {
            it.len() == LABEL_LENGTH
                && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
        })
    }

    #[must_use]
    pub fn allows_origin(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| {
            endpoint::origin(origin) == origin && self.origins.iter().any(|it| it == origin)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_exactly() {
        let hosts = Hosts::new(9595, &["box.local:9595".to_owned()], &[]);
        for (host, expected) in [
            ("easel.localhost:9595", Called::App),
            ("EASEL.localhost:9595", Called::App),
            ("box.local:9595", Called::App),
            ("localhost:9595", Called::Alias),
            ("127.0.0.1:9595", Called::Alias),
            ("[::1]:9595", Called::Alias),
            ("pv-a1b2c3d4.preview.easel.localhost:9595", Called::Preview),
            ("pv-a1b2c3d.preview.easel.localhost:9595", Called::Unknown),
            ("pv-a1b2c3d4x.preview.easel.localhost:9595", Called::Unknown),
            ("pv-a1b2c3_4.preview.easel.localhost:9595", Called::Unknown),
            ("x.pv-a1b2c3d4.preview.easel.localhost:9595", Called::Unknown),
            ("preview.easel.localhost:9595", Called::Unknown),
            ("easel.localhost", Called::Unknown),
            ("easel.localhost:80", Called::Unknown),
            ("easel.localhost.:9595", Called::Unknown),
            ("evil.example:9595", Called::Unknown),
            ("127.0.0.1.evil.example:9595", Called::Unknown),
            ("0.0.0.0:9595", Called::Unknown),
            ("", Called::Unknown),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(hosts.called(&headers, &Uri::from_static("/")), expected, "{host}");
        }
    }

    #[test]
    fn two_names_or_none_are_nobody() {
        let hosts = Hosts::new(9595, &[], &[]);
        let host = |it: &'static str| (header::HOST, HeaderValue::from_static(it));
        let path = Uri::from_static("/");
        assert_eq!(hosts.called(&HeaderMap::new(), &path), Called::Unknown);
        let mut twice = HeaderMap::from_iter([host("easel.localhost:9595")]);
        twice.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert_eq!(hosts.called(&twice, &path), Called::Unknown);
        let whole = Uri::from_static("http://evil.example/app/turn");
        let once = HeaderMap::from_iter([host("easel.localhost:9595")]);
        assert_eq!(hosts.called(&once, &whole), Called::Unknown);
    }

    #[test]
    fn origins_are_taken_exactly() {
        let hosts = Hosts::new(9595, &[], &["https://easel.example.org".to_owned()]);
        let allowed = |it: &'static str| hosts.allows_origin(&HeaderValue::from_static(it));
        assert!(allowed("http://easel.localhost:9595"));
        assert!(allowed("http://127.0.0.1:9595"));
        assert!(allowed("https://easel.example.org"));
        for origin in [
            "null",
            "http://evil.example",
            "https://easel.localhost:9595",
            "http://easel.localhost",
            "http://easel.localhost:95950",
            "http://pv-a1b2c3d4.preview.easel.localhost:9595",
            "http://easel.localhost:9595.evil.example",
            "https://easel.example.org.evil.example",
            "",
        ] {
            assert!(!allowed(origin), "{origin}");
        }
    }

    #[test]
    fn the_usual_port_is_not_named() {
        assert_eq!(Hosts::new(80, &[], &[]).home(), "http://easel.localhost");
    }
}
