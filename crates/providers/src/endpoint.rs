//! Addresses of providers, as people type them.
//!
//! It resolves no name and judges no host: a person's own machine is a fine place for a model.

/// Why an address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("it must begin with http:// or https://")]
    Scheme,
    #[error("it has no host")]
    NoHost,
    #[error("it must not hold a name or a password")]
    Credentials,
    #[error("it must not hold `?`, `#`, spaces or control characters")]
    Extra,
}

/// Returns the address in the form in which it is kept: without what [`join`] adds, and without a
/// slash at the end.
pub fn parse(text: &str) -> Result<String, BadAddress> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let scheme = ["http://", "https://"].into_iter().find(|it| lower.starts_with(it));
    let scheme = scheme.ok_or(BadAddress::Scheme)?;
    let rest = &text[scheme.len()..];
    if rest.contains(|it: char| matches!(it, '?' | '#' | '\\') || it <= ' ' || it == '\u{7f}') {
        return Err(BadAddress::Extra);
    }
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if host.contains('@') {
        return Err(BadAddress::Credentials);
    }
    if host.is_empty() || host.starts_with(':') {
        return Err(BadAddress::NoHost);
    }
    let mut path = path.trim_end_matches('/');
    for pasted in ["/chat/completions", "/completions", "/messages", "/responses", "/models"] {
        path = path.strip_suffix(pasted).unwrap_or(path);
    }
    Ok(format!("{scheme}{}{}", host.to_ascii_lowercase(), path.trim_end_matches('/')))
}

/// Returns scheme, host and port: what a key belongs to.
#[must_use]
pub fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |at| host + at);
    &address[..end]
}

/// Returns the whole address of a path; the version is added where the address names a host only.
#[must_use]
pub fn join(address: &str, version: &str, path: &str) -> String {
    let address = address.trim_end_matches('/');
    let version = if origin(address).len() == address.len() { version } else { "" };
    format!("{address}{version}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_becomes_one_form() {
        for (typed, expected) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
            (
                "https://api.openai.com/v1/chat/completions",
                "https://api.openai.com/v1/chat/completions",
            ),
            (" HTTP://LocalHost:11434/ ", "http://localhost:11434/v1/chat/completions"),
            ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
            ("http://[::1]:8080", "http://[::1]:8080/v1/chat/completions"),
        ] {
            assert_eq!(
                join(&parse(typed).unwrap(), "/v1", "/chat/completions"),
                expected,
                "{typed}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (typed, expected) in [
            ("", BadAddress::Scheme),
            ("api.openai.com", BadAddress::Scheme),
            ("file:///etc/passwd", BadAddress::Scheme),
            ("javascript:alert(1)", BadAddress::Scheme),
            ("https://", BadAddress::NoHost),
            ("https:///v1", BadAddress::NoHost),
            ("http://:80/", BadAddress::NoHost),
            ("https://me:secret@host/v1", BadAddress::Credentials),
            ("https://host/v1?key=abc", BadAddress::Extra),
            ("https://host/v1#x", BadAddress::Extra),
            ("https://host\r\nX-Evil: 1/v1", BadAddress::Extra),
        ] {
            assert_eq!(parse(typed), Err(expected), "{typed:?}");
        }
    }

    #[test]
    fn a_key_belongs_to_an_origin() {
        assert_eq!(origin("https://host:1/v1"), "https://host:1");
        assert_eq!(origin("https://host"), "https://host");
    }
}
