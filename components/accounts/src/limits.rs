//! How often somebody may ask: token buckets by source for strangers, by person for whoever is known.
//!
//! A service is not limited: it answers for its users, and would use up one bucket for all of them.

use crate::error::Error;
use crate::ports::{Around, Outcome, Plane, Principal};

/// The bucket that says whether a refusal is recorded: a flood must not fill the record.
const REFUSALS: &str = "refusals";

/// The bucket of whatever a person asks.
const PERSON: &str = "person";

/// Takes one from the source's bucket for `command`.
pub(crate) fn take_by_source(around: &impl Around, command: &str) -> Result<(), Error> {
    let message = around.message();
    if message.plane == Plane::Service {
        return Ok(());
    }
    let bucket = format!("source-{command}");
    let source = client_source::name(message.remote_address.as_deref());
    take(around, command, &bucket, &source, None)
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

/// Whether a refusal of `command` by a bucket of another channel is recorded: once a minute for a person, or for a source if
/// nobody is known.
pub(crate) fn is_recorded(around: &impl Around, command: &str, subject: Option<&str>) -> bool {
    let key = match subject {
        Some(subject) => format!("{command}/person/{subject}"),
        None => {
            let message = around.message();
            let source = client_source::name(message.remote_address.as_deref());
            format!("{command}/source/{source}")
        }
    };
    around.take(REFUSALS, &key).is_none()
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
