//! Requests at all doors.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| easel_fuzz::http(data));
