//! The refresh token: opaque to whoever holds it, and computable by us alone.
//!
//! ```text
//! base64url( version 1 ‖ family (16 bytes) ‖ generation (u32, big-endian) ‖ HMAC-SHA-256 of all that (32 bytes) )
//! ```
//!
//! Nothing of it is stored: the successor of a token follows from the family and the generation, so it can be given
//! again within the grace, and a stolen store gives nothing to present. A forged token is refused before anything is read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use crate::id::Id;
use crate::ports::Macs;

/// What the tags are for: a key of its own.
const PURPOSE: &str = "refresh-token";
const VERSION: u8 = 1;
const BODY_BYTES: usize = 1 + 16 + 4;
const TAG_BYTES: usize = 32;
const TEXT_BYTES: usize = (BODY_BYTES + TAG_BYTES) * 4 / 3 + 1;

/// A refresh token that was read, and may be forged.
#[derive(Clone, Copy)]
pub struct RefreshToken {
    /// Which family it claims to be of.
    pub family: Id,
    /// Which of the family's tokens it claims to be.
    pub generation: u32,
    tag: [u8; TAG_BYTES],
}

impl RefreshToken {
    /// The token of `generation` of `family`.
    pub fn issue(macs: &impl Macs, family: Id, generation: u32) -> Self {
        let tag = macs.mac(PURPOSE, &body(family, generation));
        let tag = tag.try_into().expect("an HMAC-SHA-256 has 32 bytes");
        Self {
            family,
            generation,
            tag,
        }
    }

    /// Reads what [`text`](Self::text) writes, and nothing else: each token has one spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (family, rest) = rest.split_first_chunk()?;
        let (generation, tag) = rest.split_first_chunk()?;
        (*version == VERSION).then_some(())?;
        Some(Self {
            family: Id(*family),
            generation: u32::from_be_bytes(*generation),
            tag: tag.try_into().ok()?,
        })
    }

    /// The token as it is handed out.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = body(self.family, self.generation);
        bytes.extend_from_slice(&self.tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether this installation issued it, with today's key or an earlier one that is still accepted.
    pub fn is_genuine(&self, macs: &impl Macs) -> bool {
        let candidates = macs.candidates(PURPOSE, &body(self.family, self.generation));
        candidates.iter().any(|tag| same(tag, &self.tag))
    }
}

fn body(family: Id, generation: u32) -> Vec<u8> {
    let mut body = Vec::with_capacity(BODY_BYTES + TAG_BYTES);
    body.push(VERSION);
    body.extend_from_slice(&family.0);
    body.extend_from_slice(&generation.to_be_bytes());
    body
}

/// Compares without stopping at the first difference, so that time does not tell how much of a forged tag was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && std::hint::black_box(
            a.iter()
                .zip(b)
                .fold(0, |difference, (a, b)| difference | (a ^ b)),
        ) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn what_is_issued_is_genuine() {
        let world = World::default();
        let text = RefreshToken::issue(&world, Id([7; 16]), 3).text();
        assert_eq!(text.len(), TEXT_BYTES);
        let token = RefreshToken::parse(&text).unwrap();
        assert_eq!((token.family, token.generation), (Id([7; 16]), 3));
        assert!(token.is_genuine(&world));
    }

    #[test]
    fn a_tag_does_not_fit_another_generation_or_family() {
        let world = World::default();
        let token = RefreshToken::issue(&world, Id([7; 16]), 3);
        assert!(
            !RefreshToken {
                generation: 4,
                ..token
            }
            .is_genuine(&world)
        );
        assert!(
            !RefreshToken {
                family: Id([8; 16]),
                ..token
            }
            .is_genuine(&world)
        );
    }

    #[test]
    fn tokens_outlive_a_rotation_of_the_key_and_not_its_retirement() {
        let world = World::default();
        let token = RefreshToken::issue(&world, Id([7; 16]), 3);
        world.rotate_mac_key();
        assert!(token.is_genuine(&world));
        world.rotate_mac_key();
        assert!(!token.is_genuine(&world));
    }

    #[test]
    fn another_version_is_not_read() {
        let mut bytes = [0; BODY_BYTES + TAG_BYTES];
        bytes[0] = VERSION + 1;
        assert!(RefreshToken::parse(&URL_SAFE_NO_PAD.encode(bytes)).is_none());
    }
}
