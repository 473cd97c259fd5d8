//! Where everything is stored.
//!
//! ```text
//! account/<account>                         the account
//! email/<canonical address>                 the account's id
//! noticed/<account>                         nothing: its owner was told of a sign-up lately
//! known-sources/<account>                   from where it was signed in to lately
//! one-time/<purpose>/<tag>                  a one-time token
//! newest/<purpose>/<account>                which of them is the account's newest
//! saved-access/<tag>, saved-refresh/<tag>   the halves of a saved pair
//! saved-family/<account>/<family>           a family of pairs, as long as it lives
//! saved-pair/<account>/<refresh>/<access>   nothing: the key says that the pair is the account's
//! leftover/<account>                        nothing: the account went, and not all of its saved tokens did
//! asked/<purpose>/<tag of address>          that a token or an account was asked for lately
//! decoy/<what>/<n>                          nothing that anybody reads
//! ```
//!
//! An account's id may be any text, a slash too, if it was imported: in keys it is base64url, so that no account's entries
//! are another's. A tag is a keyed hash in base64url. Each entry is found by its whole key or by its account's prefix, so
//! what a command costs does not depend on how many accounts there are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn account(id: &str) -> String {
    format!("account/{}", encode(id.as_bytes()))
}

pub(crate) fn email(canonical: &str) -> String {
    format!("email/{canonical}")
}

pub(crate) fn noticed(id: &str) -> String {
    format!("noticed/{}", encode(id.as_bytes()))
}

pub(crate) fn known_sources(id: &str) -> String {
    format!("known-sources/{}", encode(id.as_bytes()))
}

pub(crate) fn one_time(purpose: &str, tag: &[u8]) -> String {
    format!("one-time/{purpose}/{}", encode(tag))
}

pub(crate) fn newest(purpose: &str, id: &str) -> String {
    format!("newest/{purpose}/{}", encode(id.as_bytes()))
}

pub(crate) fn asked(purpose: &str, tag: &[u8]) -> String {
    format!("asked/{purpose}/{}", encode(tag))
}

pub(crate) fn saved_access(tag: &str) -> String {
    format!("saved-access/{tag}")
}

pub(crate) fn saved_refresh(tag: &str) -> String {
    format!("saved-refresh/{tag}")
}

pub(crate) fn saved_families(id: &str) -> String {
    format!("saved-family/{}/", encode(id.as_bytes()))
}

pub(crate) fn saved_family(id: &str, family: &str) -> String {
    format!("{}{family}", saved_families(id))
}

pub(crate) fn saved_pairs(id: &str) -> String {
    format!("saved-pair/{}/", encode(id.as_bytes()))
}

pub(crate) fn saved_pair(id: &str, refresh: &str, access: &str) -> String {
    format!("{}{refresh}/{access}", saved_pairs(id))
}

/// The accounts that left something.
pub(crate) const LEFTOVERS: &str = "leftover/";

pub(crate) fn leftover(id: &str) -> String {
    format!("{LEFTOVERS}{}", encode(id.as_bytes()))
}

/// The account that left something, of its key.
pub(crate) fn leftover_account(key: &str) -> Option<String> {
    let id = URL_SAFE_NO_PAD.decode(key.strip_prefix(LEFTOVERS)?).ok()?;
    String::from_utf8(id).ok()
}

pub(crate) fn decoy(of: &str, n: usize) -> String {
    format!("decoy/{of}/{n}")
}

/// Bytes as text of a key.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_stores_bound() {
        let (id, tag) = ("\u{10ffff}".repeat(32), "x".repeat(43));
        assert_eq!(id.len(), 128);
        assert!(saved_pair(&id, &tag, &tag).len() <= 512);
        assert!(email(&"x".repeat(254)).len() <= 512);
    }

    #[test]
    fn the_account_of_a_leftover_is_read_from_its_key() {
        for id in ["u1", "legacy/4711 ä", &"\u{10ffff}".repeat(32)] {
            assert_eq!(leftover_account(&leftover(id)).as_deref(), Some(id));
        }
        for key in ["leftover/!", "leftover/_w", "account/dTE"] {
            assert_eq!(leftover_account(key), None, "{key}");
        }
    }

    #[test]
    fn no_accounts_entries_are_anothers() {
        assert!(!saved_family("a/b", "f").starts_with(&saved_families("a")));
        assert!(!saved_family("ab", "f").starts_with(&saved_families("a")));
    }
}
