//! Environment variables in a file of lines `NAME=value`, as `.env` files have them.
//!
//! Quotes may be `'`, `"` or a backtick and may hold line breaks; in `"` the signs `\n` and `\r` are
//! line ends. Nothing is looked up elsewhere: `$NAME` stays as it is.

use std::ops::Range;

/// Where a variable stands in the text, with its line end, and what it holds.
struct Found {
    name: String,
    value: String,
    place: Range<usize>,
}

/// Returns the variables by name and value, in the order of the file. A later one of the same name
/// wins.
pub fn variables(text: &str) -> Vec<(String, String)> {
    found(text).into_iter().map(|it| (it.name, it.value)).collect()
}

/// Returns the text with a variable set, everything else as it was. None for a value that no quotes
/// can hold.
pub fn with_variable(text: &str, name: &str, value: &str) -> Option<String> {
    let line = format!("{name}={}\n", quoted(value)?);
    let mut out = text.to_owned();
    match found(text).into_iter().rfind(|it| it.name == name) {
        Some(found) => out.replace_range(found.place, &line),
        None => {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(&line);
        }
    }
    Some(out)
}

/// Tells whether a variable can have this name.
pub fn is_name(name: &str) -> bool {
    let word = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
    name.bytes().all(word) && name.bytes().next().is_some_and(|it| !it.is_ascii_digit())
}

fn found(text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let mut end = at + line.len();
        if let Some((name, before)) = assigned(line) {
            let value_at = at + before;
            let (value, n_bytes) = value(&text[value_at..]);
            // A quoted value may end in a later line; what follows it there is a comment.
            let after = value_at + n_bytes;
            if after > end {
                let tail = text[after..].find('\n').map_or(text.len(), |it| after + it + 1);
                end = tail;
            }
            all.push(Found { name: name.to_owned(), value, place: at..end });
        }
        at = end;
    }
    all
}

/// Returns the name that a line gives a value to, and where the value begins.
fn assigned(line: &str) -> Option<(&str, usize)> {
    let (left, _) = line.split_once('=')?;
    let name = left.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim_start);
    let spaces = line[left.len() + 1..].bytes().take_while(|it| matches!(it, b' ' | b'\t')).count();
    is_name(name).then_some((name, left.len() + 1 + spaces))
}

/// Returns the value at the beginning of a text, and how much of the text it is.
fn value(text: &str) -> (String, usize) {
    let quote = text.chars().next().filter(|it| matches!(it, '\'' | '"' | '`'));
    if let Some(quote) = quote
        && let Some((inside, _)) = text[1..].split_once(quote)
    {
        let n_bytes = inside.len() + 2;
        let value = match quote {
            '"' => inside.replace("\\n", "\n").replace("\\r", "\r"),
            _ => inside.to_owned(),
        };
        return (value, n_bytes);
    }
    let line = text.split('\n').next().unwrap_or_default();
    let bare = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
    (bare.trim().to_owned(), line.len())
}

fn quoted(value: &str) -> Option<String> {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"_./:@,+-".contains(&it);
    if value.bytes().all(plain) {
        return Some(value.to_owned());
    }
    // What `"` holds is not what was written when a `\n` is in it.
    let fits = |quote: char| !value.contains(quote) && (quote != '"' || !value.contains('\\'));
    let quote = ['\'', '"', '`'].into_iter().find(|it| fits(*it))?;
    // Line ends are kept as they are; a carriage return would be lost at the next edit.
    (!value.contains('\r')).then(|| format!("{quote}{value}{quote}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_people_write_them() {
        let text = "# keys\nA=1\nexport B = two # told\nC='a # b'\nD=\"one\\ntwo\"\nE=`x\ny` # z\n\
                    3D=no\nnothing\nF=\nG=#\nH=a#b\nA=3";
        let expected = [
            ("A", "1"),
            ("B", "two"),
            ("C", "a # b"),
            ("D", "one\ntwo"),
            ("E", "x\ny"),
            ("F", ""),
            ("G", ""),
            ("H", "a#b"),
            ("A", "3"),
        ];
        let expected: Vec<_> =
            expected.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        assert_eq!(variables(text), expected);
    }

    #[test]
    fn a_variable_is_set_where_it_stands_and_nothing_else_moves() {
        let set = |text: &str| with_variable(text, "B", "new").expect("a plain value");
        assert_eq!(set(""), "B=new\n");
        assert_eq!(set("A=1"), "A=1\nB=new\n");
        assert_eq!(set("A=1\nB='x\ny' # z\n# end\n"), "A=1\nB=new\n# end\n");
        assert_eq!(set("B=1\nB=2\nC=3\n"), "B=1\nB=new\nC=3\n", "the one that wins");
    }

    #[test]
    fn whatever_is_set_is_read_again() {
        let signs = ["a", " ", "#", "'", "\"", "`", "\\", "n", "\n", "=", "ä", "$"];
        let mut n_kept = 0;
        for number in 0..signs.len().pow(4) {
            let sign = |place: u32| signs[number / signs.len().pow(place) % signs.len()];
            let value = format!("{}{}{}{}", sign(0), sign(1), sign(2), sign(3));
            let Some(text) = with_variable("A=1\nX='old'\nB=2\n", "X", &value) else {
                assert!(value.contains('\'') && value.contains('`'), "{value:?} fits in quotes");
                continue;
            };
            n_kept += 1;
            let read = variables(&text);
            assert_eq!(read.len(), 3, "{value:?} gave {text:?}");
            assert_eq!(read[1], ("X".to_owned(), value.clone()), "{text:?}");
        }
        assert!(n_kept > 15_000, "only {n_kept} of {} are kept", signs.len().pow(4));
    }
}
