//! Which hosts may be asked: lists that the configuration gives.
//!
//! It judges names and ports. Where a name leads is judged when a connection is made, in `dial`.

use std::sync::Arc;

use url::{Host, Url};

/// What a name without a port stands for.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// Which hosts one relay may ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    pub hosts: Vec<Pattern>,
    /// Hosts that may be asked although they are in a network of one's own.
    pub private: Vec<OwnHost>,
    pub bounds: Bounds,
}

/// Which hosts may be asked at all, whoever names them; every one, where there is no list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds(Option<Arc<[Pattern]>>);

/// `github.com`, `*.example.org` (what is below it), `*`; with a port if it is not a usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    name: Name,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Any,
    Exactly(String),
    Below(String),
}

/// A host of somebody's own network, with the one port that may be asked there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHost {
    pub secure: bool,
    host: String,
    port: u16,
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const BAD: &str =
            "is no host: write it as in `github.com`, `*.example.org` or `example.org:8443`";
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => {
                (name, Some(port.parse().ok().filter(|it| *it != 0).ok_or(BAD)?))
            }
            Some(_) | None => (text, None),
        };
        let name = match name.strip_prefix('*') {
            Some("") => Name::Any,
            Some(rest) => Name::Below(host(rest.strip_prefix('.').ok_or(BAD)?).ok_or(BAD)?),
            None => Name::Exactly(host(name).ok_or(BAD)?),
        };
        Ok(Self { name, port })
    }

    fn admits(&self, name: &str, port: u16) -> bool {
        let port_fits = match self.port {
            Some(own) => own == port,
            None => USUAL_PORTS.contains(&port),
        };
        port_fits
            && match &self.name {
                Name::Any => true,
                Name::Exactly(own) => own == name,
                Name::Below(parent) => {
                    name.strip_suffix(&**parent).is_some_and(|it| it.len() > 1 && it.ends_with('.'))
                }
            }
    }
}

impl OwnHost {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const BAD: &str = "is no host: write it as in `gitea.lan:3000` or `https://gitea.lan`";
        let address = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&address).ok().ok_or(BAD)?;
        let bare = matches!(url.path(), "/") && url.query().is_none() && url.fragment().is_none();
        let host =
            name(&url).filter(|it| bare && !is_login(&url) && !it.contains('*')).ok_or(BAD)?;
        let port = url.port_or_known_default().filter(|it| *it != 0).ok_or(BAD)?;
        match url.scheme() {
            "http" => Ok(Self { secure: port == 443, host, port }),
            "https" => Ok(Self { secure: true, host, port }),
            _ => Err(BAD),
        }
    }

    fn is_at(&self, name: &str, port: u16) -> bool {
        self.host == name && self.port == port
    }
}

impl Bounds {
    #[must_use]
    pub fn new(hosts: Vec<Pattern>) -> Self {
        Self(Some(hosts.into()))
    }

    /// Whether an address is at a host that may be asked.
    #[must_use]
    pub fn admit(&self, address: &str) -> bool {
        self.0.is_none()
            || Url::parse(address).is_ok_and(|url| {
                let port = url.port_or_known_default().unwrap_or_default();
                name(&url).is_some_and(|it| self.admits(&it, port))
            })
    }

    fn admits(&self, name: &str, port: u16) -> bool {
        self.0.as_ref().is_none_or(|hosts| hosts.iter().any(|it| it.admits(name, port)))
    }
}

impl Policy {
    /// Whether a host may be asked at all.
    pub(crate) fn admits(&self, name: &str, port: u16) -> bool {
        self.bounds.admits(name, port)
            && (self.hosts.iter().any(|it| it.admits(name, port)) || self.own(name, port).is_some())
    }

    pub(crate) fn own(&self, name: &str, port: u16) -> Option<&OwnHost> {
        self.private.iter().find(|it| it.is_at(name, port))
    }
}

/// Returns an address's host as it is compared: small letters, no dot at the end.
pub(crate) fn name(url: &Url) -> Option<String> {
    let text = match url.host()? {
        Host::Domain(name) => name.strip_suffix('.').unwrap_or(name).to_owned(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => format!("[{ip}]"),
    };
    (!text.is_empty() && !text.starts_with('.')).then_some(text)
}

pub(crate) fn is_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Reads a host by itself, in the form in which addresses have it.
fn host(text: &str) -> Option<String> {
    if text.is_empty() || text.contains(['/', '?', '#', '@', '*', '\\', ' ']) {
        return None;
    }
    let url = Url::parse(&format!("http://{text}")).ok()?; // Whoever asks says what is wrong.
    url.port().is_none().then(|| name(&url)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_admits_what_it_says() {
        for (pattern, address, expected) in [
            ("github.com", "https://github.com/", true),
            ("github.com", "http://GitHub.com./", true),
            ("github.com", "https://evil-github.com/", false),
            ("github.com", "https://github.com.evil.example/", false),
            ("github.com", "https://x.github.com/", false),
            ("github.com", "https://github.com:8443/", false),
            ("github.com:8443", "https://github.com:8443/", true),
            ("github.com:8443", "https://github.com/", false),
            ("*.example.org", "https://a.b.example.org/", true),
            ("*.example.org", "https://example.org/", false),
            ("*.example.org", "https://.example.org/", false),
            ("*.example.org", "https://badexample.org/", false),
            ("*", "https://anything.example/", true),
            ("*", "https://anything.example:22/", false),
            ("*:22", "https://anything.example:22/", true),
            ("BÜCHER.example", "https://xn--bcher-kva.example/", true),
            ("[::1]:80", "http://[0:0:0:0:0:0:0:1]/", true),
            ("[::1]", "http://[::1]/", true),
        ] {
            let hosts = vec![Pattern::parse(pattern).unwrap()];
            let bounds = Bounds::new(hosts.clone());
            assert_eq!(bounds.admit(address), expected, "{pattern} {address}");
            let policy = Policy { hosts, ..Policy::default() };
            let url = Url::parse(address).ok();
            let admitted =
                url.and_then(|it| Some(policy.admits(&name(&it)?, it.port_or_known_default()?)));
            assert_eq!(admitted.unwrap_or(false), expected, "{pattern} {address}");
        }
        for bad in ["", "*x", "a.*.b", "a/b", "a b", "u@h", "h:0", "h:x", "https://h", "**", "*."] {
            assert!(Pattern::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bounds_hold_for_what_the_lists_allow() {
        let parse = |it: &str| Pattern::parse(it).unwrap();
        let policy = Policy {
            hosts: vec![parse("*")],
            private: vec![OwnHost::parse("gitea.lan:3000").unwrap()],
            bounds: Bounds::new(vec![parse("github.com")]),
        };
        assert!(policy.admits("github.com", 443));
        assert!(!policy.admits("example.org", 443));
        assert!(!policy.admits("gitea.lan", 3000));
        assert!(Bounds::default().admit("https://anything.example:22/"));
        assert!(!Bounds::new(Vec::new()).admit("https://github.com/"));
        assert!(!Bounds::new(vec![parse("*")]).admit("no address"));
    }

    #[test]
    fn a_host_of_ones_own_has_one_port_and_a_scheme() {
        for (text, expected) in [
            ("gitea.lan:3000", (false, "gitea.lan", 3000)),
            ("Gitea.LAN", (false, "gitea.lan", 80)),
            ("gitea.lan:443", (true, "gitea.lan", 443)),
            ("https://gitea.lan", (true, "gitea.lan", 443)),
            ("https://gitea.lan:8443/", (true, "gitea.lan", 8443)),
            ("[fd12::1]:80", (false, "[fd12::1]", 80)),
            ("0x7f.1:9000", (false, "127.0.0.1", 9000)),
        ] {
            let own = OwnHost::parse(text).unwrap();
            assert_eq!((own.secure, &*own.host, own.port), expected, "{text}");
        }
        for bad in ["", "*.lan", "a/b", "u:p@a", "ftp://a", "a:0", "a:99999", "a b", "http://"] {
            assert!(OwnHost::parse(bad).is_err(), "{bad:?}");
        }
    }
}
