//! The access token: a JSON Web Token for OAuth 2 (RFC 9068), issued and read.
//!
//! Reading follows RFC 8725: the header is parsed once and strictly, the key decides the algorithm (§3.1), the type is
//! checked (§3.11), and what names another key (`jwk`, `jku`, `x5u`, `x5c`) or asks for more (`crit`) is refused (§3.10)
//! together with every other field that we never write.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::ports::{Algorithm, Signing};
use crate::settings::SKEW_SECONDS;
use crate::{provider, subject};

/// The longest token that is looked at. Ours stay below 2 KiB.
pub const MAX_BYTES: usize = 8 * 1024;

/// The longest key id that the signing capability knows.
const MAX_KEY_ID_BYTES: usize = 64;

/// The claims of an access token (RFC 9068 §2.2). Times are seconds (RFC 7519 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: Audience,
    /// Subject.
    pub sub: String,
    /// The client it was issued to.
    pub client_id: String,
    /// Issued at.
    pub iat: u64,
    /// Not valid before. We never write it, and respect it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Expires at.
    pub exp: u64,
    /// The token's own id.
    pub jti: String,
    /// The session (family) it belongs to.
    pub sid: String,
}

/// One recipient or several: RFC 7519 §4.1.3 allows both spellings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single recipient.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A token whose form is right; its signature is not checked.
#[derive(Debug)]
pub struct Unverified<'a> {
    /// The key it claims to be signed with.
    pub key_id: String,
    /// The algorithm it claims; the key's own counts.
    pub algorithm: Algorithm,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// The header, and everything that may be in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    typ: String,
    alg: String,
    kid: String,
}

/// A signed token with `claims`.
pub fn issue<S: Signing>(claims: &Claims) -> String {
    provider::install::<S>();
    let key = S::current();
    let mut header = Header::new(provider::algorithm(&key));
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.id.clone());
    jsonwebtoken::encode(&header, claims, &provider::encoding_key(&key))
        .expect("claims are JSON, and the port signs whatever it is given")
}

/// The claims of a token that one of our keys signed. Whether they hold now is another question:
/// [`Claims::hold`].
///
/// The library's own `decode` is not used: it parses the header three times and leniently, and asks a clock of its own.
pub fn verify<S: Signing>(token: &str) -> Option<Claims> {
    provider::install::<S>();
    let unverified = Unverified::parse(token)?;
    let key = S::find(&unverified.key_id).filter(|key| key.algorithm == unverified.algorithm)?;
    let signed = unverified.signed.as_bytes();
    let verified = jsonwebtoken::crypto::verify(
        unverified.signature,
        signed,
        &provider::decoding_key(&key),
        provider::algorithm(&key),
    );
    verified.is_ok_and(|genuine| genuine).then_some(())?;
    unverified.claims()
}

impl<'a> Unverified<'a> {
    /// Splits a token and reads its header.
    #[must_use]
    pub fn parse(token: &'a str) -> Option<Self> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: StrictHeader = decode(header)?;
        // RFC 9068 §4, and RFC 7515 §4.1.9: media types are compared without case, `application/` may be left out.
        let typ = header.typ.to_ascii_lowercase();
        (typ.strip_prefix("application/").unwrap_or(&typ) == "at+jwt").then_some(())?;
        let algorithm = match header.alg.as_str() {
            "EdDSA" => Algorithm::EdDsa,
            "ES256" => Algorithm::Es256,
            _ => return None,
        };
        let named = (1..=MAX_KEY_ID_BYTES).contains(&header.kid.len()) && header.kid.is_ascii();
        named.then_some(Self {
            key_id: header.kid,
            algorithm,
            signed,
            payload,
            signature,
        })
    }

    /// The claims, if they have the form of ours.
    #[must_use]
    pub fn claims(&self) -> Option<Claims> {
        let claims: Claims = decode(self.payload)?;
        (subject::is_valid(&claims.sub)
            && Id::parse(&claims.jti).is_some()
            && Id::parse(&claims.sid).is_some())
        .then_some(claims)
    }
}

impl Claims {
    /// Whether the token is for us and valid at `now` (milliseconds), with the skew allowed.
    #[must_use]
    pub fn hold(&self, issuer: &str, audience: &str, now: u64) -> bool {
        let begun = self
            .nbf
            .is_none_or(|nbf| milliseconds(nbf.saturating_sub(SKEW_SECONDS)) <= now);
        self.iss == issuer && self.aud.contains(audience) && begun && now < self.dead_from()
    }

    /// From when on nobody takes the token any more, in milliseconds: `exp` and the skew.
    #[must_use]
    pub fn dead_from(&self) -> u64 {
        milliseconds(self.exp.saturating_add(SKEW_SECONDS))
    }
}

impl Audience {
    /// Whether `recipient` is meant.
    #[must_use]
    pub fn contains(&self, recipient: &str) -> bool {
        match self {
            Self::One(one) => one == recipient,
            Self::Many(many) => many.iter().any(|one| one == recipient),
        }
    }

    /// The recipients.
    #[must_use]
    pub fn into_list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn milliseconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000)
}
