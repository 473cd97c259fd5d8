//! How often somebody may ask: token buckets by source for strangers, by person for whoever is known.
//!
//! A service is not limited: it answers for its users, and would use up one bucket for all of them.

use std::net::IpAddr;

use crate::error::Error;
use crate::ports::{Around, Message, Outcome, Plane, Principal};

/// The bucket that says whether a refusal is recorded: a flood must not fill the record.
const REFUSALS: &str = "refusals";

/// The bucket of whatever a person asks.
const PERSON: &str = "person";

/// The key of all sources without an address.
const NOWHERE: &str = "nowhere";

/// Takes one from the source's bucket for `command`.
pub(crate) fn take_by_source(around: &impl Around, command: &str) -> Result<(), Error> {
    let message = around.message();
    if message.plane == Plane::Service {
        return Ok(());
    }
    let bucket = format!("source-{command}");
    take(around, command, &bucket, &source(&message), None)
}

/// Takes one from the bucket of a person's credential, for whatever they ask.
pub(crate) fn take_by_person(
    around: &impl Around,
    command: &str,
    person: &Principal,
) -> Result<(), Error> {
    let key = person.bucket_key();
    take_for(around, command, PERSON, &key, &person.subject)
}

/// Takes one from the bucket of a person for `command` alone, whatever their credential.
pub(crate) fn take_by_person_for(
    around: &impl Around,
    command: &str,
    person: &Principal,
) -> Result<(), Error> {
    let bucket = format!("{PERSON}-{command}");
    take_for(around, command, &bucket, &person.subject, &person.subject)
}

fn take_for(
    around: &impl Around,
    command: &str,
    bucket: &str,
    key: &str,
    subject: &str,
) -> Result<(), Error> {
    if around.message().plane == Plane::Service {
        return Ok(());
    }
    take(around, command, bucket, key, Some(subject))
}

fn take(
    around: &impl Around,
    command: &str,
    bucket: &str,
    key: &str,
    subject: Option<&str>,
) -> Result<(), Error> {
    let Some(retry_after) = around.take(bucket, key) else {
        return Ok(());
    };
    if around.take(REFUSALS, &format!("{bucket}/{key}")).is_none() {
        let detail = [("reason", "too-many-requests"), ("bucket", bucket)];
        around.record(command, Outcome::Denied, subject, &detail);
    }
    Err(Error::TooManyRequests(retry_after))
}

/// The bucket key of where a message comes from. An IPv6 source is its /64, since the other half of an address is for
/// a host to choose (RFC 4291 §2.5.1); an IPv4-mapped one (§2.5.5.2) is the address that is mapped.
fn source(message: &Message) -> String {
    let address = message.remote_address.as_deref();
    let Some(Ok(address)) = address.map(str::parse::<IpAddr>) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(remote_address: Option<&str>) -> String {
        source(&Message {
            plane: Plane::Public,
            remote_address: remote_address.map(str::to_owned),
            principal: None,
        })
    }

    // C02
    #[test]
    fn addresses_of_one_site_are_one_source() {
        let one = key(Some("2001:db8:1:2::1"));
        assert_eq!(one, "2001:db8:1:2::/64");
        assert_eq!(one, key(Some("2001:0db8:0001:0002:ffff:ffff:ffff:ffff")));
        assert_ne!(one, key(Some("2001:db8:1:3::1")));
    }

    // C02
    #[test]
    fn ipv4_sources_are_told_apart_however_they_are_written() {
        assert_eq!(key(Some("192.0.2.1")), "192.0.2.1");
        assert_eq!(key(Some("::ffff:192.0.2.1")), "192.0.2.1");
        assert_ne!(key(Some("::ffff:192.0.2.1")), key(Some("::ffff:192.0.2.2")));
    }

    // C02
    #[test]
    fn who_has_no_address_shares_a_source_that_no_address_is() {
        assert_eq!(key(None), NOWHERE);
        assert_eq!(key(Some("")), NOWHERE);
        assert_eq!(key(Some("not an address")), NOWHERE);
        assert_ne!(key(Some("0.0.0.0")), NOWHERE);
        assert_ne!(key(Some("::")), NOWHERE);
    }
}
