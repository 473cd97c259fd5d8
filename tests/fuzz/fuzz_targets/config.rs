//! Configurations.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vestibule::config::fuzz(data));
