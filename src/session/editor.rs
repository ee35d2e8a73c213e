//! Open documents, and saving what was typed.
//!
//! A save names the version that it is based on. When the file has changed since, the two are merged
//! if they touch different lines; otherwise what was typed is kept in a file beside it, so that
//! neither text is lost.

use link::{
    Panel, TabId,
    editor::{Document, TextChange, View, Wish},
    status::Level,
};
use project::{
    Project,
    git::Oid,
    merge::{self, Labels},
    path::FilePath,
    vfs::Edit,
};

use super::{
    Session,
    files::parse,
    workspace::{NotDone, Workspace},
};
use crate::i18n::said;

/// Larger files are not sent to the editor (EDT-6 asks for 5 MB to be fluent).
const TEXT_LIMIT_BYTES: u64 = 8 << 20;

impl Session {
    pub(super) async fn editor_wish(&self, tab: &TabId, wish: Wish) {
        match wish {
            Wish::Show { paths } => {
                self.with_tab(tab, |it| it.documents = paths);
                self.touch_tab(tab, Panel::Editor);
                // The file in front goes along with the next message.
                if let Some(workspace) = self.workspace_of(tab) {
                    workspace.state.borrow().forget_estimate();
                    self.touch(&workspace.id, &[Panel::Chat]);
                }
            }
            Wish::Save { path, base, changes } => {
                let Some(workspace) = self.workspace_of(tab) else { return };
                if let Err(why) = self.save(&workspace, &path, &base, &changes).await {
                    self.notify_error("save", &said::not_saved(&path, &why.text()), None);
                }
            }
        }
    }

    async fn save(
        &self,
        workspace: &Workspace,
        path: &str,
        base: &str,
        changes: &[TextChange],
    ) -> Result<(), NotDone> {
        let path = parse(path)?;
        let beside = parse(&said::beside(&path, self.now_ms()))?;
        let mut kept_beside = false;
        // What is stored is looked at when nothing else is being written any more.
        self.edit_files_as(workspace, |project| {
            let (text, clash) = typed_over(project, &path, base, changes)?;
            kept_beside = clash;
            let path = if clash { beside.clone() } else { path.clone() };
            Ok(vec![Edit::Write { path, bytes: text.into_bytes() }])
        })
        .await?;
        if kept_beside {
            self.notify("save", Level::Warning, &said::both_kept(&path, &beside), None);
        }
        Ok(())
    }

    pub(super) fn editor_view(&self, tab: &TabId) -> View {
        let Some(workspace) = self.workspace_of(tab) else { return View::default() };
        let paths = self.with_tab(tab, |it| it.documents.clone()).unwrap_or_default();
        let documents = paths.into_iter().map(|path| document(&workspace, path));
        View { documents: documents.collect() }
    }
}

/// The text that a save makes of a file, and whether it clashes with what is stored there: then it
/// belongs into a file of its own.
fn typed_over(
    project: &Project,
    path: &FilePath,
    base: &str,
    changes: &[TextChange],
) -> Result<(String, bool), NotDone> {
    let lost = || NotDone::Refused(said::UNKNOWN_VERSION.to_owned());
    let id: Oid = base.parse().map_err(|_bad| lost())?;
    let before = project.blob(&id).and_then(|it| String::from_utf8(it).ok()).ok_or_else(lost)?;
    let typed = with_changes(&before, changes).ok_or_else(lost)?;
    let Some(stored) = project.entry(path).filter(|it| it.oid != id) else {
        return Ok((typed, false));
    };
    let theirs = project.blob(&stored.oid).and_then(|it| String::from_utf8(it).ok());
    let Some(theirs) = theirs else { return Ok((typed, true)) };
    let merged = merge::merge(&before, &typed, &theirs, Labels::default());
    match merged.n_conflicts {
        0 => Ok((merged.text, false)),
        _ => Ok((typed, true)),
    }
}

fn document(workspace: &Workspace, path: String) -> Document {
    let state = workspace.state.borrow();
    let without_text = |version: String, note: &str| Document {
        path: path.clone(),
        text: String::new(),
        version,
        note: note.to_owned(),
    };
    let Ok(parsed) = FilePath::parse(&path) else {
        return without_text(String::new(), said::GONE);
    };
    let Some(entry) = state.project.entry(&parsed) else {
        return without_text(String::new(), said::GONE);
    };
    let version = entry.oid.to_string();
    if entry.size_bytes > TEXT_LIMIT_BYTES {
        return without_text(version, said::TOO_LARGE);
    }
    match state.project.read_text(&parsed) {
        Ok(text) => Document { path, text, version, note: String::new() },
        Err(_) => without_text(version, said::NOT_TEXT),
    }
}

/// Applies an editor's changes: positions count UTF-16 units of the old text, in order.
fn with_changes(text: &str, changes: &[TextChange]) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut at = 0;
    let mut copy_until = |end: u32, out: Option<&mut String>| -> Option<()> {
        let mut taken = String::new();
        while at < end {
            let letter = rest.next()?;
            at += letter.len_utf16() as u32;
            taken.push(letter);
        }
        // A position inside a surrogate pair is no position.
        if at != end {
            return None;
        }
        if let Some(out) = out {
            out.push_str(&taken);
        }
        Some(())
    };
    for change in changes {
        copy_until(change.from, Some(&mut out))?;
        copy_until(change.to, None)?;
        if change.to < change.from {
            return None;
        }
        out.push_str(&change.insert);
    }
    out.extend(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(from: u32, to: u32, insert: &str) -> TextChange {
        TextChange { from, to, insert: insert.to_owned() }
    }

    #[test]
    fn positions_count_utf16_units() {
        let typed = with_changes("a🦀b", &[change(1, 3, "é"), change(4, 4, "!")]);
        assert_eq!(typed.as_deref(), Some("aéb!"));
    }

    #[test]
    fn changes_that_do_not_fit_are_refused() {
        for changes in [
            vec![change(2, 3, "")],
            vec![change(0, 9, "")],
            vec![change(3, 1, "")],
            vec![change(3, 3, ""), change(0, 1, "")],
        ] {
            assert_eq!(with_changes("a🦀b", &changes), None, "{changes:?}");
        }
    }
}
