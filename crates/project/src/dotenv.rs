//! Environment variables in a file of lines `NAME=value`, as `.env` files have them.
//!
//! Quotes may be `'`, `"` or a backtick and may hold line breaks; in `"` the signs `\n` and `\r` are
//! line ends. Nothing is looked up elsewhere: `$NAME` stays as it is.

use std::ops::Range;

/// A variable, and where in the text its value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Returns the text with a variable set, and everything else as it was. None where no way of
/// writing the value does that.
pub fn with_variable(text: &str, name: &str, value: &str) -> Option<String> {
    let all = found(text);
    let there = all.iter().rposition(|it| it.name == name);
    let mut expected = variables(text);
    match there {
        Some(at) => value.clone_into(&mut expected[at].1),
        None => expected.push((name.to_owned(), value.to_owned())),
    }
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"_./:@,+-".contains(&it);
    // Quotes where a shell would want them, but better none than no variable.
    let first = if value.bytes().all(plain) { "" } else { "'" };
    [first, "'", "\"", "`", ""].into_iter().find_map(|quote| {
        let written = format!("{quote}{value}{quote}");
        let mut out = text.to_owned();
        match there {
            Some(at) => out.replace_range(all[at].place.clone(), &written),
            None => {
                let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                out.push_str(&format!("{end}{name}={written}\n"));
            }
        }
        (variables(&out) == expected).then_some(out)
    })
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
        let line_end = text[at..].find('\n').map_or(text.len(), |it| at + it + 1);
        let mut end = line_end;
        if let Some((name, before)) = assigned(&text[at..line_end]) {
            let start = at + before;
            let (value, n_bytes) = value(&text[start..]);
            let place = start..start + n_bytes;
            // A quoted value may end in a later line; what follows it there is a comment.
            if place.end > line_end {
                end = text[place.end..].find('\n').map_or(text.len(), |it| place.end + it + 1);
            }
            all.push(Found { name: name.to_owned(), value, place });
        }
        at = end;
    }
    all
}

/// Returns the name that a line gives a value to, and where the value begins.
fn assigned(line: &str) -> Option<(&str, usize)> {
    let (left, right) = line.split_once('=')?;
    let name = left.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim_start);
    let spaces = right.bytes().take_while(|it| matches!(it, b' ' | b'\t')).count();
    is_name(name).then_some((name, left.len() + 1 + spaces))
}

/// Returns the value at the beginning of a text, and how much of the text it is.
fn value(text: &str) -> (String, usize) {
    if let Some(quote) = text.chars().next().filter(|it| matches!(it, '\'' | '"' | '`'))
        && let Some(end) = closing(&text[1..], quote)
    {
        let inside = &text[1..=end];
        let value = match quote {
            '"' => inside.replace("\\n", "\n").replace("\\r", "\r"),
            _ => inside.to_owned(),
        };
        return (value, end + 2);
    }
    let line = text.split('\n').next().unwrap_or_default();
    let bare = if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default() };
    let bare = bare.trim_end();
    (bare.to_owned(), bare.len())
}

/// Finds the quote that ends a value: one behind a backslash does not.
fn closing(text: &str, quote: char) -> Option<usize> {
    let ends = text.match_indices(quote).map(|(at, _)| at);
    ends.into_iter().find(|at| !text[..*at].ends_with('\\'))
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
        assert_eq!(set("A=1\nB='x\ny' # z\n# end\n"), "A=1\nB=new # z\n# end\n");
        assert_eq!(set("B=1\nB=2\nC=3\n"), "B=1\nB=new\nC=3\n", "the one that wins");
    }

    #[test]
    fn what_stands_around_a_value_stays() {
        let set = |text: &str, value: &str| with_variable(text, "B", value);
        assert_eq!(set("export B=1 # told\n", "2").as_deref(), Some("export B=2 # told\n"));
        assert_eq!(set("B=\r\nC=1\r\n", "2").as_deref(), Some("B=2\r\nC=1\r\n"));
        assert_eq!(set("B=#none\n", "2").as_deref(), Some("B='2'#none\n"));
        let open = "A='tis\n";
        assert_eq!(set(open, "a b").as_deref(), Some("A='tis\nB=\"a b\"\n"), "A stays as it is");
        assert_eq!(variables(r#"A="say \"hi\"""#)[0].1, r#"say \"hi\""#);
    }

    #[test]
    fn whatever_is_set_is_read_again() {
        let signs = ["a", " ", "#", "'", "\"", "`", "\\", "n", "\n", "=", "ä", "$"];
        let mut n_kept = 0;
        for number in 0..signs.len().pow(4) {
            let sign = |place: u32| signs[number / signs.len().pow(place) % signs.len()];
            let value = format!("{}{}{}{}", sign(0), sign(1), sign(2), sign(3));
            let Some(text) = with_variable("A=1\nX='old'\nB=2\n", "X", &value) else {
                assert!(value.contains(['\'', '"', '`', '\\']), "{value:?} fits in quotes");
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
