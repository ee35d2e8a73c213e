//! The app's own files.
//!
//! Names with a hash in them stay in the browser for ever, all others are asked for again and
//! cost 304. Compressed files lie beside the originals; nothing is compressed here.

use std::{
    io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{
    Shared,
    gate::{is_api, wants_page},
    policy, refusal,
};

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// Hexadecimal digits at the end of a name that make it one for ever.
const HASH_LENGTH: usize = 8;

/// What a sandboxed frame of the app loads where there is no preview host.
const DOCUMENT: [&str; 2] = ["/preview/document.html", "/preview/document.js"];

/// Whether a path is for a page whose origin is `null`: such a page says so with all that it asks.
pub(super) fn is_document(path: &str) -> bool {
    DOCUMENT.contains(&path)
}

pub(super) async fn serve(State(state): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let (path, headers) = (parts.uri.path(), &parts.headers);
    if is_api(path) {
        return refusal::no_address().into_response();
    }
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return match is_place(path) || found(&state.site, path, headers).await.is_some() {
            true => only_read().await,
            false => missing(),
        };
    }
    if is_document(path) {
        let mut response = found(&state.site, path, headers).await.unwrap_or_else(missing);
        policy::document(response.headers_mut());
        return response;
    }
    // The rest of that folder is for preview hosts.
    let asked =
        if path.starts_with("/preview/") { None } else { found(&state.site, path, headers).await };
    let mut response = match asked {
        Some(response) => response,
        None if is_place(path) && wants_page(headers) => {
            found(&state.site, "/index.html", headers).await.unwrap_or_else(not_built)
        }
        None => missing(),
    };
    policy::app(response.headers_mut(), &state.hosts, path);
    response
}

/// A place within the app, which has no file of its own.
fn is_place(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    !last.contains('.')
}

async fn only_read() -> Response {
    let mut response = refusal::wrong_method().await.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

pub(super) fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here\n").into_response()
}

fn not_built() -> Response {
    let text = "The app is not built. `cargo xtask start` builds it and starts everything; \
                a proxy that was started by hand takes its folder with --site.\n";
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

/// Returns a file of a folder as an answer; none if there is none.
pub(super) async fn found(folder: &Path, path: &str, headers: &HeaderMap) -> Option<Response> {
    let path = resolve(folder, path)?;
    let compressed = accepts_brotli(headers).then(|| with_br(&path));
    let (file, encoding) = match compressed {
        Some(compressed) if is_newer(&compressed, &path).await => (compressed, Some("br")),
        Some(_) | None => (path.clone(), None),
    };
    match answer(&path, &file, encoding, headers).await {
        Ok(response) => Some(response),
        Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => {
            None
        }
        Err(err) => {
            tracing::error!(file = %file.display(), cause = %err, "file not read");
            Some(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

/// Returns the path within the folder, if it cannot leave it.
fn resolve(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = if path == "/" { "/index.html" } else { path };
    let relative = path.strip_prefix('/')?;
    // Our names need no escapes and no dots in front, so none is understood.
    let plain =
        |it: &str| !it.is_empty() && !it.starts_with('.') && !it.contains(['%', '\\', '\0']);
    relative.split('/').all(plain).then(|| folder.join(relative))
}

fn with_br(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

/// A compressed file that is older than its original belongs to another build.
async fn is_newer(compressed: &Path, path: &Path) -> bool {
    let (Ok(compressed), Ok(path)) =
        (tokio::fs::metadata(compressed).await, tokio::fs::metadata(path).await)
    else {
        return false;
    };
    matches!((compressed.modified(), path.modified()), (Ok(compressed), Ok(path)) if compressed >= path)
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|it| {
        let (name, quality) = it.split_once(';').unwrap_or((it, ""));
        let refused = quality
            .trim()
            .strip_prefix("q=")
            .is_some_and(|it| it.trim().parse::<f32>().is_ok_and(|it| it == 0.0));
        name.trim().eq_ignore_ascii_case("br") && !refused
    })
}

async fn answer(
    path: &Path,
    file: &Path,
    encoding: Option<&'static str>,
    headers: &HeaderMap,
) -> io::Result<Response> {
    let metadata = tokio::fs::metadata(file).await?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag =
        format!("\"{:x}-{:x}{}\"", metadata.len(), modified.as_nanos(), encoding.unwrap_or(""));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok());
    let unchanged =
        known.is_some_and(|it| it.split(',').any(|it| it.trim().trim_start_matches("W/") == tag));
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(tokio::fs::read(file).await?).into_response()
    };
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, media_type(path));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let keep = if has_hash(name) { FOR_EVER } else { ASK_AGAIN };
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

fn media_type(path: &Path) -> HeaderValue {
    let ending = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
    let text = match ending {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => {
            let guess = mime_guess::from_path(path).first_or_octet_stream();
            return HeaderValue::from_str(guess.essence_str())
                .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        }
    };
    HeaderValue::from_static(text)
}

/// `core-0123456789abcdef_bg.wasm`, `style-01234567.css`
fn has_hash(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = ["_bg", "_later"].iter().find_map(|it| stem.strip_suffix(it)).unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() >= HASH_LENGTH && hash.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_folder() {
        let folder = Path::new("/site");
        assert_eq!(resolve(folder, "/"), Some("/site/index.html".into()));
        assert_eq!(resolve(folder, "/a/b.js"), Some("/site/a/b.js".into()));
        for path in [
            "/..",
            "/../etc/passwd",
            "/a/../../b",
            "/./a",
            "/a/./b",
            "//etc/passwd",
            "/a//b",
            "/a/",
            "/.git/config",
            "/a/.hidden",
            "/%2e%2e/x",
            "/a%2fb",
            "/a\\..\\b",
            "/a\0b",
            "",
            "a",
        ] {
            assert_eq!(resolve(folder, path), None, "{path:?}");
        }
    }

    #[test]
    fn only_names_with_a_hash_stay_for_ever() {
        for name in [
            "core-0123456789abcdef_bg.wasm",
            "core-0123456789abcdef_later.wasm",
            "boot-0123abcd.js",
            "a-0123456789abcdef.css",
        ] {
            assert!(has_hash(name), "{name}");
        }
        for name in ["index.html", "sw.js", "core_loader.js", "a-b.js", "easel-icon.svg", "-.js"] {
            assert!(!has_hash(name), "{name}");
        }
    }

    #[test]
    fn brotli_is_for_those_who_take_it() {
        let accepts = |it: &'static str| {
            let value = HeaderValue::from_static(it);
            accepts_brotli(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]))
        };
        assert!(accepts("gzip, deflate, br, zstd"));
        assert!(accepts("BR;q=0.5"));
        assert!(!accepts("gzip"));
        assert!(!accepts("br;q=0"));
        assert!(!accepts("brotli"));
        assert!(!accepts_brotli(&HeaderMap::new()));
    }
}
