//! Which files are taken, and when others take their place.

use super::testing::{Folder, certificate};
use super::*;

fn refusal(folder: &Folder) -> String {
    folder.load().unwrap_err().to_string()
}

/// What is served now.
fn served(tls: &Tls) -> CertificateDer<'static> {
    tls.served.pair.load().key.cert[0].clone()
}

#[test]
fn nothing_configured_is_no_tls() {
    assert!(Tls::load(&config::Tls::default()).unwrap().is_none());
}

#[test]
fn a_certificate_and_its_key_are_taken() {
    let made = certificate();
    let folder = Folder::of(&made);
    let tls = folder.load().unwrap();
    assert_eq!(served(&tls), *made.cert.der());
    assert!(!format!("{tls:?}").contains("PRIVATE"));
    // Its group may read the key.
    folder.set_mode(0o640);
    folder.load().unwrap();
}

#[test]
fn a_key_that_anybody_reads_is_refused() {
    let folder = Folder::of(&certificate());
    for mode in [0o644, 0o604, 0o606] {
        folder.set_mode(mode);
        let refusal = refusal(&folder);
        assert!(refusal.starts_with("`tls.key` names a file"), "{refusal}");
        assert!(refusal.contains("chmod o="), "{refusal}");
    }
}

#[test]
fn files_that_are_no_pair_are_refused_by_key() {
    let (one, other) = (certificate(), certificate());
    let (pem, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    let mismatched = other.signing_key.serialize_pem();
    let no_certificate = pem.replace("MII", "AAA");
    let no_key = key.replace("MI", "AA");
    let long = format!("{pem}{}", "#".repeat(MAX_CHAIN_BYTES));
    let folder = Folder::of(&one);
    for (certificate, private, says) in [
        (
            "",
            &*key,
            "`tls.certificate` must name a file with certificates",
        ),
        (
            &*key,
            &*key,
            "`tls.certificate` must name a file with certificates",
        ),
        (
            &*no_certificate,
            &*key,
            "`tls.certificate` begins with a certificate",
        ),
        (
            &*long,
            &*key,
            "`tls.certificate` names a file that cannot be used",
        ),
        (&*pem, "", "`tls.key` must name a file with a private key"),
        (
            &*pem,
            &*pem,
            "`tls.key` must name a file with a private key",
        ),
        (
            &*pem,
            &*no_key,
            "`tls.key` must name an RSA, ECDSA or Ed25519 key",
        ),
        (
            &*pem,
            &*mismatched,
            "`tls.key` must name the key of the first",
        ),
    ] {
        folder.write(certificate, private);
        let refusal = refusal(&folder);
        assert!(refusal.starts_with(says), "{says}: {refusal}");
    }
    std::fs::remove_file(folder.key()).unwrap();
    folder.load().unwrap_err();
    std::fs::remove_file(folder.certificate()).unwrap();
    assert!(refusal(&folder).starts_with("`tls.certificate` names"));
}

#[test]
fn a_new_pair_takes_the_place_of_the_old_one() {
    let (old, new) = (certificate(), certificate());
    let folder = Folder::of(&old);
    let tls = folder.load().unwrap();
    assert!(!tls.reload().unwrap());
    folder.write(&new.cert.pem(), &new.signing_key.serialize_pem());
    assert!(tls.reload().unwrap());
    assert_eq!(served(&tls), *new.cert.der());
    assert!(!tls.reload().unwrap());
}

#[test]
fn what_is_wrong_does_not_take_the_place_of_anything() {
    let (old, new) = (certificate(), certificate());
    let folder = Folder::of(&old);
    let tls = folder.load().unwrap();
    // As it is while somebody replaces the one and then the other.
    folder.write(&new.cert.pem(), &old.signing_key.serialize_pem());
    let refusal = tls.reload().unwrap_err().to_string();
    assert!(refusal.starts_with("`tls.key`"), "{refusal}");
    assert_eq!(served(&tls), *old.cert.der());
    folder.write(&new.cert.pem(), &new.signing_key.serialize_pem());
    assert!(tls.reload().unwrap());
    assert_eq!(served(&tls), *new.cert.der());
}
