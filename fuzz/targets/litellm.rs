//! A `config.yaml` of LiteLLM.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| easel_fuzz::litellm(data));
