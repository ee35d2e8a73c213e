//! The dialects of a recorded provider: recordings, the form of its errors, and what it takes.
//!
//! Written from the vendors' descriptions and not with the crate under test, which would agree with itself.

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Chat,
    Messages,
    Responses,
    Gemini,
    Converse,
    Ollama,
}

/// A reply, streamed and in one piece.
#[derive(Debug, Clone, Copy)]
pub struct Recording {
    pub streamed: &'static [u8],
    pub whole: &'static str,
}

macro_rules! recordings {
    ($folder:literal, $extension:literal) => {
        [
            Recording {
                streamed: include_bytes!(concat!(
                    "../../recordings/",
                    $folder,
                    "/write",
                    $extension
                )),
                whole: include_str!(concat!("../../recordings/", $folder, "/write.json")),
            },
            Recording {
                streamed: include_bytes!(concat!(
                    "../../recordings/",
                    $folder,
                    "/finish",
                    $extension
                )),
                whole: include_str!(concat!("../../recordings/", $folder, "/finish.json")),
            },
        ]
    };
}

impl Dialect {
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
            Self::Responses => "/v1/responses",
            Self::Gemini => "/v1beta/models",
            Self::Converse => "/model",
            Self::Ollama => "/api/chat",
        }
    }

    pub fn recording(self, answered: bool) -> Recording {
        let both = match self {
            Self::Chat => recordings!("openai", ".sse"),
            Self::Messages => recordings!("anthropic", ".sse"),
            Self::Responses => recordings!("responses", ".sse"),
            Self::Gemini => recordings!("gemini", ".sse"),
            Self::Converse => recordings!("converse", ".messages"),
            Self::Ollama => recordings!("ollama", ".ndjson"),
        };
        both[usize::from(answered)]
    }

    /// Cuts a stream into its events.
    pub fn events(self, mut stream: &[u8]) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        while !stream.is_empty() {
            let after = |end: &[u8]| {
                let at = stream.windows(end.len()).position(|it| it == end);
                at.map_or(stream.len(), |it| it + end.len())
            };
            let length = match self {
                Self::Chat | Self::Messages | Self::Responses => after(b"\n\n"),
                Self::Gemini => after(b"\r\n\r\n"),
                Self::Ollama => after(b"\n"),
                Self::Converse => {
                    u32::from_be_bytes(*stream.first_chunk().unwrap()).try_into().unwrap()
                }
            };
            let (event, rest) = stream.split_at(length);
            events.push(event.to_owned());
            stream = rest;
        }
        events
    }

    pub fn garbage(self) -> &'static [u8] {
        match self {
            Self::Chat | Self::Messages | Self::Responses | Self::Gemini => {
                b"data: <html>no</html>\n\n"
            }
            Self::Converse => b"<html>no</html><html>no</html>",
            Self::Ollama => b"<html>no</html>\n",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Chat | Self::Messages | Self::Responses | Self::Gemini => "text/event-stream",
            Self::Converse => "application/vnd.amazon.eventstream",
            Self::Ollama => "application/x-ndjson",
        }
    }

    pub fn refusal(self, status: StatusCode, message: &str) -> Response {
        let body = match self {
            Self::Chat | Self::Messages | Self::Responses => {
                json!({ "error": { "message": message } })
            }
            Self::Gemini => {
                json!({ "error": { "code": status.as_u16(), "message": message, "status": "X" } })
            }
            Self::Converse => json!({ "message": message }),
            Self::Ollama => json!({ "error": message }),
        };
        let headers = [(header::CONTENT_TYPE, "application/json")];
        (status, headers, body.to_string()).into_response()
    }

    fn messages(self, body: &Value) -> &Value {
        match self {
            Self::Chat | Self::Messages | Self::Converse | Self::Ollama => &body["messages"],
            Self::Responses => &body["input"],
            Self::Gemini => &body["contents"],
        }
    }

    /// Returns the last line of the prompt, before which stands what the app adds; or whether it
    /// is a tool's result that comes last.
    pub fn last(self, body: &Value) -> (String, bool) {
        let messages = self.messages(body);
        let last = messages.as_array().and_then(|it| it.last()).unwrap_or(messages);
        let text = last.to_string();
        let results = ["tool_result", "function_call_output", "functionResponse", "toolResult"];
        if last["role"] == "tool" || results.iter().any(|it| text.contains(it)) {
            return (String::new(), true);
        }
        let content = [&last["content"], &last["parts"], last].into_iter().find(|it| !it.is_null());
        let Some(content) = content else { return (String::new(), false) };
        let mut texts =
            content.as_array().into_iter().flatten().filter_map(|it| it["text"].as_str());
        let text = content.as_str().or_else(|| texts.next_back()).unwrap_or_default();
        (text.trim_end().rsplit('\n').next().unwrap_or_default().to_owned(), false)
    }

    /// Returns what a strict vendor would refuse.
    pub fn complaint(self, body: &Value) -> Option<String> {
        let Some(fields) = body.as_object() else { return Some("no object".to_owned()) };
        if let Some(field) = fields.keys().find(|it| !self.fields().contains(&it.as_str())) {
            return Some(format!("unknown field `{field}`"));
        }
        if let Some(field) = self.needed().iter().find(|it| !fields.contains_key(**it)) {
            return Some(format!("`{field}` is missing"));
        }
        let (calls, results) = self.calls_and_results(body);
        let lost = results.into_iter().find(|it| !calls.contains(it));
        lost.map(|it| format!("`{it}` is a result of no call"))
    }

    /// Names of calls, or ids where there are some, and those that results have.
    fn calls_and_results(self, body: &Value) -> (Vec<&str>, Vec<&str>) {
        let (call, result): (&[&str], &[&str]) = match self {
            Self::Chat => (&["tool_calls", "*", "id"], &["tool_call_id"]),
            Self::Messages => (&["content", "*", "id"], &["content", "*", "tool_use_id"]),
            Self::Responses => (&["call_id"], &["call_id"]),
            Self::Gemini => (
                &["parts", "*", "functionCall", "name"],
                &["parts", "*", "functionResponse", "name"],
            ),
            Self::Converse => (
                &["content", "*", "toolUse", "toolUseId"],
                &["content", "*", "toolResult", "toolUseId"],
            ),
            Self::Ollama => (&["tool_calls", "*", "function", "name"], &["tool_name"]),
        };
        let (mut calls, mut results) = (Vec::new(), Vec::new());
        for message in self.messages(body).as_array().into_iter().flatten() {
            if message["type"] != "function_call_output" {
                gather(message, call, &mut calls);
            }
            if self != Self::Responses || message["type"] == "function_call_output" {
                gather(message, result, &mut results);
            }
        }
        (calls, results)
    }

    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Chat | Self::Ollama => &["model", "messages"],
            Self::Messages => &["model", "messages", "max_tokens"],
            Self::Responses => &["model", "input"],
            Self::Gemini => &["contents"],
            Self::Converse => &["messages"],
        }
    }

    /// What the vendors' descriptions list, as far as clients of today send it.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Chat => &[
                "model",
                "messages",
                "stream",
                "stream_options",
                "max_tokens",
                "max_completion_tokens",
                "temperature",
                "top_p",
                "stop",
                "tools",
                "tool_choice",
                "parallel_tool_calls",
                "response_format",
                "reasoning_effort",
                "seed",
                "user",
                "n",
                "frequency_penalty",
                "presence_penalty",
                "logprobs",
                "top_logprobs",
                "metadata",
            ],
            Self::Messages => &[
                "model",
                "messages",
                "stream",
                "max_tokens",
                "system",
                "temperature",
                "top_p",
                "top_k",
                "stop_sequences",
                "tools",
                "tool_choice",
                "thinking",
                "metadata",
                "output_config",
                "service_tier",
            ],
            Self::Responses => &[
                "model",
                "input",
                "stream",
                "instructions",
                "max_output_tokens",
                "temperature",
                "top_p",
                "tools",
                "tool_choice",
                "parallel_tool_calls",
                "text",
                "reasoning",
                "include",
                "store",
                "metadata",
                "previous_response_id",
                "truncation",
                "user",
            ],
            Self::Gemini => &[
                "contents",
                "systemInstruction",
                "generationConfig",
                "tools",
                "toolConfig",
                "safetySettings",
            ],
            Self::Converse => &[
                "messages",
                "system",
                "inferenceConfig",
                "toolConfig",
                "additionalModelRequestFields",
                "additionalModelResponseFieldPaths",
                "guardrailConfig",
                "outputConfig",
                "performanceConfig",
                "requestMetadata",
            ],
            Self::Ollama => &[
                "model",
                "messages",
                "stream",
                "tools",
                "format",
                "options",
                "think",
                "keep_alive",
            ],
        }
    }
}

/// Adds the texts at a path; `*` is each of a list.
fn gather<'a>(value: &'a Value, path: &[&str], found: &mut Vec<&'a str>) {
    match path.split_first() {
        None => found.extend(value.as_str()),
        Some((&"*", rest)) => {
            for item in value.as_array().into_iter().flatten() {
                gather(item, rest, found);
            }
        }
        Some((name, rest)) => gather(&value[name], rest, found),
    }
}
