//! What of a wrong value may be repeated. Keys get into wrong places, and what is said of a fault
//! goes into the log and over the network.
//!
//! What looks like a key, or may hold a password, is not repeated; its field is named instead.

/// Longer words are seldom words.
const LETTERS_LIMIT: usize = 18;

/// With digits among them, keys are longer.
const DIGITS_LIMIT: usize = 8;

const TEXT_LIMIT: usize = 120;

/// Returns a value in quotes, or the name of its field.
pub(super) fn value(text: &str, field: &str) -> String {
    if is_plain(text) { format!("`{text}`") } else { instead(field) }
}

/// The same of an address: neither a login nor what follows `?` is repeated, nor a path that may
/// be a key, as webhooks have.
pub(super) fn address(text: &str, field: &str) -> String {
    let text = text.trim();
    let named = text.split(['?', '#']).next().unwrap_or_default();
    let host_at = named.find("://").map_or(0, |at| at + 3);
    let end = named[host_at..].find('/').map_or(named.len(), |at| host_at + at);
    if text.contains('@') || !is_plain(&named[..end]) {
        instead(field)
    } else if is_plain(named) && named.len() == text.len() {
        format!("`{text}`")
    } else {
        format!("`{}/…`", &named[..end])
    }
}

/// Returns the name of a variable in quotes, or the name of the field in which something else is.
pub(super) fn variable(name: &str, field: &str) -> String {
    let capitals = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_';
    if name.bytes().all(capitals) && is_plain(name) {
        format!("`{name}`")
    } else {
        format!("that `{field}` names (what is there may be a key, so it is not repeated)")
    }
}

/// Describes what serde says of a text in TOML. It repeats what it found wherever it is.
pub(super) fn message(text: &str) -> String {
    let wrong = ["invalid type: ", "invalid value: "];
    if let Some(said) = wrong.iter().find_map(|it| text.strip_prefix(it)) {
        let (found, wanted) = said.rsplit_once(", expected ").unwrap_or((said, "something else"));
        let number = ["a boolean", "u16", "u32", "u64"].contains(&wanted);
        let wanted = match wanted {
            "u16" => "a number from 0 to 65535",
            "u32" => "a number from 0 to 4294967295",
            "u64" => "a whole number that is not less than 0",
            it if it.starts_with("struct ") => "a table",
            it => it,
        };
        let (kind, value) = found.split_once(['`', '"']).unwrap_or((found, ""));
        let value = value.trim_end_matches(['`', '"']);
        let kind = kind.trim_end();
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        return match number && (kind != "string" || is_plain(value)) {
            true => format!("`{value}` is {article} {kind}, and {wanted} is expected"),
            false => format!("there is {article} {kind}, and {wanted} is expected"),
        };
    }
    // The name of a field, or one of several words.
    let end = text.rfind("`, expected").or_else(|| text.rfind('`'));
    match (text.find('`'), end) {
        (Some(start), Some(end)) if start < end && !is_plain(&text[start + 1..end]) => {
            format!("{}`…`{}", &text[..start], &text[end + 1..])
        }
        (_, _) => text.to_owned(),
    }
}

fn instead(field: &str) -> String {
    format!("the value of `{field}` (it may be a key, so it is not repeated)")
}

/// Words of a usual length, with whatever between them but an at sign.
fn is_plain(text: &str) -> bool {
    let word = |it: &str| {
        let limit = if it.contains(char::is_numeric) { DIGITS_LIMIT } else { LETTERS_LIMIT };
        it.chars().count() <= limit
    };
    text.len() <= TEXT_LIMIT
        && !text.contains(|it: char| it == '@' || it.is_control())
        && text.split(|it: char| !it.is_alphanumeric()).all(word)
}
