//! Sums of dollars, as price lists and configurations write them, in integers.
//!
//! Binary fractions are not used: what is typed as 0.0375 is that, and not nearly that.

/// Reads a price in dollars per million tokens: `0.0375`, `3.75e-2`. The tenth digit after the
/// point is rounded, for it is less than a nano-dollar per million tokens.
#[must_use]
pub fn per_million(dollars: &str) -> Option<u64> {
    scaled(dollars, 9)
}

/// Reads a price in dollars per token: `0.0000000375`, `3.75e-8`.
#[must_use]
pub fn per_token(dollars: &str) -> Option<u64> {
    scaled(dollars, 15)
}

/// Returns the number times a power of ten, in whole ones.
fn scaled(text: &str, power: i32) -> Option<u64> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?), // Not a number.
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    // Thirty digits leave room for a power that is not yet too large.
    if digits.is_empty() || digits.len() > 30 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let n_fraction = i32::try_from(fraction.len()).ok()?; // At most thirty.
    let value: u128 = digits.parse().ok()?; // As above.
    let shift = power.checked_add(exponent)?.checked_sub(n_fraction)?;
    let factor = 10_u128.checked_pow(shift.unsigned_abs());
    let scaled = match factor {
        _ if value == 0 => 0,
        Some(factor) if shift >= 0 => value.checked_mul(factor)?,
        Some(factor) => rounded(value, factor),
        None if shift >= 0 => return None,
        None => 0,
    };
    u64::try_from(scaled).ok() // More than all the money there is.
}

/// Divides; what lies in the middle goes to the even side, as in the arithmetic of decimals that
/// banks and Python use.
pub(super) fn rounded(value: u128, divisor: u128) -> u128 {
    let (quotient, rest) = (value / divisor, value % divisor);
    let over = rest > divisor - rest || (rest == divisor - rest && quotient % 2 == 1);
    quotient + u128::from(over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_counts() {
        for (text, expected) in [
            ("0.0375", Some(37_500_000)),
            (".5", Some(500_000_000)),
            ("3", Some(3_000_000_000)),
            ("3.", Some(3_000_000_000)),
            ("3.75e-2", Some(37_500_000)),
            ("1E3", Some(1_000_000_000_000)),
            ("0", Some(0)),
            ("0e999999", Some(0)),
            ("1e-99999", Some(0)),
            ("0.0833333333333333", Some(83_333_333)),
            ("0.0000000005", Some(0)),
            ("0.0000000015", Some(2)),
            ("0.00000000051", Some(1)),
            ("", None),
            (".", None),
            ("-1", None),
            ("+1", None),
            ("1e", None),
            ("1e99999999999", None),
            ("1_000", None),
            ("NaN", None),
            ("18446744073", Some(18_446_744_073_000_000_000)),
            ("18446744074", None),
            ("1e40", None),
        ] {
            assert_eq!(per_million(text), expected, "{text:?}");
        }
        assert_eq!(per_token("0.0000000375"), Some(37_500_000));
        assert_eq!(per_token("2.5e-06"), Some(2_500_000_000));
    }

    #[test]
    fn the_middle_goes_to_the_even_side() {
        for (value, expected) in [(4, 0), (5, 0), (6, 1), (15, 2), (25, 2), (26, 3)] {
            assert_eq!(rounded(value, 10), expected, "{value}");
        }
        assert_eq!(rounded(u128::MAX, 1), u128::MAX);
    }
}
