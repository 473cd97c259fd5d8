//! Whether an installation takes a build: by who signed it, or because it is the very one that was pinned.
//!
//! ```text
//! is the channel pinned ──▶ to other bytes ──────────────────────▶ refused
//!       │ no, or to these
//!       ▼
//! is there a signature ───▶ it is not believed ──────────────────▶ refused, required or not
//!       │ no           └──▶ it is ───────────────────────────────▶ taken, and its counter is kept
//!       ▼
//! is one required ────────▶ yes, and the channel is not pinned ──▶ refused
//!       └─────────────────▶ no, or these are the pinned bytes ───▶ taken
//! ```
//!
//! A signature that is there must be good even where none is asked for: a broken one is a sign of something broken.

use super::keys::PublicKey;
use super::signature::{Accepted, Claim, Distrust, MalformedSignature, Signature};
use super::tagged::Tagged;
use crate::config;
use crate::sandbox::Digest;

/// On whose word a build was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusted {
    /// It is signed. What was accepted is to be kept for the channel, in one transaction with the build.
    Signed {
        /// By whom.
        by: PublicKey,
        /// What a later signature is held against.
        accepted: Accepted,
    },
    /// The configuration names just these bytes.
    Pinned,
    /// On nobody's: none is asked for.
    Unsigned,
}

/// Why a build is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// What was given is no signature.
    #[error(transparent)]
    Malformed(#[from] MalformedSignature),
    /// It is not believed.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// There is none, and there must be.
    #[error("the build is not signed, and this installation takes signed builds only")]
    Unsigned,
    /// The channel is pinned to other bytes.
    #[error("the channel is pinned to {}; this build is {}", Tagged(*pinned), Tagged(*found))]
    Pinned {
        /// What the configuration names.
        pinned: Digest,
        /// What is here.
        found: Digest,
    },
}

impl Untrusted {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Malformed(_) => {
                "give the file that `vestibule component sign` wrote, or sign the build again"
            }
            Self::Distrust(distrust) => distrust.remedy(),
            Self::Unsigned => {
                "sign it with `vestibule component sign` and a key of [deploy] trust, or pin its digest in [deploy.pinned]"
            }
            Self::Pinned { .. } => {
                "deploy the build that is pinned, or change [deploy.pinned] and restart"
            }
        }
    }
}

/// Whether the installation that `config` describes takes the build of `claim`, which came with `signature` or without.
///
/// # Errors
/// [`Untrusted`], which says what to do.
pub fn decide(
    config: &config::Deploy,
    claim: &Claim<'_>,
    signature: Option<&Signature>,
) -> Result<Trusted, Untrusted> {
    let pinned = config.pinned.get(claim.channel).map(|pinned| pinned.0);
    if let Some(pinned) = pinned.filter(|pinned| *pinned != claim.digest) {
        return Err(Untrusted::Pinned {
            pinned,
            found: claim.digest,
        });
    }
    if let Some(signature) = signature {
        signature.check(&config.trust, claim)?;
        return Ok(Trusted::Signed {
            by: signature.key,
            accepted: signature.accepted(),
        });
    }
    match (pinned, config.require_signature) {
        (Some(_), _) => Ok(Trusted::Pinned),
        (None, false) => Ok(Trusted::Unsigned),
        (None, true) => Err(Untrusted::Unsigned),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use semver::Version;

    use super::super::keys::PrivateKey;
    use super::super::signature::Statement;
    use super::*;

    static VERSION: Version = Version::new(1, 2, 0);

    fn claim() -> Claim<'static> {
        Claim {
            digest: Digest::of(b"build"),
            channel: "token",
            version: &VERSION,
            accepted: None,
        }
    }

    fn sign(key: &PrivateKey, bytes: &[u8], counter: u64) -> Signature {
        let statement = Statement {
            digest: Digest::of(bytes),
            channel: "token".to_owned(),
            version: VERSION.clone(),
            counter,
        };
        Signature::make(key, statement).unwrap()
    }

    /// What is expected, without what is in it.
    #[derive(Debug, PartialEq)]
    enum Verdict {
        Signed,
        Pinned,
        Unsigned,
        NotSigned,
        NotPinned,
        NotBelieved,
    }

    fn verdict(decided: Result<Trusted, Untrusted>) -> Verdict {
        match decided {
            Ok(Trusted::Signed { .. }) => Verdict::Signed,
            Ok(Trusted::Pinned) => Verdict::Pinned,
            Ok(Trusted::Unsigned) => Verdict::Unsigned,
            Err(Untrusted::Unsigned) => Verdict::NotSigned,
            Err(Untrusted::Pinned { .. }) => Verdict::NotPinned,
            Err(Untrusted::Distrust(_)) => Verdict::NotBelieved,
            Err(Untrusted::Malformed(_)) => unreachable!("it was read before"),
        }
    }

    #[test]
    fn every_case_is_decided() {
        use Verdict::*;
        let (key, foreign) = (
            PrivateKey::generate().unwrap(),
            PrivateKey::generate().unwrap(),
        );
        let good = sign(&key, b"build", 7);
        let foreign = sign(&foreign, b"build", 7);
        let of_another = sign(&key, b"another", 7);
        let none = None;
        let (these, others) = (Some(Digest::of(b"build")), Some(Digest::of(b"another")));
        // (required, pinned to, signature) → verdict
        for (row, (required, pinned, signature, expected)) in [
            (false, none, None, Unsigned),
            (false, none, Some(&good), Signed),
            (false, none, Some(&foreign), NotBelieved),
            (false, none, Some(&of_another), NotBelieved),
            (false, these, None, Pinned),
            (false, these, Some(&good), Signed),
            (false, these, Some(&foreign), NotBelieved),
            (false, others, None, NotPinned),
            (false, others, Some(&good), NotPinned),
            (false, others, Some(&of_another), NotPinned),
            (true, none, None, NotSigned),
            (true, none, Some(&good), Signed),
            (true, none, Some(&foreign), NotBelieved),
            (true, none, Some(&of_another), NotBelieved),
            (true, these, None, Pinned),
            (true, these, Some(&good), Signed),
            (true, these, Some(&foreign), NotBelieved),
            (true, others, None, NotPinned),
            (true, others, Some(&good), NotPinned),
        ]
        .into_iter()
        .enumerate()
        {
            let config = config::Deploy {
                trust: vec![key.public()],
                require_signature: required,
                pinned: pinned
                    .map(|pinned| ("token".to_owned(), Tagged(pinned)))
                    .into_iter()
                    .collect(),
                ..Default::default()
            };
            let decided = decide(&config, &claim(), signature);
            assert_eq!(verdict(decided), expected, "row {row}");
        }
    }

    #[test]
    fn without_trust_no_signature_is_believed() {
        let signature = sign(&PrivateKey::generate().unwrap(), b"build", 1);
        for require_signature in [false, true] {
            let config = config::Deploy {
                require_signature,
                ..Default::default()
            };
            assert_eq!(
                decide(&config, &claim(), Some(&signature)),
                Err(Distrust::UnknownKey(signature.key).into())
            );
        }
    }

    #[test]
    fn a_pin_is_for_its_channel() {
        let config = config::Deploy {
            require_signature: true,
            pinned: BTreeMap::from([("users".to_owned(), Tagged(Digest::of(b"build")))]),
            ..Default::default()
        };
        assert_eq!(decide(&config, &claim(), None), Err(Untrusted::Unsigned));
    }

    #[test]
    fn what_was_accepted_is_held_against_the_next() {
        let key = PrivateKey::generate().unwrap();
        let config = config::Deploy {
            trust: vec![key.public()],
            ..Default::default()
        };
        let decided = decide(&config, &claim(), Some(&sign(&key, b"build", 7))).unwrap();
        let Trusted::Signed { by, accepted } = decided else {
            panic!("{decided:?}");
        };
        assert_eq!((by, accepted.counter), (key.public(), 7));
        let next = |bytes: &[u8], counter| {
            let claim = Claim {
                digest: Digest::of(bytes),
                accepted: Some(accepted),
                ..claim()
            };
            verdict(decide(&config, &claim, Some(&sign(&key, bytes, counter))))
        };
        assert_eq!(next(b"another", 8), Verdict::Signed);
        assert_eq!(next(b"another", 7), Verdict::NotBelieved);
        assert_eq!(next(b"another", 6), Verdict::NotBelieved);
        assert_eq!(next(b"build", 7), Verdict::Signed);
        assert_eq!(next(b"build", 6), Verdict::NotBelieved);
    }
}
