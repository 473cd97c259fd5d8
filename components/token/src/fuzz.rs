//! Bodies for fuzzers: each takes whatever bytes there are, and fails if an invariant does not hold.

use crate::access_token::{MAX_BYTES, Unverified};
use crate::refresh_token::RefreshToken;

/// Reads `data` as a refresh token: no panic, and what is read has exactly one spelling.
///
/// # Panics
/// If a token was read that is not written the same way.
pub fn refresh_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(token) = RefreshToken::parse(text) {
        assert!(token.text() == text, "a refresh token has two spellings");
    }
}

/// Reads `data` as an access token, as if its signature were right: no panic, and bounds hold.
///
/// # Panics
/// If something was read that must not be.
pub fn access_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(unverified) = Unverified::parse(text) else {
        return;
    };
    assert!(
        text.len() <= MAX_BYTES && unverified.key_id.len() <= 64,
        "a token exceeds its bounds"
    );
    if let Some(claims) = unverified.claims() {
        assert!(
            (1..=128).contains(&claims.sub.len()),
            "a subject exceeds its bounds"
        );
        // Sums of foreign numbers must not overflow.
        let _ = claims.hold("issuer", "audience", u64::MAX);
        let _ = claims.hold(&claims.iss, "audience", 0);
    }
}
