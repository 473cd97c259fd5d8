//! Components made from WIT alone: their functions trap, and that is enough to read them.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, PackageId, Resolve};

use super::{Contract, MANIFEST_SECTION, WIT_SECTION};

/// The WIT folder of the repository.
pub(crate) fn wit_dir() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"))
}

/// A custom section in binary form.
pub(crate) fn section(name: &str, data: &[u8]) -> Vec<u8> {
    let leb = |mut n: usize| {
        let mut out = Vec::new();
        loop {
            let byte = (n & 0x7f) as u8;
            n >>= 7;
            out.push(if n == 0 { byte } else { byte | 0x80 });
            if n == 0 {
                return out;
            }
        }
    };
    let body = [&leb(name.len())[..], name.as_bytes(), data].concat();
    [&[0][..], &leb(body.len()), &body].concat()
}

/// A component of `world`, whose core module carries the custom `sections`.
pub(crate) fn encode(
    resolve: &Resolve,
    package: PackageId,
    world: &str,
    sections: &[(&str, &[u8])],
) -> Vec<u8> {
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = dummy_module(resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    for (name, data) in sections {
        module.extend(section(name, data));
    }
    let mut encoder = ComponentEncoder::default().module(&module).unwrap();
    encoder.encode().unwrap()
}

/// A component of the world `w` in `wit`, which documents itself and carries `manifest`.
pub(crate) fn component(wit: &str, manifest: Option<&str>) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).unwrap();
    let mut sections = vec![(WIT_SECTION, wit.as_bytes())];
    sections.extend(manifest.map(|text| (MANIFEST_SECTION, text.as_bytes())));
    encode(&resolve, package, "w", &sections)
}

/// The contract of a channel `probe` with these `items` in its `commands` interface.
pub(crate) fn probe(items: &str) -> Result<Contract, super::ContractError> {
    let wit = format!(
        "package vestibule:probe@1.2.3;\n/// The probe.\ninterface commands {{\n{items}\n}}\nworld w {{ export commands; }}\n"
    );
    Contract::read(&component(&wit, None))
}

/// The contract of a real world of this repository, with the documentation a build gives it.
pub(crate) fn real(world: &str, channel: &str) -> Contract {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit_dir()).unwrap();
    let deps = wit_dir().join("deps");
    let mut wit = std::fs::read(deps.join(format!("{channel}/{channel}.wit"))).unwrap();
    wit.extend(std::fs::read(deps.join("types/types.wit")).unwrap());
    let bytes = encode(&resolve, package, world, &[(WIT_SECTION, &wit)]);
    Contract::read(&bytes).unwrap()
}
