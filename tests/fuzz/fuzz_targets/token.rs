//! Access and refresh tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    token::fuzz::refresh_token(data);
    token::fuzz::access_token(data);
});
