//! A hunk as HTML: unified, or old and new beside each other. Pure.
//!
//! Written as text and set at once, because a thousand lines as separate components would hold up
//! the page. Everything that comes from a file is escaped.

use std::fmt::Write as _;

use link::changes::{Hunk, Line, LineKind};

/// One column: old number, new number, sign, text.
pub fn unified(hunks: &[Hunk]) -> String {
    let mut html = String::new();
    for hunk in hunks {
        let (mut old, mut new) = (hunk.old_start, hunk.new_start);
        for line in &hunk.lines {
            let (name, sign) = look(line.kind);
            let numbers = match line.kind {
                LineKind::Same => (Some(old), Some(new)),
                LineKind::Removed => (Some(old), None),
                LineKind::Added => (None, Some(new)),
            };
            row(&mut html, name, |html| {
                number(html, numbers.0);
                number(html, numbers.1);
                text(html, name, sign, Some(&line.text));
            });
            old += u32::from(line.kind != LineKind::Added);
            new += u32::from(line.kind != LineKind::Removed);
        }
    }
    html
}

/// Two columns: removed lines stand beside the added ones that follow them.
pub fn side_by_side(hunks: &[Hunk]) -> String {
    let mut html = String::new();
    for hunk in hunks {
        let (mut old, mut new) = (hunk.old_start, hunk.new_start);
        for (left, right) in pairs(&hunk.lines) {
            row(&mut html, "pair", |html| {
                half(html, left, &mut old);
                half(html, right, &mut new);
            });
        }
    }
    html
}

fn half(html: &mut String, line: Option<&Line>, count: &mut u32) {
    let (name, sign) = line.map_or(("none", ' '), |it| look(it.kind));
    number(html, line.map(|_| *count));
    text(html, name, sign, line.map(|it| it.text.as_str()));
    *count += u32::from(line.is_some());
}

fn pairs(lines: &[Line]) -> Vec<(Option<&Line>, Option<&Line>)> {
    let mut pairs = Vec::new();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        if first.kind == LineKind::Same {
            pairs.push((Some(first), Some(first)));
            rest = &rest[1..];
            continue;
        }
        let n_changed = rest.iter().take_while(|it| it.kind != LineKind::Same).count();
        let (changed, after) = rest.split_at(n_changed);
        let mut removed = changed.iter().filter(|it| it.kind == LineKind::Removed);
        let mut added = changed.iter().filter(|it| it.kind == LineKind::Added);
        loop {
            let pair = (removed.next(), added.next());
            if pair == (None, None) {
                break;
            }
            pairs.push(pair);
        }
        rest = after;
    }
    pairs
}

fn look(kind: LineKind) -> (&'static str, char) {
    match kind {
        LineKind::Same => ("same", ' '),
        LineKind::Added => ("added", '+'),
        LineKind::Removed => ("removed", '-'),
    }
}

fn row(html: &mut String, name: &str, cells: impl FnOnce(&mut String)) {
    html.push_str(r#"<tr class="diff__row" data-kind=""#);
    html.push_str(name);
    html.push_str(r#"">"#);
    cells(html);
    html.push_str("</tr>");
}

/// Line numbers are for the eye; a screen reader would read them before every line.
fn number(html: &mut String, number: Option<u32>) {
    html.push_str(r#"<td class="diff__number" aria-hidden="true">"#);
    if let Some(number) = number {
        // Writing to a string cannot fail.
        write!(html, "{number}").ok();
    }
    html.push_str("</td>");
}

fn text(html: &mut String, name: &str, sign: char, text: Option<&str>) {
    html.push_str(r#"<td class="diff__line" data-kind=""#);
    html.push_str(name);
    html.push_str(r#""><span class="diff__sign">"#);
    html.push(sign);
    html.push_str("</span>");
    escape(html, text.unwrap_or_default().trim_end_matches(['\n', '\r']));
    html.push_str("</td>");
}

fn escape(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // Would hide what follows, or end the reader's trust in what is seen.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => html.push('�'),
            letter => html.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_file_becomes_markup() {
        let hunk = Hunk {
            old_start: 1,
            new_start: 1,
            lines: vec![Line {
                kind: LineKind::Added,
                text: "<img src=x onerror='alert(1)'>&\"\u{202e}".to_owned(),
            }],
        };
        for html in [unified(std::slice::from_ref(&hunk)), side_by_side(&[hunk])] {
            assert!(!html.contains("<img"), "{html}");
            assert!(
                html.contains("&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;&quot;�"),
                "{html}"
            );
        }
    }

    #[test]
    fn lines_are_counted_on_both_sides() {
        assert_eq!(
            plain(&unified(&[hunk("=a\n-b\n-c\n+d\n=e")])),
            "7|9| a\n8||-b\n9||-c\n|10|+d\n10|11| e\n"
        );
    }

    #[test]
    fn removed_lines_stand_beside_added_ones() {
        assert_eq!(
            plain(&side_by_side(&[hunk("=a\n-b\n-c\n+d\n=e")])),
            "7| a|9| a\n8|-b|10|+d\n9|-c|| \n10| e|11| e\n"
        );
    }

    fn hunk(script: &str) -> Hunk {
        let lines = script.lines().map(|line| Line {
            kind: match &line[..1] {
                "+" => LineKind::Added,
                "-" => LineKind::Removed,
                _ => LineKind::Same,
            },
            text: line[1..].to_owned(),
        });
        Hunk { old_start: 7, new_start: 9, lines: lines.collect() }
    }

    /// The cells of each row, without markup.
    fn plain(html: &str) -> String {
        let mut text = html.replace("</td></tr>", "\n").replace("</td>", "|");
        while let (Some(from), Some(to)) = (text.find('<'), text.find('>')) {
            text.replace_range(from..=to, "");
        }
        text
    }
}
