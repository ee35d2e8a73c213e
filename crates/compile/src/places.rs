//! Where things are in a text: lines, columns and the specifiers of imports.
//!
//! It does not decide where an import leads.

use std::collections::BTreeMap;

use oxc::syntax::module_record::ModuleRecord;

use crate::Import;

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
    let lines = Lines::of(text);
    let mut places: Vec<(String, u32)> =
        found(record, text).into_iter().map(|at| (at.specifier, at.start)).collect();
    places.sort_by_key(|(_, start)| std::cmp::Reverse(*start));
    places.into_iter().map(|(name, start)| (name, lines.place(start as usize))).collect()
}

/// Lists the imports of a module as the browser will see it. `asked` has their places in the text
/// that a person wrote, when it is another one.
pub(crate) fn imports(record: &ModuleRecord<'_>, code: &str, asked: Option<&Asked>) -> Vec<Import> {
    let mut imports = found(record, code);
    let lines = Lines::of(code);
    for import in &mut imports {
        let place = match asked {
            Some(asked) => asked.get(&import.specifier).copied().unwrap_or((1, 1)),
            None => lines.place(import.start as usize),
        };
        (import.line, import.column) = place;
    }
    imports
}

fn found(record: &ModuleRecord<'_>, code: &str) -> Vec<Import> {
    let mut imports = Vec::new();
    for (name, requests) in &record.requested_modules {
        for request in requests.iter().filter(|request| !request.is_type) {
            let (start, end) = (request.span.start, request.span.end);
            imports.push(import(name.as_str(), start, end, code, false));
        }
    }
    for dynamic in &record.dynamic_imports {
        let (start, end) = (dynamic.module_request.start, dynamic.module_request.end);
        if let Some(name) = literal(&code[start as usize..end as usize]) {
            imports.push(import(name, start, end, code, true));
        }
    }
    imports.sort_by_key(|import| import.start);
    imports
}

fn import(name: &str, start: u32, end: u32, code: &str, dynamic: bool) -> Import {
    let rest = code[end as usize..].trim_start();
    let typed = if dynamic { rest.starts_with(',') } else { rest.starts_with("with") };
    Import { specifier: name.to_owned(), start, end, dynamic, typed, line: 1, column: 1 }
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
