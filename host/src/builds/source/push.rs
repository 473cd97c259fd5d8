//! Storing a build in a registry.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};

use super::super::signature::Signature;
use super::super::tagged::Tagged;
use super::artifact::{Artifact, MANIFEST};
use super::error::RegistryError;
use super::reference::Reference;
use super::registry::{Access, Registry, digest_of};
use crate::config;
use crate::contract::Contract;
use crate::sandbox::Digest;

/// What was stored.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Where it is, with the manifest's digest: it names this artifact and no other for ever.
    pub reference: Reference,
    /// The digest of the build itself.
    pub digest: Digest,
}

/// Stores the component `bytes`, which has this `contract`, and its signature as `reference`, made at the moment `created`
/// (RFC 3339). What is there under the tag is replaced.
///
/// # Errors
/// [`RegistryError`].
pub async fn push(
    reference: &Reference,
    bytes: Vec<u8>,
    contract: &Contract,
    signature: Option<&Signature>,
    created: &str,
    deploy: &config::Deploy,
) -> Result<Pushed, RegistryError> {
    let digest = Digest::of(&bytes);
    let artifact = Artifact::new(&bytes, contract, signature, created)
        .map_err(|_| RegistryError::Artifact("its manifest cannot be written"))?;
    let mut registry = Registry::new(reference, deploy, Access::Push)?;
    blob(&mut registry, bytes.into(), &artifact.layer_digest).await?;
    blob(
        &mut registry,
        artifact.config.into(),
        &artifact.config_digest,
    )
    .await?;
    // Last: whoever finds the manifest finds all of it.
    let manifest = bytes::Bytes::from(artifact.manifest);
    let named = digest_of(&manifest);
    let version = reference.tag().unwrap_or(&named);
    let url = reference.url(&format!("manifests/{version}"));
    registry
        .send(|http| {
            http.put(&url)
                .header(CONTENT_TYPE, MANIFEST)
                .body(manifest.clone())
        })
        .await?;
    Ok(Pushed {
        reference: reference.at(Tagged(Digest::of(&manifest))),
        digest,
    })
}

/// Stores `bytes` unless they are there, in one piece (distribution specification, "POST then PUT").
async fn blob(
    registry: &mut Registry<'_>,
    bytes: bytes::Bytes,
    digest: &str,
) -> Result<(), RegistryError> {
    let reference = registry.reference();
    let there = reference.url(&format!("blobs/{digest}"));
    match registry.send(|http| http.head(&there)).await {
        Ok(_) => return Ok(()),
        Err(RegistryError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    let uploads = reference.url("blobs/uploads/");
    let begun = registry.send(|http| http.post(&uploads)).await?;
    let location = begun
        .headers()
        .get(LOCATION)
        .filter(|_| begun.status() == StatusCode::ACCEPTED);
    let location = location.ok_or_else(|| registry.refused("does not say where to upload"))?;
    let mut url = registry.elsewhere(location)?;
    url.query_pairs_mut().append_pair("digest", digest);
    registry
        .send(|http| {
            http.put(url.clone())
                .header(CONTENT_TYPE, "application/octet-stream")
                .body(bytes.clone())
        })
        .await?;
    Ok(())
}
