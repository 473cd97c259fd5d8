//! What an operator may set of the bundled components: what cannot work is told at the start, by its key and without its value,
//! and not to the first person who would have needed it.

use serde_json::json;
use vestibule::config::Config;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

use crate::world::{PASSWORD, mailed_token, ok, stranger};

async fn start(change: impl FnOnce(&mut Config)) -> Result<Harness, String> {
    let builder = harness::on(Backend::Memory).with_bundle();
    let started = builder.configure(change).try_start().await;
    started.map_err(|error| error.to_string())
}

/// Sets a component's own value.
fn own(config: &mut Config, channel: &str, name: &str, value: impl Into<toml::Value>) {
    let component = config.components.entry(channel.to_owned()).or_default();
    component.config.insert(name.to_owned(), value.into());
}

// J03
#[tokio::test]
async fn a_value_that_makes_no_mail_is_refused_at_the_start() {
    let long = "s3cret".repeat(200);
    for (name, value, rule) in [
        ("verify-link", "", "have one {token}"),
        ("verify-link", "{public-origin}/s3cret", "have one {token}"),
        ("verify-link", "{public-origin}/s3cret#{tokn}", "{token}"),
        ("verify-link", "{public-origin}/s3cret?t={token}", "#"),
        ("verify-link", "/s3cret#{token}", "{public-origin}/"),
        ("verify-link", "{origin}/s3cret#{token}", "{public-origin}/"),
        ("reset-link", "javascript:s3cret/#{token}", "a scheme"),
        ("reset-link", "https://a.example/\"s3cret#{token}", "a URL"),
        ("reset-link", "https://a.example/#{token}{token}", "one"),
        ("reset-link", &long, "at most 256 bytes"),
        ("public-origin", "https://s3cret@a.example", "a host"),
        ("public-origin", "https://a.example/s3cret", "a host"),
        ("product-name", "s3cret\r\nBcc: eve@example.org", "one line"),
        ("product-name", "", "1 to 255 bytes"),
        ("sender", "s3cret\u{202e}", "bidi"),
        ("sender", &long, "255"),
        ("footer", "s3cret\u{2028}", "one line"),
        ("brand-colour", "s3cret", "#rrggbb"),
        ("brand-colour", "#fff;background:url(s3cret)", "#rrggbb"),
    ] {
        let started = start(|config| own(config, "email", name, value)).await;
        let error = started.err().unwrap_or_else(|| panic!("{name} = {value}"));
        let key = format!("components.email.config: `{name}` must ");
        assert!(error.contains(&key) && error.contains(rule), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let started = start(|config| own(config, "authorization", "min-length", 4)).await;
    let error = started.err().unwrap();
    assert!(
        error.contains("`min-length` must be from 8 to 64"),
        "{error}"
    );
}

/// What is configured otherwise.
type Change = fn(&mut Config);

#[tokio::test]
async fn so_is_one_of_the_installation_by_its_own_key() {
    let name = |config: &mut Config| config.shared.product_name = "s3cret\u{202e}".to_owned();
    let link = |config: &mut Config| {
        let link = "https://www.example.com/[s3cret]#{token}".to_owned();
        config.links.verify_email = Some(link);
    };
    let changes: [(Change, &str); 2] = [
        (name, "`shared.product_name` must be 1 to 255 bytes"),
        (link, "`links.verify_email` must begin"),
    ];
    for (change, says) in changes {
        let error = start(change).await.err().unwrap();
        assert!(error.contains(says) && !error.contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn what_is_good_makes_mails() {
    for (name, value) in [
        ("verify-link", "{public-origin}/verify-email#{token}"),
        ("verify-link", "https://[::1]:8443/a/verify-email#{token}"),
        ("brand-colour", "#FFD500"),
        ("sender", "Grace \u{1f980}"),
        ("footer", "Söhne Ltd, 1 High St"),
        ("product-name", "Söhne & <Co>"),
    ] {
        let host = start(|config| own(config, "email", name, value)).await;
        let host = host.unwrap_or_else(|error| panic!("{name} = {value}: {error}"));
        let request = json!({"email": "ada@example.org", "password": PASSWORD});
        ok(stranger(&host, 1, "sign-up", request).await);
        let token = mailed_token(&host, "ada@example.org", "verify-email").await;
        assert!(token.is_some(), "{name}");
    }
}
