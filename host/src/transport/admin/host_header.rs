//! Whether a request means this listener.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use axum::http::header;
use axum::http::uri::Authority;

/// Whether `request` names the listener at `listen` (RFC 9110 §7.2): by its address, by a loopback address or as `localhost`. Any other
/// name may be one that a stranger let lead here. A listener on all addresses may be named by any address.
pub(super) fn names_listener(request: &Request, listen: SocketAddr) -> bool {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (header, None) => header,
        (_, Some(_)) => return false,
    };
    // HTTP/2 has the authority in the target; HTTP/1.1 may have both, and then they must agree.
    let named = header.map(|value| value.to_str().ok()?.parse::<Authority>().ok());
    let authority = match (request.uri().authority(), named) {
        (Some(target), None) => target.clone(),
        (None, Some(Some(header))) => header,
        (Some(target), Some(Some(header))) if *target == header => header,
        _ => return false,
    };
    let host = authority.host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            listen.ip().is_unspecified() || address.is_loopback() || address == listen.ip()
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn named(hosts: &[&str], target: &str, listen: &str) -> bool {
        let mut request = Request::get(target);
        for host in hosts {
            request = request.header("host", *host);
        }
        let request = request.body(Body::empty()).unwrap();
        names_listener(&request, listen.parse().unwrap())
    }

    #[test]
    fn the_listener_is_named_by_address_or_as_localhost() {
        let listen = "10.0.0.5:8081";
        for host in [
            "10.0.0.5:8081",
            "127.0.0.1:9",
            "127.0.0.1",
            "[::1]:8081",
            "localhost:8081",
            "LOCALHOST",
        ] {
            assert!(named(&[host], "/metrics", listen), "{host}");
        }
        assert!(named(&[], "http://127.0.0.1:8081/metrics", listen));
        assert!(named(&["192.0.2.9"], "/metrics", "0.0.0.0:8081"));
    }

    #[test]
    fn any_other_name_is_refused() {
        for (hosts, target) in [
            (&["rebound.example"][..], "/"),
            (&["rebound.example:8081"], "/"),
            (&["192.0.2.9"], "/"),
            (&["localhost.example"], "/"),
            (&["127.0.0.1.example"], "/"),
            (&["user@127.0.0.1x"], "/"),
            (&[""], "/"),
            (&[], "/"),
            (&["127.0.0.1", "rebound.example"], "/"),
            (&["127.0.0.1"], "http://rebound.example/"),
            (&["rebound.example"], "http://127.0.0.1/"),
        ] {
            assert!(
                !named(hosts, target, "127.0.0.1:8081"),
                "{hosts:?} {target}"
            );
        }
        assert!(!named(&["rebound.example"], "/", "0.0.0.0:8081"));
    }
}
