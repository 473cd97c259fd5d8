use super::*;

/// The secret key of RFC 8032 §7.1, test 1, as `openssl pkey` writes it, and its public key.
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
const PUBLIC: &str = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

#[test]
fn a_key_is_read_and_written_as_openssl_does() {
    let key = PrivateKey::from_pem(PEM.as_bytes()).unwrap();
    assert_eq!(key.public().to_string(), PUBLIC);
    assert_eq!(*key.to_pem().unwrap(), PEM);
    let with_carriage_returns = PEM.replace('\n', "\r\n");
    let key = PrivateKey::from_pem(with_carriage_returns.as_bytes()).unwrap();
    assert_eq!(key.public().to_string(), PUBLIC);
}

#[test]
fn a_fresh_key_is_another_one_each_time() {
    let (one, other) = (
        PrivateKey::generate().unwrap(),
        PrivateKey::generate().unwrap(),
    );
    assert_ne!(one.public(), other.public());
    let read = PrivateKey::from_pem(one.to_pem().unwrap().as_bytes()).unwrap();
    assert_eq!(read.public(), one.public());
    let signature = one.sign(b"message").unwrap();
    assert!(read.public().verifies(b"message", &signature));
    assert!(!read.public().verifies(b"messagE", &signature));
    assert!(!other.public().verifies(b"message", &signature));
}

#[test]
fn what_is_no_private_key_is_refused() {
    let body = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    // A key for X25519: the same form, another algorithm.
    let exchange = "MC4CAQAwBQYDK2VuBCIEIFhHX2+eBBlrnjic9cmxtN+6JL9fGAR9eA5Wg5SJChNW";
    for pem in [
        String::new(),
        body.to_owned(),
        PUBLIC.to_owned(),
        PEM.replace("END", "FIN"),
        PEM.replace(body, ""),
        PEM.replace(body, exchange),
        PEM.replace(body, &body[4..]),
        PEM.replace(body, &"A".repeat(MAX_PRIVATE_KEY_BYTES + 4)),
        PEM.replace("PRIVATE KEY", "EC PRIVATE KEY"),
        PEM.replace("MC4C", "MC4é"),
        format!("{PEM}{PEM}"),
    ] {
        let error = PrivateKey::from_pem(pem.as_bytes()).unwrap_err();
        assert_eq!(error, PrivateKeyError::Form, "{pem}");
    }
    assert_eq!(
        PrivateKey::from_pem(&[0xff; 64]).unwrap_err(),
        PrivateKeyError::Form
    );
    let encrypted = PEM.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    assert_eq!(
        PrivateKey::from_pem(encrypted.as_bytes()).unwrap_err(),
        PrivateKeyError::Encrypted
    );
}

#[test]
fn a_private_key_does_not_show_itself() {
    let key = PrivateKey::from_pem(PEM.as_bytes()).unwrap();
    assert_eq!(
        format!("{key:?}"),
        format!("PrivateKey {{ public: {PUBLIC}, .. }}")
    );
}

#[test]
fn a_public_key_has_one_spelling() {
    let key: PublicKey = PUBLIC.parse().unwrap();
    assert_eq!(key.to_string(), PUBLIC);
    for line in [
        "",
        "ed25519:",
        &PUBLIC[8..],
        &PUBLIC[..50],
        &format!("{PUBLIC}="),
        &format!("{PUBLIC}A"),
        &format!("{PUBLIC} "),
        &PUBLIC.replace("ed25519", "Ed25519"),
        &PUBLIC.replace("ed25519", "ed448"),
        &PUBLIC.replace('_', "/"),
        // The last character stands for four bits and two that must be zero.
        &PUBLIC.replace("URo", "URp"),
        "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
    ] {
        assert_eq!(
            line.parse::<PublicKey>(),
            Err(PublicKeyError::Form),
            "{line}"
        );
    }
}

#[test]
fn a_key_for_which_anybody_can_sign_is_refused() {
    // The neutral element as the key, and a signature made without any private key: it fits every message.
    let neutral = PublicKey(with_ends([0; 32], 1, 0));
    let mut forged = [0; 64];
    forged[0] = 1;
    assert!(neutral.verifies(b"whatever", &forged));
    assert_eq!(
        neutral.to_string().parse::<PublicKey>(),
        Err(PublicKeyError::Weak)
    );
    for point in SMALL_ORDER {
        for sign in [0, 0x80] {
            let mut point = point;
            point[31] |= sign;
            let line = PublicKey(point).to_string();
            assert_eq!(
                line.parse::<PublicKey>(),
                Err(PublicKeyError::Weak),
                "{line}"
            );
        }
    }
}
