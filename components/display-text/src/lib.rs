//! Text on one line that some people write and others read: the names of persons and of things.
//!
//! What is refused here cannot break out of the line that it is shown in: control characters end lines, and headers of
//! mails with them; bidi characters (UAX #9) make the rest of a line read otherwise than it is.

use icu_normalizer::ComposingNormalizerBorrowed;

/// So many times its bound may a text be long before it is brought into normal form, which may shorten it: composing
/// makes one character of at most four.
const DECOMPOSED: usize = 4;

/// Why a text is refused: a rule, as a sentence that does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has more bytes than this.
    #[error("must be at most {0} bytes")]
    TooLong(usize),
    /// It has control or bidi characters.
    #[error("must have no control or bidi characters")]
    Forbidden,
}

/// `text` as it is kept: without outer white space, in Normalization Form C (UAX #15), at most `longest` bytes.
///
/// It may be empty.
///
/// # Errors
/// [`Refused`], if the text is not on one line, turns the direction of what stands around it, or is too long.
pub fn normalise(text: &str, longest: usize) -> Result<String, Refused> {
    if text.len() > longest.saturating_mul(DECOMPOSED) {
        return Err(Refused::TooLong(longest));
    }
    // Before white space is stripped: a line feed at the end is one too.
    if !is_plain(text) {
        return Err(Refused::Forbidden);
    }
    let text = text.trim();
    let normal = if text.is_ascii() {
        text.to_owned()
    } else {
        ComposingNormalizerBorrowed::new_nfc()
            .normalize(text)
            .into_owned()
    };
    if normal.len() > longest {
        return Err(Refused::TooLong(longest));
    }
    Ok(normal)
}

/// Whether `text` stays on its line and leaves the direction of what stands around it alone.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(is_forbidden)
}

/// Control characters (Unicode's Cc), line and paragraph separators, and all that has the property `Bidi_Control`.
fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' // line separator, paragraph separator
                | '\u{061c}' | '\u{200e}' | '\u{200f}' // Arabic letter mark, left-to-right mark, right-to-left mark
                | '\u{202a}'..='\u{202e}' // embeddings, overrides, and their end
                | '\u{2066}'..='\u{2069}' // isolates, and their end
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_kept_as_they_are() {
        for name in [
            "",
            "Ada",
            "Ada Maria  King",
            "Zoë",
            "O'Neill-García",
            "名前",
            "محمد",
            "A\u{200d}B",
            "🦀",
            "<b>&\"'",
        ] {
            assert_eq!(normalise(name, 256).as_deref(), Ok(name));
        }
    }

    #[test]
    fn outer_white_space_goes_and_decomposed_letters_are_composed() {
        assert_eq!(normalise("  Ada \u{3000}", 256).as_deref(), Ok("Ada"));
        assert_eq!(normalise(" \u{a0} ", 256).as_deref(), Ok(""));
        assert_eq!(normalise("Zoe\u{308}", 256).as_deref(), Ok("Zo\u{eb}"));
        // Compatibility forms are other letters: nothing but NFC.
        assert_eq!(normalise("ﬁ", 256).as_deref(), Ok("ﬁ"));
    }

    // J03
    #[test]
    fn what_leaves_the_line_or_turns_it_is_refused() {
        for character in [
            '\r', '\n', '\0', '\t', '\u{1b}', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}',
            '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ] {
            for text in [
                format!("Ada{character}Bcc: eve"),
                format!("Ada{character}"),
                format!("{character}Ada"),
            ] {
                assert!(!is_plain(&text), "{text:?}");
                assert_eq!(normalise(&text, 256), Err(Refused::Forbidden), "{text:?}");
            }
        }
    }

    #[test]
    fn the_bound_is_of_what_is_kept() {
        assert!(normalise(&"x".repeat(256), 256).is_ok());
        assert_eq!(normalise(&"x".repeat(257), 256), Err(Refused::TooLong(256)));
        assert!(normalise(&format!(" {} ", "x".repeat(256)), 256).is_ok());
        // 3 bytes a letter, 2 once it is composed.
        assert!(normalise(&"e\u{308}".repeat(128), 256).is_ok());
        assert_eq!(
            normalise(&"e\u{308}".repeat(129), 256),
            Err(Refused::TooLong(256))
        );
    }

    #[test]
    fn what_is_much_too_long_is_not_looked_at() {
        assert_eq!(
            normalise(&"\n".repeat(4 * 256 + 1), 256),
            Err(Refused::TooLong(256))
        );
    }

    proptest! {
        #[test]
        fn what_is_kept_is_kept_again(text in "\\PC{0,80}") {
            if let Ok(kept) = normalise(&text, 64) {
                prop_assert!(kept.len() <= 64 && is_plain(&kept));
                prop_assert_eq!(normalise(&kept, 64), Ok(kept));
            }
        }
    }
}
