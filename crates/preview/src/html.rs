//! The tags of a page that matter to a preview.
//!
//! It finds tags, their attributes and the text of scripts and styles, with their places, so that
//! parts can be replaced and everything else stays byte for byte. It is no parser of HTML: it builds
//! no tree and repairs nothing.

use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    /// In lower case.
    pub(crate) name: String,
    /// `<…>`
    pub(crate) open: Range<usize>,
    pub(crate) attributes: Vec<Attribute>,
    /// Of `script`, `style`, `textarea` and `title`: what is between the tags.
    pub(crate) text: Range<usize>,
    /// Up to the end of the closing tag, for those; else the end of the tag itself.
    pub(crate) end: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// In lower case.
    pub(crate) name: String,
    /// With its character references as they are.
    pub(crate) value: Range<usize>,
}

impl Tag {
    pub(crate) fn attribute<'a>(&self, name: &str, html: &'a str) -> Option<&'a str> {
        let attribute = self.attributes.iter().find(|attribute| attribute.name == name)?;
        Some(html[attribute.value.clone()].trim())
    }

    pub(crate) fn is_script_of_type(&self, kind: &str, html: &str) -> bool {
        self.name == "script"
            && self.attribute("type", html).is_some_and(|it| it.eq_ignore_ascii_case(kind))
    }
}

/// Lists the opening tags in the order of the page.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        let start = at + found;
        let rest = &html[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at = comment.find("-->").map_or(html.len(), |end| start + 4 + end + 3);
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            let tag = tag(html, start);
            at = tag.end;
            tags.push(tag);
        } else {
            at = start + 1;
        }
    }
    tags
}

/// Returns where something can be put that must come before every script of the page.
pub(crate) fn head(html: &str, tags: &[Tag]) -> usize {
    let after = |name: &str| tags.iter().find(|tag| tag.name == name).map(|tag| tag.open.end);
    after("head").or_else(|| after("html")).unwrap_or_else(|| {
        let start = html.len() - html.trim_start_matches('\u{feff}').trim_start().len();
        let doctype = html[start..].get(..9).is_some_and(|it| it.eq_ignore_ascii_case("<!doctype"));
        let end = html[start..].find('>').filter(|_| doctype);
        end.map_or(0, |end| start + end + 1)
    })
}

fn tag(html: &str, start: usize) -> Tag {
    let name_len = html[start + 1..]
        .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
        .unwrap_or(html.len() - start - 1);
    let name = html[start + 1..start + 1 + name_len].to_ascii_lowercase();
    let (attributes, open_end) = attributes(html, start + 1 + name_len);
    let mut tag =
        Tag { name, open: start..open_end, attributes, text: open_end..open_end, end: open_end };
    if matches!(tag.name.as_str(), "script" | "style" | "textarea" | "title") {
        let (text_end, end) = closing(html, open_end, &tag.name);
        (tag.text, tag.end) = (open_end..text_end, end);
    }
    tag
}

fn attributes(html: &str, mut at: usize) -> (Vec<Attribute>, usize) {
    let mut attributes = Vec::new();
    loop {
        at += skip(&html[at..], |c| c.is_whitespace() || c == '/');
        match html[at..].chars().next() {
            None => return (attributes, at),
            Some('>') => return (attributes, at + 1),
            Some(first) => {
                let name_len = first.len_utf8()
                    + skip(&html[at + first.len_utf8()..], |c| {
                        !c.is_whitespace() && !matches!(c, '=' | '>' | '/')
                    });
                let name = html[at..at + name_len].to_ascii_lowercase();
                at += name_len;
                let value = value(html, &mut at);
                attributes.push(Attribute { name, value });
            }
        }
    }
}

fn value(html: &str, at: &mut usize) -> Range<usize> {
    let equals = *at + skip(&html[*at..], char::is_whitespace);
    if !html[equals..].starts_with('=') {
        return *at..*at;
    }
    let start = equals + 1 + skip(&html[equals + 1..], char::is_whitespace);
    let quote = html[start..].chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        *at = start + skip(&html[start..], |c| !c.is_whitespace() && c != '>');
        return start..*at;
    };
    let len = html[start + 1..].find(quote).unwrap_or(html.len() - start - 1);
    *at = (start + 1 + len + 1).min(html.len());
    start + 1..start + 1 + len
}

/// Finds the closing tag of an element that holds text only.
fn closing(html: &str, from: usize, name: &str) -> (usize, usize) {
    let mut at = from;
    while let Some(found) = html[at..].find("</") {
        let start = at + found;
        let after = &html[start + 2..];
        let same = after.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name));
        let ends = |c: char| c.is_whitespace() || matches!(c, '>' | '/');
        if same && after[name.len()..].starts_with(ends) {
            let end = html[start..].find('>').map_or(html.len(), |end| start + end + 1);
            return (start, end);
        }
        at = start + 2;
    }
    (html.len(), html.len())
}

fn skip(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}

/// Replaces parts of a text; the parts are in order and apart.
pub(crate) fn replace(text: &str, parts: &[(Range<usize>, String)]) -> String {
    let mut out =
        String::with_capacity(text.len() + parts.iter().map(|it| it.1.len()).sum::<usize>());
    let mut at = 0;
    for (range, with) in parts {
        out.push_str(&text[at..range.start]);
        out.push_str(with);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Undoes the character references that stand in addresses.
pub(crate) fn unescape(value: &str) -> String {
    value.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// Makes JSON that can stand inside a script element.
pub(crate) fn script_json(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
