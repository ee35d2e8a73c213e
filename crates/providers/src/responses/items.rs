//! The items of a reply while it comes: which one an event means, and what of it was told.
//!
//! Everything may come as pieces, as a whole at the end, or as both; it is told once. Items of
//! unknown kinds are not even remembered.

use serde_json::Value;

use super::{opaque, thoughts};
use crate::reply::Reply;

#[derive(Debug, Default)]
pub(super) struct Items {
    list: Vec<Item>,
    last: Last,
    /// A message is a refusal.
    pub(super) refused: bool,
}

#[derive(Debug)]
struct Item {
    /// The server's; one of them gives another in each event.
    id: String,
    /// The server's, too; some give every item the same.
    index: Option<u64>,
    /// An event told that it begins; others begin with their first piece.
    announced: bool,
    open: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The parts that were told.
    Message { told: Vec<u64> },
    /// The parts that were told, all of the first field that brought one.
    Thought { field: Option<Field>, told: Vec<u64> },
    /// `given` are the arguments that came with its beginning; the vendor leaves them empty.
    Call { call_id: String, call: String, has_arguments: bool, given: String },
}

/// What an event's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Content,
    Summary,
    Thought,
    Arguments,
}

/// Where the last text went. Texts of two items that follow each other are set apart.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    Nothing,
    Text(usize),
    Thought(usize),
}

impl Kind {
    fn holds(&self, field: Field) -> bool {
        match self {
            Self::Message { .. } => field == Field::Content,
            Self::Thought { .. } => matches!(field, Field::Summary | Field::Thought),
            Self::Call { .. } => field == Field::Arguments,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Thought { .. } => "reasoning",
            Self::Call { .. } => "function_call",
        }
    }
}

impl Items {
    /// The kinds of items of which there was something.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let told = |it: &&Item| match &it.kind {
            Kind::Message { told } | Kind::Thought { told, .. } => !it.open || !told.is_empty(),
            Kind::Call { .. } => true,
        };
        self.list.iter().filter(told).map(|it| it.kind.name()).collect()
    }

    /// Returns the item that an event means. A text may come without announcement; a call may
    /// not, because nobody knows its name.
    pub(super) fn find_or_open(
        &mut self,
        field: Field,
        id: &str,
        index: Option<u64>,
    ) -> Option<usize> {
        if let Some(at) = self.find(field, id, index) {
            return Some(at);
        }
        let kind = match field {
            Field::Content => Kind::Message { told: Vec::new() },
            Field::Summary | Field::Thought => Kind::Thought { field: None, told: Vec::new() },
            Field::Arguments => return None,
        };
        Some(self.push(Item { id: id.to_owned(), index, announced: false, open: true, kind }))
    }

    /// The id counts for more than the index, because more servers get it right.
    fn find(&self, field: Field, id: &str, index: Option<u64>) -> Option<usize> {
        let of_kind = |it: &Item| it.kind.holds(field);
        let by_id = |it: &Item| !id.is_empty() && it.id == id && of_kind(it);
        let may_be = |it: &Item| index.is_none() || it.index.is_none() || it.index == index;
        let by_index = |it: &Item| it.open && may_be(it) && of_kind(it);
        let found = self.list.iter().rposition(by_id);
        found.or_else(|| self.list.iter().rposition(by_index))
    }

    fn push(&mut self, item: Item) -> usize {
        self.list.push(item);
        self.list.len() - 1
    }

    /// Begins an item; none if it is of a kind that we did not ask for.
    pub(super) fn open(
        &mut self,
        index: Option<u64>,
        item: &Value,
        reply: &mut Reply,
    ) -> Option<usize> {
        let field = field(item)?;
        let id = item["id"].as_str().unwrap_or_default();
        if let Some(at) = self.find(field, id, index)
            && !std::mem::replace(&mut self.list[at].announced, true)
        {
            return Some(at); // Announced late.
        }
        Some(self.begin(field, index, item, reply))
    }

    fn begin(
        &mut self,
        field: Field,
        index: Option<u64>,
        item: &Value,
        reply: &mut Reply,
    ) -> usize {
        let text = |name: &str| item[name].as_str().unwrap_or_default();
        let kind = match field {
            Field::Content => Kind::Message { told: Vec::new() },
            Field::Summary | Field::Thought => Kind::Thought { field: None, told: Vec::new() },
            Field::Arguments => {
                let call_id = if text("call_id").is_empty() { text("id") } else { text("call_id") };
                self.last = Last::Nothing;
                Kind::Call {
                    call_id: call_id.to_owned(),
                    call: reply.start_call(call_id, text("name")),
                    has_arguments: false,
                    given: arguments(&item["arguments"]),
                }
            }
        };
        let id = text("id").to_owned();
        self.push(Item { id, index, announced: true, open: true, kind })
    }

    /// Tells a piece of an item.
    pub(super) fn add(
        &mut self,
        at: usize,
        field: Field,
        part: u64,
        text: &str,
        reply: &mut Reply,
    ) {
        if text.is_empty() {
            return;
        }
        match &mut self.list[at].kind {
            Kind::Message { told } => {
                if !told.contains(&part) {
                    told.push(part);
                }
                if matches!(self.last, Last::Text(other) if other != at) {
                    reply.text("\n\n");
                }
                self.last = Last::Text(at);
                reply.text(text);
            }
            Kind::Thought { field: known, told } => {
                if *known.get_or_insert(field) != field {
                    return; // The same thought in both fields.
                }
                let new = !told.contains(&part);
                if new {
                    told.push(part);
                }
                let apart = match self.last {
                    Last::Thought(other) => other != at || new,
                    Last::Nothing | Last::Text(_) => false,
                };
                if apart {
                    reply.think("\n\n");
                }
                self.last = Last::Thought(at);
                reply.think(text);
            }
            Kind::Call { call, has_arguments, .. } => {
                *has_arguments = true;
                reply.continue_call(call, text);
            }
        }
    }

    /// Tells a part of an item, unless it was told in pieces.
    pub(super) fn add_untold(
        &mut self,
        at: usize,
        field: Field,
        part: u64,
        text: &str,
        reply: &mut Reply,
    ) {
        let told = match &self.list[at].kind {
            Kind::Message { told } | Kind::Thought { told, .. } => told.contains(&part),
            Kind::Call { has_arguments, .. } => *has_arguments,
        };
        if !told {
            self.add(at, field, part, text, reply);
        }
    }

    /// Ends an item, of which this is the whole.
    pub(super) fn close(&mut self, index: Option<u64>, item: &Value, reply: &mut Reply) {
        let at = self.find_whole(index, item).or_else(|| self.open(index, item, reply));
        if let Some(at) = at.filter(|it| self.list[*it].open) {
            self.end(at, item, reply);
        }
    }

    /// Ends an item if it began and did not end.
    pub(super) fn close_begun(&mut self, index: Option<u64>, item: &Value, reply: &mut Reply) {
        let at = self.find_whole(index, item);
        if let Some(at) = at.filter(|it| self.list[*it].open) {
            self.end(at, item, reply);
        }
    }

    pub(super) fn any_open(&self) -> bool {
        self.list.iter().any(|it| it.open)
    }

    /// Tells an item of which nothing came before.
    pub(super) fn add_whole(&mut self, item: &Value, reply: &mut Reply) {
        if let Some(field) = field(item) {
            let at = self.begin(field, None, item, reply);
            self.end(at, item, reply);
        }
    }

    fn find_whole(&self, index: Option<u64>, item: &Value) -> Option<usize> {
        let wanted = item["call_id"].as_str().unwrap_or_default();
        let by_call = |it: &Item| match &it.kind {
            Kind::Call { call_id, .. } => !wanted.is_empty() && call_id == wanted,
            Kind::Message { .. } | Kind::Thought { .. } => false,
        };
        let found = self.list.iter().rposition(by_call);
        let id = item["id"].as_str().unwrap_or_default();
        found.or_else(|| self.find(field(item)?, id, index))
    }

    fn end(&mut self, at: usize, item: &Value, reply: &mut Reply) {
        self.list[at].open = false;
        match &mut self.list[at].kind {
            Kind::Message { told } => {
                if told.is_empty() {
                    self.add_message(at, item, reply);
                }
                let refuses = |it: &Value| it["type"] == "refusal";
                self.refused |= item["content"].as_array().is_some_and(|it| it.iter().any(refuses));
            }
            Kind::Thought { told, .. } => {
                if told.is_empty() {
                    for (part, text) in (0..).zip(thoughts(item)) {
                        self.add(at, Field::Summary, part, text, reply);
                    }
                }
                let opaque = opaque(item);
                if opaque.is_some() {
                    self.last = Last::Nothing;
                }
                reply.end_thought(opaque);
            }
            Kind::Call { call, has_arguments, given, .. } => {
                if !*has_arguments {
                    let whole = arguments(&item["arguments"]);
                    let broke_off = item["status"] == "incomplete";
                    let known = [whole.as_str(), given.as_str()];
                    let known = known.into_iter().find(|it| !it.is_empty());
                    reply.continue_call(call, known.unwrap_or(if broke_off { "" } else { "{}" }));
                }
                reply.end_call(call);
            }
        }
    }

    fn add_message(&mut self, at: usize, item: &Value, reply: &mut Reply) {
        for (index, part) in (0..).zip(item["content"].as_array().into_iter().flatten()) {
            let text = part["text"].as_str().or_else(|| part["refusal"].as_str());
            self.add(at, Field::Content, index, text.unwrap_or_default(), reply);
        }
    }

    /// Ends what no event ended. Calls that are complete have arguments, if only empty ones.
    pub(super) fn close_all(&mut self, complete: bool, reply: &mut Reply) {
        for item in self.list.iter_mut().filter(|it| it.open) {
            item.open = false;
            if let Kind::Call { call, has_arguments, given, .. } = &item.kind {
                if !has_arguments && complete {
                    reply.continue_call(call, if given.is_empty() { "{}" } else { given });
                }
                reply.end_call(call);
            }
        }
    }
}

/// What the text of an item is; none of those that we did not ask for.
fn field(item: &Value) -> Option<Field> {
    match item["type"].as_str()? {
        "message" => Some(Field::Content),
        "reasoning" => Some(Field::Summary),
        "function_call" => Some(Field::Arguments),
        _ => None,
    }
}

/// A text, or from some servers an object.
pub(super) fn arguments(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        object @ Value::Object(_) => object.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    }
}
