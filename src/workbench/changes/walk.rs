//! Moving through a review by keyboard. Pure.

/// A hunk of a file, both counted from 0. A file without hunks is one spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub file: usize,
    pub hunk: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Next,
    Previous,
    NextFile,
}

/// Returns where a step leads among files with these numbers of hunks; none at either end.
pub fn walk(n_hunks: &[usize], from: Option<Spot>, step: Step) -> Option<Spot> {
    let first = |file: usize| Spot { file, hunk: 0 };
    let Some(Spot { file, hunk }) = from.filter(|it| it.file < n_hunks.len()) else {
        return (!n_hunks.is_empty()).then(|| first(0));
    };
    let next_file = || (file + 1 < n_hunks.len()).then(|| first(file + 1));
    match step {
        Step::Next if hunk + 1 < n_hunks[file] => Some(Spot { file, hunk: hunk + 1 }),
        Step::Next | Step::NextFile => next_file(),
        Step::Previous if hunk > 0 => Some(Spot { file, hunk: hunk - 1 }),
        Step::Previous => {
            let file = file.checked_sub(1)?;
            Some(Spot { file, hunk: n_hunks[file].saturating_sub(1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hunk_is_visited_and_the_ends_hold() {
        let hunks = [2, 0, 1];
        let mut seen = Vec::new();
        let mut at = None;
        while let Some(spot) = walk(&hunks, at, Step::Next) {
            seen.push((spot.file, spot.hunk));
            at = Some(spot);
        }
        assert_eq!(seen, [(0, 0), (0, 1), (1, 0), (2, 0)]);
        let mut back = Vec::new();
        while let Some(spot) = walk(&hunks, at, Step::Previous) {
            back.push((spot.file, spot.hunk));
            at = Some(spot);
        }
        assert_eq!(back, [(1, 0), (0, 1), (0, 0)]);
    }

    #[test]
    fn a_decision_moves_on_to_the_next_file() {
        assert_eq!(
            walk(&[3, 1], Some(Spot { file: 0, hunk: 1 }), Step::NextFile),
            Some(Spot { file: 1, hunk: 0 })
        );
        assert_eq!(walk(&[3], Some(Spot { file: 0, hunk: 1 }), Step::NextFile), None);
        assert_eq!(walk(&[], None, Step::Next), None);
        assert_eq!(
            walk(&[1], Some(Spot { file: 9, hunk: 9 }), Step::Next),
            Some(Spot { file: 0, hunk: 0 }),
            "the files changed meanwhile"
        );
    }
}
