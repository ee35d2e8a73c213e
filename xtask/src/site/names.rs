//! Names for files by their content, so that a browser may keep them for ever.
//!
//! FNV-1a: the names must differ when contents do; nobody gains by making two alike.

/// Returns sixteen hexadecimal digits.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.len().to_le_bytes().iter().chain(part) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn contents_decide_and_so_does_their_division() {
        assert_eq!(digest([b"ab".as_slice()]), digest([b"ab".as_slice()]));
        assert_ne!(digest([b"ab".as_slice()]), digest([b"ac".as_slice()]));
        assert_ne!(digest([b"a".as_slice(), b"b"]), digest([b"ab".as_slice()]));
    }
}
