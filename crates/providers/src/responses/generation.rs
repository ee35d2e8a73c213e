//! What the name of a model tells about the fields that it takes.
//!
//! The vendor refuses fields of another generation. A deployment may have any name; of one that
//! tells nothing nothing is assumed.

/// Whether it thinks unless it is told not to; none if the name does not tell.
pub(super) fn reasons(model: &str) -> Option<bool> {
    let name = own_name(model);
    if name.contains("-chat") || name.starts_with("chatgpt") {
        return Some(false);
    }
    let o_series = name.strip_prefix('o').is_some_and(|it| it.starts_with(digit));
    if o_series || name.starts_with("codex") {
        return Some(true);
    }
    Some(generation(name)? >= (5, 0))
}

/// Whether it tells what it says on the way from its answer, and takes the one for the other in
/// a conversation that does not.
pub(super) fn tells_phases(model: &str) -> bool {
    generation(own_name(model)) >= Some((5, 3))
}

/// Returns the effort of those that are told not to think; none of models that do not think, or
/// that cannot be told so.
pub(super) fn least_effort(model: &str) -> Option<&'static str> {
    let name = own_name(model);
    if reasons(name) != Some(true) || name.contains("-pro") || name.contains("codex") {
        return None;
    }
    match generation(name) {
        None => Some("low"),
        Some((5, 0)) => Some("minimal"),
        Some(_) => Some("none"),
    }
}

/// Without what routers put before it.
fn own_name(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

fn generation(name: &str) -> Option<(u32, u32)> {
    let rest = name.strip_prefix("gpt-")?;
    let end = rest.find(|it| !digit(it)).unwrap_or(rest.len());
    let major = rest[..end].parse().ok()?; // No number, so another family.
    let minor = rest[end..].strip_prefix('.').unwrap_or_default();
    let end = minor.find(|it| !digit(it)).unwrap_or(minor.len());
    Some((major, minor[..end].parse().unwrap_or(0)))
}

fn digit(character: char) -> bool {
    character.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_think_whatever_they_are_told() {
        for (name, expected) in [
            ("gpt-4o", None),
            ("o3", Some("low")),
            ("gpt-5-mini", Some("minimal")),
            ("gpt-5.1", Some("none")),
            ("gpt-5.2-pro", None),
            ("gpt-5-codex", None),
            ("my-deployment", None),
        ] {
            assert_eq!(least_effort(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_tells_the_generation() {
        for (name, expected) in [
            ("gpt-4o", (Some(false), false)),
            ("gpt-4.1-mini", (Some(false), false)),
            ("chatgpt-4o-latest", (Some(false), false)),
            ("gpt-5-nano-2025-08-07", (Some(true), false)),
            ("gpt-5-chat-latest", (Some(false), false)),
            ("gpt-5.1", (Some(true), false)),
            ("gpt-5.3-codex", (Some(true), true)),
            ("openai/gpt-5.10", (Some(true), true)),
            ("gpt-6", (Some(true), true)),
            ("o3", (Some(true), false)),
            ("o4-mini-2025-04-16", (Some(true), false)),
            ("codex-mini-latest", (Some(true), false)),
            ("gpt-oss-120b", (None, false)),
            ("omni", (None, false)),
            ("my-deployment", (None, false)),
            ("gpt-99999999999", (None, false)),
            ("", (None, false)),
        ] {
            assert_eq!((reasons(name), tells_phases(name)), expected, "{name}");
        }
    }
}
