//! HTML as an outline, one element a line, so that a difference in a test can be read.
//!
//! For tests only, and only for HTML that Leptos wrote.

const VOID: [&str; 5] = ["input", "br", "hr", "img", "meta"];

/// Returns the outline of the first element with this class. Pictures are left out.
#[track_caller]
pub fn outline(html: &str, class: &str) -> String {
    let html = without_comments(html);
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut depth = 0;
    let mut rest = html.as_str();
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            let text = rest[..end].trim();
            if !text.is_empty() {
                lines.push((depth, format!("{text:?}")));
            }
            rest = &rest[end..];
            continue;
        };
        let end = end_of_tag(tag);
        let (inside, after) = (&tag[..end], &tag[end + 1..]);
        let name = inside.split_whitespace().next().unwrap_or_default();
        rest = after;
        if name == "svg" {
            rest = &after[after.find("</svg>").map_or(after.len(), |it| it + 6)..];
        } else if inside.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else {
            lines.push((depth, inside.to_owned()));
            depth += usize::from(!VOID.contains(&name));
        }
    }
    cut(&lines, class)
}

/// Leptos marks places with comments.
fn without_comments(html: &str) -> String {
    let html = html.replace("<!>", "");
    let mut parts = html.split("<!--");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("-->").map_or("", |(_, after)| after));
    }
    kept
}

fn cut(lines: &[(usize, String)], class: &str) -> String {
    let start = lines.iter().position(|(_, line)| {
        let classes = line.split("class=\"").nth(1).and_then(|it| it.split('"').next());
        classes.is_some_and(|it| it.split(' ').any(|it| it == class))
    });
    let start = start.unwrap_or_else(|| panic!("nothing has the class {class}: {lines:#?}"));
    let top = lines[start].0;
    let inner = lines[start + 1..].iter().take_while(|(depth, _)| *depth > top);
    let shown = std::iter::once(&lines[start]).chain(inner);
    shown.map(|(depth, line)| format!("{}{line}\n", "  ".repeat(depth - top))).collect()
}

/// Where a tag ends: at the first `>` that is not within quotes.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    for (at, letter) in tag.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '>' if !quoted => return at,
            _ => {}
        }
    }
    tag.len()
}
