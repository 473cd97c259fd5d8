//! A colour, and what can be read on it.

use std::fmt;

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour([u8; 3]);

impl Colour {
    /// Reads `#rrggbb`, and nothing else: the text goes into a style.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let [_, red, green, blue] = u32::from_str_radix(digits, 16)
            .ok()
            .filter(|_| is_hex)?
            .to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// Black or white: whichever stands out more (WCAG 2.2, contrast ratio).
    pub(crate) fn text_on(self) -> Self {
        let luminance = self.luminance();
        let on_white = 1.05 / (luminance + 0.05);
        let on_black = (luminance + 0.05) / 0.05;
        if on_white >= on_black {
            Self([0xff; 3])
        } else {
            Self([0; 3])
        }
    }

    /// Relative luminance (WCAG 2.2), 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_has_six_digits() {
        assert_eq!(
            Colour::parse("#1D4ed8")
                .map(|colour| colour.to_string())
                .as_deref(),
            Some("#1d4ed8")
        );
        for text in [
            "", "#", "1d4ed8", "#fff", "#1d4ed8f", "#1d4ed80", "#+d4ed8", "red", "#1d4ed;",
            "#ｆ4ed8",
        ] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn words_stand_out_from_every_colour() {
        for (colour, text) in [
            ("#1d4ed8", "#ffffff"),
            ("#000000", "#ffffff"),
            ("#ffffff", "#000000"),
            ("#ffd500", "#000000"),
            ("#00a000", "#000000"),
        ] {
            assert_eq!(
                Colour::parse(colour).unwrap().text_on().to_string(),
                text,
                "{colour}"
            );
        }
    }
}
