//! Compiled code, kept: on disk for the next start, or in memory for other hosts of the same engine.
//!
//! Loading compiled code runs it, so a file counts only with a MAC by the installation's own key over the file and what
//! it was compiled from and for. A file that was altered, or is another installation's, is compiled anew.

use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::{constant_time, hmac};
use wasmtime::component::Component;

use super::digest::Digest;
use super::engine::Engine;

/// Compiled components. Clones have the same ones.
#[derive(Clone)]
pub struct CodeCache(Place);

#[derive(Clone)]
enum Place {
    Folder(Folder),
    Memory(Arc<Mutex<HashMap<Digest, Component>>>),
}

/// A folder of compiled components.
#[derive(Clone)]
struct Folder {
    path: PathBuf,
    key: Arc<hmac::Key>,
}

/// The length of the MAC before the code, in bytes.
const MAC_BYTES: usize = 32;

impl CodeCache {
    /// A cache in `folder`, authenticated by `key`, which only this installation has.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, key: &[u8; 32]) -> Self {
        Self(Place::Folder(Folder {
            path: folder.into(),
            key: Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key)),
        }))
    }

    /// A cache in memory, for the hosts of one engine. It keeps every build it has seen for as long as it is there.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Place::Memory(Arc::default()))
    }

    /// The compiled component, if it lies here unaltered, compiled for this very engine.
    pub(super) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        match &self.0 {
            Place::Folder(folder) => folder.load(engine, digest),
            Place::Memory(components) => {
                let components = components.lock().unwrap_or_else(PoisonError::into_inner);
                let is_for_it = |component: &&Component| {
                    wasmtime::Engine::same(component.engine(), engine.wasmtime())
                };
                components.get(digest).filter(is_for_it).cloned()
            }
        }
    }

    /// Keeps `component`. A folder that cannot be written costs time, nothing else.
    pub(super) fn keep(&self, engine: &Engine, digest: &Digest, component: &Component) {
        match &self.0 {
            Place::Folder(folder) => folder.keep(engine, digest, component),
            Place::Memory(components) => {
                let mut components = components.lock().unwrap_or_else(PoisonError::into_inner);
                components.insert(*digest, component.clone());
            }
        }
    }
}

impl Folder {
    fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let file = fs::read(self.file(engine, digest)).ok()?;
        let (mac, code) = file.split_at_checked(MAC_BYTES)?;
        let expected = self.mac(&name(engine, digest), code);
        if constant_time::verify_slices_are_equal(mac, expected.as_ref()).is_err() {
            tracing::warn!(
                build = digest.short(),
                "a file of the code cache was altered or is foreign; compiling anew"
            );
            return None;
        }
        // SAFETY: `deserialize` asks for bytes that `serialize` made, of a compatible engine. The MAC shows that this
        // installation wrote exactly these bytes under this name, which includes the engine's compatibility hash.
        #[expect(
            unsafe_code,
            reason = "loading compiled code is unsafe by nature; see above"
        )]
        let component = unsafe { Component::deserialize(engine.wasmtime(), code) };
        component.ok()
    }

    fn keep(&self, engine: &Engine, digest: &Digest, component: &Component) {
        let path = self.file(engine, digest);
        let kept = component
            .serialize()
            .map_err(|cause| std::io::Error::other(format!("{cause:#}")))
            .and_then(|code| {
                write(
                    &path,
                    self.mac(&name(engine, digest), &code).as_ref(),
                    &code,
                )
            });
        if let Err(error) = kept {
            tracing::warn!(%error, "the code cache cannot be written; the next start compiles again");
        }
    }

    fn file(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        self.path.join(format!("{}.cwasm", name(engine, digest)))
    }

    fn mac(&self, name: &str, code: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(name.as_bytes());
        context.update(&[0]);
        context.update(code);
        context.sign()
    }
}

impl std::fmt::Debug for CodeCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let folder = match &self.0 {
            Place::Folder(folder) => Some(&folder.path),
            Place::Memory(_) => None,
        };
        f.debug_struct("CodeCache")
            .field("folder", &folder)
            .finish_non_exhaustive()
    }
}

/// What the code was compiled from (the build's digest) and for (wasmtime's version and settings).
fn name(engine: &Engine, digest: &Digest) -> String {
    let mut hasher = DefaultHasher::new();
    engine
        .wasmtime()
        .precompile_compatibility_hash()
        .hash(&mut hasher);
    format!("{digest}-{:016x}", hasher.finish())
}

/// Writes beside and renames: a reader sees the whole file or none.
fn write(path: &Path, mac: &[u8], code: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.tmp", uuid::Uuid::now_v7()));
    let mut file = fs::File::create_new(&beside)?;
    let written = file
        .write_all(mac)
        .and_then(|()| file.write_all(code))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The error that matters is the first one.
        drop(fs::remove_file(&beside));
    }
    written
}
