//! Passwords that many people have, and attackers try first (NIST SP 800-63B-4 §3.1.1.2).
//!
//! The list is compiled in, so that it works without a network. Where it comes from, under which licence, and how it is
//! made again, says `list/README.md`.

use fst::Set;

/// The list as a finite state set: searched as it lies, without a copy.
static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/passwords.fst"));

/// Whether `password` is on the list, in whatever case: `Password1` is as easily guessed as `password1`.
///
/// The list has passwords of eight characters and more. The cost depends on the length of `password` alone.
#[must_use]
pub fn contains(password: &str) -> bool {
    list().contains(password.to_lowercase())
}

/// How many passwords the list has.
#[must_use]
pub fn len() -> usize {
    list().len()
}

fn list() -> Set<&'static [u8]> {
    Set::new(BYTES).expect("the build script writes a set")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../list/passwords.txt");

    // A05
    #[test]
    fn the_list_holds_its_text_and_nothing_else() {
        assert_eq!((len(), TEXT.lines().count()), (17_950, 17_950));
        for password in TEXT.lines() {
            assert!(contains(password), "{password}");
        }
    }

    #[test]
    fn the_text_is_eight_characters_and_more_in_lower_case_each_once() {
        let mut sorted: Vec<&str> = TEXT.lines().collect();
        assert!(sorted.iter().all(|password| password.chars().count() >= 8));
        assert!(
            sorted
                .iter()
                .all(|password| password.to_lowercase() == **password)
        );
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_most_common_come_first() {
        let first: Vec<&str> = TEXT.lines().take(5).collect();
        assert_eq!(
            first,
            ["password", "12345678", "123456789", "baseball", "football"]
        );
    }

    #[test]
    fn case_does_not_hide_one() {
        assert!(contains("Password") && contains("BASEBALL") && contains("qwertyuiop"));
    }

    #[test]
    fn what_is_not_on_the_list_is_not_common() {
        for password in [
            "",
            "p",
            "passwor",
            "password ",
            " password",
            "correct horse battery staple",
            "пароль-из-слов",
            "\u{0}",
            &"x".repeat(4096),
        ] {
            assert!(!contains(password), "{password:?}");
        }
    }

    /// What it adds to a guest: every instance maps it.
    #[test]
    fn the_set_is_compact() {
        assert!(
            BYTES.len() < TEXT.len(),
            "{} of {}",
            BYTES.len(),
            TEXT.len()
        );
        assert!(BYTES.len() < 128 * 1024, "{}", BYTES.len());
    }
}
