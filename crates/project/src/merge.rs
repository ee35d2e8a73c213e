//! Merging two changed versions of a text with the version that both came from.
//!
//! Regions that both changed differently stay in the text between conflict markers. Which version
//! of a file is which, and merging whole trees, is not decided here.

use similar::{Algorithm, DiffOp, MergeResolution, TextMerge, capture_diff_slices};

/// Conflicts with at most this many lines between them become one.
const JOINING_LINES: usize = 3;

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

/// Lines that come after each other in the merged text.
enum Piece<'a> {
    /// Alike on both sides.
    Same(Vec<&'a str>),
    /// Changed on one side.
    Changed(Vec<&'a str>),
    Conflict {
        ours: Vec<&'a str>,
        theirs: Vec<&'a str>,
    },
}

/// Merges line by line, as `git merge-file` does. Lines keep the ends they have.
pub fn merge(base: &str, ours: &str, theirs: &str, labels: Labels<'_>) -> Merged {
    let merge = TextMerge::from_lines(base, ours, theirs);
    let mut pieces = Vec::new();
    for region in merge.regions() {
        let ours: Vec<&str> = region.ours_range().filter_map(|at| merge.ours_line(at)).collect();
        let theirs: Vec<&str> =
            region.theirs_range().filter_map(|at| merge.theirs_line(at)).collect();
        if region.is_conflict() {
            refine(&ours, &theirs, &mut pieces);
        } else if region.resolution() == MergeResolution::Theirs {
            pieces.push(Piece::Changed(theirs));
        } else if region.resolution() == MergeResolution::Unchanged {
            pieces.push(Piece::Same(ours));
        } else {
            pieces.push(Piece::Changed(ours));
        }
    }
    let mut merged = Merged { text: String::new(), n_conflicts: 0 };
    for piece in joined(pieces) {
        match piece {
            Piece::Same(lines) | Piece::Changed(lines) => merged.text.extend(lines),
            Piece::Conflict { ours, theirs } => {
                merged.n_conflicts += 1;
                write_conflict(&mut merged.text, &ours.concat(), &theirs.concat(), labels);
            }
        }
    }
    merged
}

/// Takes lines that both sides of a conflict share out of it.
fn refine<'a>(ours: &[&'a str], theirs: &[&'a str], pieces: &mut Vec<Piece<'a>>) {
    for op in capture_diff_slices(Algorithm::Myers, ours, theirs) {
        let (ours, theirs) = (ours[op.old_range()].to_vec(), theirs[op.new_range()].to_vec());
        pieces.push(match op {
            DiffOp::Equal { .. } => Piece::Same(ours),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                Piece::Conflict { ours, theirs }
            }
        });
    }
}

/// Makes one conflict of two that only a few lines lie between: they are easier to read as one.
fn joined(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut joined: Vec<Piece<'_>> = Vec::new();
    for piece in pieces {
        let Piece::Conflict { ours: mut more_ours, theirs: mut more_theirs } = piece else {
            joined.push(piece);
            continue;
        };
        if let [.., Piece::Conflict { .. }, Piece::Same(between)] = joined.as_slice()
            && between.len() <= JOINING_LINES
        {
            let between = between.clone();
            joined.pop();
            if let Some(Piece::Conflict { ours, theirs }) = joined.last_mut() {
                for (side, more) in [(ours, &mut more_ours), (theirs, &mut more_theirs)] {
                    side.extend(&between);
                    side.append(more);
                }
            }
        } else {
            joined.push(Piece::Conflict { ours: more_ours, theirs: more_theirs });
        }
    }
    joined
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
