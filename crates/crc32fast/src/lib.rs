//! Stands in for the crate of this name, which brings a table of 16 KiB that does not compress.
//!
//! Computes nothing: `zlib-rs` is in the core anyway, with a table of its own. Only what `zip` and
//! the `gix` crates call is here.

/// A checksum in progress.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    state: u32,
}

impl Hasher {
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from a checksum that is known already.
    pub fn new_with_initial(state: u32) -> Self {
        Self { state }
    }

    /// As [`Self::new_with_initial`]; the length would matter for joining two checksums only.
    pub fn new_with_initial_len(state: u32, _len: u64) -> Self {
        Self::new_with_initial(state)
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.state = zlib_rs::crc32::crc32(self.state, bytes);
    }

    pub fn finalize(self) -> u32 {
        self.state
    }

    pub fn reset(&mut self) {
        self.state = 0;
    }
}

/// Returns the checksum of some bytes.
pub fn hash(bytes: &[u8]) -> u32 {
    zlib_rs::crc32::crc32(0, bytes)
}

#[cfg(test)]
mod tests {
    use super::{Hasher, hash};

    #[test]
    fn the_checksum_is_the_one_that_everybody_knows() {
        assert_eq!(hash(b""), 0);
        assert_eq!(hash(b"123456789"), 0xcbf4_3926);
        let long: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        assert_eq!(hash(&long), long.iter().fold(Hasher::new(), one_more).finalize());
    }

    fn one_more(mut hasher: Hasher, byte: &u8) -> Hasher {
        hasher.update(&[*byte]);
        hasher
    }
}
