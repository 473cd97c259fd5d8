//! The public halves of the signing keys, as a JWK set (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::record::{KeyAlgorithm, KeyRecord};
use super::ring::state_at;
use super::{KeyRing, KeyState, Purpose};

/// A JWK set (RFC 7517 §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The next, the current and the previous keys, the oldest first.
    pub keys: Vec<Jwk>,
}

/// A public key (RFC 7517 §4; RFC 8037 §2 for Ed25519, RFC 7518 §6.2.1 for P-256).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `OKP` or `EC`.
    pub kty: &'static str,
    /// `Ed25519` or `P-256`.
    pub crv: &'static str,
    /// The key, or its first coordinate, in base64url.
    pub x: String,
    /// The second coordinate of a P-256 key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// `EdDSA` or `ES256`.
    pub alg: &'static str,
    /// The name.
    pub kid: String,
}

impl KeyRing {
    /// The JWK set of now. An answer with it may be kept for [`super::JWKS_MAX_AGE_MS`].
    #[must_use]
    pub fn jwks(&self) -> Jwks {
        let view = self.view();
        let now = self.now();
        let state = |record: &KeyRecord| state_at(&view.records, record, now);
        let mut published: Vec<&KeyRecord> = view
            .records
            .iter()
            .filter(|record| record.purpose == Purpose::Signing)
            .filter(|record| state(record) != KeyState::Retired)
            .collect();
        published.sort_by(|a, b| a.age(state(a)).cmp(&b.age(state(b))));
        Jwks {
            keys: published.into_iter().filter_map(jwk).collect(),
        }
    }
}

/// None for a key that has no public half; those that sign have one.
fn jwk(record: &KeyRecord) -> Option<Jwk> {
    let (kty, crv, alg, x, y) = match record.algorithm {
        KeyAlgorithm::EdDSA => ("OKP", "Ed25519", "EdDSA", record.public.as_slice(), None),
        KeyAlgorithm::ES256 => {
            // An uncompressed point (SEC 1 §2.3.3): 4, x, y.
            let (x, y) = record.public.strip_prefix(&[4])?.split_at_checked(32)?;
            ("EC", "P-256", "ES256", x, Some(y))
        }
        KeyAlgorithm::HmacSha256 | KeyAlgorithm::Aes256GcmSiv => return None,
    };
    Some(Jwk {
        kty,
        crv,
        x: URL_SAFE_NO_PAD.encode(x),
        y: y.map(|y| URL_SAFE_NO_PAD.encode(y)),
        usage: "sig",
        alg,
        kid: record.id.clone(),
    })
}
