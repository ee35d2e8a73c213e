//! Days of the calendar, as price lists and names of models write them.
//!
//! All of them begin and end in UTC.

/// A day, counted from the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u64);

impl Day {
    /// The day of a moment, in seconds since the epoch.
    #[must_use]
    pub fn of(at_secs: u64) -> Self {
        Self(at_secs / 86_400)
    }

    /// Reads `2026-08-21`. Years before 1970 and after 9999 are none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').zip([4, 2, 2]).map(|(part, n)| number(part, n));
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let lengths = [31, 28 + u64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let months = lengths.get(..usize::try_from(month).ok()?)?; // Too large is no month.
        if text.len() != 10 || year < 1970 || !(1..=*months.last()?).contains(&day) {
            return None;
        }
        let since_year_one = |year: u64| {
            let past = year - 1;
            past * 365 + past / 4 - past / 100 + past / 400
        };
        let in_this_year: u64 = months.iter().rev().skip(1).sum::<u64>() + day - 1;
        Some(Self(since_year_one(year) - since_year_one(1970) + in_this_year))
    }
}

fn number(text: &str, n_digits: usize) -> Option<u64> {
    let digits = text.len() == n_digits && text.bytes().all(|it| it.is_ascii_digit());
    digits.then(|| text.parse().ok())? // Digits alone; so few always fit.
}

/// Returns a name with its dates written in the other form, `-2025-12-11` for `-20251211`; none
/// where it holds no such date.
pub(super) fn dashed(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len() + 4);
    let mut rest = name;
    while let Some(at) = rest.find('-') {
        let (head, tail) = rest.split_at(at + 1);
        out.push_str(head);
        rest = tail;
        let digits = |it: &&str| it.bytes().all(|it| it.is_ascii_digit()) && it.starts_with("20");
        let ends = matches!(tail.as_bytes().get(8), None | Some(b'-' | b':'));
        let Some(date) = tail.get(..8).filter(digits).filter(|_| ends) else { continue };
        let date = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
        if Day::parse(&date).is_some() {
            out.push_str(&date);
            rest = &tail[8..];
        }
    }
    out.push_str(rest);
    (out.len() > name.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_epoch() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1970-03-01", Some(59)),
            ("2000-02-29", Some(11_016)),
            ("2026-12-31", Some(20_818)),
            ("2027-01-01", Some(20_819)),
            ("2100-02-29", None),
            ("2026-02-29", None),
            ("2026-00-01", None),
            ("2026-13-01", None),
            ("2026-01-00", None),
            ("2026-1-01", None),
            ("2026-01-01-01", None),
            ("1969-12-31", None),
            ("", None),
        ] {
            assert_eq!(Day::parse(text).map(|it| it.0), expected, "{text}");
        }
        assert_eq!(Day::of(1_798_761_599), Day::parse("2026-12-31").unwrap());
        assert_eq!(Day::of(1_798_761_600), Day::parse("2027-01-01").unwrap());
    }

    #[test]
    fn only_what_is_a_date_is_rewritten() {
        for (name, expected) in [
            ("gpt-5.2-20251211", Some("gpt-5.2-2025-12-11")),
            ("a-20251211-b-20240229:c", Some("a-2025-12-11-b-2024-02-29:c")),
            ("a-20250229", None),
            ("a-20251311", None),
            ("a-202512111", None),
            ("a-2025121", None),
            ("a20251211", None),
            ("a-20251211@", None),
            ("-201é0000", None),
            ("", None),
        ] {
            assert_eq!(dashed(name).as_deref(), expected, "{name}");
        }
    }
}
