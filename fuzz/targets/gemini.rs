//! Requests and replies of this dialect.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| easel_fuzz::dialect(easel_fuzz::Spoken::Gemini, data));
