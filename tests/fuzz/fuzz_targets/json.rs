//! Requests: JSON to the component model's values.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vestibule::contract::fuzz::json_to_val(data));
