//! What comes after the `@`.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use crate::InvalidAddress;

/// The canonical form of `domain`: lower-case A-labels (RFC 5891 §4.4).
///
/// A name of one label is one (`localhost`). What ends in a number is none but an address without its brackets.
pub(crate) fn canonical(domain: &str) -> Result<String, InvalidAddress> {
    let ascii = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::Check,
            DnsLength::Verify,
        )
        .map_err(|_| InvalidAddress::Domain)?;
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidAddress::Domain);
    }
    Ok(ascii.into_owned())
}

/// A canonical domain as people read and type it: in U-labels (RFC 5890 §2.3.2.1), in lower case.
///
/// What is no domain name stays as it is.
pub(crate) fn to_unicode(canonical: &str) -> String {
    let (unicode, read) =
        Uts46::new().to_unicode(canonical.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    match read {
        Ok(()) => unicode.into_owned(),
        Err(_) => canonical.to_owned(),
    }
}
