//! A project as a folder: its files, and a `.git` that git itself takes for its own.
//!
//! Packing the folder into a zip is the business of [`crate::archive`].

use gix_object::Kind;

use super::Project;
use crate::archive::File;
use crate::git::objects::Missing;
use crate::git::{index, pack};

const CONFIG: &str = "[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
";

impl Project {
    /// Returns the worktree and its `.git`, paths below the project's root. Git sees the same
    /// history under all references, and the worktree as far from the last commit as we do. A path
    /// that ends with `/` is an empty folder.
    pub fn export_git(&self) -> Result<Vec<File>, Missing> {
        let mut files = self.export_files();
        let mut put = |path: &str, bytes: Vec<u8>| {
            let path = format!(".git/{path}");
            files.push(File { path, bytes, executable: Some(false) });
        };
        put("HEAD", format!("ref: {}\n", self.head).into());
        put("config", CONFIG.into());
        put("description", "A project of Easel.\n".into());
        put("info/exclude", Vec::new());
        match self.head() {
            Some(id) => put(&self.head, format!("{id}\n").into()),
            // Git wants this folder to be there, whether or not it has anything in it.
            None => put("refs/", Vec::new()),
        }
        if self.refs.keys().any(|name| *name != self.head) {
            put("packed-refs", self.packed_refs());
        }
        put("index", index::write(&self.last_commit.listing));
        let ids = self.objects.reachable(self.refs.values().copied())?;
        if ids.is_empty() {
            put("objects/info/packs", Vec::new());
        } else {
            let pack::Pack { name, pack, index } = pack::write(&self.objects, &ids)?;
            put("objects/info/packs", format!("P pack-{name}.pack\n\n").into());
            put(&format!("objects/pack/pack-{name}.pack"), pack);
            put(&format!("objects/pack/pack-{name}.idx"), index);
        }
        Ok(files)
    }

    /// Returns the files of the worktree alone.
    pub fn export_files(&self) -> Vec<File> {
        let file = |(path, entry): (&crate::FilePath, &crate::Entry)| File {
            path: path.to_string(),
            bytes: self.blob(&entry.oid).expect("files in the worktree have their content"),
            executable: Some(entry.executable),
        };
        self.entries().map(file).collect()
    }

    fn packed_refs(&self) -> Vec<u8> {
        let mut text = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
        for (name, id) in self.refs.iter().filter(|(name, _)| **name != self.head) {
            text.push_str(&format!("{id} {name}\n"));
            let mut peeled = *id;
            while let Some((Kind::Tag, content)) = self.objects.read(&peeled) {
                let tag = gix_object::TagRef::from_bytes(&content, crate::git::SHA1);
                let Ok(tag) = tag else { break };
                peeled = tag.target().into();
            }
            if peeled != *id {
                text.push_str(&format!("^{peeled}\n"));
            }
        }
        text.into()
    }
}
