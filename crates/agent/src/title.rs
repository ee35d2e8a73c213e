//! A short title for a conversation or a project, from its first prompt.
//!
//! It does not ask a model: a title is there at once, and offline. What a model is asked for a better
//! one is in [`crate::naming`].

const LONGEST: usize = 48;

/// Returns the first sentence of the prompt, cut at a word; empty for a prompt without words.
pub fn from_prompt(prompt: &str) -> String {
    let line = prompt
        .lines()
        .map(|line| line.trim_matches(|c: char| c.is_whitespace() || "#*>`-_".contains(c)))
        .find(|line| line.chars().any(char::is_alphanumeric))
        .unwrap_or_default();
    cut(line)
}

/// Returns a line up to the end of its first sentence, cut at a word.
pub(crate) fn cut(line: &str) -> String {
    let words: Vec<&str> = line.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let mut title = String::new();
    for word in words.into_iter().filter(|it| !it.is_empty()) {
        let n_chars = title.chars().count() + 1 + word.chars().count();
        if !title.is_empty() && n_chars > LONGEST {
            title.push('…');
            return title;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.extend(word.chars().take(LONGEST));
        if title.chars().count() > 12 && word.ends_with(['.', '!', '?', '。', '؟']) {
            break;
        }
    }
    title.trim_end_matches(['.', ':', ',', ';']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_sentence_cut_at_a_word() {
        let check = |prompt: &str, title: &str| assert_eq!(from_prompt(prompt), title);
        check("Make a habit tracker. It has a heat map.", "Make a habit tracker");
        check("\n\n# **A clock**\nwith hands", "A clock");
        check(
            "please build me a very long thing with many words and no end at all",
            "please build me a very long thing with many…",
        );
        check("", "");
        check("```\n\u{1b}[31mred\n```", "[31mred");
        check("اصنع لي ساعة", "اصنع لي ساعة");
    }
}
