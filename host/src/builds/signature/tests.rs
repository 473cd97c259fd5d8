use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// RFC 8032 §7.1, test 1.
fn key() -> PrivateKey {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    PrivateKey::from_pem(pem.as_bytes()).unwrap()
}

fn statement() -> Statement {
    Statement {
        digest: Digest::of(b"abc"),
        channel: "token".to_owned(),
        version: Version::new(1, 2, 0),
        counter: 1_767_225_600,
    }
}

fn signature() -> Signature {
    Signature::make(&key(), statement()).unwrap()
}

/// The claim that [`statement`] is true of.
fn claim(version: &Version) -> Claim<'_> {
    Claim {
        digest: Digest::of(b"abc"),
        channel: "token",
        version,
        accepted: None,
    }
}

static VERSION: Version = Version::new(1, 2, 0);

#[test]
fn a_signature_is_what_another_program_makes_of_the_same_text() {
    // Made with the Python package `cryptography`: PrivateKey.sign(text), in base64url.
    let expected =
        "igK41JYlpcGdMTP4aEROJEwH2CO9UypF6szT1cWqT0T800xBH24oToG7zjh6kCGQBFfbnj15yZGIlkzgTXTfAA";
    assert_eq!(
        statement().text(),
        "vestibule build 1\n\
         digest sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n\
         channel token\n\
         version 1.2.0\n\
         counter 1767225600\n"
    );
    let file: Value = serde_json::from_str(&signature().to_file()).unwrap();
    assert_eq!(
        file,
        json!({
            "format": 1,
            "key": "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "digest": "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "channel": "token",
            "version": "1.2.0",
            "counter": 1_767_225_600,
            "signature": expected,
        })
    );
}

#[test]
fn what_was_written_is_read_and_believed() {
    let signature = signature();
    let trusted = [PrivateKey::generate().unwrap().public(), key().public()];
    for read in [
        Signature::parse(signature.to_file().as_bytes()).unwrap(),
        Signature::from_word(&signature.to_word()).unwrap(),
    ] {
        assert_eq!(read, signature);
        assert_eq!(read.check(&trusted, &claim(&VERSION)), Ok(()));
    }
}

#[test]
fn a_key_that_is_not_trusted_is_not_believed() {
    let foreign = Signature::make(&PrivateKey::generate().unwrap(), statement()).unwrap();
    let unknown = Err(Distrust::UnknownKey(foreign.key));
    assert_eq!(foreign.check(&[key().public()], &claim(&VERSION)), unknown);
    assert_eq!(foreign.check(&[], &claim(&VERSION)), unknown);
}

#[test]
fn somebody_elses_signature_under_a_trusted_name_is_forged() {
    let mut foreign = Signature::make(&PrivateKey::generate().unwrap(), statement()).unwrap();
    foreign.key = key().public();
    assert_eq!(
        foreign.check(&[key().public()], &claim(&VERSION)),
        Err(Distrust::Forged)
    );
}

#[test]
fn nothing_that_was_signed_can_be_altered() {
    let changes: [fn(&mut Statement); 4] = [
        |s| s.digest = Digest::of(b"abd"),
        |s| s.channel = "tokens".to_owned(),
        |s| s.version = Version::new(1, 2, 1),
        |s| s.counter += 1,
    ];
    for change in changes {
        let mut altered = signature();
        change(&mut altered.statement);
        // The claim follows the change: only the signature itself can tell.
        let claimed = altered.statement.clone();
        let claim = Claim {
            digest: claimed.digest,
            channel: &claimed.channel,
            version: &claimed.version,
            accepted: None,
        };
        let verdict = altered.check(&[key().public()], &claim);
        assert_eq!(verdict, Err(Distrust::Forged), "{claimed:?}");
    }
}

#[test]
fn each_bit_of_a_signature_counts() {
    for bit in 0..64 * 8 {
        let mut altered = signature();
        altered.signature[bit / 8] ^= 1 << (bit % 8);
        let verdict = altered.check(&[key().public()], &claim(&VERSION));
        assert_eq!(verdict, Err(Distrust::Forged), "{bit}");
    }
}

#[test]
fn a_signature_is_for_one_build_channel_and_version() {
    let other = Version::new(1, 2, 1);
    let trusted = [key().public()];
    for (claim, expected) in [
        (
            Claim {
                digest: Digest::of(b"abd"),
                ..claim(&VERSION)
            },
            Distrust::Digest {
                signed: Digest::of(b"abc"),
                found: Digest::of(b"abd"),
            },
        ),
        (
            Claim {
                channel: "users",
                ..claim(&VERSION)
            },
            Distrust::Channel {
                signed: "token".to_owned(),
                wanted: "users".to_owned(),
            },
        ),
        (
            claim(&other),
            Distrust::Version {
                signed: VERSION.clone(),
                found: other.clone(),
            },
        ),
    ] {
        assert_eq!(signature().check(&trusted, &claim), Err(expected));
    }
}

#[test]
fn only_a_higher_counter_follows_or_the_very_build() {
    let counter = statement().counter;
    let (same, other) = (Digest::of(b"abc"), Digest::of(b"abd"));
    for (accepted, digest, follows) in [
        (counter - 1, other, true),
        (counter - 1, same, true),
        (counter, same, true),
        (counter, other, false),
        (counter + 1, same, false),
        (MAX_COUNTER, other, false),
    ] {
        let claim = Claim {
            accepted: Some(Accepted {
                counter: accepted,
                digest,
            }),
            ..claim(&VERSION)
        };
        let expected = match follows {
            true => Ok(()),
            false => Err(Distrust::Counter {
                signed: counter,
                accepted,
            }),
        };
        let verdict = signature().check(&[key().public()], &claim);
        assert_eq!(verdict, expected, "{accepted} {digest}");
    }
}

#[test]
fn what_is_no_signature_is_refused() {
    let file: Value = serde_json::from_str(&signature().to_file()).unwrap();
    let without = |key: &str| {
        let mut file = file.clone();
        file.as_object_mut().unwrap().remove(key);
        file
    };
    let with = |key: &str, value: Value| {
        let mut file = file.clone();
        file[key] = value;
        file
    };
    let mut refused: Vec<Value> = file
        .as_object()
        .unwrap()
        .keys()
        .map(|k| without(k))
        .collect();
    refused.extend([
        json!(null),
        json!([]),
        json!("x"),
        with("comment", json!("trust me")),
        with("format", json!("1")),
        with("format", json!(1.0)),
        with(
            "key",
            json!("ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ),
        with("digest", json!("sha256:BA7816BF")),
        with("channel", json!("Token")),
        with("channel", json!("token\ncounter 9")),
        with("channel", json!("")),
        with("version", json!("1.2")),
        with("version", json!("01.2.0")),
        with("counter", json!(0)),
        with("counter", json!(-1)),
        with("counter", json!(1.5)),
        with("counter", json!("1")),
        with("counter", json!(MAX_COUNTER + 1)),
        with("signature", json!("")),
        with("signature", json!("AA")),
        with("signature", json!("igK4".repeat(22))),
    ]);
    for file in refused {
        let error = Signature::parse(file.to_string().as_bytes()).unwrap_err();
        assert!(
            matches!(error, MalformedSignature::Form(_)),
            "{file}: {error}"
        );
    }
    let twice = signature().to_file().replacen('{', "{\"counter\": 5,", 1);
    for bytes in [
        &b""[..],
        b"{",
        b"\xff\xfe",
        b"untrusted comment: minisign\nRWQf6LRCGA9i5",
        twice.as_bytes(),
        (signature().to_file() + "x").as_bytes(),
    ] {
        let error = Signature::parse(bytes).unwrap_err();
        assert!(matches!(error, MalformedSignature::Form(_)), "{error}");
    }
}

#[test]
fn another_format_says_which() {
    let later = r#"{"format": 2, "anything": true}"#;
    let error = Signature::parse(later.as_bytes()).unwrap_err();
    assert_eq!(error, MalformedSignature::Format(2));
    assert_eq!(
        error.to_string(),
        "the signature has format 2; this version reads format 1"
    );
}

#[test]
fn a_large_file_is_not_looked_at() {
    let large = signature().to_file() + &" ".repeat(MAX_SIGNATURE_BYTES);
    let too_large = Err(MalformedSignature::TooLarge);
    assert_eq!(Signature::parse(large.as_bytes()), too_large);
    assert_eq!(
        Signature::from_word(&"A".repeat(large.len() * 2)),
        too_large
    );
}

#[test]
fn no_error_repeats_what_was_in_the_file() {
    let file = signature().to_file().replace("\"token\"", "\"S3CRET\"");
    let error = Signature::parse(file.as_bytes()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("S3CRET"));
}

#[test]
fn nothing_is_signed_that_nobody_would_accept() {
    for (channel, counter) in [
        ("Token", 1),
        ("token\n", 1),
        ("token", 0),
        ("token", u64::MAX),
    ] {
        let statement = Statement {
            channel: channel.to_owned(),
            counter,
            ..statement()
        };
        let error = Signature::make(&key(), statement).unwrap_err();
        assert!(matches!(error, SignError::Statement(_)));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = Signature::parse(&bytes);
        let _ = Signature::from_word(&String::from_utf8_lossy(&bytes));
    }

    /// Whatever is done to one place of a file, it is refused, or says the same and is still believed.
    #[test]
    fn a_file_with_a_changed_byte_says_nothing_new(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = signature().to_file().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Signature::parse(&bytes)
            && read.check(&[key().public()], &claim(&VERSION)).is_ok()
        {
            prop_assert_eq!(read, signature());
        }
    }
}
