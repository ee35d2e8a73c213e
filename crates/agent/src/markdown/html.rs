//! One block of Markdown as HTML.
//!
//! Every tag that comes out is written here; text and attributes are escaped here and nowhere else.
//! Headings begin at `h3`, because the page has its own above them.

use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, Parser, Tag, TagEnd};

use super::links::{self, Target};
use super::{Block, options};
use crate::fence::Info;

/// Containers below this depth are not opened; their text stays.
const DEEPEST: usize = 24;

/// Renders the lines of one block.
pub(super) fn block(text: &str) -> Block {
    let mut page = Page::default();
    let mut only_code = None;
    for event in Parser::new_ext(text, options()) {
        if let (0, Event::Start(Tag::CodeBlock(kind))) = (page.open.len(), &event) {
            only_code = Some(info(kind));
        }
        page.event(event);
    }
    match only_code {
        Some(Info { language, path }) if page.is_only_code => {
            let path = path.map(|it| it.to_string());
            Block::Code { language, path, text: page.code }
        }
        Some(_) | None => Block::Html(page.html),
    }
}

fn info(kind: &CodeBlockKind<'_>) -> Info {
    match kind {
        CodeBlockKind::Fenced(info) => Info::parse(info),
        CodeBlockKind::Indented => Info::default(),
    }
}

#[derive(Default)]
struct Page {
    html: String,
    /// What closes the open tags, the innermost last.
    open: Vec<&'static str>,
    /// The text of an image, while it is collected.
    image: Option<Image>,
    /// The text of a code block at the top.
    code: String,
    is_only_code: bool,
    alignments: Vec<Alignment>,
    cell: usize,
    in_head: bool,
}

struct Image {
    address: String,
    text: String,
    depth: usize,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        if let Some(image) = &mut self.image {
            if image.collect(&event) {
                return;
            }
            self.close_image();
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => {
                if self.is_only_code && self.open.len() == 1 {
                    self.code.push_str(&text);
                }
                self.text(&text);
            }
            Event::Code(text) => self.code_span(&text),
            // Raw HTML is shown, not obeyed.
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>\n"),
            Event::Rule => self.html.push_str("<hr>\n"),
            Event::TaskListMarker(done) => self.html.push_str(if done { "☑ " } else { "☐ " }),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
            }
        }
    }

    fn text(&mut self, text: &str) {
        escape(text, &mut self.html);
    }

    fn push(&mut self, open: &str, close: &'static str) {
        if self.open.len() >= DEEPEST {
            self.open.push("");
            return;
        }
        self.html.push_str(open);
        self.open.push(close);
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.push("<p>", "</p>\n"),
            Tag::Heading { level, .. } => {
                let (open, close) = heading(level);
                self.push(open, close);
            }
            Tag::BlockQuote(_) => self.push("<blockquote>\n", "</blockquote>\n"),
            Tag::CodeBlock(_) => {
                self.is_only_code = self.open.is_empty() && self.html.is_empty();
                self.push("<pre><code>", "</code></pre>\n");
            }
            Tag::HtmlBlock => self.push("<p>", "</p>\n"),
            Tag::List(None) => self.push("<ul>\n", "</ul>\n"),
            Tag::List(Some(1)) => self.push("<ol>\n", "</ol>\n"),
            Tag::List(Some(first)) => {
                self.push(&format!("<ol start=\"{first}\">\n"), "</ol>\n");
            }
            Tag::Item => self.push("<li>", "</li>\n"),
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.push("<table>\n", "</table>\n");
            }
            Tag::TableHead => {
                (self.cell, self.in_head) = (0, true);
                self.push("<thead><tr>", "</tr></thead>\n");
            }
            Tag::TableRow => {
                (self.cell, self.in_head) = (0, false);
                self.push("<tr>", "</tr>\n");
            }
            Tag::TableCell => self.start_cell(),
            Tag::Emphasis => self.push("<em>", "</em>"),
            Tag::Strong => self.push("<strong>", "</strong>"),
            Tag::Strikethrough => self.push("<del>", "</del>"),
            Tag::Link { dest_url, .. } => self.start_link(&dest_url),
            Tag::Image { dest_url, .. } => {
                let (address, text) = (dest_url.to_string(), String::new());
                self.image = Some(Image { address, text, depth: 0 });
            }
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => self.open.push(""),
        }
    }

    fn end(&mut self, _tag: TagEnd) {
        if let Some(close) = self.open.pop() {
            self.html.push_str(close);
        }
    }

    fn start_cell(&mut self) {
        let align = match self.alignments.get(self.cell) {
            Some(Alignment::Center) => " class=\"align-center\"",
            Some(Alignment::Right) => " class=\"align-end\"",
            Some(Alignment::Left | Alignment::None) | None => "",
        };
        self.cell += 1;
        if self.in_head {
            self.push(&format!("<th{align}>"), "</th>");
        } else {
            self.push(&format!("<td{align}>"), "</td>");
        }
    }

    fn start_link(&mut self, address: &CowStr<'_>) {
        match links::target(address) {
            Target::Web(url) => {
                let url = escaped(&url);
                let tag = format!(
                    "<a href=\"{url}\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">"
                );
                self.push(&tag, "</a>");
            }
            Target::File { path, line } => self.push(&file_tag(path.as_str(), line), "</a>"),
            Target::Nowhere => self.open.push(""),
        }
    }

    fn code_span(&mut self, text: &str) {
        let in_link = self.open.contains(&"</a>");
        let code = format!("<code>{}</code>", escaped(text));
        match links::file_in_code(text).filter(|_| !in_link) {
            Some((path, line)) => {
                let tag = file_tag(path.as_str(), Some(line));
                self.html.push_str(&format!("{tag}{code}</a>"));
            }
            None => self.html.push_str(&code),
        }
    }

    /// Images of the web wait until the person asks; images of the project are links to them.
    fn close_image(&mut self) {
        let Some(image) = self.image.take() else { return };
        let text = if image.text.trim().is_empty() { "image" } else { image.text.trim() };
        let text = escaped(text);
        let address = escaped(&image.address);
        if links::remote(&image.address) {
            self.html.push_str(&format!(
                "<span class=\"remote-image\" role=\"button\" tabindex=\"0\" \
                 data-src=\"{address}\">{text}</span>"
            ));
            return;
        }
        let in_link = self.open.contains(&"</a>");
        match links::file(&image.address).filter(|_| !in_link) {
            Some((path, line)) => {
                self.html.push_str(&format!("{}{text}</a>", file_tag(path.as_str(), line)));
            }
            None => self.html.push_str(&text),
        }
    }
}

impl Image {
    /// Collects the text inside the image; false when the image ends.
    fn collect(&mut self, event: &Event<'_>) -> bool {
        if let Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) = event {
            self.text.push_str(text);
        }
        if matches!(event, Event::SoftBreak | Event::HardBreak) {
            self.text.push(' ');
        }
        if matches!(event, Event::Start(_)) {
            self.depth += 1;
        }
        if matches!(event, Event::End(_)) {
            if self.depth == 0 {
                return false;
            }
            self.depth -= 1;
        }
        true
    }
}

/// The page opens the file; there is no address to follow.
fn file_tag(path: &str, line: Option<u32>) -> String {
    let line = line.map(|it| format!(" data-line=\"{it}\"")).unwrap_or_default();
    let path = escaped(path);
    format!("<a class=\"file-link\" role=\"link\" tabindex=\"0\" data-path=\"{path}\"{line}>")
}

fn heading(level: HeadingLevel) -> (&'static str, &'static str) {
    match level {
        HeadingLevel::H1 => ("<h3>", "</h3>\n"),
        HeadingLevel::H2 => ("<h4>", "</h4>\n"),
        HeadingLevel::H3 => ("<h5>", "</h5>\n"),
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => ("<h6>", "</h6>\n"),
    }
}

pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if crate::prompt::untrusted::visible(c) => out.push(c),
            _ => {}
        }
    }
}
