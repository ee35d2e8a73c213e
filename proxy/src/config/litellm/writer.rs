//! Writes TOML, and knows for each line what it was made from.

#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) text: String,
    pub(super) lines: Vec<usize>,
}

impl Writer {
    /// Begins a table.
    pub(super) fn table(&mut self, line: usize, header: &str) {
        if !self.text.is_empty() {
            self.line(line, "");
        }
        self.line(line, header);
    }

    pub(super) fn line(&mut self, line: usize, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.lines.push(line);
    }

    pub(super) fn field(&mut self, line: usize, name: &str, value: &str) {
        self.line(line, &format!("{name} = {value}"));
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            it if it.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(it))),
            it => quoted.push(it),
        }
    }
    quoted.push('"');
    quoted
}

pub(super) fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", "))
}
