use semver::Version;

use super::super::keys::PrivateKey;
use super::super::signature::{Distrust, Statement};
use super::super::tagged::Tagged;
use super::*;
use crate::contract::testing::component;

/// A folder with a build of the channel `probe` in version 1.2.0, and a key.
struct Files {
    folder: tempfile::TempDir,
    key: PrivateKey,
}

impl Files {
    fn new() -> Self {
        let wit = "package vestibule:probe@1.2.0;\ninterface commands { ping: func(); }\nworld w { export commands; }\n";
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
            key: PrivateKey::generate().unwrap(),
        };
        std::fs::write(files.path(), component(wit, None)).unwrap();
        files
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("probe.wasm")
    }

    fn digest(&self) -> Digest {
        Digest::of(&std::fs::read(self.path()).unwrap())
    }

    /// Puts a signature beside the build.
    fn sign(&self, channel: &str, version: Version) -> Signature {
        let statement = Statement {
            digest: self.digest(),
            channel: channel.to_owned(),
            version,
            counter: 1,
        };
        let signature = Signature::make(&self.key, statement).unwrap();
        std::fs::write(signature_of(&self.path()), signature.to_file()).unwrap();
        signature
    }

    fn deploy(&self, require_signature: bool) -> config::Deploy {
        config::Deploy {
            trust: vec![self.key.public()],
            require_signature,
            ..Default::default()
        }
    }

    fn read(&self, deploy: &config::Deploy) -> Result<Vec<u8>, Refused> {
        read_trusted(deploy, "probe", &self.path())
    }
}

fn untrusted(read: Result<Vec<u8>, Refused>) -> Untrusted {
    match read {
        Err(Refused::Untrusted(untrusted)) => untrusted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_signature_lies_beside_the_build() {
    let files = Files::new();
    assert!(read_signature_of(&files.path()).unwrap().is_none());
    let signature = files.sign("probe", Version::new(1, 2, 0));
    assert!(files.folder.path().join("probe.wasm.sig").is_file());
    assert_eq!(read_signature_of(&files.path()).unwrap(), Some(signature));
}

#[test]
fn a_file_is_taken_if_it_is_signed_where_that_is_asked_for() {
    let files = Files::new();
    assert!(files.read(&config::Deploy::default()).is_ok());
    assert!(files.read(&files.deploy(false)).is_ok());
    assert_eq!(
        untrusted(files.read(&files.deploy(true))),
        Untrusted::Unsigned
    );
    files.sign("probe", Version::new(1, 2, 0));
    assert!(files.read(&files.deploy(true)).is_ok());
}

#[test]
fn a_signature_for_something_else_is_refused_required_or_not() {
    for require in [false, true] {
        let files = Files::new();
        files.sign("probe", Version::new(1, 3, 0));
        let refused = untrusted(files.read(&files.deploy(require)));
        assert!(matches!(
            refused,
            Untrusted::Distrust(Distrust::Version { .. })
        ));
        files.sign("token", Version::new(1, 2, 0));
        let refused = untrusted(files.read(&files.deploy(require)));
        assert!(matches!(
            refused,
            Untrusted::Distrust(Distrust::Channel { .. })
        ));
        std::fs::write(signature_of(&files.path()), "{}").unwrap();
        let refused = untrusted(files.read(&files.deploy(require)));
        assert!(matches!(refused, Untrusted::Malformed(_)));
        // Where nobody is trusted it means nothing.
        assert!(files.read(&config::Deploy::default()).is_ok());
    }
}

#[test]
fn a_pinned_file_needs_no_signature_and_another_one_is_refused() {
    let files = Files::new();
    let mut deploy = config::Deploy {
        require_signature: true,
        pinned: [("probe".to_owned(), Tagged(files.digest()))].into(),
        ..Default::default()
    };
    assert!(files.read(&deploy).is_ok());
    let pinned = Digest::of(b"another");
    deploy.pinned.insert("probe".to_owned(), Tagged(pinned));
    for require_signature in [true, false] {
        deploy.require_signature = require_signature;
        let found = files.digest();
        assert_eq!(
            untrusted(files.read(&deploy)),
            Untrusted::Pinned { pinned, found }
        );
    }
}

#[test]
fn a_signature_that_cannot_be_read_is_not_as_if_there_were_none() {
    let files = Files::new();
    let beside = signature_of(&files.path());
    std::fs::write(&beside, [b' '; MAX_SIGNATURE_BYTES + 1]).unwrap();
    let error = read_signature_of(&files.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the signature cannot be read: it is larger than 4096 bytes"
    );
    std::fs::remove_file(&beside).unwrap();
    std::fs::create_dir(&beside).unwrap();
    let error = read_signature_of(&files.path()).unwrap_err();
    assert!(matches!(error, SignatureFileError::Io(_)), "{error}");
    assert!(matches!(
        files.read(&files.deploy(false)),
        Err(Refused::Io(_))
    ));
}

#[test]
fn a_large_build_is_refused_before_it_is_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    // A file of nothing: it takes no room.
    File::create(&path)
        .and_then(|file| file.set_len(1 << 40))
        .unwrap();
    let error = read(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}
