//! Signatures of builds: what is signed, how a signature is written down, and when one is believed.
//!
//! A signature is detached: it lies beside the build as `NAME.wasm.sig`, travels in an annotation of an OCI artifact, or
//! in a header of a deploy. It binds a [`Statement`]: these bytes, for this channel, in this version, with this number.
//! So a signed build cannot be put into another channel's place, and an older one with a known hole cannot come back
//! under its old signature.
//!
//! What is signed is text, which every Ed25519 signer can be given (a hardware token, `openssl pkeyutl -rawin`):
//!
//! ```text
//! vestibule build 1
//! digest sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
//! channel token
//! version 1.2.0
//! counter 1767225600
//! ```
//!
//! Each line ends with a line feed, the last one too. Nothing in a line can hold one, and each value has one spelling, so
//! no two statements are the same text; the first line keeps it apart from anything else that the key may ever sign.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::keys::{PrivateKey, PublicKey};
use super::tagged::Tagged;
use crate::config::is_name;
use crate::keyring::CryptoError;
use crate::sandbox::Digest;

/// The largest signature file, in bytes.
pub const MAX_SIGNATURE_BYTES: usize = 4 * 1024;

/// The largest counter: what every reader of JSON reads exactly (RFC 8259 §6).
pub const MAX_COUNTER: u64 = (1 << 53) - 1;

/// The form of signature files and statements. Another number is another form.
const FORMAT: u64 = 1;

/// What a signature says of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// The channel it is for, a name in kebab-case.
    pub channel: String,
    /// The version of the channel's package, as the build's own WIT says it.
    pub version: Version,
    /// Which one it is: of a channel, only a higher one is accepted than was before. From 1 to [`MAX_COUNTER`].
    pub counter: u64,
}

/// A statement and who says so. That it was made is not to say that it is believed: see [`Signature::check`].
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// Whose it claims to be.
    pub key: PublicKey,
    /// What it says.
    pub statement: Statement,
    signature: [u8; 64],
}

/// What a signature is held against.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The digest of the bytes at hand.
    pub digest: Digest,
    /// The channel the build is to serve.
    pub channel: &'a str,
    /// The version the build's own WIT says.
    pub version: &'a Version,
    /// The signature with the highest counter that was accepted for the channel.
    pub accepted: Option<Accepted>,
}

/// What is kept of the signature with the highest counter of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Its counter.
    pub counter: u64,
    /// The build it was for. The same build may be deployed again.
    pub digest: Digest,
}

/// Why bytes are no signature, or one that cannot be made. No variant holds any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSignature {
    /// Too large to be looked at.
    #[error("the signature is larger than {MAX_SIGNATURE_BYTES} bytes")]
    TooLarge,
    /// Another form.
    #[error("the signature has format {0}; this version reads format {FORMAT}")]
    Format(u64),
    /// A field is missing, unknown, or of another kind.
    #[error("the signature is not one that `vestibule component sign` wrote: {0}")]
    Form(&'static str),
}

/// Why a well-formed signature is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Nobody trusts the key.
    #[error("the signature is by {0}, which is not trusted")]
    UnknownKey(PublicKey),
    /// Somebody else made or changed it.
    #[error("the signature was not made by the key it names, or was altered")]
    Forged,
    /// Other bytes.
    #[error("the signature is for other bytes: {}, not {}", Tagged(*signed), Tagged(*found))]
    Digest {
        /// What was signed.
        signed: Digest,
        /// What is here.
        found: Digest,
    },
    /// Another channel.
    #[error("the signature is for channel {signed}, not {wanted}")]
    Channel {
        /// What was signed.
        signed: String,
        /// What it is to serve.
        wanted: String,
    },
    /// Another version.
    #[error("the signature is for version {signed}; the build itself says {found}")]
    Version {
        /// What was signed.
        signed: Version,
        /// What the build says.
        found: Version,
    },
    /// An older signature than was accepted before.
    #[error("the signature's counter is {signed}; {accepted} was accepted before")]
    Counter {
        /// What was signed.
        signed: u64,
        /// The highest that was accepted.
        accepted: u64,
    },
}

impl Statement {
    /// What is signed: see the module.
    #[must_use]
    pub fn text(&self) -> String {
        let Self {
            digest,
            channel,
            version,
            counter,
        } = self;
        format!(
            "vestibule build {FORMAT}\ndigest {}\nchannel {channel}\nversion {version}\ncounter {counter}\n",
            Tagged(*digest)
        )
    }

    /// Whether each value is what it must be.
    fn check(&self) -> Result<(), MalformedSignature> {
        if !is_name(&self.channel) {
            return Err(MalformedSignature::Form(
                "`channel` must be a name in kebab-case",
            ));
        }
        if !(1..=MAX_COUNTER).contains(&self.counter) {
            return Err(MalformedSignature::Form(
                "`counter` must be from 1 to 2^53 − 1",
            ));
        }
        Ok(())
    }
}

impl Signature {
    /// Signs `statement`.
    ///
    /// # Errors
    /// [`SignError`] for a statement that nobody would accept, and if the library fails.
    pub fn make(key: &PrivateKey, statement: Statement) -> Result<Self, SignError> {
        statement.check()?;
        Ok(Self {
            key: key.public(),
            signature: key.sign(statement.text().as_bytes())?,
            statement,
        })
    }

    /// The signature in a file's `bytes`.
    ///
    /// # Errors
    /// [`MalformedSignature`]. Whether it is to be believed has not been looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedSignature> {
        if bytes.len() > MAX_SIGNATURE_BYTES {
            return Err(MalformedSignature::TooLarge);
        }
        // The number first: another format may have other fields.
        let Format { format } = read(bytes)?;
        if format != FORMAT {
            return Err(MalformedSignature::Format(format));
        }
        let file: File = read(bytes)?;
        let mut signature = [0; 64];
        match URL_SAFE_NO_PAD.decode_slice(&file.signature, &mut signature) {
            Ok(64) => {}
            _ => {
                let rule = "`signature` must be 64 bytes in base64url without padding";
                return Err(MalformedSignature::Form(rule));
            }
        }
        let statement = Statement {
            digest: parsed::<Tagged>(&file.digest, "`digest` must be `sha256:` and 64 digits")?.0,
            version: parsed(&file.version, "`version` must be a version such as 1.2.0")?,
            channel: file.channel,
            counter: file.counter,
        };
        statement.check()?;
        Ok(Self {
            key: parsed(&file.key, "`key` must be a public key")?,
            statement,
            signature,
        })
    }

    /// What [`Signature::parse`] reads: JSON, and a line feed.
    #[must_use]
    pub fn to_file(&self) -> String {
        let file = File {
            format: FORMAT,
            key: self.key.to_string(),
            digest: Tagged(self.statement.digest).to_string(),
            channel: self.statement.channel.clone(),
            version: self.statement.version.to_string(),
            counter: self.statement.counter,
            signature: URL_SAFE_NO_PAD.encode(self.signature),
        };
        let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The same as one word, base64 of the file: for a header or an annotation.
    #[must_use]
    pub fn to_word(&self) -> String {
        STANDARD.encode(self.to_file())
    }

    /// The signature in a `word` as [`Signature::to_word`] gives.
    ///
    /// # Errors
    /// As [`Signature::parse`].
    pub fn from_word(word: &str) -> Result<Self, MalformedSignature> {
        // Four characters are three bytes.
        if word.len() > MAX_SIGNATURE_BYTES.div_ceil(3) * 4 {
            return Err(MalformedSignature::TooLarge);
        }
        let bytes = STANDARD.decode(word);
        Self::parse(&bytes.map_err(|_| MalformedSignature::Form("it is not base64"))?)
    }

    /// Whether one of the `trusted` keys says this of just this build.
    ///
    /// # Errors
    /// [`Distrust`]. Nothing of the statement is looked at before it is known to be a trusted key's.
    pub fn check(&self, trusted: &[PublicKey], claim: &Claim<'_>) -> Result<(), Distrust> {
        if !trusted.contains(&self.key) {
            return Err(Distrust::UnknownKey(self.key));
        }
        let statement = &self.statement;
        if !self
            .key
            .verifies(statement.text().as_bytes(), &self.signature)
        {
            return Err(Distrust::Forged);
        }
        if statement.digest != claim.digest {
            return Err(Distrust::Digest {
                signed: statement.digest,
                found: claim.digest,
            });
        }
        if statement.channel != claim.channel {
            return Err(Distrust::Channel {
                signed: statement.channel.clone(),
                wanted: claim.channel.to_owned(),
            });
        }
        if statement.version != *claim.version {
            return Err(Distrust::Version {
                signed: statement.version.clone(),
                found: claim.version.clone(),
            });
        }
        match claim.accepted {
            Some(accepted) if !follows(statement, accepted) => Err(Distrust::Counter {
                signed: statement.counter,
                accepted: accepted.counter,
            }),
            _ => Ok(()),
        }
    }

    /// What to keep once it was accepted.
    #[must_use]
    pub fn accepted(&self) -> Accepted {
        Accepted {
            counter: self.statement.counter,
            digest: self.statement.digest,
        }
    }
}

/// Whether `statement` is newer than what was `accepted`, or about the very build.
fn follows(statement: &Statement, accepted: Accepted) -> bool {
    statement.counter > accepted.counter
        || (statement.counter == accepted.counter && statement.digest == accepted.digest)
}

impl Distrust {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::UnknownKey(_) => {
                "have it signed by a key of [deploy] trust, or add this key there if you know whose it is"
            }
            Self::Forged => "fetch build and signature again, and find out where they were altered",
            Self::Digest { .. } => "put the signature beside its own build, or sign this one",
            Self::Channel { .. } => {
                "deploy it to the channel it was signed for, or sign it for this one"
            }
            Self::Version { .. } => "sign the build that is meant: it was built again since",
            Self::Counter { .. } => {
                "deploy the newest signed build; if this one is meant to replace it, sign it again with a higher counter"
            }
        }
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("key", &self.key)
            .field("statement", &self.statement)
            .finish_non_exhaustive()
    }
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// See [`MalformedSignature`].
    #[error(transparent)]
    Statement(#[from] MalformedSignature),
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// The one field that files of every format have.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

/// A signature file. Nothing else may be in it: what is not signed shall not look as if it were.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u64,
    key: String,
    digest: String,
    channel: String,
    version: String,
    counter: u64,
    signature: String,
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, MalformedSignature> {
    // serde's sentence may quote the file.
    serde_json::from_slice(bytes).map_err(|error| {
        MalformedSignature::Form(match error.classify() {
            serde_json::error::Category::Data => "a field is missing, unknown or of another kind",
            _ => "it is not JSON",
        })
    })
}

fn parsed<T: std::str::FromStr>(text: &str, rule: &'static str) -> Result<T, MalformedSignature> {
    text.parse().map_err(|_| MalformedSignature::Form(rule))
}

#[cfg(test)]
mod tests;
