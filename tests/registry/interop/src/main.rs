//! `interop pull REFERENCE FILE` and `interop push FILE REFERENCE`, by the crate `oci-client`, without TLS.

use std::error::Error;

use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::OciImageManifest;
use oci_client::secrets::RegistryAuth;

const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let config = ClientConfig {
        protocol: ClientProtocol::Http,
        ..Default::default()
    };
    let client = Client::try_from(config)?;
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["pull", reference, file] => pull(&client, &reference.parse()?, file).await,
        ["push", file, reference] => push(&client, file, &reference.parse()?).await,
        _ => Err("pull REFERENCE FILE, or push FILE REFERENCE".into()),
    }
}

/// Fetches the one layer of an artifact, which must be laid out as a component's.
async fn pull(client: &Client, reference: &Reference, file: &str) -> Result<(), Box<dyn Error>> {
    let nobody = RegistryAuth::Anonymous;
    let artifact = client.pull(reference, &nobody, vec![LAYER]).await?;
    let manifest = artifact.manifest.ok_or("no manifest")?;
    if manifest.config.media_type != CONFIG {
        return Err(manifest.config.media_type.into());
    }
    let [layer] = &artifact.layers[..] else {
        return Err("not one layer".into());
    };
    std::fs::write(file, &layer.data)?;
    Ok(())
}

async fn push(client: &Client, file: &str, reference: &Reference) -> Result<(), Box<dyn Error>> {
    let layers = [ImageLayer::new(std::fs::read(file)?, LAYER.to_owned(), None)];
    let config = Config::new(b"{}".to_vec(), CONFIG.to_owned(), None);
    let manifest = OciImageManifest::build(&layers, &config, None);
    let nobody = RegistryAuth::Anonymous;
    client
        .push(reference, &layers, config, &nobody, Some(manifest))
        .await?;
    Ok(())
}
