//! Whose address a request comes from, through proxies that are trusted and no others.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The most hops that are looked at.
const MAX_HOPS: usize = 32;

/// The client's address: that of the connection, unless a trusted proxy made it. Then the rightmost address of
/// `X-Forwarded-For` that is not itself a trusted proxy's; whatever stands left of it came from the client and is worth nothing.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    // Several headers are one list, in their order (RFC 9110 §5.3).
    let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = values
        .iter()
        .rev()
        .flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops.take(MAX_HOPS) {
        let Some(address) = parse(hop) else {
            return nearest;
        };
        nearest = address;
        if !is_trusted(nearest) {
            return nearest;
        }
    }
    nearest
}

/// An address, perhaps with a port, perhaps in brackets.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address
        .or_else(|| {
            let with_port: SocketAddr = text.parse().ok()?;
            Some(with_port.ip())
        })
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn address(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(address("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn behind_proxies_it_is_the_rightmost_that_is_none() {
        for (forwarded, expected) in [
            (&["198.51.100.7"][..], "198.51.100.7"),
            (&["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            (&["1.1.1.1, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
            (&["1.1.1.1", "198.51.100.7 ,10.9.9.9"], "198.51.100.7"),
            (&["198.51.100.7:4711"], "198.51.100.7"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["2001:db8::1, fd00::2"], "2001:db8::1"),
            (&["::ffff:198.51.100.7"], "198.51.100.7"),
        ] {
            assert_eq!(address("10.0.0.1", forwarded), expected, "{forwarded:?}");
        }
        assert_eq!(
            address("::ffff:10.0.0.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        for (forwarded, expected) in [
            (&["unknown"][..], "10.0.0.1"),
            (&["198.51.100.7, unknown, 10.9.9.9"], "10.9.9.9"),
            (&[""], "10.0.0.1"),
            (&["10.9.9.9"], "10.9.9.9"),
        ] {
            assert_eq!(address("10.0.0.1", forwarded), expected, "{forwarded:?}");
        }
        let many = vec!["10.1.1.1"; 100].join(",");
        let list = format!("198.51.100.7,{many}");
        assert_eq!(address("10.0.0.1", &[&list]), "10.1.1.1");
    }
}
