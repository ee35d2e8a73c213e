//! Addresses on the site, and the files that they mean.
//!
//! It does not look whether a file is there.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use project::FilePath;

const LEFT_ALONE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b'@');

/// Packs lie here, on every site.
pub(crate) const PACKS: &str = "/__packs/";

/// A file, and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) path: FilePath,
    pub(crate) how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// As a page, a script, a sheet, an image.
    Itself,
    /// As a module, although it is no script: a sheet that applies itself, an object, an address.
    Import,
    /// A module whose default is the text.
    Raw,
    /// A module whose default is the address.
    Url,
}

impl Address {
    pub(crate) fn url(&self) -> String {
        let path = encode(self.path.as_str());
        match self.how {
            How::Itself => format!("/{path}"),
            How::Import => format!("/{path}?import"),
            How::Raw => format!("/{path}?raw"),
            How::Url => format!("/{path}?url"),
        }
    }
}

impl How {
    /// Reads a query; unknown ones (`?v=3`, `?t=…`) mean the file itself.
    pub(crate) fn of_query(query: &str) -> Self {
        let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        names
            .find_map(|name| match name {
                "import" => Some(Self::Import),
                "raw" => Some(Self::Raw),
                "url" => Some(Self::Url),
                _ => None,
            })
            .unwrap_or(Self::Itself)
    }
}

pub(crate) fn encode(path: &str) -> String {
    utf8_percent_encode(path, LEFT_ALONE).to_string()
}

pub(crate) fn decode(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Splits an address into path and query, without its fragment.
pub(crate) fn split(url: &str) -> (&str, &str) {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once('?').unwrap_or((url, ""))
}

/// Joins as browsers do: a leading slash means the root, and `..` stops there. The result has no
/// leading slash and is not yet known to be a file's path.
pub(crate) fn join(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = match relative.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns the folder of a path, without a slash at its end.
pub(crate) fn folder(path: &FilePath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the media type that browsers expect for a name.
pub(crate) fn media_type(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => {
            "text/javascript; charset=utf-8"
        }
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "webmanifest" => "application/manifest+json; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        "xml" => "application/xml; charset=utf-8",
        "txt" | "md" | "csv" | "toml" | "yaml" | "yml" | "vtt" | "frag" | "vert" | "glsl" => {
            "text/plain; charset=utf-8"
        }
        _ => "application/octet-stream",
    }
}

/// Tells whether the compiler has something to do with a file of this name.
pub(crate) fn is_script(path: &str) -> bool {
    media_type(path).starts_with("text/javascript")
}
