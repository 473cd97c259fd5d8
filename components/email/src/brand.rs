//! What the operator configured of a mail's looks.

use display_text::is_plain;

use crate::colour::Colour;
use crate::error::Misconfigured;
use crate::ports::Config;

/// The longest line of a setting, and the longest footer, in bytes.
const MAX_LINE_BYTES: usize = 255;
const MAX_FOOTER_BYTES: usize = 1_024;

/// The colour of buttons if none is configured.
const COLOUR: &str = "#1d4ed8";

const LINE: &str = "must be 1 to 255 bytes on one line";

/// Whose mails they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Brand {
    /// What the installation is called.
    pub(crate) product: String,
    /// The colour of buttons.
    pub(crate) colour: Colour,
    /// The colour of the words on them.
    pub(crate) on_colour: Colour,
    /// Who signs.
    pub(crate) sender: String,
    /// What stands at the end.
    pub(crate) footer: Option<String>,
}

impl Brand {
    /// The brand in `config`.
    pub(crate) fn read(config: &impl Config) -> Result<Self, Misconfigured> {
        let product = config.get("product-name").ok_or(Misconfigured {
            setting: "product-name",
            rule: "is missing",
        })?;
        let product = line("product-name", product, MAX_LINE_BYTES, LINE)?;
        let colour = config.get("brand-colour");
        let colour = Colour::parse(colour.as_deref().unwrap_or(COLOUR)).ok_or(Misconfigured {
            setting: "brand-colour",
            rule: "must be a colour as #rrggbb",
        })?;
        let sender = match config.get("sender") {
            Some(sender) => line("sender", sender, MAX_LINE_BYTES, LINE)?,
            None => format!("The {product} team"),
        };
        let rule = "must be 1 to 1024 bytes on one line";
        let footer = config
            .get("footer")
            .map(|footer| line("footer", footer, MAX_FOOTER_BYTES, rule))
            .transpose()?;
        Ok(Self {
            product,
            colour,
            on_colour: colour.text_on(),
            sender,
            footer,
        })
    }
}

/// `text`, if it is one line that is not empty: the product's name goes into headers.
fn line(
    setting: &'static str,
    text: String,
    longest: usize,
    rule: &'static str,
) -> Result<String, Misconfigured> {
    if (1..=longest).contains(&text.len()) && is_plain(&text) {
        return Ok(text);
    }
    Err(Misconfigured { setting, rule })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn a_name_is_enough() {
        let world = World::default();
        world.set("product-name", "Shop & Söhne");
        let brand = Brand::read(&world).unwrap();
        assert_eq!(
            (brand.product.as_str(), brand.sender.as_str()),
            ("Shop & Söhne", "The Shop & Söhne team")
        );
        assert_eq!(
            (brand.colour.to_string().as_str(), brand.footer),
            (COLOUR, None)
        );
    }

    #[test]
    fn everything_can_be_set() {
        let world = World::default();
        for (name, value) in [
            ("product-name", "Shop"),
            ("brand-colour", "#FFD500"),
            ("sender", "Grace"),
            ("footer", "Shop Ltd, 1 High St"),
        ] {
            world.set(name, value);
        }
        let brand = Brand::read(&world).unwrap();
        assert_eq!(
            (
                brand.colour.to_string().as_str(),
                brand.on_colour.to_string().as_str()
            ),
            ("#ffd500", "#000000")
        );
        assert_eq!(
            (brand.sender.as_str(), brand.footer.as_deref()),
            ("Grace", Some("Shop Ltd, 1 High St"))
        );
    }

    #[test]
    fn a_setting_that_makes_no_mail_is_named_without_its_value() {
        let long = "hunter2".repeat(200);
        for (name, value) in [
            ("product-name", ""),
            ("product-name", "hunter2\r\nBcc: eve@example.org"),
            ("product-name", &long),
            ("brand-colour", "hunter2"),
            (
                "brand-colour",
                "#fff;background:url(https://hunter2.example)",
            ),
            ("sender", ""),
            ("sender", "hunter2\u{202e}"),
            ("footer", "hunter2\nhunter2"),
            ("footer", &long),
        ] {
            let world = World::default();
            world.set(name, value);
            let wrong = Brand::read(&world).unwrap_err();
            assert_eq!(wrong.setting, name);
            let line = wrong.to_string();
            assert!(line.contains(name) && !line.contains("hunter2"), "{line}");
        }
        let world = World::default();
        world.unset("product-name");
        assert_eq!(
            Brand::read(&world).unwrap_err().to_string(),
            "the setting `product-name` is missing"
        );
    }
}
