//! Pictures and documents as parts.
//!
//! Sound and film have no place in an [`Ask`](crate::ask::Ask), and files that lie with Google mean
//! nothing to another vendor; both are refused.

use serde_json::{Value, json};

use super::incoming::{FileData, InlineData};
use crate::ask::{Block, Media, Output, Source};

/// A picture, or a document with its name.
#[derive(Debug)]
pub(super) enum Shown {
    Image(Media),
    File { media: Media, name: Option<String> },
}

impl From<Shown> for Block {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Image(media) => Self::Image(media),
            Shown::File { media, name } => Self::File { media, name },
        }
    }
}

impl From<Shown> for Output {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Image(media) => Self::Image(media),
            Shown::File { media, name } => Self::File { media, name },
        }
    }
}

pub(super) fn inline(data: InlineData) -> Result<Shown, &'static str> {
    let media = Media { media_type: data.mime_type, source: Source::Base64(data.data) };
    shown(media, data.display_name)
}

pub(super) fn file(data: FileData) -> Result<Shown, &'static str> {
    let address = data.file_uri;
    let public = address.starts_with("https://") || address.starts_with("http://");
    // Files that were put there before, and films that only its own servers can fetch.
    let own = ["generativelanguage.googleapis.com/", "youtube.com/", "youtu.be/"];
    if !public || own.iter().any(|it| address.contains(it)) {
        return Err("has a file that only one vendor can fetch");
    }
    let media_type = data.mime_type.unwrap_or_else(|| guess(&address).to_owned());
    shown(Media { media_type, source: Source::Address(address) }, data.display_name)
}

fn shown(media: Media, name: Option<String>) -> Result<Shown, &'static str> {
    match media.media_type.split('/').next() {
        Some("image") => Ok(Shown::Image(media)),
        Some("audio" | "video") => Err("has a part that is no text, no image and no document"),
        Some(_) | None => Ok(Shown::File { media, name }),
    }
}

/// Returns what the end of an address tells about what is there; empty if nothing.
fn guess(address: &str) -> &'static str {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit('.').next() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("pdf") => "application/pdf",
        Some(_) | None => "",
    }
}

pub(super) fn write(media: &Media) -> Value {
    match &media.source {
        Source::Base64(data) => {
            json!({ "inlineData": { "mimeType": media.media_type, "data": data } })
        }
        Source::Address(address) => {
            let given = media.media_type.as_str();
            match if given.is_empty() { guess(address) } else { given } {
                "" => json!({ "fileData": { "fileUri": address } }),
                kind => json!({ "fileData": { "mimeType": kind, "fileUri": address } }),
            }
        }
    }
}
