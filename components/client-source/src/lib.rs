//! Where a message comes from, as far as its sender's requests are counted: its *source*.
//!
//! An IPv6 source is a /64, since the other half of an address is for a host to choose (RFC 4291 §2.5.1): whoever has one
//! address has all of it. An IPv4-mapped address (§2.5.5.2) is the address that is mapped. What has no address shares one
//! source.
//!
//! Who has many sources mostly has them from one network: a *site* is a /48, which is what a customer may get (RFC 6177 §2) and
//! has 65 536 sources. Addresses of IPv4 are too few to get by the hundred, and are shared by strangers: they have no site.

use std::net::IpAddr;

/// The source of all messages without an address.
pub const NOWHERE: &str = "nowhere";

/// The name of the source of a message from `remote_address`: at most 64 bytes, without control characters.
#[must_use]
pub fn name(remote_address: Option<&str>) -> String {
    let Some(Ok(address)) = remote_address.map(str::parse::<IpAddr>) else {
        return NOWHERE.to_owned();
    };
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The name of the site of a message from `remote_address`: at most 64 bytes, without control characters. None: it has none.
#[must_use]
pub fn site(remote_address: Option<&str>) -> Option<String> {
    let Ok(address) = remote_address?.parse::<IpAddr>() else {
        return None;
    };
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // C02
    #[test]
    fn addresses_of_one_site_are_one_source() {
        let one = name(Some("2001:db8:1:2::1"));
        assert_eq!(one, "2001:db8:1:2::/64");
        assert_eq!(one, name(Some("2001:0db8:0001:0002:ffff:ffff:ffff:ffff")));
        assert_ne!(one, name(Some("2001:db8:1:3::1")));
    }

    // C02
    #[test]
    fn ipv4_sources_are_told_apart_however_they_are_written() {
        assert_eq!(name(Some("192.0.2.1")), "192.0.2.1");
        assert_eq!(name(Some("::ffff:192.0.2.1")), "192.0.2.1");
        assert_ne!(
            name(Some("::ffff:192.0.2.1")),
            name(Some("::ffff:192.0.2.2"))
        );
    }

    // C02
    #[test]
    fn who_has_no_address_shares_a_source_that_no_address_is() {
        assert_eq!(name(None), NOWHERE);
        assert_eq!(name(Some("")), NOWHERE);
        assert_eq!(name(Some("not an address")), NOWHERE);
        assert_ne!(name(Some("0.0.0.0")), NOWHERE);
        assert_ne!(name(Some("::")), NOWHERE);
    }

    // C02
    #[test]
    fn sources_of_one_network_are_one_site_and_ipv4_has_none() {
        let one = site(Some("2001:db8:1:2::1"));
        assert_eq!(one.as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(one, site(Some("2001:0db8:0001:ffff:ffff::1")));
        assert_ne!(one, site(Some("2001:db8:2:2::1")));
        for none in [None, Some(""), Some("192.0.2.1"), Some("::ffff:192.0.2.1")] {
            assert_eq!(site(none), None, "{none:?}");
        }
    }

    #[test]
    fn no_name_is_longer_than_64_bytes() {
        let longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert!(name(Some(longest)).len() <= 64 && site(Some(longest)).unwrap().len() <= 64);
        assert_eq!(name(Some(&"x".repeat(10_000))), NOWHERE);
    }
}
