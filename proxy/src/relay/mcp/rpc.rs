//! The messages between a client and a program: whose they are, and under which id.
//!
//! No I/O. A client's ids are replaced by numbers of ours on the way in and put back on the way out,
//! so that a client that uses one twice confuses nobody. Whatever else a message holds stays as it is.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Requests of one client that wait for their answer.
pub(super) const WAITING_LIMIT: usize = 64;

type Fields = BTreeMap<String, Box<RawValue>>;

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a RawValue> {
    fields.get(name).map(|it| &**it)
}

/// Why a message cannot be passed on, as JSON-RPC counts its errors.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadMessage {
    #[error("the body is no JSON")]
    NoJson,
    #[error("several messages at once are not taken; send them one by one")]
    Batch,
    #[error("this is no message of JSON-RPC 2.0")]
    NoRpc,
    #[error("this server has {WAITING_LIMIT} requests to answer; wait for one of them")]
    TooMany,
    #[error("nobody has asked what this answers")]
    Unasked,
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It waits for an answer under this number.
    Request { ours: u64 },
    /// A note, an answer, or that it does not wait any longer for one.
    Rest { gave_up: Option<u64> },
}

/// For whom a program's message is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Answers a request.
    Asker(u64),
    /// Tells how far a request is.
    Watcher(u64),
    /// Whoever listens. `asks` is the id, if it wants an answer.
    Listener {
        asks: Option<String>,
    },
    Nobody,
}

#[derive(Debug)]
struct Waiting {
    theirs: Box<RawValue>,
    progress: Option<String>,
}

/// One client and one program.
#[derive(Debug, Default)]
pub(super) struct Talk {
    n_asked: u64,
    waiting: BTreeMap<u64, Waiting>,
    /// What the program has asked, by its own id.
    asked_back: BTreeMap<String, ()>,
}

impl Talk {
    /// Takes a client's message, and returns the line for the program, if there is one.
    pub(super) fn take(&mut self, body: &[u8]) -> Result<(Sent, Option<String>), BadMessage> {
        if body.trim_ascii_start().starts_with(b"[") {
            return Err(BadMessage::Batch);
        }
        let mut fields: Fields = serde_json::from_slice(body)
            .map_err(|err| if err.is_data() { BadMessage::NoRpc } else { BadMessage::NoJson })?;
        if text(field(&fields, "jsonrpc")).as_deref() != Some("2.0") {
            return Err(BadMessage::NoRpc);
        }
        let method = text(field(&fields, "method"));
        let sent = match (method, fields.get("id").cloned()) {
            (Some(_), Some(theirs)) if is_id(&theirs) => {
                if self.waiting.len() >= WAITING_LIMIT {
                    return Err(BadMessage::TooMany);
                }
                self.n_asked += 1;
                let ours = self.n_asked;
                let progress = progress_token(field(&fields, "params"));
                self.waiting.insert(ours, Waiting { theirs, progress });
                fields.insert("id".to_owned(), number(ours));
                Sent::Request { ours }
            }
            (Some(method), None) if method == "notifications/cancelled" => {
                let gave_up = self.cancel(&mut fields);
                if gave_up.is_none() {
                    // An id of theirs could be a number of ours.
                    return Ok((Sent::Rest { gave_up }, None));
                }
                Sent::Rest { gave_up }
            }
            (Some(_), None) => Sent::Rest { gave_up: None },
            (None, Some(id)) if fields.contains_key("result") || fields.contains_key("error") => {
                if self.asked_back.remove(id.get()).is_none() {
                    return Err(BadMessage::Unasked);
                }
                Sent::Rest { gave_up: None }
            }
            (Some(_) | None, _) => return Err(BadMessage::NoRpc),
        };
        Ok((sent, Some(line(&fields))))
    }

    /// Puts our number in the place of the id that a client does not wait for any longer.
    fn cancel(&mut self, fields: &mut Fields) -> Option<u64> {
        let params: &RawValue = fields.get("params")?;
        let mut params: Fields = serde_json::from_str(params.get()).ok()?; // Then it cancels nothing.
        let theirs = params.get("requestId")?.get().to_owned();
        let mut waiting = self.waiting.iter();
        let ours = *waiting.find(|(_, it)| it.theirs.get() == theirs)?.0;
        self.waiting.remove(&ours);
        params.insert("requestId".to_owned(), number(ours));
        fields.insert("params".to_owned(), raw(line(&params))?);
        Some(ours)
    }

    /// Takes a program's line, and returns the message for the client. None if it is no message.
    pub(super) fn give(&mut self, text_line: &[u8]) -> Option<(For, String)> {
        let mut fields: Fields = serde_json::from_slice(text_line).ok()?; // Logs among the lines.
        if text(field(&fields, "jsonrpc")).as_deref() != Some("2.0") {
            return None;
        }
        let method = text(field(&fields, "method"));
        let id = fields.get("id").map(|it| it.get().to_owned());
        let whom = match (&method, id) {
            (None, Some(id)) => {
                let ours: Option<u64> = id.parse().ok(); // Ours are numbers.
                match ours.and_then(|it| Some((it, self.waiting.remove(&it)?))) {
                    Some((ours, waiting)) => {
                        fields.insert("id".to_owned(), waiting.theirs);
                        For::Asker(ours)
                    }
                    None => For::Nobody,
                }
            }
            (Some(_), Some(id)) => {
                if self.asked_back.len() < WAITING_LIMIT {
                    self.asked_back.insert(id.clone(), ());
                }
                For::Listener { asks: Some(id) }
            }
            (Some(method), None) if method == "notifications/progress" => {
                let token = member(field(&fields, "params"), "progressToken");
                let mut waiting = self.waiting.iter();
                let watcher = waiting.find(|(_, it)| it.progress.is_some() && it.progress == token);
                watcher.map_or(For::Listener { asks: None }, |it| For::Watcher(*it.0))
            }
            (Some(_), None) => For::Listener { asks: None },
            (None, None) => For::Nobody,
        };
        Some((whom, line(&fields)))
    }

    /// Forgets a request that nobody waits for.
    pub(super) fn forget(&mut self, ours: u64) {
        self.waiting.remove(&ours);
    }

    /// Returns the answer to what a program asked and nobody will answer.
    pub(super) fn unanswered(&mut self, id: &str) -> String {
        self.asked_back.remove(id);
        error(id, "no client is listening")
    }

    /// Returns the error for everybody who waits, because the program is gone.
    pub(super) fn give_up(&mut self, why: &str) -> Vec<(u64, String)> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().map(|(ours, it)| (ours, error(it.theirs.get(), why))).collect()
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// Whether a body is the request with which a session begins.
pub(super) fn initializes(body: &[u8]) -> bool {
    let fields: Option<Fields> = serde_json::from_slice(body).ok(); // Then it is none.
    fields.is_some_and(|it| {
        it.contains_key("id") && text(field(&it, "method")).as_deref() == Some("initialize")
    })
}

/// Whether a message answers something, as opposed to one that tells or asks.
pub(super) fn answers(message: &str) -> bool {
    let fields: Option<Fields> = serde_json::from_str(message).ok(); // Then it does not.
    fields.is_some_and(|it| it.contains_key("id") && !it.contains_key("method"))
}

/// Whether an answer is a good one.
pub(super) fn succeeds(message: &str) -> bool {
    let fields: Option<Fields> = serde_json::from_str(message).ok(); // Then it is not.
    fields.is_some_and(|it| it.contains_key("result"))
}

fn error(id: &str, message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32000,"message":{message}}}}}"#)
}

/// Writes a message as one line: line ends within JSON are only space.
fn line(fields: &Fields) -> String {
    let text = serde_json::to_string(fields).unwrap_or_default(); // Texts always serialize.
    text.replace(['\n', '\r'], " ")
}

fn is_id(id: &RawValue) -> bool {
    id.get().starts_with(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
}

fn text(value: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(value?.get()).ok() // Another type is none.
}

fn member(value: Option<&RawValue>, name: &str) -> Option<String> {
    let fields: Fields = serde_json::from_str(value?.get()).ok()?; // A list has no members.
    Some(fields.get(name)?.get().to_owned())
}

fn progress_token(params: Option<&RawValue>) -> Option<String> {
    let meta = raw(member(params, "_meta")?)?;
    member(Some(&meta), "progressToken")
}

fn number(n: u64) -> Box<RawValue> {
    raw(n.to_string()).unwrap_or_default()
}

fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(text).ok() // Only what was JSON comes here.
}

#[cfg(test)]
mod tests;
