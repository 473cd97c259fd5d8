//! F06: whatever comes in, nothing panics and nothing becomes valid.

use proptest::prelude::*;

use super::is_valid;
use crate::fuzz;
use crate::testing::{World, forge, parts};

/// Text that looks like a token: three parts, JSON inside where it gets that far.
fn token_like() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[A-Za-z0-9_-]{0,60}",
        any::<Vec<u8>>().prop_map(|bytes| encode(&bytes)),
        r#"\{"(alg|typ|kid|sub|exp|aud)":("[a-zA-Z0-9+/]{0,12}"|[0-9]{1,25}|null|\[\])\}"#.prop_map(|json| encode(json.as_bytes())),
        Just(encode(br#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1"}"#)),
        Just(encode(br#"{"iss":"vestibule","aud":"vestibule","sub":"u1","client_id":"c","iat":1,"exp":99999999999,"jti":"AAAAAAAAAAAAAAAAAAAAAA","sid":"AAAAAAAAAAAAAAAAAAAAAA"}"#)),
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| parts.join("."))
}

fn encode(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in any::<String>()) {
        let world = World::default();
        world.service().generate_tokens("u1").unwrap();
        prop_assert!(!is_valid(&world, &text));
        prop_assert!(world.service().refresh_tokens(&text).is_err());
        world.service().blacklist_tokens(&text, &text);
        prop_assert_eq!(world.service().list_sessions("u1").unwrap().len(), 1);
    }

    #[test]
    fn nothing_that_looks_like_a_token_is_one(text in token_like()) {
        let world = World::default();
        world.service().generate_tokens("u1").unwrap();
        fuzz::access_token(text.as_bytes());
        prop_assert!(!is_valid(&world, &text));
    }

    #[test]
    fn refresh_tokens_cannot_be_guessed(bytes in proptest::collection::vec(any::<u8>(), 53)) {
        let world = World::default();
        let mut bytes = bytes;
        bytes[0] = 1;
        let text = encode(&bytes);
        fuzz::refresh_token(text.as_bytes());
        prop_assert!(world.service().refresh_tokens(&text).is_err());
        prop_assert_eq!(world.reads.get(), 0);
    }

    #[test]
    fn bodies_take_any_bytes(bytes in any::<Vec<u8>>()) {
        fuzz::access_token(&bytes);
        fuzz::refresh_token(&bytes);
    }

    /// A token that we signed, with anything in it, panics nowhere.
    #[test]
    fn foreign_claims_are_read_without_panic(name in "(iss|aud|sub|client_id|iat|nbf|exp|jti|sid|x)", number in any::<u64>(), text in any::<String>(), which in 0..4) {
        let world = World::default();
        let tokens = world.service().generate_tokens("u1").unwrap();
        let (header, mut claims) = parts(&tokens.access_token);
        claims[&name] = match which {
            0 => number.into(),
            1 => text.into(),
            2 => serde_json::json!([text, number]),
            _ => serde_json::json!({"nested": {"deeper": [text]}}),
        };
        let token = forge(&header, &claims, "k1");
        fuzz::access_token(token.as_bytes());
        let _ = is_valid(&world, &token);
        world.service().blacklist_tokens("", &token);
    }

    /// Every subject that is taken gets tokens that say so.
    #[test]
    fn subjects_come_back_as_they_were(id in any::<String>()) {
        let world = World::default();
        if let Ok(tokens) = world.service().generate_tokens(&id) {
            let verified = world.service().verify_token(&tokens.access_token);
            prop_assert_eq!(verified.map(|verified| verified.claims.sub), Some(id));
        }
    }
}
