//! Zip archives, in and out.
//!
//! What comes in is hostile until shown otherwise: nothing in an archive names a place outside, and
//! no archive unpacks to more than its limits. What a project makes of the files is decided in
//! [`crate::Project::import`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};

use zip::read::ZipFile;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A file on its way out of a project or into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative, parts joined by `/`. It may lead into `.git`. An empty folder ends with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
    /// `None` where the source does not say.
    pub executable: Option<bool>,
}

/// A moment for the files of an archive, by the author's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub n_files: usize,
    pub file_bytes: u64,
    pub total_bytes: u64,
    /// How much larger than the archive its files may be, once they are larger than 50 MB.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            n_files: 100_000,
            file_bytes: crate::LIMIT_FILE_BYTES,
            total_bytes: 500 * 1024 * 1024,
            ratio: 200,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    pub files: Vec<File>,
    pub left_out: Vec<LeftOut>,
}

/// A file that was not taken from an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    #[error("left out: `{0}` leads out of the folder")]
    Outside(String),
    #[error("left out: `{0}` is a symbolic link")]
    Link(String),
    #[error("left out: `{path}` is larger than the limit of {limit_bytes} bytes")]
    TooLarge { path: String, limit_bytes: u64 },
    #[error("left out: `{0}` is in the archive twice; the first one was taken")]
    Twice(String),
    #[error("left out: the archive has several files of one name; the last one of each was taken")]
    Duplicates,
    #[error("left out: `{0}` is packed in a way that is not supported")]
    Unsupported(String),
}

/// Why nothing was taken from an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    #[error("this is not a zip archive, or it is damaged")]
    Damaged,
    #[error("the archive is encrypted; unpack it and import the folder")]
    Encrypted,
    #[error("the archive holds more than {limit} files")]
    TooMany { limit: usize },
    #[error("the archive unpacks to more than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
}

/// Unpacks an archive. One folder that holds everything is taken off; what file managers leave
/// behind is passed over silently.
pub fn read_zip(bytes: &[u8], limits: Limits) -> Result<Unpacked, ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|err| refused(&err))?;
    if archive.len() > limits.n_files {
        return Err(ArchiveError::TooMany { limit: limits.n_files });
    }
    let by_ratio = (bytes.len() as u64).saturating_mul(limits.ratio).max(crate::LIMIT_FILE_BYTES);
    let limit_bytes = limits.total_bytes.min(by_ratio);
    let mut left_bytes = limit_bytes;
    let mut unpacked = Unpacked { files: Vec::new(), left_out: Vec::new() };
    if archive.has_duplicate_names() {
        unpacked.left_out.push(LeftOut::Duplicates);
    }
    let mut seen = BTreeSet::new();
    for index in 0..archive.len() {
        let Some((path, mut entry)) = open(&mut archive, index, &mut unpacked.left_out)? else {
            continue;
        };
        if !seen.insert(path.clone()) {
            unpacked.left_out.push(LeftOut::Twice(path));
            continue;
        }
        let executable = entry.unix_mode().map(|mode| mode & 0o111 != 0);
        // The size that an entry states is not believed: reading stops at the limit.
        let most = limits.file_bytes.min(left_bytes);
        let mut content = Vec::new();
        let read = entry.by_ref().take(most + 1).read_to_end(&mut content);
        read.map_err(|_cause| ArchiveError::Damaged)?;
        let size_bytes = content.len() as u64;
        let Some(rest) = left_bytes.checked_sub(size_bytes) else {
            return Err(ArchiveError::TooLarge { limit_bytes });
        };
        left_bytes = rest;
        if size_bytes > limits.file_bytes {
            let limit_bytes = limits.file_bytes;
            unpacked.left_out.push(LeftOut::TooLarge { path, limit_bytes });
        } else {
            unpacked.files.push(File { path, bytes: content, executable });
        }
    }
    strip_top(&mut unpacked.files);
    Ok(unpacked)
}

type Opened<'a, 'b> = (String, ZipFile<'a, Cursor<&'b [u8]>>);

/// Returns where an entry belongs and the entry itself, or nothing when it is left out.
fn open<'a, 'b>(
    archive: &'a mut ZipArchive<Cursor<&'b [u8]>>,
    index: usize,
    left_out: &mut Vec<LeftOut>,
) -> Result<Option<Opened<'a, 'b>>, ArchiveError> {
    let Some(Ok(name)) = archive.name_for_index(index).map(|name| name.map(Cow::into_owned)) else {
        return Err(ArchiveError::Damaged);
    };
    let entry = match archive.by_index(index) {
        Ok(entry) => entry,
        Err(err) if refused(&err) == ArchiveError::Encrypted => {
            return Err(ArchiveError::Encrypted);
        }
        Err(ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_)) => {
            left_out.push(LeftOut::Unsupported(name));
            return Ok(None);
        }
        Err(_) => return Err(ArchiveError::Damaged),
    };
    if entry.is_dir() || is_litter(&name) {
        return Ok(None);
    }
    if entry.is_symlink() {
        left_out.push(LeftOut::Link(name));
        return Ok(None);
    }
    let Some(path) = inside(&name) else {
        left_out.push(LeftOut::Outside(name));
        return Ok(None);
    };
    Ok(Some((path, entry)))
}

fn refused(err: &ZipError) -> ArchiveError {
    if matches!(err, ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) {
        ArchiveError::Encrypted
    } else {
        ArchiveError::Damaged
    }
}

/// Returns the path that a name stands for, or `None` when it leads out.
fn inside(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let drive = name.get(1..2) == Some(":") && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if name.starts_with('/') || drive || name.contains('\0') {
        return None;
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

fn is_litter(name: &str) -> bool {
    name.split(['/', '\\']).any(|part| matches!(part, ".DS_Store" | "__MACOSX"))
}

fn strip_top(files: &mut [File]) {
    let Some((top, _)) = files.first().and_then(|file| file.path.split_once('/')) else { return };
    let prefix = format!("{top}/");
    if top == ".git" || !files.iter().all(|file| file.path.starts_with(&prefix)) {
        return;
    }
    for file in files {
        file.path.drain(..prefix.len());
    }
}

/// Packs files into an archive; the same files and moment give the same bytes. Of
/// several files with one path, the first goes in.
pub fn write_zip(files: &[File], moment: Moment) -> Vec<u8> {
    let Moment { year, month, day, hour, minute, second } = moment;
    let time = zip::DateTime::from_date_and_time(year, month, day, hour, minute, second);
    let time = time.unwrap_or_default(); // Before 1980 and after 2107 a zip has no dates.
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut seen = BTreeSet::new();
    for file in files.iter().filter(|file| seen.insert(file.path.as_str())) {
        let folder = file.path.ends_with('/');
        let mode = if folder || file.executable == Some(true) { 0o755 } else { 0o644 };
        let packed = file.path.ends_with(".pack");
        let method = if packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(time)
            .unix_permissions(mode);
        let written = if folder {
            writer.add_directory(file.path.as_str(), options)
        } else {
            let started = writer.start_file(file.path.as_str(), options);
            started.and_then(|()| Ok(writer.write_all(&file.bytes)?))
        };
        written.expect("memory takes every byte, and no file reaches 4 GB");
    }
    writer.finish().expect("memory takes every byte").into_inner()
}

#[cfg(test)]
mod tests;
