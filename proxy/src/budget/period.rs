//! The spans that a budget refills by: an hour, a day or a month of UTC, or never.
//!
//! Nobody's own time zone and no week is known here; whole numbers only.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HOUR_SECS: u64 = 60 * 60;
const DAY_SECS: u64 = 24 * HOUR_SECS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// From the beginning to the end.
    Total,
    Month,
    Day,
    Hour,
}

impl Period {
    pub const ALL: [Self; 4] = [Self::Total, Self::Month, Self::Day, Self::Hour];

    /// Returns when the period began that a time is in, both in milliseconds since 1970.
    #[must_use]
    pub fn start_ms(self, now_ms: u64) -> u64 {
        self.start_secs(now_ms / 1000) * 1000
    }

    /// Returns when the period began that a time lies in; for [`Period::Total`], 1970.
    #[must_use]
    pub fn start(self, now: SystemTime) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.start_secs(secs(now)))
    }

    /// Returns when the next one begins, which is when the budget is whole again.
    #[must_use]
    pub fn end(self, now: SystemTime) -> Option<SystemTime> {
        let end = self.end_secs(self.start_secs(secs(now)))?;
        UNIX_EPOCH.checked_add(Duration::from_secs(end))
    }

    pub(super) fn start_secs(self, now: u64) -> u64 {
        match self {
            Self::Total => 0,
            Self::Month => first_day_of_month(now / DAY_SECS) * DAY_SECS,
            Self::Day => now - now % DAY_SECS,
            Self::Hour => now - now % HOUR_SECS,
        }
    }

    pub(super) fn end_secs(self, start: u64) -> Option<u64> {
        match self {
            Self::Total => None,
            // Whatever the month is, day 32 of it lies in the next one.
            Self::Month => Some(first_day_of_month(start / DAY_SECS + 31) * DAY_SECS),
            Self::Day => Some(start.saturating_add(DAY_SECS)),
            Self::Hour => Some(start.saturating_add(HOUR_SECS)),
        }
    }
}

/// Returns the seconds since 1970. What lies before counts as 1970.
pub(super) fn secs(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

/// Returns the microseconds since 1970, in which leases and rates are counted.
pub(super) fn micros(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).map_or(0, |it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX))
}

/// Returns the day on which a day's month began, both counted from 1970.
///
/// Years begin in March here, so that the leap day is a year's last: then the months' lengths
/// repeat every five (31, 30, 31, 30, 31), and 153 days are five months.
fn first_day_of_month(day: u64) -> u64 {
    const DAYS_FROM_MARCH_OF_0: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let of_era = (day + DAYS_FROM_MARCH_OF_0) % DAYS_OF_400_YEARS;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    day - (of_year - (153 * month + 2) / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_on_their_first_day() {
        // Every day from 1970 to 2406, against a calendar that is counted through.
        let mut day = 0;
        for year in 1970..2406_u64 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if leap { 29 } else { 28 };
            for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
                let start = day * DAY_SECS;
                for it in 0..length {
                    let now = (day + it) * DAY_SECS + 86_399;
                    assert_eq!(Period::Month.start_secs(now), start, "{year}, day {day}");
                }
                day += length;
                assert_eq!(Period::Month.end_secs(start), Some(day * DAY_SECS));
            }
        }
    }

    #[test]
    fn a_period_ends_where_the_next_begins() {
        let now = UNIX_EPOCH + Duration::from_secs(1_767_225_599); // the last second of 2025
        let next = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        for period in [Period::Month, Period::Day, Period::Hour] {
            assert_eq!(period.end(now), Some(next));
            assert_eq!(period.start(next), next);
        }
        assert_eq!(Period::Total.start(now), UNIX_EPOCH);
        assert_eq!(Period::Total.end(now), None);
        assert_eq!(Period::Day.start(UNIX_EPOCH - Duration::from_secs(1)), UNIX_EPOCH);
    }
}
