//! Files that only their owner reads, replaced as a whole or not at all.
//!
//! It does not know what is in them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use super::BadStore;

/// Reads a file; none if there is none. One that others may read is made private first.
pub(crate) fn read(path: &Path) -> Result<Option<String>, BadStore> {
    let unusable = |source| BadStore::Unusable { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(unusable(err)),
        Ok(file) => file,
    };
    make_private(&file).map_err(unusable)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unusable)?;
    Ok(Some(text))
}

/// Takes away what others may do with a file.
pub(crate) fn make_private(file: &File) -> io::Result<()> {
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Makes a folder that only its owner enters, if there is none.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Replaces a file by another one in one step, durably.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), BadStore> {
    write(path, text).map_err(|source| BadStore::Unusable { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}
