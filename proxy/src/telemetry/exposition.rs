//! Prometheus's text format, version 0.0.4.
//!
//! Only what is written with it: counters, gauges and histograms of whole numbers.

use std::fmt::Write as _;

/// A text that grows by one series after the other.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
    name: &'static str,
}

impl Exposition {
    pub(crate) fn counter(&mut self, name: &'static str, help: &str) {
        self.head(name, help, "counter");
    }

    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) {
        self.head(name, help, "gauge");
    }

    pub(crate) fn histogram(&mut self, name: &'static str, help: &str) {
        self.head(name, help, "histogram");
    }

    fn head(&mut self, name: &'static str, help: &str, kind: &str) {
        self.name = name;
        writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a text");
    }

    /// Writes a value of the series that was begun last.
    pub(crate) fn value(&mut self, labels: &[(&str, &str)], value: u64) {
        self.line("", labels, None, &value.to_string());
    }

    /// Writes a decimal of so many billionths.
    pub(crate) fn nano(&mut self, labels: &[(&str, &str)], nano: u64) {
        let value = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
        self.line("", labels, None, &value);
    }

    /// Writes a histogram of milliseconds, in seconds: for each bound the number of values up to it
    /// and above the bound before, then the number above all.
    pub(crate) fn buckets(
        &mut self,
        labels: &[(&str, &str)],
        bounds_ms: &[u32],
        numbers: &[u64],
        sum_ms: u64,
    ) {
        let mut total = 0;
        for (number, bound) in numbers.iter().zip(bounds_ms) {
            total += number;
            let bound = format!("{}.{:03}", bound / 1000, bound % 1000);
            self.line("_bucket", labels, Some(&bound), &total.to_string());
        }
        total += numbers.get(bounds_ms.len()).copied().unwrap_or_default();
        self.line("_bucket", labels, Some("+Inf"), &total.to_string());
        let sum = format!("{}.{:03}", sum_ms / 1000, sum_ms % 1000);
        self.line("_sum", labels, None, &sum);
        self.line("_count", labels, None, &total.to_string());
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], bound: Option<&str>, value: &str) {
        self.text += self.name;
        self.text += suffix;
        let all = labels.iter().copied().chain(bound.map(|it| ("le", it)));
        for (at, (name, value)) in all.enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            self.text += name;
            self.text += "=\"";
            for letter in value.chars() {
                match letter {
                    '\\' => self.text += "\\\\",
                    '"' => self.text += "\\\"",
                    '\n' => self.text += "\\n",
                    _ => self.text.push(letter),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() || bound.is_some() {
            self.text.push('}');
        }
        self.text.push(' ');
        self.text += value;
        self.text.push('\n');
    }

    #[must_use]
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn labels_stay_labels_and_buckets_add_up() {
        let mut text = Exposition::default();
        text.counter("a_total", "What.");
        text.value(&[("lane", "x\"}\n\\y"), ("class", "2xx")], 7);
        text.nano(&[], 1_500_000_000);
        text.histogram("b_seconds", "How long.");
        text.buckets(&[("lane", "z")], &[50, 1000], &[1, 2, 3], 12_345);
        expect![[r#"
            # HELP a_total What.
            # TYPE a_total counter
            a_total{lane="x\"}\n\\y",class="2xx"} 7
            a_total 1.500000000
            # HELP b_seconds How long.
            # TYPE b_seconds histogram
            b_seconds_bucket{lane="z",le="0.050"} 1
            b_seconds_bucket{lane="z",le="1.000"} 3
            b_seconds_bucket{lane="z",le="+Inf"} 6
            b_seconds_sum{lane="z"} 12.345
            b_seconds_count{lane="z"} 6
        "#]]
        .assert_eq(&text.finish());
    }
}
