//! Streams cut into frames: in one piece and byte by byte it must be the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| easel_fuzz::frames(data));
