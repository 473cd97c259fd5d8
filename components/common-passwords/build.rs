//! Turns the list into a set that is small and searched where it lies.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=list/passwords.txt");
    let text = fs::read_to_string("list/passwords.txt")?;
    // An fst is built in the order of bytes.
    let passwords: BTreeSet<&str> = text.lines().collect();
    let set = fst::Set::from_iter(passwords)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "how cargo speaks to a build script"
    )]
    let folder = std::env::var("OUT_DIR")?;
    fs::write(
        Path::new(&folder).join("passwords.fst"),
        set.as_fst().as_bytes(),
    )?;
    Ok(())
}
