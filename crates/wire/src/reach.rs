//! Where a browser may go by itself, with a key of its own.
//!
//! The proxy writes it into the policy of the one worker that goes there, the form of Settings says
//! it, and the worker checks it once more. A browser that is let through may still be refused there.

/// The vendors that answer pages, by their origins.
pub const VENDORS: [&str; 4] = [
    "https://api.anthropic.com",
    "https://api.openai.com",
    "https://openrouter.ai",
    "https://generativelanguage.googleapis.com",
];

/// Servers on the person's own machine, at any port.
pub const LOOPBACK: [&str; 2] = ["http://localhost", "http://127.0.0.1"];

/// Whether a browser may ask at this address.
#[must_use]
pub fn allows(address: &str) -> bool {
    is_loopback(address) || VENDORS.iter().any(|it| address.strip_prefix(it).is_some_and(is_path))
}

/// Whether a server on the person's own machine is meant.
#[must_use]
pub fn is_loopback(address: &str) -> bool {
    LOOPBACK.iter().any(|it| {
        let Some(rest) = address.strip_prefix(it) else { return false };
        let Some(port) = rest.strip_prefix(':') else { return is_path(rest) };
        let end = port.find('/').unwrap_or(port.len());
        port[..end].parse::<u16>().is_ok_and(|it| it != 0) && is_path(&port[end..])
    })
}

fn is_path(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_and_ones_own_machine_can_be_asked() {
        for address in [
            "https://api.anthropic.com",
            "https://api.openai.com/v1",
            "https://openrouter.ai/api/v1",
            "https://generativelanguage.googleapis.com",
            "http://localhost:11434/v1",
            "http://127.0.0.1:1234",
            "http://localhost",
        ] {
            assert!(allows(address), "{address}");
        }
    }

    #[test]
    fn nothing_else_gets_a_key() {
        for address in [
            "",
            "https://example.org/v1",
            "http://api.openai.com/v1",
            "https://api.openai.com.example.org/v1",
            "https://api.openai.com@example.org/v1",
            "https://api.openai.com:8443/v1",
            "https://localhost:8443",
            "http://localhost.example.org",
            "http://localhost:80@example.org/",
            "http://localhost:",
            "http://127.0.0.1:99999/",
            "http://127.0.0.10:80/",
            "http://192.168.1.5:11434",
        ] {
            assert!(!allows(address), "{address}");
        }
    }
}
