//! Whether an answer is one: whole, or an explicit error in the form of the client's dialect.

use http::response::Parts;
use providers::{Dialect, feed::Feed, vendor::Vendor};
use serde_json::Value;
use wire::ModelEvent;

use super::plan::{Fault, Plan};
use crate::upstream::dialect::Dialect as Recorded;

/// What the recording says.
const TEXT: &str = "I write the page. ";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Whole,
    /// An error instead of an answer.
    Refused,
    /// An error at the end of a stream.
    Broken,
    /// The client did not stay to see.
    Left,
    Wrong(String),
}

pub fn judge(plan: &Plan, parts: &Parts, body: &[u8]) -> Verdict {
    let spoken: &dyn Dialect = Vendor::new(plan.client.kind, "http://x").dialect();
    let verdict = if parts.status != 200 {
        refused(plan, parts, body)
    } else if plan.stream {
        match (streamed(spoken, body), &plan.fault) {
            // A letter before an event makes it one of another kind, which nobody reads.
            (Verdict::Wrong(_), Fault::Garbage { bytes, .. }) if bytes.len() < 4 => Verdict::Left,
            (verdict, _) => verdict,
        }
    } else {
        match spoken.read_whole(body) {
            // A letter more in a text is a text, too.
            Ok(_) if matches!(plan.fault, Fault::Garbage { .. }) => Verdict::Whole,
            Ok(events) => said(&events, true),
            Err(err) => Verdict::Wrong(format!("unreadable: {err}")),
        }
    };
    match verdict {
        // A busy machine may be silent for longer than the proxy's patience.
        Verdict::Refused | Verdict::Broken if plan.must_be_whole() && !is_late(body) => {
            Verdict::Wrong(format!("nothing went wrong, and yet: {}", shown(body)))
        }
        Verdict::Wrong(what) => Verdict::Wrong(format!("{what}: {}", shown(body))),
        fine @ (Verdict::Whole | Verdict::Refused | Verdict::Broken | Verdict::Left) => fine,
    }
}

fn refused(plan: &Plan, parts: &Parts, body: &[u8]) -> Verdict {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Verdict::Wrong("an error that is no JSON".to_owned());
    };
    let error = &body["error"];
    let (marked, text) = match plan.client.recorded {
        Recorded::Chat | Recorded::Responses => (error["code"].is_string(), &error["message"]),
        Recorded::Messages => (body["type"] == "error", &error["message"]),
        Recorded::Gemini => (error["status"].is_string(), &error["message"]),
        Recorded::Converse => (parts.headers.contains_key("x-amzn-errortype"), &body["message"]),
        Recorded::Ollama => (true, error),
    };
    let told = text.as_str().is_some_and(|it| !it.is_empty());
    match parts.headers.get("x-request-id") {
        Some(_) if marked && told && parts.status.as_u16() >= 400 => Verdict::Refused,
        _ => Verdict::Wrong(format!("{} of another form", parts.status)),
    }
}

fn streamed(spoken: &dyn Dialect, body: &[u8]) -> Verdict {
    let (mut feed, mut events) = (Feed::new(spoken), Vec::new());
    feed.push(body, &mut events);
    // Google's errors stand outside of events.
    let bare =
        memchr::memmem::rfind(body, b"\n{\"error\":").is_some() || body.starts_with(b"{\"error\":");
    let explicit = feed.is_over() || (bare && body.ends_with(b"}"));
    feed.end(&mut events);
    match events.last() {
        Some(ModelEvent::Error(_)) if explicit => said(&events, false),
        Some(ModelEvent::Finish { .. }) => said(&events, true),
        _ => Verdict::Wrong("a stream without an end".to_owned()),
    }
}

/// Looks whether something is said twice, or missing.
fn said(events: &[ModelEvent], whole: bool) -> Verdict {
    let (mut text, mut calls) = (String::new(), Vec::<String>::new());
    for event in events {
        match event {
            ModelEvent::TextDelta { text: more } => text += more,
            ModelEvent::ToolCallStart { .. } => calls.push(String::new()),
            ModelEvent::ToolCallDelta { json, .. } => {
                *calls.last_mut().unwrap() += json;
            }
            ModelEvent::Reasoning { .. }
            | ModelEvent::ReasoningEnd { .. }
            | ModelEvent::ToolCallEnd { .. }
            | ModelEvent::Usage(_)
            | ModelEvent::Finish { .. }
            | ModelEvent::Error(_) => {}
        }
    }
    if !TEXT.starts_with(&text) || calls.len() > 1 {
        return Verdict::Wrong(format!("said twice: {text:?}, {} calls", calls.len()));
    }
    if !whole {
        return Verdict::Broken;
    }
    let call: Value =
        calls.first().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    if text != TEXT || call["path"] != "index.html" {
        return Verdict::Wrong(format!("taken for whole: {text:?}, {call}"));
    }
    Verdict::Whole
}

fn is_late(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.contains("fell silent") || text.contains("in time")
}

fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let from = text.len().saturating_sub(500);
    let from = (from..text.len()).find(|it| text.is_char_boundary(*it)).unwrap_or(0);
    format!("…{:?}", &text[from..])
}
