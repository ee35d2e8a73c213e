//! A moment as the dialect writes it: RFC 3339, in UTC.
//!
//! No clock and no time zones: moments come from whoever has a clock.

/// Returns `2026-11-21T03:04:05Z` for seconds since the epoch.
pub(super) fn rfc3339(at_secs: u64) -> String {
    let (days, in_day) = (at_secs / 86_400, at_secs % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (in_day / 3_600, in_day / 60 % 60, in_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Returns the Gregorian date of a day since the epoch. Years are taken from March to February,
/// so that the odd day is a year's last, and in eras of 400 years, which are all alike.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    const DAYS_BEFORE_1970: u64 = 719_468;
    let day = days + DAYS_BEFORE_1970;
    let in_era = day % ERA;
    let year_in_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / (ERA - 1)) / 365;
    let in_year = in_era - (365 * year_in_era + year_in_era / 4 - year_in_era / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day_of_month = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (day / ERA * 400 + year_in_era + u64::from(month <= 2), month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_exact() {
        for (secs, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_230_245, "2026-11-21T03:04:05Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(secs), expected);
        }
        assert!(rfc3339(u64::MAX).ends_with('Z'));
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let mut before = date(0);
        for days in 1..=ERA_AND_MORE {
            let (year, month, day) = date(days);
            let next = match before {
                (y, m, d) if day > 1 => (y, m, d + 1),
                (y, 12, _) => (y + 1, 1, 1),
                (y, m, _) => (y, m + 1, 1),
            };
            assert_eq!((year, month, day), next);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            assert!(day <= if month == 2 { 28 + u64::from(leap) } else { 31 });
            before = next;
        }
    }

    const ERA_AND_MORE: u64 = 150_000;
}
