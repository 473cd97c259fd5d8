//! Fetching a build from a registry.

use reqwest::header::ACCEPT;

use super::artifact::{MANIFEST, MAX_MANIFEST_BYTES, Manifest};
use super::error::RegistryError;
use super::reference::Reference;
use super::registry::{Access, Registry, digest_of};
use super::{Build, Limits};
use crate::config;
use crate::sandbox::Digest;

/// The build that `reference` names, and its signature if it has one. What was fetched is held against its digest: the
/// manifest against the reference's, if that has one, the component against the manifest's.
pub(super) async fn pull(
    reference: &Reference,
    deploy: &config::Deploy,
    limits: Limits,
) -> Result<Build, RegistryError> {
    let mut registry = Registry::new(reference, deploy, Access::Pull)?;
    let manifest = manifest(&mut registry).await?;
    let signature = manifest.signature()?;
    let bytes = layer(&mut registry, &manifest, limits).await?;
    Ok(Build {
        digest: Digest::of(&bytes),
        bytes,
        signature,
    })
}

async fn manifest(registry: &mut Registry<'_>) -> Result<Manifest, RegistryError> {
    let reference = registry.reference();
    let url = reference.url(&format!("manifests/{}", reference.version()));
    let response = registry
        .send(|http| http.get(&url).header(ACCEPT, MANIFEST))
        .await?;
    let bytes = registry
        .read(response, "the manifest", MAX_MANIFEST_BYTES)
        .await?;
    let named = reference.digest().map(|digest| digest.to_string());
    if named.is_some_and(|named| named != digest_of(&bytes)) {
        return Err(RegistryError::Digest("the manifest"));
    }
    Manifest::parse(&bytes)
}

async fn layer(
    registry: &mut Registry<'_>,
    manifest: &Manifest,
    limits: Limits,
) -> Result<Vec<u8>, RegistryError> {
    let layer = manifest.layer()?;
    // It becomes part of an address.
    if layer
        .digest
        .parse::<super::super::tagged::Tagged>()
        .is_err()
    {
        return Err(RegistryError::Artifact(
            "the digest of its layer is not `sha256:` and 64 digits",
        ));
    }
    let limit = limits.max_bytes;
    let what = "the build";
    let size = usize::try_from(layer.size)
        .ok()
        .filter(|size| *size <= limit);
    let size = size.ok_or(RegistryError::TooLarge { what, limit })?;
    let url = registry.reference().url(&format!("blobs/{}", layer.digest));
    let response = registry.send(|http| http.get(&url)).await?;
    // No more than it says itself.
    let bytes = registry.read(response, what, size).await?;
    match digest_of(&bytes) == layer.digest {
        true => Ok(bytes),
        false => Err(RegistryError::Digest("the build")),
    }
}
