//! The name of an artifact in an OCI registry.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::uri::Authority;

use super::super::tagged::Tagged;

/// What a reference begins with.
pub(super) const SCHEME: &str = "oci://";

/// The longest repository, in bytes: what registries take with their own name before it.
const MAX_REPOSITORY_BYTES: usize = 255;

/// The longest tag (OCI distribution specification 1.1, "Pulling manifests").
const MAX_TAG_BYTES: usize = 128;

/// `oci://registry/repository:tag`, `oci://registry/repository@sha256:…`, or with both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host and perhaps port, in lower case.
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Tagged>,
}

/// Why a text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// It has another form.
    #[error("must be oci://registry/repository:tag or oci://registry/repository@sha256:…")]
    Form,
    /// What is before the first slash.
    #[error("the registry must be a host, perhaps with a port, such as ghcr.io")]
    Registry,
    /// What is between registry and tag.
    #[error(
        "the repository consists of lower-case letters, digits and single `.`, `_`, `-` between them, in parts separated by `/`"
    )]
    Repository,
    /// What is after the colon.
    #[error(
        "the tag consists of at most {MAX_TAG_BYTES} letters, digits, `.`, `_` and `-`, and begins with none of the last two"
    )]
    Tag,
    /// What is after the at sign.
    #[error("the digest must be `sha256:` and 64 hexadecimal digits in lower case")]
    Digest,
    /// Neither tag nor digest: nothing here goes to `latest` by itself.
    #[error("say which build is meant, by a tag (`:1.2.0`) or a digest (`@sha256:…`)")]
    Neither,
}

impl Reference {
    /// The registry: host and perhaps port.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// What it is called in the registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if it has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the manifest, if it has one.
    #[must_use]
    pub fn digest(&self) -> Option<Tagged> {
        self.digest
    }

    /// The same repository at the manifest `digest`.
    #[must_use]
    pub fn at(&self, digest: Tagged) -> Self {
        Self {
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// Whether the registry is on this machine: then, and only then, it is spoken to without TLS.
    #[must_use]
    pub(super) fn is_local(&self) -> bool {
        let authority = self.registry.parse::<Authority>();
        authority.is_ok_and(|authority| is_loopback(authority.host()))
    }

    /// The address of `path` in the repository.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = match self.is_local() {
            true => "http",
            false => "https",
        };
        // What everybody calls docker.io answers under another name.
        let host = match &*self.registry {
            "docker.io" => "registry-1.docker.io",
            host => host,
        };
        format!("{scheme}://{host}/v2/{}/{path}", self.repository)
    }

    /// What a manifest is asked for by: the digest, which is always the same one, or else the tag.
    pub(super) fn version(&self) -> String {
        match (self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.clone().unwrap_or_default(),
        }
    }
}

/// Whether `host`, as an address spells it, is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let rest = text.strip_prefix(SCHEME).ok_or(ReferenceError::Form)?;
        let (registry, rest) = rest.split_once('/').ok_or(ReferenceError::Form)?;
        if !is_registry(registry) {
            return Err(ReferenceError::Registry);
        }
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (
                rest,
                Some(digest.parse().map_err(|_| ReferenceError::Digest)?),
            ),
            None => (rest, None),
        };
        let (repository, tag) = match rest.split_once(':') {
            Some((repository, tag)) if is_tag(tag) => (repository, Some(tag.to_owned())),
            Some(_) => return Err(ReferenceError::Tag),
            None => (rest, None),
        };
        if repository.len() > MAX_REPOSITORY_BYTES || !repository.split('/').all(is_part) {
            return Err(ReferenceError::Repository);
        }
        if tag.is_none() && digest.is_none() {
            return Err(ReferenceError::Neither);
        }
        Ok(Self {
            registry: registry.to_ascii_lowercase(),
            repository: repository.to_owned(),
            tag,
            digest,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

fn is_registry(text: &str) -> bool {
    text.len() <= 255
        && !text.contains('@')
        && text.parse::<Authority>().is_ok_and(|authority| {
            let host = authority.host();
            let port = text.strip_prefix(host).unwrap_or_default();
            let has_name = host.bytes().any(|byte| byte.is_ascii_alphanumeric());
            // A port that is no number would be taken as none.
            has_name && (port.is_empty() || authority.port_u16().is_some())
        })
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
        })
}

/// One part of a repository's name: words of lower-case letters and digits with `.`, `_`, `__` or hyphens between them.
fn is_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.iter()
        .all(|end| end.is_some_and(|byte| is_word(*byte)))
        && bytes.split(|byte| is_word(*byte)).all(|between| {
            matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|b| *b == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    (1..=MAX_TAG_BYTES).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_reference_is_read_and_written() {
        for text in [
            "oci://ghcr.io/example/token:1.2.0",
            "oci://ghcr.io/a/b_c/d__e/f--g/h.i:_x",
            "oci://registry.example.com:5000/token:1.2.0",
            "oci://127.0.0.1:5000/token:A",
            "oci://[::1]:5000/token:1",
            &format!("oci://ghcr.io/token@{DIGEST}"),
            &format!("oci://ghcr.io/token:1.2.0@{DIGEST}"),
        ] {
            let read: Reference = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
        }
        let read: Reference = "oci://GHCR.io/token:1".parse().unwrap();
        assert_eq!(read.registry(), "ghcr.io");
    }

    #[test]
    fn what_is_no_reference_is_refused_with_its_rule() {
        use ReferenceError::*;
        let long = "a".repeat(256);
        for (text, expected) in [
            ("", Form),
            ("ghcr.io/token:1", Form),
            ("https://ghcr.io/token:1", Form),
            ("oci://", Form),
            ("oci://token:1", Form),
            ("oci:///token:1", Registry),
            ("oci://user:pass@ghcr.io/token:1", Registry),
            ("oci://ghcr.io:x/token:1", Registry),
            ("oci://ghcr.io:99999/token:1", Registry),
            ("oci://gh cr.io/token:1", Registry),
            ("oci://-/token:1", Registry),
            ("oci://é.example/token:1", Registry),
            ("oci://ghcr.io/:1", Repository),
            ("oci://ghcr.io/Token:1", Repository),
            ("oci://ghcr.io//token:1", Repository),
            ("oci://ghcr.io/token/:1", Repository),
            ("oci://ghcr.io/../token:1", Repository),
            ("oci://ghcr.io/a..b:1", Repository),
            ("oci://ghcr.io/a___b:1", Repository),
            ("oci://ghcr.io/-a:1", Repository),
            ("oci://ghcr.io/a?b:1", Repository),
            ("oci://ghcr.io/a%2f:1", Repository),
            (&format!("oci://ghcr.io/{long}:1"), Repository),
            ("oci://ghcr.io/token:", Tag),
            ("oci://ghcr.io/token:.1", Tag),
            ("oci://ghcr.io/token:-1", Tag),
            ("oci://ghcr.io/token:a/b", Tag),
            ("oci://ghcr.io/token:a:b", Tag),
            (&format!("oci://ghcr.io/token:{}", &long[..129]), Tag),
            ("oci://ghcr.io/token", Neither),
            ("oci://ghcr.io/token@sha256:1", Digest),
            ("oci://ghcr.io/token:1@", Digest),
            (&format!("oci://ghcr.io/token@{DIGEST}@{DIGEST}"), Digest),
        ] {
            assert_eq!(text.parse::<Reference>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for (registry, expected) in [
            ("127.0.0.1:5000", "http://127.0.0.1:5000/v2/a/b/x"),
            ("127.9.9.9", "http://127.9.9.9/v2/a/b/x"),
            ("localhost:1", "http://localhost:1/v2/a/b/x"),
            ("[::1]:1", "http://[::1]:1/v2/a/b/x"),
            ("10.0.0.1:5000", "https://10.0.0.1:5000/v2/a/b/x"),
            (
                "localhost.example.com",
                "https://localhost.example.com/v2/a/b/x",
            ),
            (
                "127.0.0.1.example.com",
                "https://127.0.0.1.example.com/v2/a/b/x",
            ),
            ("docker.io", "https://registry-1.docker.io/v2/a/b/x"),
        ] {
            let reference: Reference = format!("oci://{registry}/a/b:1").parse().unwrap();
            assert_eq!(reference.url("x"), expected);
        }
    }
}
