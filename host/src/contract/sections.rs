//! The custom sections a build carries: its own and those of the core modules inside it, where a guest's
//! `#[link_section]` statics end up.

use wasmparser::{Parser, Payload};

use super::ContractError;

/// Larger components are not looked at.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;

/// The custom section with the text of the build's own WIT: one or more WIT files one after the other, each with its
/// `package …;` line and a line end at its end.
pub const WIT_SECTION: &str = "vestibule:wit";

/// The custom section with the build's [`Manifest`](super::Manifest), as JSON.
pub const MANIFEST_SECTION: &str = "vestibule:manifest";

/// The custom section in which the tools of WebAssembly put who wrote a build (`wasm-tools metadata add --authors`), as text.
const AUTHORS_SECTION: &str = "authors";

/// The longest author, in bytes; a longer text is not one.
const MAX_AUTHOR_BYTES: usize = 256;

/// Sections of one name are read up to so many bytes together.
const MAX_SECTION_BYTES: usize = 1 << 20;

/// What was found.
#[derive(Default)]
pub(super) struct Sections {
    /// The parts of the [`WIT_SECTION`]s, in order; none if they are too large together.
    pub(super) wit: Vec<u8>,
    /// The [`MANIFEST_SECTION`]s.
    pub(super) manifests: Vec<Vec<u8>>,
    /// That there was more WIT than is read.
    pub(super) wit_too_large: bool,
    /// Who wrote the build, as it says itself: printable text on one line.
    pub(super) author: Option<String>,
}

/// Finds our sections in `component`, whatever is nested how deep: parsing goes through the bytes once, front to back.
pub(super) fn find(component: &[u8]) -> Result<Sections, ContractError> {
    let mut found = Sections::default();
    let mut manifest_bytes = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| ContractError::Invalid(error.to_string()))?;
        let Payload::CustomSection(section) = payload else {
            continue;
        };
        let data = section.data();
        match section.name() {
            WIT_SECTION if found.wit.len() + data.len() > MAX_SECTION_BYTES => {
                found.wit_too_large = true;
            }
            WIT_SECTION => found.wit.extend_from_slice(data),
            MANIFEST_SECTION => {
                manifest_bytes += data.len();
                if manifest_bytes > MAX_SECTION_BYTES {
                    return Err(super::manifest::ManifestError::TooLarge.into());
                }
                found.manifests.push(data.to_vec());
            }
            // The first is the component's own; those of modules inside come later.
            AUTHORS_SECTION if found.author.is_none() => found.author = author(data),
            _ => {}
        }
    }
    Ok(found)
}

/// What stands in the section, if it can be shown to anybody.
fn author(data: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(data).ok()?.trim();
    let fits = (1..=MAX_AUTHOR_BYTES).contains(&text.len());
    let plain = text
        .chars()
        .all(|c| c == ' ' || c.is_alphanumeric() || c.is_ascii_punctuation());
    (fits && plain).then(|| text.to_owned())
}
