//! Ids of calls in a body that goes on as it came.
//!
//! Our handles stay here, and ids that another vendor gave are made to fit. Only the fields are
//! looked at in which ids stand; the rest of the body is not read.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use memchr::memmem;
use providers::{Dialect, seal::split_handle, vendor::Vendor};

/// Returns what has to change for a vendor to whom this dialect is spoken. A call without a result
/// is nothing that vendors take, so those of results are all.
pub(super) fn changes(
    body: &[u8],
    dialect: &dyn Dialect,
    vendor: Vendor<'_>,
) -> Vec<(Range<usize>, String)> {
    let fields = dialect.id_fields();
    let Some(of_results) = fields.first() else { return Vec::new() };
    let mut changed = BTreeMap::new();
    for place in values(body, of_results) {
        let Ok(id) = std::str::from_utf8(&body[place]) else { continue };
        let own = split_handle(id).0;
        let fitting = vendor.call_id(dialect, own);
        if fitting != id {
            changed.insert(id, fitting);
        }
    }
    if changed.is_empty() {
        return Vec::new();
    }
    let places = fields.iter().flat_map(|it| values(body, it));
    let change = |place: Range<usize>| {
        let id = std::str::from_utf8(&body[place.clone()]).ok()?; // Not one of them.
        Some((place, changed.get(id).cloned().map(Cow::into_owned)?))
    };
    places.filter_map(change).collect()
}

/// Where the texts stand that a field has, without their quotes. A field's name within a text has
/// other quotes, and an id has nothing that is escaped.
fn values<'a>(body: &'a [u8], field: &str) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let name = format!("\"{field}\"");
    let find = memmem::Finder::new(&name).into_owned();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + find.find(&body[from..])?;
            from = at + name.len();
            let Some(start) = after(body, from, b':').and_then(|it| after(body, it, b'"')) else {
                continue;
            };
            let Some(length) = memchr::memchr2(b'"', b'\\', &body[start..]) else { continue };
            if body[start + length] == b'"' {
                return Some(start..start + length);
            }
        }
    })
}

/// Returns what follows a character and the space before it.
fn after(body: &[u8], at: usize, character: u8) -> Option<usize> {
    let space = body[at..].iter().take_while(|it| it.is_ascii_whitespace()).count();
    (body.get(at + space) == Some(&character)).then_some(at + space + 1)
}

#[cfg(test)]
mod tests {
    use providers::{
        chat::{Chat, Flavor},
        messages::Messages,
        responses::Responses,
    };
    use wire::ProviderKind;

    use super::*;

    const ORIGINAL: &dyn Dialect = &Chat { flavor: Flavor::Original };
    const COMPATIBLE: &dyn Dialect = &Chat { flavor: Flavor::Compatible };

    #[test]
    fn handles_stay_here() {
        let body = r#"{"messages":[{"tool_calls":[{"id" : "a_eh0123456789abcdef","function":
            {"arguments":"{\"id\":\"a_eh0123456789abcdef\"}"}},{"id":"b"}]},
            {"tool_call_id":"a_eh0123456789abcdef"},{"tool_call_id":"b"}]}"#;
        let expected = r#"{"messages":[{"tool_calls":[{"id" : "a","function":
            {"arguments":"{\"id\":\"a_eh0123456789abcdef\"}"}},{"id":"b"}]},
            {"tool_call_id":"a"},{"tool_call_id":"b"}]}"#;
        check(COMPATIBLE, body, expected);
        check(ORIGINAL, body, expected);
        check(COMPATIBLE, expected, expected);
    }

    #[test]
    fn ids_of_others_are_made_to_fit() {
        let long = "x".repeat(41);
        let chat = format!(r#"[{{"id":"{long}"}},{{"tool_call_id":"{long}"}}]"#);
        check(COMPATIBLE, &chat, &chat);
        let fitting = ORIGINAL.call_id(&long).into_owned();
        assert_eq!(fitting.len(), 40);
        check(ORIGINAL, &chat, &chat.replace(&long, &fitting));

        let kimis = r#"[{"id":"functions.look:0"},{"tool_use_id":"functions.look:0"}]"#;
        check(
            &Messages,
            kimis,
            &kimis.replace("functions.look:0", &Messages.call_id("functions.look:0")),
        );
        let long = "x".repeat(65);
        let items = format!(r#"[{{"id":"{long}","call_id":"{long}"}}]"#);
        let expected = format!(r#"[{{"id":"{long}","call_id":"{}"}}]"#, Responses.call_id(&long));
        check(&Responses, &items, &expected);
    }

    #[test]
    fn what_looks_like_an_id_is_left_alone() {
        for body in [
            r#"{"tool_call_id"}"#,
            r#"{"tool_call_id":7,"id":"a_eh0123456789abcdef"}"#,
            r#"{"tool_call_id":"a\"_eh0123456789abcdef"}"#,
            r#"{"tool_call_id":"a_eh0123456789abcdef"#,
            r#"{"content":"\"tool_call_id\":\"a_eh0123456789abcdef\""}"#,
        ] {
            check(ORIGINAL, body, body);
        }
    }

    #[track_caller]
    fn check(dialect: &dyn Dialect, body: &str, expected: &str) {
        let vendor = Vendor::new(ProviderKind::Anthropic, "https://api.anthropic.com");
        let mut changes = changes(body.as_bytes(), dialect, vendor);
        changes.sort_by_key(|it| std::cmp::Reverse(it.0.start));
        let mut changed = body.to_owned();
        for (place, id) in changes {
            changed.replace_range(place, &id);
        }
        assert_eq!(changed, expected);
    }
}
