//! Where a build comes from: the one question about it that its own bytes do not answer.

use super::check::Problem;
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
        version: &str,
        signature: Option<&[u8]>,
    ) -> Result<Option<u64>, Problem>;
}

/// Takes builds without a signature. One that has a signature is refused: nobody could say what that is worth.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unsigned;

impl Provenance for Unsigned {
    fn verify(
        &self,
        _channel: &str,
        _digest: &Digest,
        _version: &str,
        signature: Option<&[u8]>,
    ) -> Result<Option<u64>, Problem> {
        match signature {
            None => Ok(None),
            Some(_) => Err(Problem::new(
                "signature",
                "the build is signed, and this installation trusts no key",
                "configure whose signatures count, or deploy it without the signature",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_trusted_keys_no_signature_counts() {
        let digest = Digest::of(b"a build");
        let verify = |signature| Unsigned.verify("token", &digest, "1.0.0", signature);
        assert_eq!(verify(None), Ok(None));
        let refused = verify(Some(b"signed".as_slice()));
        assert_eq!(refused.map_err(|problem| problem.check), Err("signature"));
    }
}
