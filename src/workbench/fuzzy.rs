//! Finding a title or a path by some of its letters. Pure.
//!
//! Letters must come in order; beginnings of words and runs count more, short texts win ties.

/// Returns how well a text matches, and where; none when it does not. Higher is better.
pub fn score(query: &str, text: &str) -> Option<Match> {
    let wanted: Vec<char> =
        query.chars().filter(|it| !it.is_whitespace()).flat_map(char::to_lowercase).collect();
    let letters: Vec<char> = text.chars().collect();
    let small: Vec<char> =
        letters.iter().map(|it| it.to_lowercase().next().unwrap_or(*it)).collect();
    // A run that begins at a word is found before scattered letters are.
    let mut best: Option<Match> = None;
    for start in 0..small.len() {
        if wanted.first() != small.get(start) {
            continue;
        }
        if let Some(found) = walk(&wanted, &letters, &small, start)
            && best.as_ref().is_none_or(|it| found.score > it.score)
        {
            best = Some(found);
        }
    }
    if wanted.is_empty() { Some(Match { score: 0, at: Vec::new() }) } else { best }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    pub score: i32,
    /// The letters that matched, counted from 0.
    pub at: Vec<usize>,
}

fn walk(wanted: &[char], letters: &[char], small: &[char], start: usize) -> Option<Match> {
    let (mut at, mut score, mut next) = (Vec::with_capacity(wanted.len()), 0, start);
    for letter in wanted {
        let place = next + small[next..].iter().position(|it| it == letter)?;
        score += if is_beginning(letters, place) { 8 } else { 1 };
        score += if at.last().is_some_and(|it| it + 1 == place) { 6 } else { 0 };
        at.push(place);
        next = place + 1;
    }
    // Paths: what matches in the file's own name counts more.
    let name = letters.iter().rposition(|it| *it == '/').map_or(0, |it| it + 1);
    score += at.iter().filter(|it| **it >= name).count() as i32;
    Some(Match { score: score * 16 - letters.len().min(200) as i32 / 8, at })
}

fn is_beginning(letters: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|it| letters[it]) else { return true };
    !before.is_alphanumeric() || (before.is_lowercase() && letters[at].is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_and_runs_win() {
        let texts = ["src/colour.ts", "src/class.ts", "docs/cool/list.md", "ui/CommandLine.rs"];
        let found = ["ui/(C)ommand(L)ine.rs", "src/(cl)ass.ts", "src/(c)o(l)our.ts"];
        check("cl", &texts, &[found.as_slice(), &["docs/(c)oo(l)/list.md"]].concat());
    }

    #[test]
    fn names_of_files_win_over_folders() {
        check("main", &["main/a.rs", "src/main.rs"], &["src/(main).rs", "(main)/a.rs"]);
    }

    #[test]
    fn letters_must_come_in_order() {
        check("ba", &["abc", "bca"], &["(b)c(a)"]);
        check("zz", &["z"], &[]);
        check("  ", &["anything"], &["anything"]);
    }

    #[test]
    fn odd_letters_do_no_harm() {
        check("İß", &["x", "🦀"], &[]);
        check("ÄÖ", &["aäbö"], &["a(ä)b(ö)"]);
    }

    #[track_caller]
    fn check(query: &str, texts: &[&str], expected: &[&str]) {
        let mut found: Vec<(i32, String)> = texts
            .iter()
            .filter_map(|text| {
                let found = score(query, text)?;
                let mark = |(at, letter): (usize, char)| {
                    let matched = found.at.contains(&at);
                    if matched { format!("({letter})") } else { letter.to_string() }
                };
                let marked: String = text.chars().enumerate().map(mark).collect();
                Some((-found.score, marked.replace(")(", "")))
            })
            .collect();
        found.sort();
        let found: Vec<&str> = found.iter().map(|(_, it)| it.as_str()).collect();
        assert_eq!(found, expected);
    }
}
