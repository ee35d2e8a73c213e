//! A difference as text that `git apply` takes.
//!
//! What has no hunks because it is binary or too large is only mentioned.

use std::fmt::{self, Write as _};

use super::{FileDiff, Hunk, LineKind, Status};
use crate::path::FilePath;

impl FileDiff {
    /// Returns the difference as a patch in git's form.
    pub fn unified(&self) -> String {
        let mut patch = String::new();
        self.write(&mut patch).expect("a string takes every text");
        patch
    }

    fn write(&self, patch: &mut String) -> fmt::Result {
        let from = self.from.as_ref().unwrap_or(&self.path);
        writeln!(patch, "diff --git {} {}", quoted("a/", from), quoted("b/", &self.path))?;
        let mode = |executable| if executable { "100755" } else { "100644" };
        match (self.status, self.executable) {
            (Status::Added, executable) => {
                writeln!(patch, "new file mode {}", mode(executable == Some(true)))?;
            }
            (Status::Removed, executable) => {
                writeln!(patch, "deleted file mode {}", mode(executable == Some(true)))?;
            }
            (Status::Modified | Status::Moved, Some(executable)) => {
                writeln!(patch, "old mode {}\nnew mode {}", mode(!executable), mode(executable))?;
            }
            (Status::Modified | Status::Moved, None) => {}
        }
        if self.from.is_some() {
            if self.hunks.is_empty() {
                writeln!(patch, "similarity index 100%")?;
            }
            writeln!(patch, "rename from {}", quoted("", from))?;
            writeln!(patch, "rename to {}", quoted("", &self.path))?;
        }
        let old = match self.status {
            Status::Added => "/dev/null".to_owned(),
            Status::Modified | Status::Removed | Status::Moved => quoted("a/", from),
        };
        let new = match self.status {
            Status::Removed => "/dev/null".to_owned(),
            Status::Modified | Status::Added | Status::Moved => quoted("b/", &self.path),
        };
        if self.binary || self.too_large {
            return writeln!(patch, "Binary files {old} and {new} differ");
        }
        if self.hunks.is_empty() {
            return Ok(());
        }
        // A tab tells where a name with spaces ends.
        let end = |name: &str| if name.contains(' ') { "\t" } else { "" };
        writeln!(patch, "--- {old}{}\n+++ {new}{}", end(&old), end(&new))?;
        self.hunks.iter().try_for_each(|hunk| write_hunk(hunk, patch))
    }
}

fn write_hunk(hunk: &Hunk, patch: &mut String) -> fmt::Result {
    let n = |left_out| hunk.lines.iter().filter(|line| line.kind != left_out).count();
    let (n_old, n_new) = (n(LineKind::Added), n(LineKind::Removed));
    writeln!(patch, "@@ -{},{n_old} +{},{n_new} @@", hunk.old_start, hunk.new_start)?;
    for line in &hunk.lines {
        let sign = match line.kind {
            LineKind::Same => ' ',
            LineKind::Added => '+',
            LineKind::Removed => '-',
        };
        writeln!(patch, "{sign}{}", line.text)?;
        if !line.ended {
            writeln!(patch, "\\ No newline at end of file")?;
        }
    }
    Ok(())
}

/// Paths hold neither control characters nor backslashes; a quotation mark is what is left to quote.
fn quoted(prefix: &str, path: &FilePath) -> String {
    let plain = format!("{prefix}{path}");
    if plain.contains('"') { format!("\"{}\"", plain.replace('"', "\\\"")) } else { plain }
}
