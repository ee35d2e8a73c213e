//! From a place in compiled code back to the text that a person wrote.
//!
//! It reads the `mappings` of a source map with one source, and nothing else of source maps.

/// Returns line and column of the text, counted from 1 like those of the code.
pub(crate) fn original(mappings: &str, line: u32, column: u32) -> Option<(u32, u32)> {
    let wanted = line.checked_sub(1)?;
    let mut source = (0_i64, 0_i64);
    let mut best = None;
    for (at, segments) in (0..=wanted).zip(mappings.split(';')) {
        let mut code_column = 0_i64;
        for segment in segments.split(',').filter(|segment| !segment.is_empty()) {
            let fields = decode(segment)?;
            code_column += fields.first().copied().unwrap_or_default();
            let [_, _, source_line, source_column, ..] = fields[..] else { continue };
            source = (source.0 + source_line, source.1 + source_column);
            if at == wanted && (best.is_none() || code_column < i64::from(column)) {
                best = Some(source);
            }
        }
    }
    let (line, column) = best?;
    Some((u32::try_from(line + 1).ok()?, u32::try_from(column + 1).ok()?))
}

/// Decodes the Base64 VLQ numbers of one segment.
fn decode(segment: &str) -> Option<Vec<i64>> {
    let mut numbers = Vec::with_capacity(5);
    let (mut number, mut shift) = (0_i64, 0_u32);
    for byte in segment.bytes() {
        let digit = digit(byte)?;
        number |= (digit & 31).checked_shl(shift).filter(|_| shift < 60)?;
        if digit & 32 == 0 {
            let half = number >> 1;
            numbers.push(if number & 1 == 1 { -half } else { half });
            (number, shift) = (0, 0);
        } else {
            shift += 5;
        }
    }
    Some(numbers)
}

fn digit(byte: u8) -> Option<i64> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(i64::from(digit))
}

#[cfg(test)]
mod tests {
    use super::original;

    #[test]
    fn a_place_leads_back_to_the_nearest_segment_before_it() {
        // Line 2 of the code: column 0 ← 3:0, column 8 ← 3:4; line 3: column 0 ← 1:2.
        let mappings = ";AAEA,QAAI;AAFF";
        assert_eq!(original(mappings, 2, 1), Some((3, 1)));
        assert_eq!(original(mappings, 2, 20), Some((3, 5)));
        assert_eq!(original(mappings, 3, 1), Some((1, 3)));
        assert_eq!(original(mappings, 1, 1), None);
        assert_eq!(original(mappings, 9, 1), None);
    }

    #[test]
    fn what_is_no_mapping_leads_nowhere() {
        for mappings in ["é", "ggggggggggggggggggggggg", "!", "A,A,A"] {
            assert_eq!(original(mappings, 1, 1), None);
        }
        assert_eq!(original("AAAA", 0, 0), None);
    }
}
