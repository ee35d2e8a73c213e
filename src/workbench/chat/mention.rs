//! Files named with `@` while typing: where the mention is, and which files it may mean. Pure.

/// At most this many are offered.
const MAX_OFFERED: usize = 8;

/// A mention that is being typed. Positions are bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Where the `@` stands.
    pub start: usize,
    /// Where the cursor is.
    pub end: usize,
    pub query: String,
}

impl Mention {
    /// Returns the mention that ends at the cursor. `cursor` counts UTF-16 units, as browsers do.
    pub fn at(text: &str, cursor: usize) -> Option<Self> {
        let end = byte_at(text, cursor);
        let before = &text[..end];
        let start = before.rfind('@')?;
        let query = &before[start + 1..];
        let free = before[..start].chars().next_back().is_none_or(|it| !it.is_alphanumeric());
        (free && !query.contains(char::is_whitespace)).then(|| Self {
            start,
            end,
            query: query.to_owned(),
        })
    }

    /// Puts the path in its place. Returns the text, and the cursor in UTF-16 units.
    pub fn complete(&self, text: &str, path: &str) -> (String, usize) {
        let Self { start, end, .. } = *self;
        let head = format!("{}@{path} ", &text[..start]);
        let tail = text[end..].strip_prefix(' ').unwrap_or(&text[end..]);
        let cursor = head.encode_utf16().count();
        (head + tail, cursor)
    }
}

/// Returns the files that a query may mean, the likeliest first: by the start of the name, then
/// anywhere in the name, then anywhere in the path, then by letters in that order.
pub fn offered<'a>(paths: impl Iterator<Item = &'a str>, query: &str) -> Vec<String> {
    let query = query.to_lowercase();
    let mut found: Vec<(u8, &str)> =
        paths.filter_map(|path| Some((likeness(path, &query)?, path))).collect();
    found.sort_by_key(|(likeness, path)| (*likeness, path.len(), *path));
    found.into_iter().take(MAX_OFFERED).map(|(_, path)| path.to_owned()).collect()
}

fn likeness(path: &str, query: &str) -> Option<u8> {
    let path = path.to_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    if name.starts_with(query) {
        return Some(0);
    }
    if name.contains(query) {
        return Some(1);
    }
    if path.contains(query) {
        return Some(2);
    }
    let mut letters = path.chars();
    query.chars().all(|it| letters.any(|letter| letter == it)).then_some(3)
}

fn byte_at(text: &str, utf16: usize) -> usize {
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        if units >= utf16 {
            return at;
        }
        units += letter.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_ends_at_the_cursor() {
        let query = |text: &str, cursor| Mention::at(text, cursor).map(|it| it.query);
        assert_eq!(query("@", 1).as_deref(), Some(""));
        assert_eq!(query("see @ma", 7).as_deref(), Some("ma"));
        assert_eq!(query("see @main", 7).as_deref(), Some("ma"), "the cursor is in its middle");
        assert_eq!(query("🦀 @ä", 5).as_deref(), Some("ä"));
        assert_eq!(query("me@example", 10), None, "an address");
        assert_eq!(query("@a b", 4), None, "a space ends it");
        assert_eq!(query("no", 99), None);
        assert_eq!(query("@a", 0), None);
    }

    #[test]
    fn the_path_takes_the_place_of_what_was_typed() {
        let text = "🦀 see @ma please";
        let mention = Mention::at(text, 10).unwrap();
        let (text, cursor) = mention.complete(text, "src/main.ts");
        assert_eq!(text, "🦀 see @src/main.ts please");
        assert_eq!(cursor, "🦀 see @src/main.ts ".encode_utf16().count());
    }

    #[test]
    fn the_likeliest_file_comes_first() {
        let paths = ["domain.ts", "main.ts", "src/main.ts", "main/index.html", "style.css"];
        assert_eq!(
            offered(paths.into_iter(), "mai"),
            ["main.ts", "src/main.ts", "domain.ts", "main/index.html"]
        );
        assert_eq!(offered(paths.into_iter(), "SCSS"), ["style.css"]);
        assert!(offered(paths.into_iter(), "xyz").is_empty());
        let many: Vec<String> = (0..100).map(|it| format!("{it}.md")).collect();
        assert_eq!(offered(many.iter().map(String::as_str), "").len(), MAX_OFFERED);
    }
}
