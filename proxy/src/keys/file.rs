//! Files that only their owner reads, replaced as a whole or not at all.
//!
//! It does not know what is in them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use super::BadStore;

/// Reads a file; none if there is none. One that others may read is made private first.
pub(super) fn read(path: &Path) -> Result<Option<String>, BadStore> {
    let unusable = |source| BadStore::Unusable { path: path.to_owned(), source };
    match fs::metadata(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(unusable(err)),
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(unusable)?;
        }
        Ok(_) => {}
    }
    fs::read_to_string(path).map(Some).map_err(unusable)
}

/// Replaces a file by another one in one step, durably.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), BadStore> {
    write(path, text).map_err(|source| BadStore::Unusable { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}
