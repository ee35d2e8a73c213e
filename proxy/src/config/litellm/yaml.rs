//! YAML as a tree that knows its lines, within bounds.
//!
//! Aliases count as what they stand for, so that a small file cannot become a large tree. Texts stay
//! texts: what a number or a truth is, is asked by who needs one.

use std::{collections::BTreeMap, rc::Rc};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::super::shown;

/// Nodes of a tree, those behind aliases included.
const NODES_LIMIT: usize = 100_000;
const DEPTH_LIMIT: usize = 64;
const BYTES_LIMIT: usize = 4 << 20;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) line: usize,
    pub(super) what: String,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    value: Rc<Value>,
    /// Of this one and all below it.
    n_nodes: usize,
}

#[derive(Debug)]
enum Value {
    Text { text: String, plain: bool },
    List(Vec<Node>),
    Map(Fields),
}

/// In the order of the file.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, Node)>);

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        // What is null says nothing.
        self.0.iter().find(|it| it.0 == name).map(|it| &it.1).filter(|it| !it.is_null())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().filter(|it| !it.1.is_null()).map(|it| (it.0.as_str(), &it.1))
    }
}

impl Node {
    pub(super) fn bad(&self, what: impl Into<String>) -> Bad {
        Bad { line: self.line, what: what.into() }
    }

    fn is_null(&self) -> bool {
        matches!(&*self.value, Value::Text { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    pub(super) fn map(&self, what: &str) -> Result<&Fields, Bad> {
        match &*self.value {
            Value::Map(fields) => Ok(fields),
            Value::Text { .. } | Value::List(_) => Err(self.bad(format!("{what} needs fields"))),
        }
    }

    pub(super) fn list(&self, what: &str) -> Result<&[Self], Bad> {
        match &*self.value {
            Value::List(items) => Ok(items),
            Value::Text { .. } | Value::Map(_) => Err(self.bad(format!("{what} needs a list"))),
        }
    }

    /// Returns a text, or a number as it is written.
    pub(super) fn text(&self, what: &str) -> Result<&str, Bad> {
        match &*self.value {
            Value::Text { text, .. } => Ok(text),
            Value::List(_) | Value::Map(_) => Err(self.bad(format!("`{what}` needs a value"))),
        }
    }

    /// As YAML 1.1 has them, which is what LiteLLM reads.
    pub(super) fn truth(&self, what: &str) -> Result<bool, Bad> {
        match self.text(what)?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            other => {
                let shown = shown::value(other, what);
                Err(self.bad(format!("`{what}` is {shown}, which is not true or false")))
            }
        }
    }

    /// Returns a number of seconds, tries or weights, rounded up.
    pub(super) fn count(&self, what: &str) -> Result<u64, Bad> {
        let text = self.text(what)?.replace('_', "");
        let number = text.parse::<f64>().ok().filter(|it| (0.0..=9e15).contains(it));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked"
        )]
        number.map(|it| it.ceil() as u64).ok_or_else(|| {
            let shown = shown::value(&text, what);
            self.bad(format!("`{what}` is {shown}, which is no number"))
        })
    }
}

/// What is open while the events come.
enum Open {
    List { line: usize, anchor: usize, items: Vec<Node>, n_nodes: usize },
    Map { line: usize, anchor: usize, fields: Fields, name: Option<Node>, n_nodes: usize },
}

struct Builder<'a> {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    n_nodes: usize,
    root: Option<Node>,
    notes: &'a mut Vec<Bad>,
}

/// Reads the first document. Notes say what stands twice.
pub(super) fn parse(text: &str, notes: &mut Vec<Bad>) -> Result<Node, Bad> {
    if text.len() > BYTES_LIMIT {
        return Err(Bad { line: 1, what: format!("is larger than {} MB", BYTES_LIMIT >> 20) });
    }
    let mut builder =
        Builder { open: Vec::new(), anchors: BTreeMap::new(), n_nodes: 0, root: None, notes };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        // The message may hold a part of a line, but never a value of it.
        let (event, span) = event.map_err(|err| Bad {
            line: err.marker().line(),
            what: format!("is no YAML: {}", err.info()),
        })?;
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        builder.event(event, span)?;
    }
    let empty = Node { line: 1, value: Rc::new(Value::Map(Fields::default())), n_nodes: 1 };
    Ok(builder.root.filter(|it| !it.is_null()).unwrap_or(empty))
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Bad> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let value = Rc::new(Value::Text { text: text.into_owned(), plain });
                self.count(line, 1)?;
                self.add(Node { line, value, n_nodes: 1 }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.begin(Open::List { line, anchor, items: Vec::new(), n_nodes: 1 }, line)
            }
            Event::MappingStart(anchor, _) => {
                let fields = Fields::default();
                self.begin(Open::Map { line, anchor, fields, name: None, n_nodes: 1 }, line)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { line, anchor, items, n_nodes }) => {
                    let value = Rc::new(Value::List(items));
                    self.add(Node { line, value, n_nodes }, anchor)
                }
                Some(Open::Map { line, anchor, fields, n_nodes, .. }) => {
                    let value = Rc::new(Value::Map(merged(fields)?));
                    self.add(Node { line, value, n_nodes }, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Bad { line, what: "an alias stands within itself".to_owned() });
                };
                self.count(line, node.n_nodes)?;
                self.add(Node { line, ..node }, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, open: Open, line: usize) -> Result<(), Bad> {
        self.count(line, 1)?;
        if self.open.len() >= DEPTH_LIMIT {
            let what = format!("is nested deeper than {DEPTH_LIMIT} levels");
            return Err(Bad { line, what });
        }
        self.open.push(open);
        Ok(())
    }

    fn count(&mut self, line: usize, n: usize) -> Result<(), Bad> {
        self.n_nodes = self.n_nodes.saturating_add(n);
        if self.n_nodes > NODES_LIMIT {
            let what = format!("comes to more than {NODES_LIMIT} values, with its aliases");
            return Err(Bad { line, what });
        }
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Bad> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let added = node.n_nodes;
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, n_nodes, .. }) => {
                *n_nodes += added;
                items.push(node);
            }
            Some(Open::Map { fields, name, n_nodes, .. }) => {
                *n_nodes += added;
                match name.take() {
                    None => *name = Some(node),
                    Some(key) => {
                        let text = key.text("a name")?.to_owned();
                        if let Some(at) = fields.0.iter().position(|it| it.0 == text)
                            && text != "<<"
                        {
                            let what = format!("`{text}` stands here again; the last one counts");
                            self.notes.push(key.bad(what));
                            fields.0.remove(at);
                        }
                        // What is said about a field is said about the line with its name.
                        fields.0.push((text, Node { line: key.line, ..node }));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Puts what `<<` names behind what stands here.
fn merged(fields: Fields) -> Result<Fields, Bad> {
    let (merges, mut own): (Vec<_>, Vec<_>) = fields.0.into_iter().partition(|it| it.0 == "<<");
    for (_, node) in merges {
        let sources = match &*node.value {
            Value::Map(_) => std::slice::from_ref(&node),
            Value::List(items) => items,
            Value::Text { .. } => return Err(node.bad("`<<` needs fields")),
        };
        for source in sources {
            for (name, value) in &source.map("`<<`")?.0 {
                if own.iter().all(|it| it.0 != *name) {
                    own.push((name.clone(), value.clone()));
                }
            }
        }
    }
    Ok(Fields(own))
}
