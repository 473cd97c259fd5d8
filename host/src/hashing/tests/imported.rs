//! Hashes of other systems. The strings were made by the programs that are named; they agree with what is published where that is named.

use super::*;
use crate::hashing::compute::{Other, Task, compute};
use crate::hashing::function::{Digest, Function, Scrypt};

/// What [`SAME`] are hashes of.
const PASSWORD: &str = "correct horse battery staple";

/// By libargon2 (argon2-cffi 25.1), py-bcrypt 5.0, OpenSSL's scrypt and PBKDF2, passlib 1.7.4, Django 5.2, and OpenSSL for Firebase's.
const SAME: [&str; 17] = [
    "$argon2i$v=16$m=4096,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$8m7+MGSao4NN7bL3IkjtYj9Mw3fCJkanUkz2qBZxR7k",
    "$argon2i$m=4096,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$8m7+MGSao4NN7bL3IkjtYj9Mw3fCJkanUkz2qBZxR7k",
    "$argon2i$v=19$m=4096,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$QO4WvwxmMg0538MUKP1yKyqsa5Pov96Rgy2lE90QH4A",
    "$argon2d$v=16$m=4096,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$btCgowgJQHTf5ln2MgiZmbSEZypmwFXVlEhH1Ln985A",
    "$argon2d$v=19$m=4096,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gJOk5BwYAkM4vMqW7FQ4nI4ux4SmSZJBjPDWVK27EJc",
    "$argon2id$v=16$m=4096,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$iGQC8vmgyw3xRfwGOtvAo0xNJrZip51FTADGXhkx0tQ",
    "$argon2id$v=19$m=4096,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$WnyhJNrhMmazCUxk3W+KJq457RNqILQktDTqyPaOJF4",
    "$2a$08$abcdefghijklmnopqrstuukS31SNuNEoGSYTPCfyZV8d2iX4qVmTa",
    "$2b$08$abcdefghijklmnopqrstuukS31SNuNEoGSYTPCfyZV8d2iX4qVmTa",
    "$2y$08$abcdefghijklmnopqrstuukS31SNuNEoGSYTPCfyZV8d2iX4qVmTa",
    "$scrypt$ln=12,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BLi/oY39hBw/owpoCnC4inJjwRWuJsDnBNlE+UjmY6s",
    "$pbkdf2-sha256$i=29000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$vajIaozrb7q4x+G3R5Y+FIe07ZH3QEjPYV1bs8kEikU",
    "$pbkdf2-sha512$i=25000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$1ghj0T0HZWch00LfnhjXx3er7ZDEEN1BF6pxsBlgz/d07d+Qxz5Kg1Oz9g8VdS6ebiSwisnASzPZrBoVE1c39Q",
    "$pbkdf2-sha256$29000$./8wMTIzNDU2Nzg5YWJjZA$aHzLDZP4JR5duLaOLfCbJtRoah.KP8kGvs7igKi7KB8",
    "$pbkdf2-sha512$25000$MDEyMzQ1Njc4OWFiY2RlZg$1ghj0T0HZWch00LfnhjXx3er7ZDEEN1BF6pxsBlgz/d07d.Qxz5Kg1Oz9g8VdS6ebiSwisnASzPZrBoVE1c39Q",
    "pbkdf2_sha256$29000$seasalt0SEASALT1$AyBdkuCQMkAo6a8IG8A4Lchfc95nAGiehhG89J/XGFA=",
    "$fbscrypt$v=1,n=12,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==\
     $42xEC+ixf3L2lw==$Wk6dxrxfhOa0VBQX1absfplAEqRzUYVfV6AUxIelyUNO7KeNOeBmwbV2UznLscbfJB5P6A7YOeL6qZZUoKdR1w==",
];

/// That of [`CHEAP`].
const CHEAP_COST: Cost = Cost {
    memory_kib: CHEAP.memory_kib,
    iterations: CHEAP.iterations,
    parallelism: CHEAP.parallelism,
};

async fn verdict(pool: &HashPool, input: &[u8], stored: &str) -> Verdict {
    let input = Zeroizing::new(input.to_vec());
    pool.verify("w", input, stored).await.unwrap()
}

// C10
#[tokio::test]
async fn hashes_of_every_kind_match_their_password_and_ask_for_a_new_one() {
    let pool = pool(&CHEAP).await;
    for stored in SAME {
        assert!(pool.accepts(stored), "{stored}");
        assert_eq!(
            verdict(&pool, PASSWORD.as_bytes(), stored).await,
            Verdict::MatchNeedsRehash,
            "{stored}"
        );
        for wrong in [
            "",
            "correct horse battery stapl",
            "Correct horse battery staple",
        ] {
            assert_eq!(
                verdict(&pool, wrong.as_bytes(), stored).await,
                Verdict::Mismatch,
                "{wrong:?} {stored}"
            );
        }
    }
}

// C10
#[tokio::test]
async fn published_hashes_match() {
    let pool = pool(&CHEAP).await;
    let vectors: [(&[u8], &str); 16] = [
        // The reference implementation of argon2, its tests.
        (
            b"password",
            "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        ),
        (
            b"password",
            "$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs",
        ),
        (
            b"password",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        ),
        (
            b"password",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ),
        (
            b"password",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        ),
        // jBCrypt's tests, which are OpenBSD's.
        (
            b"",
            "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        ),
        (
            b"a",
            "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        ),
        (
            b"abc",
            "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
        ),
        (
            b"abcdefghijklmnopqrstuvwxyz",
            "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
        ),
        (
            b"~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
            "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
        ),
        // crypt_blowfish's tests: letters beyond ASCII, a password longer than is read.
        (
            b"\xff\xff\xa3",
            "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
        ),
        (
            b"U*U",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
        (
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        ),
        // passlib's documentation.
        (
            b"password",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        ),
        // Firebase's own scrypt, its documentation.
        (
            b"user1password",
            "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==\
             $42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
        ),
        (
            b"password",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
    ];
    for (input, stored) in vectors {
        assert_eq!(
            verdict(&pool, input, stored).await,
            Verdict::MatchNeedsRehash,
            "{stored}"
        );
        let wrong = [b"not ".as_slice(), input].concat();
        let verdict = verdict(&pool, &wrong, stored).await;
        assert_eq!(verdict, Verdict::Mismatch, "{stored}");
    }
}

// RFC 7914 §11 and §12, whose salts are shorter than stored hashes may have, and for SHA-512 what OpenSSL makes of RFC 6070's input.
#[test]
fn the_functions_are_those_of_their_rfcs() {
    let scrypt = |log_n, r, p| Function::Scrypt(Scrypt { log_n, r, p });
    let pbkdf2 = |digest, iterations| Function::Pbkdf2 { digest, iterations };
    let vectors = [
        (
            scrypt(4, 1, 1),
            "",
            "",
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
        ),
        (
            scrypt(10, 8, 16),
            "password",
            "NaCl",
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        ),
        (
            scrypt(14, 8, 1),
            "pleaseletmein",
            "SodiumChloride",
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
        ),
        (
            pbkdf2(Digest::Sha256, 1),
            "passwd",
            "salt",
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
        ),
        (
            pbkdf2(Digest::Sha256, 80000),
            "Password",
            "NaCl",
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
        ),
        (
            pbkdf2(Digest::Sha512, 1),
            "password",
            "salt",
            "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
        ),
        (
            pbkdf2(Digest::Sha512, 4096),
            "password",
            "salt",
            "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5",
        ),
        (
            pbkdf2(Digest::Sha512, 4096),
            "passwordPASSWORDpassword",
            "saltSALTsaltSALTsaltSALTsaltSALTsalt",
            "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71115b59f9e60cd9532fa33e0f75aefe30225c583a186cd82bd4daea9724a3d3b8",
        ),
    ];
    let mut worker = Own::checked(CHEAP_COST).unwrap().worker();
    for (function, input, salt, expected) in vectors {
        let task = Task::Other(Other {
            input: password(input),
            function,
            salt: salt.as_bytes().to_vec(),
            length: 64,
            is_padded: false,
        });
        let hash = compute(&task, &mut worker).unwrap();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected, "{input}");
    }
}

#[tokio::test]
async fn bcrypt_reads_72_bytes_of_a_password_as_it_always_did() {
    // By py-bcrypt, of "0123456789" seven times and "01".
    let stored = "$2b$06$abcdefghijklmnopqrstuurXMo7KFlreh8AFRgdGuhDoy0RFM3iha";
    let pool = pool(&CHEAP).await;
    let long = "0123456789".repeat(9);
    for (bytes, expected) in [
        (71, Verdict::Mismatch),
        (72, Verdict::MatchNeedsRehash),
        (73, Verdict::MatchNeedsRehash),
        (90, Verdict::MatchNeedsRehash),
    ] {
        let verdict = verdict(&pool, &long.as_bytes()[..bytes], stored).await;
        assert_eq!(verdict, expected, "{bytes}");
    }
    let other = long.replacen('0', "1", 1);
    let verdict = verdict(&pool, other.as_bytes(), stored).await;
    assert_eq!(verdict, Verdict::Mismatch);
}

#[tokio::test]
async fn a_password_with_a_nul_is_nobodys_in_bcrypt() {
    // Of "abc". The key of the algorithm is the same for "abc\0abc".
    let stored = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
    let pool = pool(&CHEAP).await;
    for input in ["abc\0", "abc\0abc", "abc\0abd", "\0abc"] {
        let verdict = verdict(&pool, input.as_bytes(), stored).await;
        assert_eq!(verdict, Verdict::Mismatch, "{input:?}");
    }
}

#[tokio::test]
async fn what_may_be_cheaper_is_followed_by_a_hash_of_our_own() {
    let pool = pool(&CHEAP).await;
    let is_padded = |stored: &str| {
        let stored = stored::parse(stored).unwrap();
        match pool.task(None, password("x"), &stored) {
            Task::Other(other) => other.is_padded,
            Task::Own { .. } => panic!("no pepper went in"),
        }
    };
    let argon2 = |cost: &str| format!("$argon2i$v=16${cost}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q");
    for dear in [
        "m=64,t=1,p=1",
        "m=64,t=1,p=2",
        "m=32,t=2,p=1",
        "m=4096,t=3,p=1",
    ] {
        assert!(!is_padded(&argon2(dear)), "{dear}");
    }
    for cheap in ["m=63,t=1,p=1", "m=8,t=1,p=1", "m=31,t=2,p=1"] {
        assert!(is_padded(&argon2(cheap)), "{cheap}");
    }
    assert!(SAME[7..].iter().all(|stored| is_padded(stored)));
    // Our own of earlier parameters, too.
    let cheaper = Passwords {
        memory_kib: 32,
        ..CHEAP
    };
    let cheaper = HashPool::new(&cheaper, pool.ring.clone()).unwrap();
    let earlier = cheaper.hash("w", password("x"), SALT).await.unwrap();
    assert!(is_padded(&earlier));
}

#[test]
fn what_follows_changes_no_hash() {
    let task = |is_padded| {
        Task::Other(Other {
            input: password("x"),
            function: stored::parse(SAME[10]).unwrap().function,
            salt: SALT.to_vec(),
            length: 32,
            is_padded,
        })
    };
    let mut worker = Own::checked(CHEAP_COST).unwrap().worker();
    let hash = compute(&task(false), &mut worker);
    assert!(hash.is_some());
    assert_eq!(compute(&task(true), &mut worker), hash);
}

// C10
#[tokio::test]
async fn what_is_over_a_cap_or_of_no_known_kind_is_neither_accepted_nor_computed() {
    let pool = pool(&CHEAP).await;
    let refused = [
        SAME[6].replace("m=4096", "m=65537"),
        SAME[6].replace("t=2", "t=17"),
        SAME[6].replace("p=1", "p=17"),
        SAME[6].replace("p=1", "p=1,keyid=AbCdEfGhIj4"),
        SAME[8].replace("$08$", "$15$"),
        SAME[8].replace("$08$", "$31$"),
        SAME[8].replace("$2b$", "$2x$"),
        SAME[10].replace("ln=12", "ln=18"),
        SAME[10].replace("r=8", "r=1024"),
        SAME[10].replace("p=1", "p=1024"),
        SAME[11].replace("i=29000", "i=4294967295"),
        SAME[13].replace("29000", "4294967295"),
        SAME[15].replace("29000", "2000001"),
        SAME[16].replace("n=12", "n=30"),
        "plain text".to_owned(),
        "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        String::new(),
    ];
    for stored in refused {
        assert!(!pool.accepts(&stored), "{stored}");
        let verdict = verdict(&pool, PASSWORD.as_bytes(), &stored).await;
        assert_eq!(verdict, Verdict::Mismatch, "{stored}");
    }
}

#[tokio::test]
async fn hashes_of_our_own_are_not_accepted_from_elsewhere() {
    let pool = pool(&CHEAP).await;
    let own = pool.hash("w", password("secret"), SALT).await.unwrap();
    assert!(!pool.accepts(&own));
}
