//! How long a provider wants to be left alone: in seconds, in milliseconds, or until a date.

use std::time::SystemTime;

use http::{HeaderMap, header};

/// Returns the seconds as a text, or whatever the provider says instead.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<String> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let finer = text("retry-after-ms").and_then(|it| it.parse::<f64>().ok());
    if let Some(ms) = finer {
        return Some((ms / 1_000.0).to_string());
    }
    let after = text(header::RETRY_AFTER.as_str())?;
    let Some(until) = date(after) else { return Some(after.to_owned()) };
    // Its own clock, if it tells the time: ours may go otherwise.
    let now = text(header::DATE.as_str()).and_then(date).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default().as_secs().to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_form_is_told_in_seconds() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let at = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (headers, expected) in [
            (vec![], None),
            (vec![("retry-after", "7")], Some("7")),
            (vec![("retry-after", " 1.5 ")], Some("1.5")),
            (vec![("retry-after", at)], Some("7")),
            (vec![("retry-after", at), ("date", "Sun, 06 Nov 1994 08:49:34 GMT")], Some("3")),
            (vec![("retry-after", at), ("date", "Sun, 06 Nov 1994 09:00:00 GMT")], Some("0")),
            (vec![("retry-after", "7"), ("retry-after-ms", "250")], Some("0.25")),
            (vec![("retry-after", "7"), ("retry-after-ms", "soon")], Some("7")),
            (vec![("retry-after", "later")], Some("later")),
        ] {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            assert_eq!(retry_after(&headers, now).as_deref(), expected, "{headers:?}");
        }
    }
}
