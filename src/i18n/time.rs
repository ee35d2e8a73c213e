//! Times and sizes in words. Pure: the caller says what time it is.

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Returns how long ago something was: "just now", "5 min ago", "yesterday".
pub fn ago(now_ms: u64, at_ms: u64) -> String {
    let since = now_ms.saturating_sub(at_ms);
    match since {
        0..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} min ago", since / MINUTE),
        HOUR..DAY => format!("{} h ago", since / HOUR),
        _ => match since / DAY {
            1 => "yesterday".to_owned(),
            days @ 2..30 => format!("{days} days ago"),
            days @ 30..60 => format!("{} month ago", days / 30),
            days @ 60..365 => format!("{} months ago", days / 30),
            days @ 365..730 => format!("{} year ago", days / 365),
            days => format!("{} years ago", days / 365),
        },
    }
}

/// Returns a size: "512 bytes", "1.4 MB".
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    if tenths < 100 {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{} {}", tenths / 10, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let now = 2000 * DAY;
        let told = [0, 59_999, 60_000, HOUR, 5 * HOUR, DAY, 3 * DAY, 31 * DAY, 65 * DAY, 400 * DAY];
        let told: Vec<String> = told.iter().map(|since| ago(now, now - since)).collect();
        assert_eq!(
            told,
            [
                "just now",
                "just now",
                "1 min ago",
                "1 h ago",
                "5 h ago",
                "yesterday",
                "3 days ago",
                "1 month ago",
                "2 months ago",
                "1 year ago"
            ]
        );
        assert_eq!(ago(0, 10), "just now", "a clock that was set back");
    }

    #[test]
    fn sizes_have_a_unit() {
        let sizes = [0, 1, 999, 1000, 1_400_000, 50_000_000, 3_200_000_000, u64::MAX];
        let sizes: Vec<String> = sizes.into_iter().map(size).collect();
        assert_eq!(
            sizes,
            [
                "0 bytes",
                "1 byte",
                "999 bytes",
                "1.0 kB",
                "1.4 MB",
                "50 MB",
                "3.2 GB",
                "18446744 TB"
            ]
        );
    }
}
