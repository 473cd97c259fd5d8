//! Links, to where the operator configured and nowhere else.
//!
//! ```text
//! {public-origin}/verify-email#{token}
//! ```
//!
//! Instead of `{public-origin}` the template may name an origin: that of a site of the operator's own.
//!
//! The token is in the fragment, which a browser keeps to itself: it is in no server's log and in no `Referer`.

use crate::error::Misconfigured;
use crate::ports::Config;
use crate::token::OneTimeToken;

const ORIGIN: &str = "public-origin";

/// The longest template, in bytes: with origin and token the link still fits on a line of a mail (RFC 5322 §2.1.1).
const MAX_BYTES: usize = 256;

/// The longest origin, in bytes.
const MAX_ORIGIN_BYTES: usize = 255;

/// Which page a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// Where an address is verified.
    VerifyEmail,
    /// Where a new password is set.
    NewPassword,
}

impl Page {
    fn setting(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-link",
            Self::NewPassword => "reset-link",
        }
    }

    fn default(self) -> &'static str {
        match self {
            Self::VerifyEmail => "{public-origin}/verify-email#{token}",
            Self::NewPassword => "{public-origin}/new-password#{token}",
        }
    }

    /// The link to this page that carries `token`.
    pub(crate) fn link(
        self,
        config: &impl Config,
        token: &OneTimeToken,
    ) -> Result<String, Misconfigured> {
        let origin = origin(config)?;
        let template = config.get(self.setting());
        let template = template.as_deref().unwrap_or(self.default());
        let parts = split(template, &origin).map_err(|rule| Misconfigured {
            setting: self.setting(),
            rule,
        })?;
        let Parts {
            origin,
            before,
            after,
        } = parts;
        Ok(format!("{origin}{before}{}{after}", token.as_str()))
    }
}

/// A template without its token.
struct Parts<'t> {
    origin: &'t str,
    /// Between origin and token.
    before: &'t str,
    /// After the token.
    after: &'t str,
}

/// The parts of `template`; else the rule that it breaks.
fn split<'t>(template: &'t str, public_origin: &'t str) -> Result<Parts<'t>, &'static str> {
    if template.len() > MAX_BYTES {
        return Err("must be at most 256 bytes");
    }
    let (origin, path) = match template.strip_prefix("{public-origin}") {
        Some(path) => Some((public_origin, path)),
        None => named_origin(template),
    }
    .filter(|(_, path)| path.starts_with('/'))
    .ok_or("must begin with {public-origin}/ or with a scheme, a host and a /")?;
    let (before, after) = path.split_once("{token}").ok_or("must have a {token}")?;
    if !before.contains('#') {
        return Err("must have its {token} after a #");
    }
    let is_url = |text: &str| text.bytes().all(is_url_byte);
    if !is_url(before) || !is_url(after) || format!("{before}{after}").matches('#').count() > 1 {
        return Err("must be a URL but for one {public-origin} and one {token}");
    }
    Ok(Parts {
        origin,
        before,
        after,
    })
}

/// The origin that `template` names, and the rest.
fn named_origin(template: &str) -> Option<(&str, &str)> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| template.starts_with(scheme))?;
    let host = template[scheme.len()..].split('/').next()?;
    let is_host = !host.is_empty() && host.bytes().all(is_host_byte);
    is_host.then(|| template.split_at(scheme.len() + host.len()))
}

/// What a URL is made of (RFC 3986 §2), but for what could end one in a mail: quotes and brackets.
fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/?#@!$&*+,;=:%".contains(&byte)
}

fn origin(config: &impl Config) -> Result<String, Misconfigured> {
    let wrong = |rule| Misconfigured {
        setting: ORIGIN,
        rule,
    };
    let origin = config.get(ORIGIN).ok_or(wrong("is missing"))?;
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
        .map(|host| host.strip_suffix('/').unwrap_or(host))
        .filter(|host| !host.is_empty() && origin.len() <= MAX_ORIGIN_BYTES)
        .filter(|host| host.bytes().all(is_host_byte));
    if host.is_none() {
        return Err(wrong("must be a scheme, a host and perhaps a port"));
    }
    Ok(origin.trim_end_matches('/').to_owned())
}

/// Names, numbers, `[::1]` and `:8080`; no user, no path.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    fn link(world: &World) -> Result<String, Misconfigured> {
        let token = OneTimeToken::parse("t0k-en_".to_owned()).unwrap();
        Page::VerifyEmail.link(world, &token)
    }

    // B06
    #[test]
    fn a_link_begins_with_the_origin_and_has_its_token_in_the_fragment() {
        let world = World::default();
        assert_eq!(
            link(&world).unwrap(),
            "https://id.example.org/verify-email#t0k-en_"
        );
        let token = OneTimeToken::parse("t".to_owned()).unwrap();
        assert_eq!(
            Page::NewPassword.link(&world, &token).unwrap(),
            "https://id.example.org/new-password#t"
        );
        for origin in [
            "http://127.0.0.1:8080",
            "https://[::1]:8443",
            "https://id.example.org/",
        ] {
            world.set("public-origin", origin);
            let expected = format!("{}/verify-email#t0k-en_", origin.trim_end_matches('/'));
            assert_eq!(link(&world).unwrap(), expected);
        }
    }

    #[test]
    fn the_path_is_configured() {
        let world = World::default();
        for (template, expected) in [
            (
                "{public-origin}/#{token}",
                "https://id.example.org/#t0k-en_",
            ),
            (
                "{public-origin}/a/b?lang=en&x=%20#token={token}",
                "https://id.example.org/a/b?lang=en&x=%20#token=t0k-en_",
            ),
            (
                "https://id.example.org/own#{token}",
                "https://id.example.org/own#t0k-en_",
            ),
            (
                "https://www.example.com:8443/welcome#{token}",
                "https://www.example.com:8443/welcome#t0k-en_",
            ),
            (
                "{public-origin}/app#/verify/{token}/now",
                "https://id.example.org/app#/verify/t0k-en_/now",
            ),
        ] {
            world.set("verify-link", template);
            assert_eq!(link(&world).unwrap(), expected);
        }
    }

    // B06
    #[test]
    fn a_template_that_lacks_a_part_or_hides_where_it_leads_is_refused_by_its_rule() {
        let long = format!("{{public-origin}}/{}#{{token}}", "x".repeat(256));
        for (template, rule) in [
            ("", "{public-origin}/"),
            ("https://#{token}", "{public-origin}/"),
            ("https:///#{token}", "{public-origin}/"),
            ("javascript://id.example.org/#{token}", "{public-origin}/"),
            ("https://id.example.org#{token}", "{public-origin}/"),
            (
                "https://id.example.org@evil.example/#{token}",
                "{public-origin}/",
            ),
            ("{public-origin}", "{public-origin}/"),
            ("{public-origin}.evil.example/#{token}", "{public-origin}/"),
            ("{public-origin}@evil.example/#{token}", "{public-origin}/"),
            ("{origin}/#{token}", "{public-origin}/"),
            ("{public-origin}/verify-email", "{token}"),
            ("{public-origin}/verify-email#{tokn}", "{token}"),
            ("{public-origin}/verify-email?token={token}", "after a #"),
            ("{public-origin}/{token}#x", "after a #"),
            ("{public-origin}/#{token}{token}", "one {token}"),
            ("{public-origin}/#{token}/{user}", "one {token}"),
            (
                "{public-origin}/{public-origin}#{token}",
                "one {public-origin}",
            ),
            ("{public-origin}/#a#{token}", "URL"),
            ("{public-origin}/\"><script>#{token}", "URL"),
            ("{public-origin}/a b#{token}", "URL"),
            ("{public-origin}/\r\n#{token}", "URL"),
            ("{public-origin}/ä#{token}", "URL"),
            (&long, "256 bytes"),
        ] {
            let world = World::default();
            world.set("verify-link", template);
            let wrong = link(&world).unwrap_err();
            assert_eq!(wrong.setting, "verify-link");
            assert!(wrong.rule.contains(rule), "{template}: {wrong}");
        }
    }

    #[test]
    fn an_origin_is_an_origin() {
        let long = format!("https://{}", "x".repeat(256));
        for origin in [
            "",
            "id.example.org",
            "ftp://id.example.org",
            "javascript://id.example.org",
            "https://",
            "https:///",
            "https://id.example.org/path",
            "https://id.example.org//",
            "https://id.example.org?x",
            "https://user@id.example.org",
            "https://id.example.org\"",
            "https://id.example.org\r\n",
            "https://ä.example",
            &long,
        ] {
            let world = World::default();
            world.set("public-origin", origin);
            assert_eq!(
                link(&world).unwrap_err().setting,
                "public-origin",
                "{origin}"
            );
        }
        let world = World::default();
        world.unset("public-origin");
        assert_eq!(
            link(&world).unwrap_err().to_string(),
            "the setting `public-origin` is missing"
        );
    }

    #[test]
    fn the_longest_link_fits_on_a_line() {
        let world = World::default();
        world.set("public-origin", &format!("https://{}", "x".repeat(247)));
        world.set(
            "verify-link",
            &format!("{{public-origin}}/{}#{{token}}", "x".repeat(232)),
        );
        let token = OneTimeToken::parse("t".repeat(256)).unwrap();
        assert!(Page::VerifyEmail.link(&world, &token).unwrap().len() <= 998);
    }
}
