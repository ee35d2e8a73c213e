//! Merging two changed versions of a text with the version that both came from.
//!
//! Regions that both changed differently stay in the text between conflict markers. Which version
//! of a file is which, and merging whole trees, is not decided here.

use similar::{MergeResolution, TextMerge};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub text: String,
    /// Regions that need a person; they are marked in the text.
    pub n_conflicts: usize,
}

/// The names that stand at conflict markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels<'a> {
    pub ours: &'a str,
    pub theirs: &'a str,
}

impl Default for Labels<'_> {
    fn default() -> Self {
        Self { ours: "ours", theirs: "theirs" }
    }
}

/// Merges line by line. Lines keep the ends they have.
pub fn merge(base: &str, ours: &str, theirs: &str, labels: Labels<'_>) -> Merged {
    let merge = TextMerge::from_lines(base, ours, theirs);
    let mut text = String::new();
    let mut n_conflicts = 0;
    for region in merge.regions() {
        let ours = (region.ours_range()).filter_map(|at| merge.ours_line(at));
        let theirs = (region.theirs_range()).filter_map(|at| merge.theirs_line(at));
        match region.resolution() {
            MergeResolution::Unchanged | MergeResolution::Ours | MergeResolution::Both => {
                text.extend(ours);
            }
            MergeResolution::Theirs => text.extend(theirs),
            _ => {
                n_conflicts += 1;
                write_conflict(
                    &mut text,
                    &ours.collect::<String>(),
                    &theirs.collect::<String>(),
                    labels,
                );
            }
        }
    }
    Merged { text, n_conflicts }
}

fn write_conflict(text: &mut String, ours: &str, theirs: &str, labels: Labels<'_>) {
    let end = if ours.ends_with("\r\n") || theirs.ends_with("\r\n") { "\r\n" } else { "\n" };
    let mut side = |marker: String, lines: &str| {
        text.push_str(&marker);
        text.push_str(end);
        text.push_str(lines);
        if !lines.is_empty() && !lines.ends_with('\n') {
            text.push_str(end);
        }
    };
    side(format!("<<<<<<< {}", labels.ours), ours);
    side("=======".to_owned(), theirs);
    side(format!(">>>>>>> {}", labels.theirs), "");
}

#[cfg(test)]
mod tests;
