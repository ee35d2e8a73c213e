//! Where things are in a text: lines, columns and the specifiers of imports.
//!
//! It does not decide where an import leads.

use std::collections::BTreeMap;

use oxc::span::Span;
use oxc::syntax::module_record::ModuleRecord;

use crate::{Import, Mark, What};

/// The starts of the lines of a text.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns line and column, counted from 1, the column in UTF-16 units.
    pub(crate) fn place(&self, offset: usize) -> (u32, u32) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let column = self.text[start..offset].encode_utf16().count() + 1;
        (count(line), count(column))
    }
}

/// Where the text asks for each specifier first.
pub(crate) type Asked = BTreeMap<String, (u32, u32)>;

pub(crate) fn asked(record: &ModuleRecord<'_>, text: &str) -> Asked {
    let mut asked = Asked::new();
    for mark in marks(record, text, None) {
        if let What::Import(import) = mark.what {
            asked.entry(import.specifier).or_insert((import.line, import.column));
        }
    }
    asked
}

/// Lists the marks of a module as the browser will see it. `asked` has the places of its imports in
/// the text that a person wrote, when it is another one.
pub(crate) fn marks(record: &ModuleRecord<'_>, code: &str, asked: Option<&Asked>) -> Vec<Mark> {
    let lines = Lines::of(code);
    let import = |name: &str, span: Span, dynamic: bool| {
        let (line, column) = match asked {
            Some(asked) => asked.get(name).copied().unwrap_or((1, 1)),
            None => lines.place(span.start as usize),
        };
        let rest = code[span.end as usize..].trim_start();
        let typed = if dynamic { rest.starts_with(',') } else { rest.starts_with("with") };
        let import = Import { specifier: name.to_owned(), dynamic, typed, line, column };
        mark(span, What::Import(import))
    };
    let mut marks = Vec::new();
    for (name, requests) in &record.requested_modules {
        let real = requests.iter().filter(|request| !request.is_type);
        marks.extend(real.map(|request| import(name.as_str(), request.span, false)));
    }
    for request in record.dynamic_imports.iter().map(|dynamic| dynamic.module_request) {
        if let Some(name) = literal(&code[request.start as usize..request.end as usize]) {
            marks.push(import(name, request, true));
        } else {
            marks.push(mark(Span::empty(request.start), What::ComputedFrom));
            marks.push(mark(Span::empty(request.end), What::ComputedTo));
        }
    }
    marks.extend(record.import_metas.iter().map(|span| mark(*span, What::Meta)));
    marks.sort_by_key(|mark| (mark.start, mark.end));
    marks
}

fn mark(span: Span, what: What) -> Mark {
    Mark { start: span.start, end: span.end, what }
}

/// Returns the text of a plain string literal; anything that is computed or escaped is left alone.
fn literal(expression: &str) -> Option<&str> {
    let quote = expression.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let inside = expression.strip_prefix(quote)?.strip_suffix(quote)?;
    let plain = !inside.contains(['\\', quote, '\n']) && !inside.contains("${");
    plain.then_some(inside)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
