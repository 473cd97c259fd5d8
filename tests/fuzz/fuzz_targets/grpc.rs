//! Requests: protobuf to the JSON of commands.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vestibule::transport::fuzz(data));
