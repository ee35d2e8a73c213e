//! Writes Markdown: blocks with their marks, spaces and indents in the right places.
//!
//! It knows no HTML. What it writes is bounded by its limit, however it is called.

mod line;
mod table;

use self::{
    line::{escaped, longest_run, trailing_break},
    table::COLUMNS_LIMIT,
};
use super::visible::is_hidden;

/// Quotes and lists within each other; deeper ones are written at this depth.
const DEPTH_LIMIT: usize = 16;

/// Anchors of headings: links that say nothing.
const ANCHORS: [&str; 5] = ["#", "¶", "§", "🔗", "\\#"];

/// What a run of text is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Strong,
    Emphasis,
    Struck,
    Link(String),
}

#[derive(Debug)]
struct Open {
    mark: Mark,
    /// Where it begins in the line, once there is text.
    at: Option<usize>,
}

/// What a block stands in.
#[derive(Debug)]
pub(super) enum Level {
    Quote,
    /// With its marker, until that is written.
    Item(String),
}

#[derive(Debug)]
struct Indent {
    first: Option<String>,
    rest: String,
    item: bool,
}

#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    /// The text of the block under way.
    line: String,
    space: bool,
    marks: Vec<Open>,
    /// What is code within a line.
    code: Option<String>,
    space_before_code: bool,
    levels: Vec<Indent>,
    n_deeper: usize,
    lead: &'static str,
    after_item: bool,
    /// Rows of the table under way; while there is one, blocks are only spaces.
    rows: Option<Vec<Vec<String>>>,
    in_cell: bool,
    n_held: usize,
    limit: usize,
}

impl Writer {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Whether there is enough.
    pub(super) fn full(&self) -> bool {
        self.out.len() + self.line.len() + self.n_held > self.limit
    }

    /// How much was written, the block under way included.
    pub(super) fn place(&mut self) -> usize {
        self.end_block();
        self.out.len()
    }

    pub(super) fn finish(mut self) -> String {
        self.end_table();
        self.end_block();
        self.out
    }

    pub(super) fn text(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            if char.is_whitespace() {
                self.space = true;
            } else if !is_hidden(char) {
                let tag =
                    chars.peek().is_some_and(|it| it.is_ascii_alphabetic() || "/!?".contains(*it));
                self.visible(char, tag);
            }
        }
    }

    fn visible(&mut self, char: char, before_tag: bool) {
        if let Some(code) = &mut self.code {
            if std::mem::take(&mut self.space) && !code.is_empty() {
                code.push(' ');
            }
            code.push(char);
            return;
        }
        self.begin();
        let in_link = self.marks.iter().any(|it| matches!(it.mark, Mark::Link(_)));
        if matches!(char, '*' | '`')
            || (char == '<' && before_tag)
            || (in_link && matches!(char, '[' | ']'))
        {
            self.line.push('\\');
        }
        self.line.push(char);
    }

    /// Writes what text needs before it: a space, and the marks that wait.
    fn begin(&mut self) {
        if std::mem::take(&mut self.space) && !self.line.is_empty() && !self.line.ends_with('\n') {
            self.line.push(' ');
        }
        for open in self.marks.iter_mut().filter(|it| it.at.is_none()) {
            open.at = Some(self.line.len());
            self.line.push_str(match open.mark {
                Mark::Strong => "**",
                Mark::Emphasis => "*",
                Mark::Struck => "~~",
                Mark::Link(_) => "[",
            });
        }
    }

    pub(super) fn open(&mut self, mark: Mark) {
        let same = |it: &Open| std::mem::discriminant(&it.mark) == std::mem::discriminant(&mark);
        if matches!(mark, Mark::Link(_)) {
            self.close(&mark);
        }
        if self.code.is_none() && !self.marks.iter().any(same) {
            self.marks.push(Open { mark, at: None });
        }
    }

    /// Closes the open mark of this kind, and those within it for a moment.
    pub(super) fn close(&mut self, mark: &Mark) {
        let same = |it: &Open| std::mem::discriminant(&it.mark) == std::mem::discriminant(mark);
        let Some(place) = self.marks.iter().rposition(same) else { return };
        self.end_code();
        let mut within = self.marks.split_off(place);
        self.write_ends(&mut within);
        self.marks.extend(within.into_iter().skip(1));
    }

    /// Ends marks that were begun, the innermost first; they may begin again.
    fn write_ends(&mut self, marks: &mut [Open]) {
        for open in marks.iter_mut().rev() {
            let Some(at) = open.at.take() else { continue };
            match &open.mark {
                Mark::Strong => self.line.push_str("**"),
                Mark::Emphasis => self.line.push('*'),
                Mark::Struck => self.line.push_str("~~"),
                Mark::Link(_) if ANCHORS.contains(&&self.line[at + 1..]) => self.line.truncate(at),
                Mark::Link(address) => {
                    self.line.push_str("](");
                    self.line.push_str(address);
                    self.line.push(')');
                }
            }
        }
    }

    pub(super) fn begin_code(&mut self) {
        if self.code.is_none() {
            self.space_before_code = std::mem::take(&mut self.space);
            self.code = Some(String::new());
        }
    }

    pub(super) fn end_code(&mut self) {
        let Some(code) = self.code.take() else { return };
        let space_after = std::mem::replace(&mut self.space, self.space_before_code);
        if code.is_empty() {
            self.space |= space_after;
            return;
        }
        self.begin();
        let fence = "`".repeat(longest_run(&code) + 1);
        let pad = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
        self.line.push_str(&format!("{fence}{pad}{code}{pad}{fence}"));
        self.space = space_after;
    }

    /// Writes a picture's name, and its address if it has one.
    pub(super) fn picture(&mut self, name: &str, address: Option<&str>) {
        let Some(address) = address.filter(|_| self.code.is_none()) else {
            self.text(name);
            return;
        };
        self.begin();
        self.line.push_str("![");
        let plain = name.chars().filter(|it| !is_hidden(*it) && !matches!(it, '[' | ']'));
        self.line.extend(plain.map(|it| if it.is_whitespace() { ' ' } else { it }));
        self.line.push_str(&format!("]({address})"));
    }

    pub(super) fn break_line(&mut self) {
        self.space = false;
        if self.rows.is_some() || self.code.is_some() {
            self.space = true;
        } else if !self.line.is_empty() {
            self.line.push('\n');
        }
    }

    /// The next block is a heading.
    pub(super) fn lead(&mut self, lead: &'static str) {
        self.end_block();
        self.lead = lead;
    }

    pub(super) fn end_block(&mut self) {
        if self.rows.is_some() {
            self.space = true;
            return;
        }
        let line = self.take_line();
        let lead = std::mem::take(&mut self.lead);
        if line.is_empty() {
            return;
        }
        let line = if lead.is_empty() { line } else { line.replace('\n', " ") };
        let lines: Vec<String> = line.split('\n').map(|it| escaped(it.trim_end())).collect();
        self.write_block(&format!("{lead}{}", lines.join("  \n")));
    }

    fn take_line(&mut self) -> String {
        self.end_code();
        let mut marks = std::mem::take(&mut self.marks);
        self.write_ends(&mut marks);
        self.marks = marks;
        self.space = false;
        std::mem::take(&mut self.line).trim().to_owned()
    }

    fn write_block(&mut self, block: &str) {
        let begins = self.levels.iter().any(|it| it.first.is_some());
        if !self.out.is_empty() {
            self.out.push_str(if begins && self.after_item { "\n" } else { "\n\n" });
        }
        for (n, line) in block.split('\n').enumerate() {
            if n > 0 {
                self.out.push('\n');
            }
            for level in &mut self.levels {
                match level.first.take() {
                    Some(first) => self.out.push_str(&first),
                    None => self.out.push_str(&level.rest),
                }
            }
            self.out.push_str(line);
            self.out.truncate(self.out.trim_end_matches(' ').len() + trailing_break(line));
        }
        self.after_item = self.levels.iter().any(|it| it.item);
    }

    pub(super) fn enter(&mut self, level: Level) {
        self.end_block();
        if self.levels.len() >= DEPTH_LIMIT {
            self.n_deeper += 1;
            return;
        }
        self.levels.push(match level {
            Level::Quote => Indent { first: None, rest: "> ".to_owned(), item: false },
            Level::Item(marker) => {
                let rest = " ".repeat(marker.chars().count());
                Indent { first: Some(marker), rest, item: true }
            }
        });
    }

    pub(super) fn leave(&mut self) {
        self.end_block();
        if self.n_deeper > 0 {
            self.n_deeper -= 1;
        } else {
            self.levels.pop();
        }
    }

    pub(super) fn rule(&mut self) {
        self.end_block();
        if self.rows.is_none() {
            self.write_block("---");
        }
    }

    /// Writes what is code as a whole.
    pub(super) fn code_block(&mut self, code: &str, language: &str) {
        let code: String = code.chars().filter(|it| !is_hidden(*it) && *it != '\r').collect();
        let code = code.trim_end();
        if self.rows.is_some() {
            self.begin_code();
            self.text(code);
            self.end_code();
            return;
        }
        self.end_block();
        if code.is_empty() {
            return;
        }
        let fence = "`".repeat((longest_run(code) + 1).max(3));
        self.write_block(&format!("{fence}{language}\n{code}\n{fence}"));
    }

    pub(super) fn begin_table(&mut self) {
        self.end_block();
        self.rows = Some(Vec::new());
    }

    /// A table within a table is there for the layout: what was read so far become blocks.
    pub(super) fn spread_table(&mut self) {
        let Some(rows) = self.rows.take() else { return };
        let rest = self.take_line();
        (self.n_held, self.in_cell) = (0, false);
        for cell in rows.into_iter().flatten().chain([rest]).filter(|it| !it.is_empty()) {
            self.write_block(&escaped(&cell));
        }
    }

    pub(super) fn begin_row(&mut self) {
        self.end_cell();
        if let Some(rows) = &mut self.rows {
            rows.push(Vec::new());
        }
    }

    pub(super) fn begin_cell(&mut self) {
        self.end_cell();
        self.in_cell = self.rows.is_some();
    }

    /// Pages need not say where a cell ends.
    pub(super) fn end_cell(&mut self) {
        if !std::mem::take(&mut self.in_cell) {
            self.end_block();
            return;
        }
        let cell = self.take_line().replace('\n', " ").replace('|', "\\|");
        let Some(rows) = &mut self.rows else { return };
        self.n_held += cell.len();
        if rows.is_empty() {
            rows.push(Vec::new());
        }
        if let Some(row) = rows.last_mut().filter(|it| it.len() < COLUMNS_LIMIT) {
            row.push(cell);
        }
    }

    /// Writes something above the table whose rows are under way.
    pub(super) fn caption(&mut self) {
        if let Some(rows) = self.rows.take() {
            self.end_block();
            self.rows = Some(rows);
        }
    }

    pub(super) fn end_table(&mut self) {
        self.end_cell();
        let Some(rows) = self.rows.take() else { return };
        self.n_held = 0;
        for block in table::blocks(rows) {
            self.write_block(&block);
        }
    }
}
