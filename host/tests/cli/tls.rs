//! A listener with TLS, and the commands that ask it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{CertifiedKey, KeyPair};
use serde_json::json;

use crate::program::{Program, Ran, Server};

/// A folder with a configuration that names a certificate and a key.
struct Folder(tempfile::TempDir);

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

impl Folder {
    fn of(made: &CertifiedKey<KeyPair>) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let (certificate, key) = (folder.path("certificate.pem"), folder.path("key.pem"));
        let config = format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n");
        fs::write(folder.path("v.toml"), config).unwrap();
        folder.write(&made.cert.pem(), &made.signing_key.serialize_pem());
        folder
    }

    fn write(&self, certificate: &str, key: &str) {
        fs::write(self.path("certificate.pem"), certificate).unwrap();
        fs::write(self.path("key.pem"), key).unwrap();
        self.set_mode(0o600);
    }

    fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.path("key.pem"), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn verify(server: &Server, trusted: &Path) -> Ran {
    let request = r#"{"access_token":"x"}"#;
    let trusted = trusted.to_str().unwrap();
    server.run(&[
        "call",
        "token",
        "verify-token",
        request,
        "--ca-file",
        trusted,
    ])
}

#[test]
fn a_server_with_a_certificate_is_asked_and_gets_a_new_one() {
    let (old, new) = (certificate(), certificate());
    let folder = Folder::of(&old);
    let (old_ca, new_ca) = (folder.path("old.pem"), folder.path("new.pem"));
    fs::write(&old_ca, old.cert.pem()).unwrap();
    fs::write(&new_ca, new.cert.pem()).unwrap();
    let config = folder.path("v.toml");
    let with_config = ["--config", config.to_str().unwrap()];
    let server = Server::start_with(&folder.path("data"), &with_config);
    assert!(server.url.starts_with("https://"), "{}", server.url);

    let answered = verify(&server, &old_ca);
    assert_eq!(answered.json(), json!({"valid": false}), "{answered:?}");
    // Whom nobody trusts is told nothing, and nothing is told without TLS.
    let refused = verify(&server, &new_ca);
    assert_eq!((refused.code, &*refused.stdout), (3, ""), "{refused:?}");
    let plain = server.url.replace("https:", "http:");
    let refused = server.run(&["call", "token", "verify-token", "{}", "--url", &plain]);
    assert_eq!((refused.code, &*refused.stdout), (3, ""), "{refused:?}");
    let refused = verify(&server, &folder.path("key.pem"));
    assert_eq!(refused.code, 2, "{refused:?}");

    // What does not belong together is not served; what does, is.
    folder.write(&new.cert.pem(), &old.signing_key.serialize_pem());
    server.signal("-HUP");
    assert_eq!(verify(&server, &old_ca).code, 0);
    folder.write(&new.cert.pem(), &new.signing_key.serialize_pem());
    server.signal("-HUP");
    // The signal is on its way.
    assert!((0..1_000).any(|_| verify(&server, &new_ca).code == 0));
    assert_eq!(verify(&server, &old_ca).code, 3);
    // The administration interface has no TLS.
    assert_eq!(server.run(&["doctor"]).code, 0);
    let ended = server.terminate();
    assert!(ended.stderr.contains("a new certificate is served"));
    assert!(!ended.stderr.contains("PRIVATE KEY"));
}

#[test]
fn a_certificate_that_cannot_be_served_is_refused_at_the_start() {
    let (one, other) = (certificate(), certificate());
    let folder = Folder::of(&one);
    let config = folder.path("v.toml");
    let refuse = |says: &str| {
        let refused = Program::new(&folder.path("data")).run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--config",
            config.to_str().unwrap(),
        ]);
        assert_eq!((refused.code, &*refused.stdout), (1, ""), "{refused:?}");
        assert!(refused.stderr.contains(says), "{says}: {refused:?}");
    };
    folder.set_mode(0o644);
    refuse("`tls.key` names a file that cannot be used");
    folder.write(&one.cert.pem(), &other.signing_key.serialize_pem());
    refuse("`tls.key` must name the key of the first certificate");
    folder.write("", &one.signing_key.serialize_pem());
    refuse("`tls.certificate` must name a file with certificates");
    fs::write(&config, "[tls]\ncertificate = \"x\"").unwrap();
    refuse("`tls.key` must name the key of the certificate");
    // Nothing was begun.
    assert!(!folder.path("data").exists());
}
