//! The request inspector, in words.
//!
//! No text of another panel.

/// Every text of the panel; a locale has all of them.
#[derive(Debug)]
pub struct Texts {
    pub title: &'static str,
    pub close: &'static str,
    pub about: &'static str,
    pub section: &'static str,
    pub reason: &'static str,
    pub tokens: &'static str,
    pub total: &'static str,
    pub of_window: fn(&str, &str) -> String,
    pub estimated: &'static str,
    pub left_out: &'static str,
    pub meters: &'static str,
}

pub const EN: Texts = Texts {
    title: "What will be sent",
    close: "Close",
    about: "The next request, section by section, as it goes to the model",
    section: "Section",
    reason: "Why it is in",
    tokens: "Tokens",
    total: "Total",
    of_window: |tokens, window| format!("{tokens} of {window} tokens"),
    estimated: "Tokens are estimated from the length of the text",
    left_out: "Left out, because it did not fit",
    meters: "Shares of the model's window",
};
