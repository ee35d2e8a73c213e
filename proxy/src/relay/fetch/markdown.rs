//! HTML as Markdown, for somebody who reads: a model or a person.
//!
//! It goes over the page's tokens once and builds no tree, so neither depth nor disorder of a page
//! costs anything; every stack of its own is bounded. Scripts, styles, forms' fields, menus and what
//! is hidden are left out.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use url::Url;

use super::{
    element::{attribute, is_block, is_never_read, is_unseen, is_void, language, number},
    main_part::{MainPart, Within},
    writer::{Level, Mark, Writer},
};

/// Lists, quotes and tables within each other.
const OPEN_LIMIT: usize = 256;

const ADDRESS_LIMIT_BYTES: usize = 2 << 10;

const TITLE_LIMIT_CHARS: usize = 300;

/// A page whose main part is shorter is read as a whole.
const MAIN_BYTES: usize = 200;

/// What came of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) title: Option<String>,
    pub(crate) text: String,
    pub(crate) cut: bool,
}

/// Reads a page that was found at an address.
#[must_use]
pub(crate) fn read(html: &str, url: &Url, limit_bytes: usize) -> Read {
    let mut page = Page::new(url, limit_bytes, true).run(html);
    if page.text.len() < MAIN_BYTES {
        // The rest may be in what looked like a menu.
        let whole = Page::new(url, limit_bytes, false).run(html);
        if whole.text.len() > page.text.len() {
            page = whole;
        }
    }
    page
}

/// An element that something is to be done at the end of.
#[derive(Debug, PartialEq, Eq)]
enum Open {
    /// With the number of its next item, if they have numbers.
    List(Option<u64>),
    Item,
    Quote,
    Table,
}

#[derive(Debug)]
struct Page {
    base: Url,
    limit_bytes: usize,
    /// Leaves out menus and what is around the main part.
    main_only: bool,
    writer: Writer,
    open: Vec<Open>,
    skipped: Option<Within>,
    main: MainPart,
    title: Option<String>,
    in_title: bool,
    /// Code with its language, as it stands.
    code: Option<(String, String)>,
}

impl Page {
    fn new(url: &Url, limit_bytes: usize, main_only: bool) -> Self {
        Self {
            base: url.clone(),
            limit_bytes,
            main_only,
            writer: Writer::new(limit_bytes.saturating_mul(4)),
            open: Vec::new(),
            skipped: None,
            main: MainPart::default(),
            title: None,
            in_title: false,
            code: None,
        }
    }

    fn run(mut self, html: &str) -> Read {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut stopped = false;
        for token in Tokenizer::new_with_emitter(html, emitter) {
            let Ok(token) = token; // Text in memory always reads.
            match token {
                Token::StartTag(tag) => self.start(&tag),
                Token::EndTag(tag) => self.end(&tag.name),
                Token::String(text) => self.text(&String::from_utf8_lossy(&text)),
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
            if self.writer.full()
                || self.code.as_ref().is_some_and(|it| it.1.len() > self.limit_bytes * 4)
            {
                stopped = true;
                break;
            }
        }
        self.end_code();
        let end = self.writer.place();
        let range = self.main.range(end);
        let written = self.writer.finish();
        let range = range.filter(|it| self.main_only && it.1.saturating_sub(it.0) >= MAIN_BYTES);
        let text = range.and_then(|it| written.get(it.0..it.1)).unwrap_or(&written).trim();
        let kept = &text[..text.floor_char_boundary(self.limit_bytes)];
        let title = self.title.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
        Read {
            title: title.filter(|it| !it.is_empty()),
            text: kept.to_owned(),
            cut: stopped || kept.len() < text.len(),
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if self.in_title {
            let title = super::visible::only(text);
            self.title.get_or_insert_with(|| title.chars().take(TITLE_LIMIT_CHARS).collect());
        } else if let Some((_, code)) = &mut self.code {
            code.push_str(text);
        } else {
            self.writer.text(text);
        }
    }

    fn start(&mut self, tag: &StartTag<()>) {
        let name = &**tag.name;
        if let Some(skipped) = &mut self.skipped {
            // A paragraph ends where the next one begins.
            if name != b"p" || !skipped.is(name) {
                skipped.enter(name);
                return;
            }
            self.skipped = None;
        }
        if self.is_left_out(tag) {
            self.skipped = Some(Within::new(name, 0));
            return;
        }
        if self.code.is_some() && !matches!(name, b"pre" | b"br" | b"code") {
            return;
        }
        self.main.enter(tag, || self.writer.place());
        match name {
            b"title" => self.in_title = true,
            b"base" => self.set_base(tag),
            b"h1" => self.writer.lead("# "),
            b"h2" => self.writer.lead("## "),
            b"h3" => self.writer.lead("### "),
            b"h4" => self.writer.lead("#### "),
            b"h5" => self.writer.lead("##### "),
            b"h6" => self.writer.lead("###### "),
            b"br" => match &mut self.code {
                Some((_, code)) => code.push('\n'),
                None => self.writer.break_line(),
            },
            b"hr" => self.writer.rule(),
            b"b" | b"strong" => self.writer.open(Mark::Strong),
            b"dt" => {
                self.leave_item();
                self.writer.end_block();
                self.writer.open(Mark::Strong);
            }
            b"summary" => {
                self.writer.end_block();
                self.writer.open(Mark::Strong);
            }
            b"i" | b"em" | b"cite" | b"dfn" => self.writer.open(Mark::Emphasis),
            b"s" | b"del" | b"strike" => self.writer.open(Mark::Struck),
            b"a" => self.link(tag),
            b"img" => self.picture(tag),
            b"pre" => {
                self.writer.end_block();
                self.code.get_or_insert_with(|| (language(tag), String::new()));
            }
            b"code" => match &mut self.code {
                Some((said, code)) if said.is_empty() && code.trim().is_empty() => {
                    *said = language(tag);
                }
                Some(_) => {}
                None => self.writer.begin_code(),
            },
            b"kbd" | b"samp" | b"tt" => self.writer.begin_code(),
            b"ul" | b"menu" | b"dl" => self.push(Open::List(None)),
            b"ol" => self.push(Open::List(Some(number(tag, b"start").unwrap_or(1)))),
            b"li" => self.item(tag),
            b"dd" => {
                self.writer.close(&Mark::Strong);
                self.leave_item();
                self.enter(Level::Item(": ".to_owned()), Open::Item);
            }
            b"blockquote" => self.enter(Level::Quote, Open::Quote),
            b"table" => self.table(),
            b"tr" => self.writer.begin_row(),
            b"td" | b"th" => self.writer.begin_cell(),
            _ if is_block(name) => self.writer.end_block(),
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some(skipped) = &mut self.skipped {
            if skipped.leave(name) {
                self.skipped = None;
            }
            return;
        }
        if self.code.is_some() && name != b"pre" {
            return;
        }
        self.main.leave(name, || self.writer.place());
        match name {
            b"title" => self.in_title = false,
            b"b" | b"strong" => self.writer.close(&Mark::Strong),
            b"summary" | b"dt" => {
                self.writer.close(&Mark::Strong);
                self.writer.end_block();
            }
            b"i" | b"em" | b"cite" | b"dfn" => self.writer.close(&Mark::Emphasis),
            b"s" | b"del" | b"strike" => self.writer.close(&Mark::Struck),
            b"a" => self.writer.close(&Mark::Link(String::new())),
            b"pre" => self.end_code(),
            b"code" | b"kbd" | b"samp" | b"tt" => self.writer.end_code(),
            b"ul" | b"ol" | b"menu" | b"dl" => self.pop(|it| matches!(it, Open::List(_))),
            b"li" | b"dd" => self.leave_item(),
            b"blockquote" => self.pop(|it| *it == Open::Quote),
            b"td" | b"th" => self.writer.end_cell(),
            b"caption" => self.writer.caption(),
            b"table" => self.pop(|it| *it == Open::Table),
            b"p" => self.writer.end_block(),
            _ if is_block(name) => self.writer.end_block(),
            _ => {}
        }
    }

    fn is_left_out(&self, tag: &StartTag<()>) -> bool {
        let name = &**tag.name;
        if is_void(name) || matches!(name, b"html" | b"body" | b"head") {
            return false;
        }
        let around = matches!(name, b"nav" | b"footer") && self.main_only;
        around && !self.main.in_article() || is_never_read(name) || is_unseen(tag)
    }

    fn set_base(&mut self, tag: &StartTag<()>) {
        let base = attribute(tag, b"href").and_then(|it| self.base.join(&it).ok());
        if let Some(base) = base.filter(|it| matches!(it.scheme(), "http" | "https")) {
            self.base = base;
        }
    }

    fn link(&mut self, tag: &StartTag<()>) {
        let address = attribute(tag, b"href").filter(|it| !it.starts_with('#'));
        match address.and_then(|it| self.address(&it)) {
            Some(address) => self.writer.open(Mark::Link(address)),
            None => self.writer.close(&Mark::Link(String::new())),
        }
    }

    fn picture(&mut self, tag: &StartTag<()>) {
        let name = attribute(tag, b"alt").unwrap_or_default();
        if !name.trim().is_empty() {
            let address = attribute(tag, b"src").and_then(|it| self.address(&it));
            self.writer.picture(&name, address.as_deref());
        }
    }

    /// Returns an address of the web in full, so that it can stand in Markdown.
    fn address(&self, text: &str) -> Option<String> {
        if text.len() > ADDRESS_LIMIT_BYTES {
            return None;
        }
        let url = self.base.join(text.trim()).ok()?; // Pages hold much that is no address.
        let address = url.as_str();
        let fine = matches!(url.scheme(), "http" | "https") && address.len() <= ADDRESS_LIMIT_BYTES;
        fine.then(|| address.replace('(', "%28").replace(')', "%29"))
    }

    fn item(&mut self, tag: &StartTag<()>) {
        self.leave_item();
        let list = self.open.iter_mut().rev().find(|it| matches!(it, Open::List(_)));
        let marker = match list {
            Some(Open::List(Some(next))) => {
                let n = number(tag, b"value").unwrap_or(*next);
                *next = n.saturating_add(1);
                format!("{n}. ")
            }
            Some(_) | None => "- ".to_owned(),
        };
        self.enter(Level::Item(marker), Open::Item);
    }

    /// Leaves the item of the list that is under way, if there is one.
    fn leave_item(&mut self) {
        let end = self.open.iter().rposition(|it| *it != Open::Item && *it != Open::Quote);
        let begin = end.map_or(0, |it| it + 1);
        if self.open[begin..].contains(&Open::Item) {
            self.pop(|it| *it == Open::Item);
        }
    }

    fn table(&mut self) {
        self.writer.spread_table();
        if self.open.len() < OPEN_LIMIT {
            self.writer.begin_table();
        }
        self.push(Open::Table);
    }

    fn enter(&mut self, level: Level, open: Open) {
        if self.open.len() < OPEN_LIMIT {
            self.writer.enter(level);
            self.open.push(open);
        } else {
            self.writer.end_block();
        }
    }

    fn push(&mut self, open: Open) {
        self.writer.end_block();
        if self.open.len() < OPEN_LIMIT {
            self.open.push(open);
        }
    }

    /// Closes the innermost element of a kind, and all within it.
    fn pop(&mut self, wanted: fn(&Open) -> bool) {
        let Some(place) = self.open.iter().rposition(wanted) else { return };
        for open in self.open.drain(place..).rev() {
            match open {
                Open::Item | Open::Quote => self.writer.leave(),
                Open::Table => self.writer.end_table(),
                Open::List(_) => self.writer.end_block(),
            }
        }
    }

    fn end_code(&mut self) {
        if let Some((language, code)) = self.code.take() {
            let code = code.strip_prefix('\n').unwrap_or(&code);
            self.writer.code_block(code, &language);
        }
    }
}

#[cfg(test)]
mod tests;
