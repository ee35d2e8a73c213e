//! What elements of HTML are, as far as a reader cares.

use html5gum::StartTag;

pub(super) fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    tag.attributes.get(name).map(|it| String::from_utf8_lossy(it).into_owned())
}

pub(super) fn number(tag: &StartTag<()>, name: &[u8]) -> Option<u64> {
    attribute(tag, name)?.trim().parse().ok().filter(|it| *it < 1_000_000_000)
}

/// `language-rust`, `lang-js`, `highlight-source-ts`
pub(super) fn language(tag: &StartTag<()>) -> String {
    let class = attribute(tag, b"class").unwrap_or_default();
    let named = |it: &str| {
        let rest =
            ["language-", "lang-", "highlight-source-"].iter().find_map(|p| it.strip_prefix(p))?;
        let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '+' | '#' | '-' | '.');
        (rest.len() <= 20 && !rest.is_empty() && rest.chars().all(plain)).then(|| rest.to_owned())
    };
    class.split_ascii_whitespace().find_map(named).unwrap_or_default()
}

/// What a person would not see either.
pub(super) fn is_unseen(tag: &StartTag<()>) -> bool {
    let style = attribute(tag, b"style").unwrap_or_default();
    let style: String = style.chars().filter(|it| !it.is_whitespace()).collect();
    let style = style.to_ascii_lowercase();
    tag.attributes.contains_key(&b"hidden"[..])
        || attribute(tag, b"aria-hidden").is_some_and(|it| it == "true")
        || ["display:none", "visibility:hidden", "font-size:0", "opacity:0;"]
            .iter()
            .any(|it| format!("{style};").contains(it))
}

pub(super) fn is_never_read(name: &[u8]) -> bool {
    matches!(
        name,
        b"script"
            | b"style"
            | b"noscript"
            | b"template"
            | b"svg"
            | b"math"
            | b"iframe"
            | b"object"
            | b"audio"
            | b"video"
            | b"canvas"
            | b"select"
            | b"textarea"
            | b"button"
            | b"datalist"
            | b"dialog"
            | b"noembed"
            | b"noframes"
            | b"rp"
    )
}

pub(super) fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"source"
            | b"track"
            | b"wbr"
    )
}

pub(super) fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"p" | b"div"
            | b"section"
            | b"article"
            | b"main"
            | b"header"
            | b"footer"
            | b"aside"
            | b"nav"
            | b"address"
            | b"figure"
            | b"figcaption"
            | b"form"
            | b"fieldset"
            | b"legend"
            | b"details"
            | b"hgroup"
            | b"center"
            | b"body"
            | b"html"
            | b"head"
            | b"optgroup"
            | b"caption"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"tbody"
            | b"thead"
            | b"tfoot"
    )
}
