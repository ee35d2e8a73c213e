//! Pictures and documents: the API's words for their formats, places and names.
//!
//! It reads no picture and fetches none.

use std::collections::BTreeSet;

use crate::{
    ask::{Media, Source},
    dialect::BadAsk,
};

/// Longer names are refused; a number may follow.
const NAME_LENGTH: usize = 190;

const IMAGES: [(&str, &str); 5] = [
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("jpeg", "image/jpg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

const DOCUMENTS: [(&str, &str); 10] = [
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("md", "text/x-markdown"),
];

pub(super) fn image_type(format: &str) -> Option<&'static str> {
    IMAGES.iter().find(|it| it.0 == format).map(|it| it.1)
}

pub(super) fn document_type(format: &str) -> Option<&'static str> {
    DOCUMENTS.iter().find(|it| it.0 == format).map(|it| it.1)
}

pub(super) fn image_format(media: &Media) -> Result<&'static str, BadAsk> {
    let ending = match ending(place(media)) {
        "jpg" => "jpeg",
        other => other,
    };
    let known = by_type(&IMAGES, media).or_else(|| by_ending(&IMAGES, ending));
    known.ok_or(BadAsk::Untold { what: "images but PNG, JPEG, GIF and WebP" })
}

pub(super) fn document_format(media: &Media, name: Option<&str>) -> Result<&'static str, BadAsk> {
    by_type(&DOCUMENTS, media)
        .or_else(|| by_ending(&DOCUMENTS, ending(place(media))))
        .or_else(|| by_ending(&DOCUMENTS, ending(name.unwrap_or_default())))
        .or_else(|| media.media_type.starts_with("text/").then_some("txt"))
        .ok_or(BadAsk::Untold { what: "documents of this type" })
}

fn by_type(table: &[(&'static str, &str)], media: &Media) -> Option<&'static str> {
    let plain = media.media_type.split(';').next().unwrap_or_default().trim();
    table.iter().find(|it| it.1.eq_ignore_ascii_case(plain)).map(|it| it.0)
}

fn by_ending(table: &[(&'static str, &str)], ending: &str) -> Option<&'static str> {
    table.iter().find(|it| it.0.eq_ignore_ascii_case(ending)).map(|it| it.0)
}

fn place(media: &Media) -> &str {
    match &media.source {
        Source::Address(address) => address,
        Source::Base64(_) => "",
    }
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |it| it.1)
}

/// The documents' names of one request. The API takes a few characters only, and no name twice in
/// a whole conversation; numbers are given in order, so that what went out once stays the same.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// In small letters.
    taken: BTreeSet<String>,
}

impl Names {
    pub(super) fn take(&mut self, wanted: Option<&str>) -> String {
        let name = allowed(wanted.unwrap_or_default());
        let numbered = (2..).map(|n| format!("{name} {n}"));
        std::iter::once(name.clone())
            .chain(numbered)
            .find(|it| self.taken.insert(it.to_ascii_lowercase()))
            .unwrap_or(name)
    }
}

fn allowed(wanted: &str) -> String {
    // The format says what the ending does, and a dot is refused.
    let stem = match wanted.rsplit_once('.') {
        Some((stem, ending)) if by_ending(&DOCUMENTS, ending).is_some() => stem,
        Some(_) | None => wanted,
    };
    let fits = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '(' | ')' | '[' | ']');
    let spaced: String = stem.chars().map(|it| if fits(it) { it } else { ' ' }).collect();
    let mut name = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    name.truncate(NAME_LENGTH);
    let name = name.trim_end();
    if name.is_empty() { "document".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_and_is_given_once() {
        let mut names = Names::default();
        for (wanted, expected) in [
            (Some("John's  report_v1.2.pdf"), "John s report v1 2"),
            (Some("分期.pdf"), "document"),
            (None, "document 2"),
            (Some("Document"), "Document 3"),
            (Some("a [1] (x)-y"), "a [1] (x)-y"),
            (Some("../a.DOCX"), "a"),
        ] {
            assert_eq!(names.take(wanted), expected, "{wanted:?}");
        }
        assert_eq!(names.take(Some(&"x".repeat(500))).len(), NAME_LENGTH);
    }

    #[test]
    fn a_format_is_found_where_it_is_told() {
        let media = |media_type: &str, address: &str| Media {
            media_type: media_type.to_owned(),
            source: Source::Address(address.to_owned()),
        };
        assert_eq!(image_format(&media("image/jpg", "")).unwrap(), "jpeg");
        assert_eq!(image_format(&media("", "s3://b/a.JPEG")).unwrap(), "jpeg");
        assert_eq!(image_format(&media("", "s3://b/a.jpg")).unwrap(), "jpeg");
        assert!(image_format(&media("image/tiff", "s3://b/a")).is_err());
        assert_eq!(document_format(&media("text/plain; charset=utf-8", ""), None).unwrap(), "txt");
        assert_eq!(document_format(&media("text/x-rust", ""), None).unwrap(), "txt");
        assert_eq!(document_format(&media("", ""), Some("a.md")).unwrap(), "md");
        assert!(document_format(&media("application/zip", ""), Some("a.zip")).is_err());
    }
}
