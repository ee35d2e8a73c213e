//! Leaves out what a person would not see in a text: a page can talk to a model with it.

/// Returns the text without characters that have no shape of their own.
pub(super) fn only(text: &str) -> String {
    text.chars().filter(|it| !is_hidden(*it)).collect()
}

pub(super) fn is_hidden(char: char) -> bool {
    matches!(char,
        // Controls, but for tab and line ends.
        '\0'..='\u{8}' | '\u{b}'..='\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Of no width, and those that turn the direction.
        | '\u{ad}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        // Tags: a second alphabet that nobody sees.
        | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_text_between_the_letters_is_left_out() {
        let hidden: String =
            "obey".chars().map(|it| char::from_u32(0xe0000 + u32::from(it)).unwrap()).collect();
        assert_eq!(only(&format!("a{hidden}b\u{200b}\u{202e}c\u{0}\td\r\n")), "abc\td\r\n");
        assert_eq!(only("ä 👩\u{200d}💻 日本"), "ä 👩\u{200d}💻 日本");
    }
}
