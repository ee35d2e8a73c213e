//! What a Markdown code fence says about its content: the language, and perhaps a file.
//!
//! It reads single lines. What fences mean for files is decided by [`crate::fenced`], how they look
//! by [`crate::markdown`].

use project::path::FilePath;

use crate::tools::file_path;

/// The line that opens a fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    pub sign: char,
    pub length: usize,
    /// Spaces before the fence, at most three.
    pub indent: usize,
    pub info: Info,
}

/// What stands behind the fence: ```` ```ts src/main.ts ````.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    pub language: String,
    pub path: Option<FilePath>,
}

impl Opening {
    pub fn parse(line: &str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let sign = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = text.trim_start_matches(sign);
        let length = text.len() - info.len();
        if length < 3 || indent > 3 || (sign == '`' && info.contains('`')) {
            return None;
        }
        Some(Self { sign, length, indent, info: Info::parse(info) })
    }

    pub fn closed_by(&self, line: &str) -> bool {
        let text = line.trim_start_matches(' ');
        let rest = text.trim_start_matches(self.sign);
        line.len() - text.len() <= 3
            && text.len() - rest.len() >= self.length
            && rest.trim().is_empty()
    }

    /// Takes from a line of the content what indents the whole fence.
    pub fn dedent<'l>(&self, line: &'l str) -> &'l str {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        &line[spaces.min(self.indent)..]
    }
}

impl Info {
    /// Understands `ts`, `ts src/a.ts`, `ts:src/a.ts`, `ts title="src/a.ts"` and `src/a.ts`.
    pub fn parse(info: &str) -> Self {
        let info = info.trim();
        let (first, rest) = info.split_once([' ', '\t']).unwrap_or((info, ""));
        if let Some((language, path)) = first.split_once(':')
            && let Some(path) = named(path)
        {
            return Self { language: language.to_owned(), path: Some(path) };
        }
        let attribute = rest.split([' ', '\t', ',', '{', '}']).find_map(|word| {
            let (name, value) = word.split_once(['=', ':'])?;
            let known = ["title", "file", "filename", "path", "name"];
            known.contains(&name.to_ascii_lowercase().as_str()).then(|| named(unquoted(value)))?
        });
        if let Some(path) = attribute.or_else(|| named(unquoted(rest.trim()))) {
            return Self { language: language_of(first, Some(&path)), path: Some(path) };
        }
        let path = named(first);
        Self { language: language_of(first, path.as_ref()), path }
    }
}

/// Returns the file that a line names, when it does nothing else: `src/a.ts`, **src/a.ts**:,
/// `### File: src/a.ts`.
pub fn path_line(line: &str) -> Option<FilePath> {
    let line = line.trim().trim_start_matches('#').trim();
    let line = line.trim_matches(['*', '_']).trim();
    let lower = line.to_ascii_lowercase();
    let named_so = ["file:", "filename:", "path:", "file path:"];
    let line = named_so
        .iter()
        .find(|it| lower.starts_with(**it))
        .map_or(line, |it| line[it.len()..].trim());
    let line = line.trim_end_matches(':').trim().trim_matches(['*', '_']);
    named(unquoted(line.trim_end_matches(':').trim()))
}

/// Accepts a text as a file's path when it looks like one: no spaces, and a dot or a slash in it, or
/// a name that is known to have neither.
fn named(text: &str) -> Option<FilePath> {
    const BARE: [&str; 8] = [
        "Makefile",
        "Dockerfile",
        "LICENSE",
        "README",
        "Procfile",
        "Gemfile",
        "Rakefile",
        "Justfile",
    ];
    if text.contains(char::is_whitespace) || text.contains("://") || text.contains(['<', '>', '='])
    {
        return None;
    }
    let path = file_path(text).ok()?; // What is no path names no file.
    let name = path.name();
    let dotted = name.rsplit_once('.').is_some_and(|(_, end)| {
        !end.is_empty() && end.len() <= 12 && end.chars().all(|c| c.is_ascii_alphanumeric())
    });
    (dotted || BARE.contains(&name)).then_some(path)
}

fn unquoted(text: &str) -> &str {
    ['`', '"', '\'']
        .iter()
        .find_map(|sign| text.strip_prefix(*sign)?.strip_suffix(*sign))
        .unwrap_or(text)
}

fn language_of(first: &str, path: Option<&FilePath>) -> String {
    let is_path = path.is_some_and(|path| first.ends_with(path.as_str()));
    let language = match path {
        Some(path) if is_path => path.extension().unwrap_or_default(),
        Some(_) | None => first,
    };
    let known = |c: char| c.is_ascii_alphanumeric() || "+#-_.".contains(c);
    language.chars().take_while(|c| known(*c)).take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_names_its_language_and_file() {
        let check = |info: &str, language: &str, path: Option<&str>| {
            let parsed = Info::parse(info);
            assert_eq!(parsed.language, language, "{info}");
            assert_eq!(parsed.path.as_ref().map(FilePath::as_str), path, "{info}");
        };
        check("ts", "ts", None);
        check("", "", None);
        check("ts src/main.ts", "ts", Some("src/main.ts"));
        check("ts:src/main.ts", "ts", Some("src/main.ts"));
        check("ts title=\"src/main.ts\"", "ts", Some("src/main.ts"));
        check("tsx {1,3} filename=app.tsx", "tsx", Some("app.tsx"));
        check("src/main.ts", "ts", Some("src/main.ts"));
        check("./index.html", "html", Some("index.html"));
        check("html index.html", "html", Some("index.html"));
        check("ts ../../etc/passwd.ts", "ts", None);
        check("ts /etc/passwd.ts", "ts", None);
        check("ts title=.git/config.x", "ts", None);
        check("c++", "c++", None);
        check("js\"onload=alert(1)", "js", None);
        check("dockerfile Dockerfile", "dockerfile", Some("Dockerfile"));
        check("text this is only prose.", "text", None);
    }

    #[test]
    fn a_line_names_a_file_when_it_does_nothing_else() {
        let check = |line: &str, path: Option<&str>| {
            assert_eq!(path_line(line).as_ref().map(FilePath::as_str), path, "{line}");
        };
        check("src/main.ts", Some("src/main.ts"));
        check("`src/main.ts`:", Some("src/main.ts"));
        check("**src/main.ts**", Some("src/main.ts"));
        check("**`src/main.ts`**:", Some("src/main.ts"));
        check("**src/main.ts:**", Some("src/main.ts"));
        check("### File: `a.css`", Some("a.css"));
        check("Change src/main.ts like this:", None);
        check("Done.", None);
        check("e.g.", None);
        check("https://example.org/a.ts", None);
        check("../a.ts", None);
    }
}
