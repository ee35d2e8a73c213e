//! The few fields of a request that decide where it goes, read without reading the rest.
//!
//! Prompts are long and most of them go on as they came: so nothing is copied here but what has
//! to change.

use std::{borrow::Cow, fmt, ops::Range};

use bytes::Bytes;
use providers::{Dialect, chat, dialect::BadAsk, vendor::Vendor};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::{Named, ids};

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
    /// The reply is to be made while nobody waits for it.
    pub(super) background: bool,
    /// How many replies are wanted, and how long each may be.
    pub(super) replies: (u32, Option<u32>),
    /// Objects with settings that the body has.
    settings: Vec<(&'static str, Range<usize>)>,
}

/// The fields that are read here, of a body or of an object with settings in it.
#[derive(Debug, Default)]
struct Fields<'a> {
    model: Option<&'a RawValue>,
    stream: Option<&'a RawValue>,
    stream_options: Option<&'a RawValue>,
    background: Option<&'a RawValue>,
    /// One of those before is there twice.
    twice: bool,
    /// How many replies are wanted, and how long each may be: the largest of what the fields of all
    /// dialects say. Which one counts, the provider knows.
    n: Option<u32>,
    most: Option<u32>,
    settings: Vec<(&'static str, &'a RawValue)>,
}

#[derive(Debug, Clone, Copy)]
enum Name {
    Model,
    Stream,
    StreamOptions,
    Background,
    Most,
    Several,
    Settings(&'static str),
    Other,
}

/// Objects in which a reply's limit may stand.
const SETTINGS: [&str; 5] = [
    "generationConfig",
    "generation_config",
    "inferenceConfig",
    "additionalModelRequestFields",
    "options",
];

impl Name {
    fn read(name: &str) -> Self {
        match name {
            "model" => Self::Model,
            "stream" => Self::Stream,
            "stream_options" => Self::StreamOptions,
            "background" => Self::Background,
            "max_tokens"
            | "max_completion_tokens"
            | "max_output_tokens"
            | "maxOutputTokens"
            | "maxTokens"
            | "num_predict" => Self::Most,
            "n" | "candidateCount" | "candidate_count" => Self::Several,
            _ => SETTINGS.into_iter().find(|it| *it == name).map_or(Self::Other, Self::Settings),
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name::read(name))
            }
        }
        from.deserialize_str(Text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = map.next_key()? {
                    fields.take(name, &mut map)?;
                }
                Ok(fields)
            }
        }
        from.deserialize_map(Object)
    }
}

impl<'a> Fields<'a> {
    fn take<A: MapAccess<'a>>(&mut self, name: Name, map: &mut A) -> Result<(), A::Error> {
        let once = match name {
            Name::Model => &mut self.model,
            Name::Stream => &mut self.stream,
            Name::StreamOptions => &mut self.stream_options,
            Name::Background => &mut self.background,
            Name::Most | Name::Several => {
                let value: &RawValue = map.next_value()?;
                let largest = if matches!(name, Name::Most) { &mut self.most } else { &mut self.n };
                // What is no number is the provider's to refuse.
                *largest = (*largest).max(value.get().parse().ok());
                return Ok(());
            }
            Name::Settings(name) => {
                self.settings.push((name, map.next_value()?));
                return Ok(());
            }
            Name::Other => return map.next_value::<IgnoredAny>().map(drop),
        };
        self.twice |= once.replace(map.next_value()?).is_some();
        Ok(())
    }

    /// How many replies are wanted, and how long each may be, also where settings say it.
    fn replies(&self) -> (u32, Option<u32>) {
        // Settings that are no object say nothing.
        let nested = self.settings.iter().filter_map(|it| serde_json::from_str(it.1.get()).ok());
        let all = nested.fold((self.n, self.most), |(n, most), it: Fields<'_>| {
            (n.max(it.n), most.max(it.most))
        });
        (all.0.unwrap_or(1).max(1), all.1)
    }
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

/// What stands at a place instead.
type Change<'a> = (Range<usize>, Cow<'a, [u8]>);

const WITH_USAGE: &[u8] = br#"{"include_usage":true}"#;

/// Reads a field; none where it is not there, or says nothing.
fn value<T: DeserializeOwned>(
    raw: Option<&RawValue>,
    field: &str,
    what: &'static str,
) -> Result<Option<T>, BadAsk> {
    match raw.map(|it| serde_json::from_str(it.get())) {
        None => Ok(None),
        Some(Ok(value)) => Ok(value),
        Some(Err(_)) => Err(BadAsk::wrong(field, what)),
    }
}

pub(super) fn read(body: &[u8], named: Option<Named>) -> Result<Head, BadAsk> {
    let fields: Fields<'_> = serde_json::from_slice(body)?;
    if fields.twice {
        return Err(BadAsk::wrong(
            "`model`, `stream`, `stream_options` or `background`",
            "is there twice",
        ));
    }
    let options = value(fields.stream_options, "stream_options", "is no object of options")?;
    let StreamOptions { include_usage } = options.unwrap_or_default();
    let stream = value(fields.stream, "stream", "is neither `true` nor `false`")?;
    let settings = fields.settings.iter().map(|it| (it.0, place(body, it.1.get())));
    let mut head = Head {
        model: String::new(),
        stream,
        name: fields.model.map(|it| place(body, it.get())),
        stream_options: fields.stream_options.map(|it| place(body, it.get())),
        includes_usage: include_usage.unwrap_or(false),
        background: fields.background.is_some_and(|it| it.get() == "true"),
        replies: fields.replies(),
        settings: settings.collect(),
    };
    match (named, fields.model) {
        (Some(named), _) => {
            head.model = named.model;
            head.stream = Some(named.stream);
            head.name = None;
        }
        (None, Some(name)) => match serde_json::from_str(name.get()) {
            Ok(name) => head.model = name,
            Err(_) => return Err(BadAsk::wrong("model", "is no text")),
        },
        (None, None) => return Err(BadAsk::wrong("model", "is missing")),
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

    /// Returns the body for a provider of this dialect: the same bytes, with its own name of the
    /// model, ids of calls as it takes them, and how long the reply may be, if that is to be said.
    pub(super) fn rewritten(
        &self,
        body: &Bytes,
        model: &str,
        dialect: &dyn Dialect,
        vendor: Vendor<'_>,
        limit: Option<u32>,
    ) -> Bytes {
        let mut changes: Vec<Change<'_>> = self.name_change(model).into_iter().collect();
        let ids = ids::changes(body, dialect, vendor).into_iter();
        changes.extend(ids.map(|(place, id)| (place, id.into_bytes().into())));
        if self.lacks_usage(dialect) {
            match self.stream_options.clone() {
                Some(options) => {
                    let merged = with_usage(&body[options.clone()]);
                    changes.push((options, merged.into()));
                }
                None => {
                    let field = [b"\"stream_options\":", WITH_USAGE].concat();
                    changes.push(appended(body, 0..body.len(), field));
                }
            }
        }
        if let Some(limit) = limit {
            let (object, field) = dialect.limit();
            let said = format!("\"{field}\":{limit}");
            let settings = self.settings.iter().rev().find(|it| Some(it.0) == object);
            changes.push(match (object, settings) {
                (None, _) => appended(body, 0..body.len(), said.into()),
                (Some(_), Some((_, place))) => appended(body, place.clone(), said.into()),
                (Some(object), None) => {
                    let said = format!("\"{object}\":{{{said}}}");
                    appended(body, 0..body.len(), said.into())
                }
            });
        }
        changed(body, changes)
    }

    /// Returns the body with the provider's own name of the model, and nothing else changed.
    pub(super) fn renamed(&self, body: &Bytes, model: &str) -> Bytes {
        changed(body, self.name_change(model).into_iter().collect())
    }

    fn name_change(&self, model: &str) -> Option<Change<'static>> {
        let name = self.name.clone().filter(|_| self.model != model)?;
        // A text always serializes.
        Some((name, serde_json::to_vec(model).unwrap_or_default().into()))
    }
}

fn changed(body: &Bytes, mut changes: Vec<Change<'_>>) -> Bytes {
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

/// Adds the wish to options that the client has.
fn with_usage(options: &[u8]) -> Vec<u8> {
    // They were read as an object, or as nothing.
    let options: Option<Map<String, Value>> = serde_json::from_slice(options).unwrap_or_default();
    let mut options = options.unwrap_or_default();
    options.insert("include_usage".to_owned(), true.into());
    serde_json::to_vec(&options).unwrap_or_default() // As a text.
}

/// A field behind all others of an object, which lies at a place of the body. What lies there and is
/// no object becomes one: it is `null`, or refused anyway.
fn appended<'a>(
    body: &[u8],
    object: Range<usize>,
    mut field: Vec<u8>,
) -> (Range<usize>, Cow<'a, [u8]>) {
    let start = object.start;
    let Some(end) = body[object.clone()].iter().rposition(|it| *it == b'}') else {
        return (object, [b"{", &*field, b"}"].concat().into());
    };
    let end = start + end;
    if body[start..end].trim_ascii_end().last() != Some(&b'{') {
        field.insert(0, b',');
    }
    (end..end, field.into())
}

/// Where a borrowed part of the body lies in it.
fn place(body: &[u8], part: &str) -> Range<usize> {
    let at = part.as_ptr() as usize - body.as_ptr() as usize;
    at..at + part.len()
}

#[cfg(test)]
mod tests {
    use providers::{
        chat::{Chat, Flavor},
        converse::Converse,
        gemini::Gemini,
        messages::Messages,
        ollama::Ollama,
        responses::Responses,
    };
    use wire::ProviderKind;

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
            r#"{"stream_options":{"include_usage":false,"include_obfuscation":false},"model":"a","stream":true}"#,
            CHAT,
            r#"{"stream_options":{"include_usage":true,"include_obfuscation":false},"model":"b\"","stream":true}"#,
        );
        check(
            r#"{"model":"b\"","stream":true,"stream_options":null}"#,
            CHAT,
            r#"{"model":"b\"","stream":true,"stream_options":{"include_usage":true}}"#,
        );
        let asked = r#"{"model":"b\"","stream":true,"stream_options":{"include_usage":true}}"#;
        check(asked, CHAT, asked);
    }

    #[test]
    fn every_dialect_says_somewhere_how_long_a_reply_may_be() {
        for (rest, expected) in [
            (r#""max_tokens":7"#, (1, Some(7))),
            (r#""max_completion_tokens":7,"n":3"#, (3, Some(7))),
            (r#""max_output_tokens":null"#, (1, None)),
            (r#""max_tokens":"many","n":0"#, (1, None)),
            (r#""generationConfig":{"maxOutputTokens":7,"candidateCount":2}"#, (2, Some(7))),
            (r#""generation_config":{"max_output_tokens":7}"#, (1, Some(7))),
            (r#""inferenceConfig":{"maxTokens":7}"#, (1, Some(7))),
            (r#""options":{"num_predict":7,"seed":1}"#, (1, Some(7))),
            (r#""options":{"num_predict":-1}"#, (1, None)),
            (r#""options":[]"#, (1, None)),
        ] {
            let head = read(format!(r#"{{"model":"m",{rest}}}"#).as_bytes(), None).unwrap();
            assert_eq!(head.replies, expected, "{rest}");
        }
    }

    #[test]
    fn of_several_limits_the_largest_is_reserved() {
        for rest in [
            r#""max_tokens":9,"max_completion_tokens":7"#,
            r#""max_completion_tokens":7,"max_tokens":9"#,
            r#""max_tokens":9,"max_tokens":1"#,
            r#""max_tokens":1,"options":{"num_predict":9,"num_predict":2,"maxTokens":3}"#,
            r#""max_tokens":1,"additionalModelRequestFields":{"max_tokens":9,"model":1,"model":2}"#,
            r#""options":{"num_predict":9},"options":{}"#,
        ] {
            let head = read(format!(r#"{{"model":"m",{rest}}}"#).as_bytes(), None).unwrap();
            assert_eq!(head.replies, (1, Some(9)), "{rest}");
        }
    }

    #[test]
    fn a_limit_is_said_where_the_provider_reads_it() {
        let (original, compatible) = (Chat { flavor: Flavor::Original }, CHAT);
        let limited: [(&dyn Dialect, &str, &str); 8] = [
            (compatible, r#"{"model":"m"}"#, r#"{"model":"m","max_tokens":5}"#),
            (&original, r#"{"model":"m"} "#, r#"{"model":"m","max_completion_tokens":5} "#),
            (&Messages, r#"{"model":"m"}"#, r#"{"model":"m","max_tokens":5}"#),
            (&Responses, r#"{"model":"m"}"#, r#"{"model":"m","max_output_tokens":5}"#),
            (
                &Ollama,
                r#"{"model":"m","options":{"num_predict":-1},"z":1}"#,
                r#"{"model":"m","options":{"num_predict":-1,"num_predict":5},"z":1}"#,
            ),
            (
                &Ollama,
                r#"{"model":"m","options":{ },"z":1}"#,
                r#"{"model":"m","options":{ "num_predict":5},"z":1}"#,
            ),
            (
                &Gemini,
                r#"{"model":"m","contents":[]}"#,
                r#"{"model":"m","contents":[],"generationConfig":{"maxOutputTokens":5}}"#,
            ),
            (
                &Converse,
                r#"{"model":"m","inferenceConfig":null}"#,
                r#"{"model":"m","inferenceConfig":{"maxTokens":5}}"#,
            ),
        ];
        for (dialect, body, expected) in limited {
            let bytes = Bytes::from_static(body.as_bytes());
            let head = read(&bytes, None).unwrap();
            assert_eq!(head.rewritten(&bytes, "m", dialect, vendor(), Some(5)), expected);
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
            r#"{"model":"cheap","model":"dear"}"#,
        ] {
            assert!(read(body.as_bytes(), None).is_err(), "{body}");
        }
    }

    fn vendor() -> Vendor<'static> {
        Vendor::new(ProviderKind::OpenaiCompatible, "http://localhost")
    }

    #[track_caller]
    fn check(body: &'static str, dialect: &dyn Dialect, expected: &str) {
        let bytes = Bytes::from_static(body.as_bytes());
        let head = read(&bytes, None).unwrap();
        let rewritten = head.rewritten(&bytes, "b\"", dialect, vendor(), None);
        assert_eq!(std::str::from_utf8(&rewritten).unwrap(), expected);
    }
}
