//! Money as text: dollars with up to nine decimals, exact.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const NANO: u64 = 1_000_000_000;

/// A billion dollars: more is a slip.
const MOST_DOLLARS: u64 = 1_000_000_000;

/// Nano-dollars, written as dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dollars(pub(crate) u64);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:09}", self.0 % NANO);
        let (cents, finer) = digits.split_at(2);
        write!(f, "{}.{cents}{}", self.0 / NANO, finer.trim_end_matches('0'))
    }
}

impl Dollars {
    fn read(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
        let sensible = !whole.is_empty() && whole.len() <= 10 && part.len() <= 9;
        if !sensible || !digits(whole) || !digits(part) || text.ends_with('.') {
            return None;
        }
        let whole: u64 = whole.parse().ok().filter(|it| *it <= MOST_DOLLARS)?;
        let part: u64 = format!("{part:0<9}").parse().ok()?;
        Some(Self(whole * NANO + part))
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::read(&text).ok_or_else(|| {
            de::Error::custom("money is dollars as text, as in \"12.50\", with up to nine decimals")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_comes_back_as_it_went() {
        for (text, nano) in [
            ("0", 0),
            ("12.5", 12_500_000_000),
            ("0.000000001", 1),
            ("1000000000", 1_000_000_000 * NANO),
            ("007.10", 7_100_000_000),
        ] {
            let read = Dollars::read(text).unwrap();
            assert_eq!(read.0, nano, "{text}");
            assert_eq!(Dollars::read(&read.to_string()), Some(read));
        }
        assert_eq!(Dollars(12_500_000_000).to_string(), "12.50");
        assert_eq!(Dollars(1).to_string(), "0.000000001");
    }

    #[test]
    fn what_is_no_money_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1e3",
            "1,5",
            " 1",
            "+1",
            "0.0000000001",
            "1000000001",
            "1.2.3",
        ] {
            assert_eq!(Dollars::read(text), None, "{text}");
        }
    }
}
