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
