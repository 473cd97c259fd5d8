//! E-mail addresses: which texts are one, and which of them are the same.
//!
//! People write an address in more than one way. [`EmailAddress::parse`] finds the one *canonical* form that all of them
//! have, by which accounts are found and kept apart, and keeps the *display* form for people and for mail:
//!
//! | part   | canonical form                                                                     |
//! |--------|------------------------------------------------------------------------------------|
//! | whole  | Normalization Form C (UAX #15), without outer white space, at most 254 bytes (RFC 5321 §4.5.3.1.3) |
//! | local  | lower case; dots and plus are left alone: what they mean is the receiver's affair |
//! | domain | lower-case A-labels (RFC 5891 §4.4), by UTS #46 without transitional processing    |
//!
//! An address is a dot-string, an `@` and a domain name (RFC 5321 §4.1.2), also internationalized (RFC 6531 §3.3). Quoted
//! local parts and address literals are refused: nobody has one, and they hide what is meant. So are characters that
//! cannot be seen or that turn the direction of text.

mod characters;
mod domain;
mod local_part;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The longest address, in bytes, in each of its forms (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const MAX_BYTES: usize = 254;

/// The longest text that is looked at, in bytes: white space and decomposed characters go before an address is measured.
const MAX_TEXT_BYTES: usize = 4 * MAX_BYTES;

/// An e-mail address. Two of them are equal if they are written alike; whether they are the same address is a question
/// for [`canonical`](Self::canonical).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress {
    display: String,
    canonical: String,
}

/// Why a text is no address: a rule, as a sentence that does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// It is longer than an address can be.
    #[error("must be at most 254 bytes")]
    TooLong,
    /// It has characters that cannot be seen or that turn the direction of text.
    #[error("must have no control, bidi or invisible characters")]
    Forbidden,
    /// It has no `@`.
    #[error("must be a local part, an @ and a domain")]
    Form,
    /// What comes before the `@` is no local part.
    #[error(
        "must have 1 to 64 bytes before the @: letters, digits and !#$%&'*+-/=?^_`{{|}}~, with single dots between"
    )]
    LocalPart,
    /// What comes after the `@` is no domain name.
    #[error("must have a domain name after the @")]
    Domain,
}

impl EmailAddress {
    /// Reads an address as a person may write it.
    ///
    /// # Errors
    /// [`InvalidAddress`]: which rule the text breaks. One that is much too long is not looked at.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(InvalidAddress::TooLong);
        }
        // Before white space is stripped: a line feed at the end is a control character too.
        if text.chars().any(characters::is_forbidden) {
            return Err(InvalidAddress::Forbidden);
        }
        let display = nfc(text.trim());
        within_bounds(&display)?;
        let (local, domain) = display.rsplit_once('@').ok_or(InvalidAddress::Form)?;
        let canonical = format!(
            "{}@{}",
            local_part::canonical(local)?,
            domain::canonical(domain)?
        );
        within_bounds(&canonical)?;
        let address = Self { display, canonical };
        within_bounds(&address.mailbox())?;
        Ok(address)
    }

    /// The form that all spellings of this address share: for comparing, finding and counting.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The form that was given, for people to read.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Where mail goes: the local part as it was given, which only its receiver may read otherwise (RFC 5321 §2.4), and
    /// the domain as it is looked up.
    #[must_use]
    pub fn mailbox(&self) -> String {
        let local = self.display.rsplit_once('@').map_or("", |(local, _)| local);
        format!("{local}@{}", self.domain())
    }

    /// The canonical local part.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.parts().0
    }

    /// The domain in lower-case A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        // There is always an `@`, and neither part has one of its own.
        self.canonical.split_once('@').unwrap_or_default()
    }
}

/// The domain of a canonical address as people read and type it: `bücher.example` for `ada@xn--bcher-kva.example`. Empty if
/// there is none.
///
/// The display form has it only if it was given so, and for comparing there may be nothing else than the canonical form.
#[must_use]
pub fn domain_in_unicode(canonical: &str) -> String {
    canonical
        .rsplit_once('@')
        .map_or_else(String::new, |(_, domain)| domain::to_unicode(domain))
}

fn within_bounds(text: &str) -> Result<(), InvalidAddress> {
    if text.len() > MAX_BYTES {
        return Err(InvalidAddress::TooLong);
    }
    Ok(())
}

fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}

#[cfg(test)]
mod tests;
