//! `google.protobuf.Timestamp` and the milliseconds since 1970 of commands.

use prost_reflect::{DynamicMessage, MessageDescriptor, Value};

/// The last second of the year 9999: no timestamp is later (google/protobuf/timestamp.proto).
const LAST_SECOND: u64 = 253_402_300_799;

const NANOS_PER_MILLI: u32 = 1_000_000;
const NANOS_PER_SECOND: u32 = 1_000 * NANOS_PER_MILLI;

/// What a timestamp in a request must keep.
pub(super) const RULE: &str =
    "must be from 1970-01-01T00:00:00Z up to the end of the year 9999, with 0 to 999999999 nanos";

pub(super) fn is_timestamp(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.protobuf.Timestamp"
}

/// The milliseconds of `timestamp`, rounded down; none for one that breaks [`RULE`].
pub(super) fn to_millis(timestamp: &DynamicMessage) -> Option<u64> {
    let seconds = timestamp.get_field_by_name("seconds")?.as_i64()?;
    let nanos = timestamp.get_field_by_name("nanos")?.as_i32()?;
    let seconds = u64::try_from(seconds).ok()?;
    let nanos = u32::try_from(nanos).ok()?;
    (seconds <= LAST_SECOND && nanos < NANOS_PER_SECOND)
        .then(|| seconds * 1_000 + u64::from(nanos / NANOS_PER_MILLI))
}

/// The timestamp of type `descriptor` for `millis`; none beyond the year 9999.
pub(super) fn from_millis(millis: u64, descriptor: MessageDescriptor) -> Option<DynamicMessage> {
    let (seconds, rest) = (millis / 1_000, u32::try_from(millis % 1_000).ok()?);
    if seconds > LAST_SECOND {
        return None;
    }
    let nanos = i32::try_from(rest * NANOS_PER_MILLI).ok()?;
    let mut timestamp = DynamicMessage::new(descriptor);
    let seconds = Value::I64(i64::try_from(seconds).ok()?);
    timestamp.try_set_field_by_name("seconds", seconds).ok()?;
    timestamp
        .try_set_field_by_name("nanos", Value::I32(nanos))
        .ok()?;
    Some(timestamp)
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    fn descriptor() -> MessageDescriptor {
        let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
        pool.get_message_by_name("google.protobuf.Timestamp")
            .unwrap()
    }

    fn millis(seconds: i64, nanos: i32) -> Option<u64> {
        let mut timestamp = DynamicMessage::new(descriptor());
        timestamp.set_field_by_name("seconds", Value::I64(seconds));
        timestamp.set_field_by_name("nanos", Value::I32(nanos));
        to_millis(&timestamp)
    }

    #[test]
    fn a_timestamp_is_its_milliseconds() {
        assert_eq!(millis(0, 0), Some(0));
        assert_eq!(millis(1, 999_999), Some(1_000));
        assert_eq!(millis(1, 999_999_999), Some(1_999));
        assert_eq!(
            millis(253_402_300_799, 999_999_999),
            Some(253_402_300_799_999)
        );
        for at in [0, 1, 999, 1_000, 1_795_269_413_123, 253_402_300_799_999] {
            let timestamp = from_millis(at, descriptor()).unwrap();
            assert_eq!(to_millis(&timestamp), Some(at));
        }
    }

    #[test]
    fn what_is_no_moment_since_1970_is_refused() {
        for (seconds, nanos) in [
            (-1, 0),
            (i64::MIN, 0),
            (i64::MAX, 0),
            // The year 10000.
            (253_402_300_800, 0),
            (0, -1),
            (0, i32::MIN),
            (0, 1_000_000_000),
            (0, i32::MAX),
        ] {
            assert_eq!(millis(seconds, nanos), None, "{seconds} {nanos}");
        }
        assert!(from_millis(253_402_300_800_000, descriptor()).is_none());
        assert!(from_millis(u64::MAX, descriptor()).is_none());
    }
}
