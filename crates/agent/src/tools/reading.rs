//! The tools that only look: `read`, `list`, `search`.
//!
//! Their answers are bounded, and say what was left out and how to get it. They do not decide
//! whether the model may look: see [`crate::permission`].

use std::collections::BTreeMap;

use project::path::FilePath;
use regex_lite::{Regex, RegexBuilder};

use crate::files::{Files, text};
use crate::permission::holds_secrets;
use crate::prompt::untrusted::clean;

const LONGEST_ANSWER_BYTES: usize = 100_000;
const LONGEST_LINE: usize = 2_000;
const MOST_MATCHES: usize = 200;
const LONGEST_MATCH: usize = 300;
const LONGEST_PATTERN: usize = 1_000;
/// What makes a pattern more than text.
const SIGNS: [char; 14] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];
const SEARCHED_BYTES: usize = 64 * 1024 * 1024;
const MOST_ENTRIES: usize = 500;

/// Answers `read`: numbered lines.
pub fn read(files: &dyn Files, path: &FilePath, offset: u32, limit: u32) -> Result<String, String> {
    let Some(bytes) = files.read(path) else { return Err(missing(files, path)) };
    let n_bytes = bytes.len();
    let Some(content) = text(&bytes) else {
        return Err(format!("`{path}` is not text ({n_bytes} bytes); it cannot be read as lines"));
    };
    let content = clean(content.trim_start_matches('\u{feff}'));
    let n_lines = content.lines().count();
    if n_lines == 0 {
        return Ok(format!("`{path}` is empty"));
    }
    let first = offset as usize;
    if first > n_lines {
        return Err(format!("`{path}` has {n_lines} lines; `offset` {first} is behind its end"));
    }
    let mut answer = String::new();
    let mut next = first;
    for line in content.lines().skip(first - 1).take(limit as usize) {
        if answer.len() + line.len().min(LONGEST_LINE) > LONGEST_ANSWER_BYTES {
            break;
        }
        answer += &format!("{next}\t{}\n", shortened(line, LONGEST_LINE));
        next += 1;
    }
    if next <= n_lines {
        answer += &format!("({n_lines} lines in all; go on with `offset` {next})\n");
    }
    Ok(answer)
}

/// Answers `list`: one level of a folder.
pub fn list(files: &dyn Files, folder: Option<&FilePath>) -> Result<String, String> {
    let mut entries: BTreeMap<String, usize> = BTreeMap::new();
    let prefix = folder.map(|it| format!("{it}/")).unwrap_or_default();
    for path in files.paths() {
        let Some(rest) = path.as_str().strip_prefix(&prefix) else { continue };
        match rest.split_once('/') {
            Some((name, _)) => *entries.entry(format!("{name}/")).or_default() += 1,
            None => *entries.entry(rest.to_owned()).or_default() += 1,
        }
    }
    if entries.is_empty() {
        return match folder {
            None => Ok("the project has no files yet".to_owned()),
            Some(path) if files.read(path).is_some() => {
                Err(format!("`{path}` is a file; use `read`"))
            }
            Some(path) => Err(format!("there is no folder `{path}`")),
        };
    }
    let n_entries = entries.len();
    let mut answer = String::new();
    for (name, n_files) in entries.into_iter().take(MOST_ENTRIES) {
        let name = clean(&name);
        if name.ends_with('/') {
            let plural = if n_files == 1 { "" } else { "s" };
            answer += &format!("{name} ({n_files} file{plural})\n");
        } else {
            answer += &format!("{name}\n");
        }
    }
    if n_entries > MOST_ENTRIES {
        answer += &format!("({} more)\n", n_entries - MOST_ENTRIES);
    }
    Ok(answer)
}

/// Answers `search`. Files that hold secrets are searched only when they are named.
pub fn search(
    files: &dyn Files,
    pattern: &str,
    place: Option<&FilePath>,
    literal: bool,
) -> Result<String, String> {
    let wanted = Pattern::parse(pattern, literal)?;
    let mut answer = String::new();
    let (mut n_matches, mut n_bytes) = (0, 0);
    for path in files.paths().iter().filter(|path| within(path, place)) {
        if holds_secrets(path) && place != Some(path) {
            continue;
        }
        let Some(bytes) = files.read(path) else { continue };
        n_bytes += bytes.len();
        if n_bytes > SEARCHED_BYTES {
            answer += "(stopped after 64 MB; name a folder in `path` to search the rest)\n";
            break;
        }
        let Some(content) = text(&bytes) else { continue };
        for (number, line) in (1..).zip(content.lines()).filter(|(_, line)| wanted.found(line)) {
            n_matches += 1;
            if n_matches > MOST_MATCHES {
                answer += "(more than 200 lines match; make the pattern narrower)\n";
                return Ok(answer);
            }
            answer += &format!("{path}:{number}: {}\n", shortened(&clean(line), LONGEST_MATCH));
        }
    }
    if n_matches == 0 {
        answer += "nothing found\n";
    }
    Ok(answer)
}

enum Pattern<'a> {
    Literal(&'a str),
    Regex(Regex),
}

impl<'a> Pattern<'a> {
    /// A pattern that is no regular expression is most likely code: it is looked for as it stands.
    fn parse(pattern: &'a str, literal: bool) -> Result<Self, String> {
        if pattern.is_empty() || pattern.len() > LONGEST_PATTERN {
            return Err(format!("`pattern` must have 1 to {LONGEST_PATTERN} bytes"));
        }
        if literal || !pattern.contains(SIGNS) {
            return Ok(Self::Literal(pattern));
        }
        let regex = RegexBuilder::new(pattern).size_limit(1 << 20).nest_limit(50).build();
        Ok(regex.map_or(Self::Literal(pattern), Self::Regex))
    }

    fn found(&self, line: &str) -> bool {
        match self {
            Self::Literal(text) => line.contains(text),
            Self::Regex(regex) => regex.is_match(line),
        }
    }
}

fn within(path: &FilePath, place: Option<&FilePath>) -> bool {
    place.is_none_or(|place| {
        let rest = path.as_str().strip_prefix(place.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Says that a file is missing, with those that were perhaps meant: the same name elsewhere.
pub fn missing(files: &dyn Files, path: &FilePath) -> String {
    let name = path.name();
    let alike: Vec<String> = files
        .paths()
        .iter()
        .filter(|it| it.name().eq_ignore_ascii_case(name))
        .take(3)
        .map(|it| format!("`{it}`"))
        .collect();
    if alike.is_empty() {
        format!("there is no file `{path}`; `list` shows what there is")
    } else {
        format!("there is no file `{path}`; there is {}", alike.join(", "))
    }
}

fn shortened(line: &str, longest: usize) -> String {
    match line.char_indices().nth(longest) {
        None => line.to_owned(),
        Some((at, _)) => format!("{}… ({} bytes more)", &line[..at], line.len() - at),
    }
}
