//! Where a build comes from: the one question about it that its own bytes do not answer.

use semver::Version;

use super::check::Problem;
use super::signature::{Claim, Signature};
use super::trust::{Trusted, Untrusted, decide};
use crate::config;
use crate::sandbox::Digest;

/// Says whether a build comes from whom it should. It is asked before a build is stored, and again whenever a stored one is
/// loaded: a key that is no longer trusted makes nothing serve.
pub trait Provenance: Send + Sync + 'static {
    /// The counter that the build is signed with, if it is; it only grows from build to build of a channel.
    ///
    /// # Errors
    /// Why it may not serve.
    fn verify(
        &self,
        channel: &str,
        digest: &Digest,
        version: &Version,
        signature: Option<&[u8]>,
    ) -> Result<Option<u64>, Problem>;
}

/// As `[deploy]` of the configuration says: trusted keys, pinned digests, and whether a signature is needed.
#[derive(Debug, Clone)]
pub struct Configured(pub config::Deploy);

impl Provenance for Configured {
    fn verify(
        &self,
        channel: &str,
        digest: &Digest,
        version: &Version,
        signature: Option<&[u8]>,
    ) -> Result<Option<u64>, Problem> {
        let refused = |cause: Untrusted| {
            let remedy = cause.remedy();
            Problem::new("signature", cause, remedy)
        };
        let signature = signature
            .map(Signature::parse)
            .transpose()
            .map_err(|cause| refused(cause.into()))?;
        let claim = Claim {
            digest: *digest,
            channel,
            version,
            // What counters were accepted before is held against it where the channel's record is at hand.
            accepted: None,
        };
        match decide(&self.0, &claim, signature.as_ref()).map_err(refused)? {
            Trusted::Signed { accepted, .. } => Ok(Some(accepted.counter)),
            Trusted::Pinned | Trusted::Unsigned => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::PrivateKey;
    use super::super::signature::Statement;
    use super::*;

    fn verify(
        deploy: config::Deploy,
        channel: &str,
        signature: Option<&[u8]>,
    ) -> Result<Option<u64>, &'static str> {
        let digest = Digest::of(b"a build");
        Configured(deploy)
            .verify(channel, &digest, &Version::new(1, 0, 0), signature)
            .map_err(|problem| problem.check)
    }

    #[test]
    fn the_configuration_decides() {
        let key = PrivateKey::generate().unwrap();
        let statement = Statement {
            digest: Digest::of(b"a build"),
            channel: "token".to_owned(),
            version: Version::new(1, 0, 0),
            counter: 7,
        };
        let signature = Signature::make(&key, statement).unwrap().to_file();
        let signed = Some(signature.as_bytes());
        let trusting = config::Deploy {
            trust: vec![key.public()],
            require_signature: true,
            ..Default::default()
        };
        assert_eq!(verify(config::Deploy::default(), "token", None), Ok(None));
        assert_eq!(verify(trusting.clone(), "token", signed), Ok(Some(7)));
        for (deploy, channel, signature) in [
            (config::Deploy::default(), "token", signed),
            (trusting.clone(), "token", None),
            (trusting.clone(), "users", signed),
            (trusting, "token", Some(b"signed".as_slice())),
        ] {
            assert_eq!(verify(deploy, channel, signature), Err("signature"));
        }
    }
}
