//! Writes the OpenAPI and AsyncAPI documents of a world of this repository:
//! `cargo run -p vestibule --example documents -- token /tmp/documents`.
//!
//! No guest is built: a component is made from the WIT alone, which is all the documents need. With a second argument
//! `FILE.wasm` instead of a world's name, those of that component.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use vestibule::contract::openapi::{Access, Options};
use vestibule::contract::{Contract, Info, asyncapi, openapi};
use vestibule::transport::status::status;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: documents WORLD|FILE.wasm FOLDER";
    let what = arguments.next().context(usage)?;
    let folder = PathBuf::from(arguments.next().context(usage)?);
    let component = if what.ends_with(".wasm") {
        fs::read(&what).with_context(|| format!("cannot read {what}"))?
    } else {
        component(&what)?
    };
    let contract = Contract::read(&component)?;
    let channels: Vec<_> = contract.channels.iter().collect();
    let bare: Vec<_> = channels
        .iter()
        .map(|channel| channel.name.to_string())
        .collect();
    let info = Info {
        title: "Vestibule",
        version: env!("CARGO_PKG_VERSION"),
        description: "Authentication by sandboxed components.",
    };
    let options = Options {
        info,
        server: "http://127.0.0.1:8080",
        status: &|code| status(code).http.as_u16(),
        access: &|_, _| Access::default(),
    };
    fs::create_dir_all(&folder)?;
    let documents = [
        ("openapi.json", openapi::openapi(&options, &channels)),
        ("asyncapi.json", asyncapi::asyncapi(&info, &channels, &bare)),
    ];
    for (name, document) in documents {
        fs::write(folder.join(name), serde_json::to_vec_pretty(&document)?)?;
    }
    Ok(())
}

/// A component of `world` whose functions trap, with the WIT of all channels as its documentation.
fn component(world: &str) -> Result<Vec<u8>> {
    let wit = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"));
    let mut resolve = Resolve::default();
    let (package, files) = resolve.push_dir(wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let mut component = ComponentEncoder::default().module(&module)?.encode()?;
    let mut text = Vec::new();
    for file in files.paths() {
        text.extend(fs::read(file)?);
    }
    component.extend(section(b"vestibule:wit", &text));
    Ok(component)
}

/// A custom section in WebAssembly's binary form.
fn section(name: &[u8], data: &[u8]) -> Vec<u8> {
    let body = [&leb128(name.len())[..], name, data].concat();
    [&[0][..], &leb128(body.len()), &body].concat()
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
