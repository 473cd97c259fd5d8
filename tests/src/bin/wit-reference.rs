//! Writes `docs/wit` from `wit`: `cargo run -p vestibule-tests --bin wit-reference`.

use std::error::Error;
use std::fs;
use std::path::Path;

use vestibule::contract::reference::reference;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let pages = reference(&root.join("wit"))?;
    let folder = root.join("docs/wit");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let known = path.file_name().and_then(|name| name.to_str());
        if known.is_some_and(|name| name.ends_with(".md") && !pages.contains_key(name)) {
            fs::remove_file(path)?;
        }
    }
    for (name, page) in pages {
        fs::write(folder.join(name), page)?;
    }
    Ok(())
}
