//! The few fields of a request that decide where it goes, read without reading the rest.
//!
//! Prompts are long and most of them go on as they came: so nothing is copied here but what has
//! to change.

use std::{borrow::Cow, ops::Range};

use bytes::Bytes;
use providers::{Dialect, chat, dialect::BadAsk};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Named;

/// Where a request goes, and the places in its body that have to change for it.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) model: String,
    /// None where the client says nothing about it.
    pub(super) stream: Option<bool>,
    /// Where the model's name stands in the body.
    name: Option<Range<usize>>,
    stream_options: Option<Range<usize>>,
    includes_usage: bool,
    /// Of all replies together, where the client asks for several.
    pub(super) max_output_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(borrow, default)]
    stream_options: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "generationConfig")]
    gemini: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "inferenceConfig")]
    converse: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "options")]
    ollama: Option<&'a RawValue>,
    #[serde(default)]
    max_tokens: Number,
    #[serde(default)]
    max_completion_tokens: Number,
    #[serde(default)]
    max_output_tokens: Number,
    #[serde(default)]
    n: Number,
}

/// Where the other dialects say how long a reply may be.
#[derive(Debug, Default, Deserialize)]
struct Limits {
    #[serde(default, alias = "maxOutputTokens", alias = "maxTokens", alias = "num_predict")]
    most: Number,
    #[serde(default, rename = "candidateCount")]
    n: Number,
}

/// A number; whatever else stands there is the provider's to refuse.
#[derive(Debug, Default, Clone, Copy)]
struct Number(Option<u32>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(from)?;
        Ok(Self(raw.get().parse().ok())) // As above.
    }
}

impl Fields<'_> {
    fn max_output_tokens(&self) -> Option<u32> {
        let nested = [self.gemini, self.converse, self.ollama].into_iter().flatten();
        let limits = nested.map(|it| serde_json::from_str::<Limits>(it.get()).unwrap_or_default());
        let limits: Vec<Limits> = limits.collect();
        let here = [self.max_completion_tokens, self.max_output_tokens, self.max_tokens];
        let most = here.into_iter().chain(limits.iter().map(|it| it.most)).find_map(|it| it.0)?;
        let n = self.n.0.or_else(|| limits.iter().find_map(|it| it.n.0)).unwrap_or(1);
        Some(most.saturating_mul(n.max(1)))
    }
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

const WITH_USAGE: &[u8] = br#"{"include_usage":true}"#;

fn wrong(field: &str, what: &'static str) -> BadAsk {
    BadAsk::Wrong { field: field.to_owned(), what }
}

pub(super) fn read(body: &[u8], named: Option<Named>) -> Result<Head, BadAsk> {
    let fields: Fields<'_> = serde_json::from_slice(body)?;
    let options = match fields.stream_options.map(|it| serde_json::from_str(it.get())) {
        None => None,
        Some(Ok(options)) => options,
        Some(Err(_)) => return Err(wrong("stream_options", "is no object of options")),
    };
    let StreamOptions { include_usage } = options.unwrap_or_default();
    let mut head = Head {
        model: String::new(),
        stream: fields.stream,
        name: fields.model.map(|it| place(body, it.get())),
        stream_options: fields.stream_options.map(|it| place(body, it.get())),
        includes_usage: include_usage.unwrap_or(false),
        max_output_tokens: fields.max_output_tokens(),
    };
    match (named, fields.model) {
        (Some(named), _) => {
            head.model = named.model;
            head.stream = Some(named.stream);
            head.name = None;
        }
        (None, Some(name)) => match serde_json::from_str(name.get()) {
            Ok(name) => head.model = name,
            Err(_) => return Err(wrong("model", "is no text")),
        },
        (None, None) => return Err(wrong("model", "is missing")),
    }
    Ok(head)
}

impl Head {
    /// The client reads the usage of a stream.
    pub(super) fn wants_usage(&self) -> bool {
        self.includes_usage || self.stream != Some(true)
    }

    /// The usage was not asked for, but has to be known.
    pub(super) fn lacks_usage(&self, dialect: &dyn Dialect) -> bool {
        dialect.mark() == chat::MARK && self.stream == Some(true) && !self.includes_usage
    }

    /// Returns the body for the provider: the same bytes, with its own name of the model.
    pub(super) fn rewritten(&self, body: &Bytes, model: &str, dialect: &dyn Dialect) -> Bytes {
        let mut changes: Vec<(Range<usize>, Cow<'_, [u8]>)> = Vec::new();
        if let Some(name) = self.name.clone()
            && self.model != model
        {
            // A text always serializes.
            changes.push((name, serde_json::to_vec(model).unwrap_or_default().into()));
        }
        if self.lacks_usage(dialect) {
            match self.stream_options.clone() {
                Some(options) => changes.push((options, WITH_USAGE.into())),
                None => {
                    let end = body.iter().rposition(|it| *it == b'}').unwrap_or(body.len());
                    let field = [b",\"stream_options\":", WITH_USAGE].concat();
                    changes.push((end..end, field.into()));
                }
            }
        }
        if changes.is_empty() {
            return body.clone();
        }
        changes.sort_by_key(|it| it.0.start);
        let mut rewritten = Vec::with_capacity(body.len() + 128);
        let mut at = 0;
        for (range, text) in &changes {
            rewritten.extend_from_slice(&body[at..range.start]);
            rewritten.extend_from_slice(text);
            at = range.end;
        }
        rewritten.extend_from_slice(&body[at..]);
        rewritten.into()
    }
}

/// Where a borrowed part of the body lies in it.
fn place(body: &[u8], part: &str) -> Range<usize> {
    let at = part.as_ptr() as usize - body.as_ptr() as usize;
    at..at + part.len()
}

#[cfg(test)]
mod tests {
    use providers::{chat::Chat, chat::Flavor, messages::Messages};

    use super::*;

    const CHAT: &dyn Dialect = &Chat { flavor: Flavor::Compatible };

    #[test]
    fn what_does_not_change_keeps_every_byte() {
        check(
            r#" {"z" : 1, "model":"a/b" ,"messages":[{"model":"x"}],"stream":false}"#,
            CHAT,
            r#" {"z" : 1, "model":"b\"" ,"messages":[{"model":"x"}],"stream":false}"#,
        );
        check(r#"{"model":"b\""}"#, CHAT, r#"{"model":"b\""}"#);
        check(
            r#"{"model":"\u0061/b","stream":true}"#,
            &Messages,
            r#"{"model":"b\"","stream":true}"#,
        );
    }

    #[test]
    fn a_stream_always_tells_its_usage() {
        check(
            r#"{"model":"b\"","stream":true } "#,
            CHAT,
            r#"{"model":"b\"","stream":true ,"stream_options":{"include_usage":true}} "#,
        );
        check(
            r#"{"stream_options":{"x":1},"model":"a","stream":true}"#,
            CHAT,
            r#"{"stream_options":{"include_usage":true},"model":"b\"","stream":true}"#,
        );
        let asked = r#"{"model":"b\"","stream":true,"stream_options":{"include_usage":true}}"#;
        check(asked, CHAT, asked);
    }

    #[test]
    fn every_dialect_says_somewhere_how_long_a_reply_may_be() {
        for (rest, expected) in [
            (r#""max_tokens":7"#, Some(7)),
            (r#""max_completion_tokens":7,"n":3"#, Some(21)),
            (r#""max_output_tokens":null"#, None),
            (r#""max_tokens":9,"max_completion_tokens":7"#, Some(7)),
            (r#""max_tokens":"many""#, None),
            (r#""generationConfig":{"maxOutputTokens":7,"candidateCount":2}"#, Some(14)),
            (r#""inferenceConfig":{"maxTokens":7}"#, Some(7)),
            (r#""options":{"num_predict":7,"seed":1}"#, Some(7)),
            (r#""options":[]"#, None),
        ] {
            let head = read(format!(r#"{{"model":"m",{rest}}}"#).as_bytes(), None).unwrap();
            assert_eq!(head.max_output_tokens, expected, "{rest}");
        }
    }

    #[test]
    fn a_path_leads_before_a_body() {
        let named = Named { model: "m".to_owned(), stream: true };
        let head = read(br#"{"model":"other"}"#, Some(named)).unwrap();
        assert_eq!((&*head.model, head.stream), ("m", Some(true)));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for body in [
            "",
            "[]",
            "{",
            "7",
            r#"{"model":7}"#,
            r#"{"stream":true}"#,
            r#"{"model":"m","stream":1}"#,
        ] {
            assert!(read(body.as_bytes(), None).is_err(), "{body}");
        }
    }

    #[track_caller]
    fn check(body: &'static str, dialect: &dyn Dialect, expected: &str) {
        let bytes = Bytes::from_static(body.as_bytes());
        let head = read(&bytes, None).unwrap();
        let rewritten = head.rewritten(&bytes, "b\"", dialect);
        assert_eq!(std::str::from_utf8(&rewritten).unwrap(), expected);
    }
}
