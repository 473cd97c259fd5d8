//! Where links in mails lead.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The longest link without its token, in bytes: with the token it still fits on a line of a mail (RFC 5322 §2.1.1).
const MAX_LINK_BYTES: usize = 256;

/// Where a link has its token.
const TOKEN: &str = "{token}";

/// Pages of the operator's own for the links in mails, each as the whole link with `{token}` in its fragment:
/// `https://www.example.com/verify#{token}`. None: the host's page, under the public origin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// To the page on which people verify their address.
    pub verify_email: Option<String>,
    /// To the page on which people who forgot their password set a new one.
    pub new_password: Option<String>,
}

impl Links {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, link) in [
            ("links.verify_email", &self.verify_email),
            ("links.new_password", &self.new_password),
        ] {
            if link.as_deref().is_some_and(|link| !is_link(link)) {
                return Err(ConfigError::wrong(
                    key,
                    "must be a whole link of at most 256 bytes with `{token}` once, after a `#`, such as \"https://www.example.com/verify#{token}\"",
                ));
            }
        }
        Ok(())
    }
}

/// Whether `text` is an absolute `http` or `https` address with the token in its fragment, where no server sees it.
fn is_link(text: &str) -> bool {
    let Some((address, fragment)) = text.split_once('#') else {
        return false;
    };
    let Some((before, after)) = fragment.split_once(TOKEN) else {
        return false;
    };
    let Ok(uri) = address.parse::<http::Uri>() else {
        return false;
    };
    let has_host = |authority: &http::uri::Authority| !authority.as_str().contains('@');
    text.len() <= MAX_LINK_BYTES
        && [address, before, after]
            .iter()
            .all(|part| part.bytes().all(is_plain))
        && matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(has_host)
}

/// What addresses are made of (RFC 3986 §2), but for `#` and for the quotes and parentheses that could end one in a mail.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/?[]@!$&*+,;=:%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_whole_address_with_its_token_in_the_fragment() {
        for text in [
            "https://www.example.com/verify#{token}",
            "https://www.example.com/#{token}",
            "https://www.example.com/a/b?lang=en&x=%20#token={token}",
            "https://www.example.com/app#/verify/{token}/now",
            "http://127.0.0.1:3000/verify#{token}",
            "http://[::1]:3000/verify#{token}",
        ] {
            assert!(is_link(text), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("https://www.example.com/{}#{{token}}", "a".repeat(256));
        for text in [
            "",
            "#{token}",
            "/verify#{token}",
            "www.example.com/verify#{token}",
            "{public-origin}/verify#{token}",
            "javascript:alert(1)#{token}",
            "ftp://www.example.com/#{token}",
            "https://#{token}",
            "https://www.example.com/verify",
            "https://www.example.com/verify?token={token}",
            "https://www.example.com/{token}#x",
            "https://www.example.com/verify#{code}",
            "https://www.example.com/verify#{token}{token}",
            "https://www.example.com/verify#a#{token}",
            "https://user@www.example.com/#{token}",
            "https://www.example.com/a b#{token}",
            "https://www.example.com/\"><b>#{token}",
            "https://www.example.com/\r\n#{token}",
            "https://www.example.com/é#{token}",
            &long,
        ] {
            assert!(!is_link(text), "{text}");
        }
    }
}
