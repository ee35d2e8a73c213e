//! Finds what looks like a secret before it is sent.
//!
//! It looks at shapes only and reports where and what kind, never the value. It errs on the side of
//! asking, but a question at every hash would be answered without reading, so mere randomness is not
//! enough: it must be called a key or a password.

/// A line that holds a likely secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Counted from 1.
    pub line: u32,
    pub looks_like: &'static str,
}

const SCANNED_BYTES: usize = 4 * 1024 * 1024;
const MOST_FOUND: usize = 100;
const SHORTEST_TOKEN: usize = 20;

/// Returns likely secrets, one per line and kind.
pub fn secrets(text: &str) -> Vec<Found> {
    let text = &text[..text.floor_char_boundary(SCANNED_BYTES.min(text.len()))];
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(looks_like) = looks_like(text) {
            found.push(Found { line, looks_like });
        }
        if found.len() == MOST_FOUND {
            break;
        }
    }
    found
}

fn looks_like(line: &str) -> Option<&'static str> {
    if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    if line.contains("hooks.slack.com/services/T") {
        return Some("a Slack webhook");
    }
    line.split(|c: char| !matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.'))
        .find_map(token)
        .or_else(|| password_in_url(line))
        .or_else(|| named_secret(line))
}

/// Keys with a shape of their own: a prefix, and enough behind it.
fn token(word: &str) -> Option<&'static str> {
    const SHAPES: [(&str, usize, &str); 24] = [
        ("ghp_", 36, "a GitHub token"),
        ("gho_", 36, "a GitHub token"),
        ("ghu_", 36, "a GitHub token"),
        ("ghs_", 36, "a GitHub token"),
        ("ghr_", 36, "a GitHub token"),
        ("github_pat_", 40, "a GitHub token"),
        ("glpat-", 20, "a GitLab token"),
        ("xoxb-", 20, "a Slack token"),
        ("xoxp-", 20, "a Slack token"),
        ("xoxa-", 20, "a Slack token"),
        ("xoxr-", 20, "a Slack token"),
        ("xoxs-", 20, "a Slack token"),
        ("xapp-", 20, "a Slack token"),
        ("AIza", 35, "a Google API key"),
        ("GOCSPX-", 20, "a Google client secret"),
        ("ya29.", 30, "a Google access token"),
        ("sk_live_", 16, "a Stripe key"),
        ("rk_live_", 16, "a Stripe key"),
        ("sk_test_", 16, "a Stripe key"),
        ("sk-ant-", 20, "an Anthropic API key"),
        ("sk-or-", 20, "an OpenRouter API key"),
        ("sk-", 20, "an OpenAI API key"),
        ("hf_", 30, "a Hugging Face token"),
        ("npm_", 36, "an npm token"),
    ];
    let word = word.trim_matches('.');
    if word.len() < SHORTEST_TOKEN {
        return None;
    }
    let shaped = SHAPES.iter().find(|(prefix, n_behind, _)| {
        word.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() >= *n_behind && rest.chars().any(|c| c.is_ascii_digit()) && varied(rest)
        })
    });
    if let Some((_, _, name)) = shaped {
        return Some(name);
    }
    let aws = ["AKIA", "ASIA"].iter().find_map(|it| word.strip_prefix(it));
    let upper = |text: &str| text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if aws.is_some_and(|rest| rest.len() == 16 && upper(rest)) {
        return Some("an AWS access key");
    }
    let parts: Vec<&str> = word.split('.').collect();
    let jwt = parts.len() == 3
        && parts[0].len() >= 10
        && parts[2].len() >= 10
        && parts[..2].iter().all(|part| part.starts_with("eyJ"));
    jwt.then_some("a JSON web token")
}

fn password_in_url(line: &str) -> Option<&'static str> {
    let rest = &line[line.find("://")? + 3..];
    let host = rest.find(|c: char| c == '/' || c == '?' || c.is_whitespace() || "\"'`".contains(c));
    let authority = &rest[..host.unwrap_or(rest.len())];
    let (_, password) = authority.rsplit_once('@')?.0.split_once(':')?;
    let real = password.len() >= 4 && !placeholder(password);
    real.then_some("a password in a URL")
}

/// `api_key = "…"`: something called a secret, with a value that looks random.
fn named_secret(line: &str) -> Option<&'static str> {
    const NAMES: [&str; 12] = [
        "apikey",
        "api_key",
        "api-key",
        "secret",
        "token",
        "password",
        "passwd",
        "private_key",
        "privatekey",
        "access_key",
        "accesskey",
        "credential",
    ];
    if !line.contains(['=', ':']) {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    let name_end = NAMES.iter().filter_map(|it| lower.find(it).map(|at| at + it.len())).min()?;
    let rest = &line[name_end..];
    // The rest of the name, then `=`, `:` or `=>`, and perhaps quotes.
    let at = rest.find(['=', ':'])?;
    if at > 24 || rest[..at].contains(['(', ')', ';', ',']) {
        return None;
    }
    let value = rest[at..].trim_start_matches(|c: char| "=:> \t\"'`".contains(c));
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+/=.~!@#$%^&*".contains(c);
    let end = value.find(|c| !plain(c)).unwrap_or(value.len());
    let next = value[end..].chars().next();
    let value = &value[..end];
    let is_code =
        next == Some('(') || value.contains("process.env") || value.contains("import.meta");
    let random = value.len() >= 16
        && value.chars().any(|c| c.is_ascii_digit())
        && value.chars().any(|c| c.is_ascii_alphabetic())
        && entropy(value) > 3.2;
    (random && !is_code && !placeholder(value)).then_some("a key or password")
}

fn placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let said = ["your", "example", "changeme", "placeholder", "xxxx", "1234567", "dummy", "${"];
    said.iter().any(|it| lower.contains(it)) || !varied(value) || value.starts_with(['$', '<', '{'])
}

fn varied(value: &str) -> bool {
    let first = value.chars().next();
    value.chars().any(|c| Some(c) != first)
}

/// Bits per character.
fn entropy(value: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::<char, u32>::new();
    for c in value.chars() {
        *counts.entry(c).or_default() += 1;
    }
    let n: f64 = counts.values().map(|it| f64::from(*it)).sum();
    counts.values().map(|it| f64::from(*it) / n).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests;
