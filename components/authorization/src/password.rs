//! Passwords: how they are read, and which are good enough.
//!
//! A password is what was typed, in Normalization Form C and nothing else: no trim, no case, no compatibility forms
//! (ASVS 6.2.8), so that two keyboards which compose letters differently give the same. Its length counts in code points.
//! There are no rules of composition (NIST SP 800-63B-4 §3.1.1.2).

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::ports::Config;
use crate::secret::Secret;
use crate::settings::Settings;

/// The longest password, in bytes: more is not handed to the hash.
const MAX_BYTES: usize = 4 * 1024;

/// The longest text that is normalised, in bytes. Composing shortens, but never to a quarter.
const MAX_TEXT_BYTES: usize = 4 * MAX_BYTES;

/// The longest new password, in code points.
const MAX_LENGTH: usize = 1024;

const TOO_MANY_BYTES: &str = "must be at most 4 KiB";

/// A password in its one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Password(Secret);

impl Password {
    /// The password that `text` is.
    ///
    /// # Errors
    /// The rule, if it is longer than any password.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(TOO_MANY_BYTES);
        }
        let text = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        if text.len() > MAX_BYTES {
            return Err(TOO_MANY_BYTES);
        }
        Ok(Self(Secret::new(text)))
    }

    /// The text to hash.
    pub(crate) fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// What a new password must be.
#[derive(Debug)]
pub(crate) struct Policy {
    min_length: usize,
    product_name: Option<String>,
}

impl Policy {
    pub(crate) fn new(settings: &Settings<'_, impl Config>) -> Self {
        Self {
            min_length: settings.min_length(),
            product_name: settings.product_name(),
        }
    }

    /// Refuses a password that is too short or too long, or that is among the first guesses for whoever has this
    /// canonical `address`.
    ///
    /// # Errors
    /// The rule it breaks.
    pub(crate) fn check(&self, password: &Password, address: &str) -> Result<(), String> {
        let text = password.reveal();
        let length = text.chars().count();
        if length < self.min_length {
            return Err(format!("must be at least {} characters", self.min_length));
        }
        if length > MAX_LENGTH {
            return Err("must be at most 1 024 characters".to_owned());
        }
        if self.is_context(&text.to_lowercase(), address) {
            return Err("must not be the e-mail, a part of it or the product's name".to_owned());
        }
        if common_passwords::contains(text) {
            return Err("must not be one of the most common passwords".to_owned());
        }
        Ok(())
    }

    /// Whether a password, in lower case, is a word that stands beside it on the form. An internationalised domain is such a
    /// word as people type it and as it is looked up.
    fn is_context(&self, password: &str, address: &str) -> bool {
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        let typed = email_address::domain_in_unicode(address);
        let product = self.product_name.as_deref().map(str::to_lowercase);
        [address, local, domain, typed.as_str()].contains(&password)
            || password.split_once('@') == Some((local, typed.as_str()))
            || product.is_some_and(|name| name == password)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::World;

    const ADDRESS: &str = "ada.king@example.com";

    fn refusal(world: &World, text: &str) -> Option<String> {
        let password = match Password::read(text) {
            Ok(password) => password,
            Err(rule) => return Some(rule.to_owned()),
        };
        Policy::new(&Settings::new(world))
            .check(&password, ADDRESS)
            .err()
    }

    fn is_good(text: &str) -> bool {
        refusal(&World::default(), text).is_none()
    }

    // A01
    #[test]
    fn length_counts_code_points_from_eight_to_1024() {
        assert!(!is_good("") && !is_good("abcdefg") && is_good("kjhgsdfz"));
        // Eight letters, sixteen bytes; one letter of two code points counts once.
        assert!(is_good("жирафыйц") && !is_good("жирафый"));
        assert!(!is_good("e\u{301}e\u{301}e\u{301}e\u{301}"));
        assert!(is_good(&"xy".repeat(512)) && !is_good(&"x".repeat(1025)));
        // 1 024 code points are within the bytes, whichever they are.
        assert!(is_good(&"🦀".repeat(1024)));
    }

    // A01
    #[test]
    fn the_least_length_is_configured_within_reason() {
        let world = World::default();
        world.set("min-length", "15");
        assert!(refusal(&world, "fourteen chars").is_some());
        assert_eq!(refusal(&world, "fifteen charact"), None);
        world.set("min-length", "1");
        assert!(refusal(&world, "seven c").is_some());
        world.set("min-length", "1000");
        assert_eq!(refusal(&world, &"ab".repeat(32)), None);
        world.set("min-length", "many");
        assert_eq!(refusal(&world, "eight ch"), None);
    }

    // A02
    #[test]
    fn what_is_longer_than_4_kib_is_no_password() {
        assert!(Password::read(&"x".repeat(MAX_BYTES)).is_ok());
        assert_eq!(
            Password::read(&"x".repeat(MAX_BYTES + 1)),
            Err(TOO_MANY_BYTES)
        );
        // Decomposed it is longer than its one form.
        assert!(Password::read(&"e\u{301}".repeat(MAX_BYTES / 2)).is_ok());
        assert_eq!(Password::read(&"x".repeat(1 << 20)), Err(TOO_MANY_BYTES));
    }

    // A03
    #[test]
    fn no_composition_is_asked_for() {
        for text in [
            "a b a b a b a b a b a b a b a b",
            "🦀🐙🐠🦀🐙🐠🦀🐙🐠",
            "привет как дела",
            "        ",
            "\t\u{0}\u{1b}[31m    ",
            "ABCDEFGZ",
            "49586712",
        ] {
            assert!(is_good(text), "{text:?}");
        }
    }

    // A04
    #[test]
    fn exactly_what_was_typed_but_for_nfc() {
        let read = |text: &str| Password::read(text).unwrap();
        assert_eq!(read("Zoe\u{308} pass"), read("Zo\u{eb} pass"));
        for (one, other) in [
            ("password phrase", " password phrase"),
            ("password phrase", "password phrase "),
            ("password phrase", "Password phrase"),
            ("ﬁne password", "fine password"),
            ("１２３４５６７８", "12345678"),
            ("a\u{a0}b", "a b"),
        ] {
            assert_ne!(read(one), read(other), "{one:?}");
        }
    }

    // A05
    #[test]
    fn common_passwords_are_refused_with_a_reason() {
        for text in ["password", "12345678", "PASSWORD", "Baseball", "qwertyuiop"] {
            let rule = refusal(&World::default(), text).unwrap();
            assert!(rule.contains("common"), "{text}: {rule}");
        }
    }

    // A06
    #[test]
    fn words_of_the_form_are_refused() {
        let world = World::default();
        world.set("product-name", "Vestibule");
        for text in [
            "ada.king@example.com",
            "Ada.King@Example.com",
            "ADA.KING",
            "example.com",
            "vestibule",
            "Vestibule",
        ] {
            let rule = refusal(&world, text).unwrap();
            assert!(rule.contains("e-mail"), "{text}: {rule}");
        }
        assert_eq!(refusal(&world, "ada.king@example.com!"), None);
        assert_eq!(refusal(&world, "vestibule is open"), None);
    }

    // A06
    #[test]
    fn an_internationalised_address_is_refused_as_it_is_typed_and_as_it_is_looked_up() {
        let refusal = |text: &str| {
            let password = Password::read(text).unwrap();
            let world = World::default();
            Policy::new(&Settings::new(&world))
                .check(&password, "ada@xn--bcher-kva.example")
                .err()
        };
        for text in [
            "ada@bücher.example",
            "Ada@BÜCHER.example",
            // Composed otherwise.
            "ada@bu\u{308}cher.example",
            "bücher.example",
            "BÜCHER.EXAMPLE",
            "xn--bcher-kva.example",
            "ada@xn--bcher-kva.example",
        ] {
            let rule = refusal(text).unwrap();
            assert!(rule.contains("e-mail"), "{text}: {rule}");
        }
        for text in ["bücher.example!", "eve@bücher.example", "bucher.example"] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    // C08
    #[test]
    fn debug_shows_no_password() {
        assert!(!format!("{:?}", Password::read("hunter2hunter2").unwrap()).contains("hunter"));
    }

    proptest! {
        /// Whatever comes in is read or refused, and has one form.
        #[test]
        fn every_password_has_one_form(text in any::<String>()) {
            if let Ok(password) = Password::read(&text) {
                prop_assert!(password.reveal().len() <= MAX_BYTES);
                let again = Password::read(password.reveal());
                prop_assert_eq!(again, Ok(password));
            }
        }

        /// Composed and decomposed forms of a text are one password.
        #[test]
        fn decomposed_text_is_the_same_password(text in "[a-zÀ-öø-ÿĀ-žά-ώа-я가-힣 ]{0,40}") {
            let decomposed = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(Password::read(&text), Password::read(&decomposed));
        }

        /// Nothing but length, the list and the form's words decides.
        #[test]
        fn long_enough_and_not_guessed_first_is_good(text in "\\PC{8,200}") {
            let password = Password::read(&text).unwrap();
            let length = password.reveal().chars().count();
            let lower = password.reveal().to_lowercase();
            let guessed = common_passwords::contains(password.reveal()) || ADDRESS.contains(&lower);
            prop_assume!(!guessed && length >= 8);
            prop_assert!(is_good(&text), "{:?}", text);
        }

        /// A rule never repeats the password.
        #[test]
        fn no_rule_repeats_the_password(text in "[A-Z]{1,7}") {
            if let Some(rule) = refusal(&World::default(), &text) {
                prop_assert!(!rule.contains(&text) || text.len() < 2);
            }
        }
    }
}
