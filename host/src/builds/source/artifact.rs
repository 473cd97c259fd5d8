//! A build as an OCI artifact, laid out as the CNCF's "Wasm OCI Artifact layout" says: an image manifest whose config is
//! `application/vnd.wasm.config.v0+json`, with the component as its one layer, `application/wasm`.
//!
//! The signature is an annotation of the manifest. A second layer would break the layout for every other tool, and an
//! artifact of its own that refers to this one (`subject`) needs a newer registry, a second request, and can be left behind
//! when an artifact is copied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::signature::{MalformedSignature, Signature};
use super::error::RegistryError;
use super::registry::digest_of;
use crate::contract::Contract;

/// The media type of manifests (OCI image specification 1.1).
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

/// The annotation with the signature, as [`Signature::to_word`] gives it.
const SIGNATURE: &str = "org.vestibule.signature";

/// The largest manifest that is read, in bytes. One of ours has two thousand.
pub(super) const MAX_MANIFEST_BYTES: usize = 256 * 1024;

/// What an artifact consists of. Other fields are other programs' business.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// Bytes by their name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
}

/// What the config says of the build, for programs that list artifacts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: &'a str,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [&'a str; 1],
    component: Component<'a>,
}

#[derive(Serialize)]
struct Component<'a> {
    exports: Vec<&'a str>,
    imports: Vec<&'a str>,
    target: Option<&'a str>,
}

impl Manifest {
    /// The manifest in `bytes`, if it is one of a build.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, RegistryError> {
        let wrong = |what| Err(RegistryError::Artifact(what));
        let Ok(manifest) = serde_json::from_slice::<Self>(bytes) else {
            return wrong(
                "its manifest is not one of an image; an index of several is asked for by the digest of one of them",
            );
        };
        if manifest.schema_version != 2
            || manifest
                .media_type
                .as_deref()
                .is_some_and(|found| found != MANIFEST)
        {
            return wrong("its manifest is of another type than an OCI image's");
        }
        if manifest.config.media_type != CONFIG {
            return wrong("its config is not of the type application/vnd.wasm.config.v0+json");
        }
        match &manifest.layers[..] {
            [layer] if layer.media_type == LAYER => Ok(manifest),
            _ => wrong("it must have one layer, of the type application/wasm"),
        }
    }

    /// The component.
    pub(super) fn layer(&self) -> Result<&Descriptor, RegistryError> {
        let none = RegistryError::Artifact("it has no layer");
        self.layers.first().ok_or(none)
    }

    /// The signature, if there is one.
    pub(super) fn signature(&self) -> Result<Option<Signature>, MalformedSignature> {
        let word = self.annotations.get(SIGNATURE);
        word.map(|word| Signature::from_word(word)).transpose()
    }
}

/// An artifact to be stored: manifest and config as they are sent.
pub(super) struct Artifact {
    pub(super) manifest: Vec<u8>,
    pub(super) config: Vec<u8>,
    pub(super) config_digest: String,
    pub(super) layer_digest: String,
}

impl Artifact {
    /// The artifact of the component `bytes`, which has this `contract`, made at the moment `created` (RFC 3339).
    pub(super) fn new(
        bytes: &[u8],
        contract: &Contract,
        signature: Option<&Signature>,
        created: &str,
    ) -> Result<Self, serde_json::Error> {
        let layer_digest = digest_of(bytes);
        let config = serde_json::to_vec(&Config {
            created,
            architecture: "wasm",
            os: "wasip2",
            layer_digests: [&layer_digest],
            component: Component {
                exports: contract
                    .channels
                    .iter()
                    .map(|found| &*found.interface)
                    .collect(),
                imports: contract
                    .imports
                    .iter()
                    .map(|found| &*found.interface)
                    .collect(),
                target: None,
            },
        })?;
        let config_digest = digest_of(&config);
        let described = |media_type: &str, digest: &str, size: usize| Descriptor {
            media_type: media_type.to_owned(),
            digest: digest.to_owned(),
            size: size as u64,
        };
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            config: described(CONFIG, &config_digest, config.len()),
            layers: vec![described(LAYER, &layer_digest, bytes.len())],
            annotations: signature
                .map(|signature| (SIGNATURE.to_owned(), signature.to_word()))
                .into_iter()
                .collect(),
        };
        Ok(Self {
            manifest: serde_json::to_vec(&manifest)?,
            config,
            config_digest,
            layer_digest,
        })
    }
}
