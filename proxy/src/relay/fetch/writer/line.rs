//! One line of Markdown: what must be escaped in it, and what it may not lose.

/// Two spaces at the end of a line break it.
pub(super) fn trailing_break(line: &str) -> usize {
    if line.ends_with("  ") { 2 } else { 0 }
}

pub(super) fn longest_run(text: &str) -> usize {
    text.split(|it| it != '`').map(str::len).max().unwrap_or(0)
}

/// Keeps the beginning of a line from being taken for a heading, a list or a quote.
pub(super) fn escaped(line: &str) -> String {
    let marks = line.len() - line.trim_start_matches('#').len();
    let after = line.get(marks..).unwrap_or_default();
    let heading = (1..=6).contains(&marks) && (after.is_empty() || after.starts_with(' '));
    let bullet = ["- ", "+ ", "> ", "---", "==="].iter().any(|it| line.starts_with(it));
    if heading || bullet || line == "-" || line.starts_with('>') {
        return format!("\\{line}");
    }
    let n_digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line.as_bytes().get(n_digits..) {
        Some([mark @ (b'.' | b')'), b' ', ..]) if (1..10).contains(&n_digits) => {
            format!("{}\\{}{}", &line[..n_digits], char::from(*mark), &line[n_digits + 1..])
        }
        Some(_) | None => line.to_owned(),
    }
}
