//! Which texts are stored hashes, and which are not.

use argon2::{Algorithm, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::hashing::caps::Caps;
use crate::hashing::cost::Cost;
use crate::hashing::function::{Argon2, Scrypt};

const ARGON2: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
const BCRYPT: &str = "$2b$08$abcdefghijklmnopqrstuukS31SNuNEoGSYTPCfyZV8d2iX4qVmTa";
const SCRYPT: &str =
    "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E";
const FIREBASE: &str = "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,\
     sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==\
     $42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
const PBKDF2: &str = "$pbkdf2-sha256$i=29000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$vajIaozrb7q4x+G3R5Y+FIe07ZH3QEjPYV1bs8kEikU";
const PASSLIB: &str =
    "$pbkdf2-sha256$29000$./8wMTIzNDU2Nzg5YWJjZA$aHzLDZP4JR5duLaOLfCbJtRoah.KP8kGvs7igKi7KB8";
const DJANGO: &str =
    "pbkdf2_sha256$29000$seasalt0SEASALT1$AyBdkuCQMkAo6a8IG8A4Lchfc95nAGiehhG89J/XGFA=";

const ALL: [&str; 7] = [ARGON2, BCRYPT, SCRYPT, FIREBASE, PBKDF2, PASSLIB, DJANGO];

fn caps() -> Caps {
    Caps::around(Cost {
        memory_kib: 64,
        iterations: 1,
        parallelism: 1,
    })
}

/// Whether a text can be read and is within the caps.
fn is_accepted(text: &str) -> bool {
    parse(text).is_some_and(|stored| caps().allow(&stored))
}

/// Whether `text` is accepted with one thing replaced by another, which it must contain.
fn is_accepted_with(text: &str, from: &str, to: &str) -> bool {
    assert!(text.contains(from), "{from} in {text}");
    is_accepted(&text.replacen(from, to, 1))
}

#[test]
fn what_is_written_is_read() {
    let stored = Stored {
        function: Function::of_today(Cost {
            memory_kib: 19456,
            iterations: 2,
            parallelism: 1,
        }),
        pepper: Some("AbCdEfGhIj4".into()),
        salt: vec![1; 16],
        hash: vec![2; 32],
    };
    let text = stored.write().unwrap();
    assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid=AbCdEfGhIj4$"));
    assert_eq!(parse(&text), Some(stored));
}

#[test]
fn each_form_is_read_as_what_it_says() {
    let function = |text| parse(text).unwrap().function;
    let lengths = |text| {
        let stored = parse(text).unwrap();
        (stored.salt.len(), stored.hash.len(), stored.pepper)
    };
    let cost = Cost {
        memory_kib: 65536,
        iterations: 2,
        parallelism: 1,
    };
    let scrypt = |log_n| Scrypt { log_n, r: 8, p: 1 };
    let pbkdf2 = Function::Pbkdf2 {
        digest: Digest::Sha256,
        iterations: 29000,
    };
    assert_eq!(function(ARGON2), Function::of_today(cost));
    assert_eq!(function(BCRYPT), Function::Bcrypt { cost: 8 });
    assert_eq!(function(SCRYPT), Function::Scrypt(scrypt(16)));
    assert!(
        matches!(function(FIREBASE), Function::FirebaseScrypt { scrypt: its, .. } if its == scrypt(14))
    );
    assert!([PBKDF2, PASSLIB, DJANGO].map(function) == [pbkdf2.clone(), pbkdf2.clone(), pbkdf2]);
    assert_eq!(lengths(ARGON2), (8, 32, None));
    assert_eq!(lengths(BCRYPT), (16, 23, None));
    assert_eq!(lengths(SCRYPT), (16, 32, None));
    assert_eq!(lengths(FIREBASE), (11, 64, None));
    assert_eq!(lengths(PASSLIB), (16, 32, None));
    assert_eq!(lengths(DJANGO), (16, 32, None));
}

#[test]
fn argon2_is_of_three_kinds_and_two_versions() {
    let kind = |text: &str| match parse(text).unwrap().function {
        Function::Argon2(Argon2 {
            algorithm, version, ..
        }) => (algorithm, version),
        other => panic!("{other:?}"),
    };
    let d = ARGON2.replace("2id", "2d");
    let i = ARGON2.replace("2id", "2i");
    assert_eq!(kind(&d), (Algorithm::Argon2d, Version::V0x13));
    assert_eq!(
        kind(&i.replace("=19", "=16")),
        (Algorithm::Argon2i, Version::V0x10)
    );
    // Before it had versions, none was written.
    assert_eq!(
        kind(&i.replace("v=19$", "")),
        (Algorithm::Argon2i, Version::V0x10)
    );
    // A pepper goes into our own only.
    let with_pepper = |text: &str| text.replace("p=1", "p=1,keyid=AbCdEfGhIj4");
    assert!(parse(&with_pepper(ARGON2)).unwrap().pepper.is_some());
    assert!(parse(&with_pepper(&d)).is_none());
    assert!(parse(&with_pepper(&ARGON2.replace("v=19$", ""))).is_none());
}

#[test]
fn all_prefixes_of_bcrypt_but_the_one_of_a_bug_are_read() {
    for prefix in ["$2a$", "$2y$"] {
        assert!(is_accepted_with(BCRYPT, "$2b$", prefix), "{prefix}");
    }
    for prefix in ["$2$", "$2x$", "$2c$", "$3b$", "2b$", "$2B$", "$$2b$"] {
        assert!(!is_accepted_with(BCRYPT, "$2b$", prefix), "{prefix}");
    }
}

#[test]
fn what_is_malformed_is_refused() {
    let spoils = [
        (ARGON2, "argon2id", "argon2"),
        (ARGON2, "argon2id", "argon2ID"),
        (ARGON2, "v=19", "v=20"),
        (ARGON2, "m=65536,", ""),
        (ARGON2, ",t=2", ""),
        (ARGON2, ",p=1", ""),
        (ARGON2, "p=1", "p=1,p=2"),
        (ARGON2, "p=1", "p=1,x=2"),
        (ARGON2, "p=1", "p=1,data=AAAA"),
        (ARGON2, "m=65536", "m=-1"),
        (ARGON2, "m=65536", "m=99999999999999999999"),
        (ARGON2, "CTFh", "CT!h"),
        (ARGON2, "c29tZXNhbHQ", "é"),
        (ARGON2, "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", ""),
        (BCRYPT, "$08$", "$8$"),
        (BCRYPT, "$08$", "$+8$"),
        (BCRYPT, "$08$", "$008$"),
        (BCRYPT, "$08$", "$ab$"),
        (BCRYPT, "qVmTa", "qVmT"),
        (BCRYPT, "qVmTa", "qVmTaa"),
        (BCRYPT, "qVmTa", "qVmT+"),
        // 22 characters are 16 bytes and four bits, which are 0.
        (BCRYPT, "rstuuk", "rstuvk"),
        (BCRYPT, "abcd", "écd"),
        // In the middle of a letter the salt ends.
        (BCRYPT, "uuk", "ué"),
        (SCRYPT, "ln=16", "n=16"),
        (SCRYPT, "ln=16,", ""),
        (SCRYPT, ",p=1", ",p=1,x=1"),
        (SCRYPT, "$ln", "$v=1$ln"),
        (SCRYPT, "aM15713r3Xsvxbi31lqr1Q", "aM15713r3Xsvxbi31lqr1R"),
        (FIREBASE, "v=1", "v=2"),
        (FIREBASE, "n=14", "n=-1"),
        (FIREBASE, "n=14,r=8", "r=8,n=14"),
        (FIREBASE, ",ss=Bw==", ""),
        (FIREBASE, "Bw==", "Bw"),
        (FIREBASE, "WmXA==", "WmXA==,x=1"),
        (FIREBASE, "WmXA==", "Wg=="),
        (FIREBASE, "L2lw==", "L2lw"),
        (PBKDF2, "sha256", "sha1"),
        (PBKDF2, "i=29000,l=32", "l=32,i=29000"),
        (PBKDF2, "l=32", "l=31"),
        (PBKDF2, "l=32", "l="),
        (PBKDF2, "l=32", "l=32,x=1"),
        (PBKDF2, "i=29000", "i=+29000"),
        (PBKDF2, "i=29000", "i=4294967297"),
        (PASSLIB, "29000", "0x7148"),
        (PASSLIB, "29000", ""),
        (PASSLIB, "oah.KP", "oah+KP"),
        (DJANGO, "sha256", "sha1"),
        (DJANGO, "29000", " 29000"),
        (DJANGO, "XGFA=", "XGFA"),
        (DJANGO, "XGFA=", "XGFB="),
    ];
    for (text, from, to) in spoils {
        assert!(
            !is_accepted_with(text, from, to),
            "{from} to {to} in {text}"
        );
    }
    for bad in [
        "",
        "$",
        "$$$$",
        "password",
        "$unknown$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
    ] {
        assert!(!is_accepted(bad), "{bad}");
    }
}

#[test]
fn what_stands_before_or_behind_is_refused() {
    for good in ALL {
        assert!(is_accepted(good), "{good}");
        for bad in [
            format!("{good}$"),
            format!("{good}$more"),
            format!("{good}\n"),
            format!("{good} "),
            format!("{good}\0"),
            format!(" {good}"),
            format!("${good}"),
            format!("{good}{}", "A".repeat(500)),
            good.to_uppercase(),
        ] {
            assert!(!is_accepted(&bad), "{bad:?}");
        }
    }
}

// C10
#[test]
fn each_cap_lets_the_last_through_and_not_the_next() {
    let cases = [
        (ARGON2, "m=65536", "m=65536", "m=65537"),
        (ARGON2, "t=2", "t=16", "t=17"),
        (ARGON2, "t=2", "t=1", "t=0"),
        (ARGON2, "p=1", "p=16", "p=17"),
        (ARGON2, "p=1", "p=1", "p=0"),
        (ARGON2, "m=65536", "m=8", "m=7"),
        (BCRYPT, "$08$", "$14$", "$15$"),
        (BCRYPT, "$08$", "$04$", "$03$"),
        (SCRYPT, "ln=16", "ln=17", "ln=18"),
        (SCRYPT, "ln=16", "ln=1", "ln=0"),
        (SCRYPT, "ln=16", "ln=17", "ln=64"),
        (SCRYPT, "ln=16", "ln=17", "ln=4294967295"),
        // 64 MiB, four times.
        (SCRYPT, "p=1", "p=4", "p=5"),
        (SCRYPT, "ln=16,r=8,p=1", "ln=14,r=8,p=16", "ln=14,r=8,p=17"),
        (SCRYPT, "ln=16,r=8,p=1", "ln=14,r=64,p=1", "ln=14,r=65,p=1"),
        (SCRYPT, "r=8", "r=8", "r=0"),
        (SCRYPT, "p=1", "p=1", "p=0"),
        (SCRYPT, "r=8,p=1", "r=16,p=1", "r=4294967295,p=4294967295"),
        (FIREBASE, "n=14", "n=17", "n=18"),
        (FIREBASE, "r=8", "r=64", "r=65"),
        (PBKDF2, "29000", "2000000", "2000001"),
        (PBKDF2, "29000", "1", "0"),
        (PASSLIB, "29000", "2000000", "2000001"),
        (DJANGO, "29000", "2000000", "2000001"),
    ];
    for (text, from, last, next) in cases {
        assert!(is_accepted_with(text, from, last), "{last} in {text}");
        assert!(!is_accepted_with(text, from, next), "{next} in {text}");
    }
}

#[test]
fn each_block_of_output_counts_for_pbkdf2() {
    let with = |digest: &str, iterations: u32, length: usize| {
        let hash = STANDARD_NO_PAD.encode(vec![1; length]);
        is_accepted(&format!(
            "$pbkdf2-{digest}$i={iterations}$MDEyMzQ1Njc4OWFiY2RlZg${hash}"
        ))
    };
    assert!(with("sha256", 2_000_000, 32) && !with("sha256", 2_000_000, 33));
    assert!(with("sha256", 1_000_000, 64) && !with("sha256", 1_000_001, 64));
    assert!(with("sha512", 2_000_000, 64) && !with("sha512", 2_000_001, 64));
}

#[test]
fn salts_and_hashes_have_bounds() {
    let phc = |salt: usize, hash: usize| {
        let encode = |length: usize| STANDARD_NO_PAD.encode(vec![1; length]);
        let (salt, hash) = (encode(salt), encode(hash));
        [
            format!("$argon2id$v=19$m=64,t=1,p=1${salt}${hash}"),
            format!("$scrypt$ln=4,r=8,p=1${salt}${hash}"),
            format!("$pbkdf2-sha512$i=1${salt}${hash}"),
        ]
    };
    for (salt, hash) in [(8, 16), (48, 64)] {
        assert!(phc(salt, hash).iter().all(|text| is_accepted(text)));
    }
    for (salt, hash) in [(0, 32), (7, 32), (49, 32), (16, 0), (16, 15), (16, 65)] {
        let texts = phc(salt, hash);
        assert!(!texts.iter().any(|text| is_accepted(text)), "{salt} {hash}");
    }
    assert!(is_accepted_with(DJANGO, "seasalt0SEASALT1", "eight888"));
    assert!(!is_accepted_with(DJANGO, "seasalt0SEASALT1", "seven77"));
}

#[test]
fn debug_shows_no_hash() {
    for text in ALL {
        let debug = format!("{:?}", parse(text).unwrap());
        assert!(
            !debug.contains("hash") && !debug.contains("salt"),
            "{debug}"
        );
        // The bytes of the signer key begin so.
        assert!(!debug.contains("143, 27"), "{debug}");
    }
}

/// A text that was accepted, with one piece replaced.
fn spoiled() -> impl Strategy<Value = String> {
    let piece = prop_oneof![".{0,8}", "[$=,0-9]{0,12}", Just("4294967295".to_owned())];
    (
        0..ALL.len(),
        any::<prop::sample::Index>(),
        0..12_usize,
        piece,
    )
        .prop_map(|(which, at, length, piece)| {
            let chars: Vec<char> = ALL[which].chars().collect();
            let at = at.index(chars.len());
            let end = (at + length).min(chars.len());
            let start: String = chars[..at].iter().collect();
            let rest: String = chars[end..].iter().collect();
            format!("{start}{piece}{rest}")
        })
}

proptest! {
    /// Nothing panics, and what is accepted is within the bounds that computing relies on.
    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![".{0,600}", spoiled()]) {
        let Some(stored) = parse(&text) else {
            return Ok(());
        };
        if caps().allow(&stored) {
            prop_assert!((8..=48).contains(&stored.salt.len()));
            prop_assert!((16..=64).contains(&stored.hash.len()));
            prop_assert!(stored.function.memory_kib() <= 128 * 1024);
        }
    }
}
