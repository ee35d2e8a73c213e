//! Trees: a folder's listing, writing one after edits, and what differs between two.
//!
//! Only regular files become entries of a project. Symbolic links, submodules and names that a
//! [`FilePath`] refuses are carried along unseen, so that importing a repository and committing
//! does not remove them.

use std::collections::BTreeMap;

use gix_object::bstr::{BString, ByteSlice};
use gix_object::tree::{Editor, EntryKind, EntryMode};
use gix_object::{Kind, Tree, TreeRefIter, WriteTo};

use super::objects::{Missing, Objects};
use super::segment::Draft;
use super::{Oid, SHA1};
use crate::path::FilePath;
use crate::vfs::Entry;

/// Deeper folders than a path can have are carried along as a whole.
const LIMIT_DEPTH: usize = 64;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    pub files: BTreeMap<FilePath, Entry>,
    pub foreign: Vec<Foreign>,
}

/// An entry of a tree that is no file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    pub path: BString,
    pub mode: EntryMode,
    pub id: Oid,
}

/// A file that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeChange {
    pub path: FilePath,
    pub before: Option<Entry>,
    pub after: Option<Entry>,
}

/// Lists a tree with all its folders.
pub fn list(objects: &Objects, tree: Oid) -> Result<Listing, Missing> {
    let mut listing = Listing::default();
    list_folder(objects, tree, &mut BString::default(), 0, &mut listing)?;
    Ok(listing)
}

fn list_folder(
    objects: &Objects,
    tree: Oid,
    path: &mut BString,
    depth: usize,
    listing: &mut Listing,
) -> Result<(), Missing> {
    let content = tree_content(objects, tree)?;
    for entry in TreeRefIter::from_bytes(&content, SHA1) {
        let entry = entry.map_err(|_cause| Missing(tree))?;
        let id = Oid::from(entry.oid.to_owned());
        let before = path.len();
        if before > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(entry.filename);
        match file(objects, path, entry.mode, id)? {
            Some((path, file)) => {
                listing.files.insert(path, file);
            }
            None if entry.mode.is_tree() && depth < LIMIT_DEPTH => {
                list_folder(objects, id, path, depth + 1, listing)?;
            }
            None => {
                listing.foreign.push(Foreign { path: path.clone(), mode: entry.mode, id });
            }
        }
        path.truncate(before);
    }
    Ok(())
}

fn file(
    objects: &Objects,
    path: &BString,
    mode: EntryMode,
    id: Oid,
) -> Result<Option<(FilePath, Entry)>, Missing> {
    if !mode.is_blob() {
        return Ok(None);
    }
    let Some(path) = path.to_str().ok().and_then(|path| FilePath::parse(path).ok()) else {
        return Ok(None); // A name that we cannot have: carried along.
    };
    Ok(Some((path, entry(objects, mode, id)?)))
}

fn entry(objects: &Objects, mode: EntryMode, id: Oid) -> Result<Entry, Missing> {
    match objects.header(&id) {
        Some((Kind::Blob, size_bytes)) => {
            Ok(Entry { oid: id, size_bytes, executable: mode.is_executable() })
        }
        Some((Kind::Tree | Kind::Commit | Kind::Tag, _)) | None => Err(Missing(id)),
    }
}

/// Writes the tree that `root` becomes with these files put (or removed, when `None`), into the
/// draft. Only folders that change are read and written.
pub fn edited<'a>(
    objects: &Objects,
    draft: &mut Draft,
    root: Option<Oid>,
    files: impl IntoIterator<Item = (&'a FilePath, Option<&'a Entry>)>,
) -> Result<Oid, Missing> {
    let missing = |_cause| Missing(root.unwrap_or_else(empty));
    let tree = match root {
        None => Tree::default(),
        Some(id) => {
            let content = tree_content(objects, id)?;
            gix_object::TreeRef::from_bytes(&content, SHA1).map_err(missing)?.into()
        }
    };
    let (puts, removes): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, to)| to.is_some());
    let mut editor = Editor::new(tree, objects, SHA1);
    // Removing first lets a file become a folder, and a folder a file.
    for (path, _) in removes {
        editor.remove_if_leaf(path.parts().map(BStrPart)).map_err(missing)?;
    }
    for (path, entry) in puts {
        let Some(entry) = entry else { continue };
        let kind = if entry.executable { EntryKind::BlobExecutable } else { EntryKind::Blob };
        editor.upsert(path.parts().map(BStrPart), kind, entry.oid.gix()).map_err(missing)?;
    }
    editor.write(|tree| Ok(write(objects, draft, tree).gix())).map(Oid::from)
}

fn write(objects: &Objects, draft: &mut Draft, tree: &Tree) -> Oid {
    let mut content = Vec::new();
    tree.write_to(&mut content).expect("names come from paths and trees, without NUL or slash");
    objects.add(draft, Kind::Tree, &content)
}

struct BStrPart<'a>(&'a str);

impl AsRef<gix_object::bstr::BStr> for BStrPart<'_> {
    fn as_ref(&self) -> &gix_object::bstr::BStr {
        self.0.as_bytes().as_bstr()
    }
}

/// Returns the files that differ, sorted by path. `None` stands for an empty tree.
pub fn differences(
    objects: &Objects,
    before: Option<Oid>,
    after: Option<Oid>,
) -> Result<Vec<TreeChange>, Missing> {
    use gix_diff::tree::recorder::Change as Found;
    let content = |tree: Option<Oid>| tree.map(|id| tree_content(objects, id)).transpose();
    let (left, right) = (content(before)?, content(after)?);
    let mut recorder = gix_diff::tree::Recorder::default();
    gix_diff::tree(
        TreeRefIter::from_bytes(left.as_deref().unwrap_or_default(), SHA1),
        TreeRefIter::from_bytes(right.as_deref().unwrap_or_default(), SHA1),
        gix_diff::tree::State::default(),
        objects,
        &mut recorder,
    )
    .map_err(|_cause| Missing(before.or(after).unwrap_or_else(empty)))?;

    let mut changes: BTreeMap<FilePath, TreeChange> = BTreeMap::new();
    let mut note = |side: Side, path: &BString, mode: EntryMode, id| -> Result<(), Missing> {
        let Some((path, entry)) = file(objects, path, mode, Oid::from(id))? else { return Ok(()) };
        let fresh = || TreeChange { path: path.clone(), before: None, after: None };
        let change = changes.entry(path.clone()).or_insert_with(fresh);
        match side {
            Side::Before => change.before = Some(entry),
            Side::After => change.after = Some(entry),
        }
        Ok(())
    };
    for record in recorder.records {
        match record {
            Found::Addition { entry_mode, oid, path, .. } => {
                note(Side::After, &path, entry_mode, oid)?;
            }
            Found::Deletion { entry_mode, oid, path, .. } => {
                note(Side::Before, &path, entry_mode, oid)?;
            }
            Found::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path } => {
                note(Side::Before, &path, previous_entry_mode, previous_oid)?;
                note(Side::After, &path, entry_mode, oid)?;
            }
        }
    }
    Ok(changes.into_values().collect())
}

enum Side {
    Before,
    After,
}

fn tree_content(objects: &Objects, id: Oid) -> Result<std::sync::Arc<[u8]>, Missing> {
    if id == empty() {
        return Ok(std::sync::Arc::default());
    }
    match objects.read(&id) {
        Some((Kind::Tree, content)) => Ok(content),
        Some((Kind::Blob | Kind::Commit | Kind::Tag, _)) | None => Err(Missing(id)),
    }
}

/// Returns the id of the tree without entries.
pub fn empty() -> Oid {
    Oid::from(gix_hash::ObjectId::empty_tree(SHA1))
}
