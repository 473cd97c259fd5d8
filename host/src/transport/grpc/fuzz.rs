//! A body for fuzzing: it takes any bytes and must return. A claim that does not hold is a panic, which is a finding.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use serde_json::Value;

use super::error::refusal;
use super::metadata;
use super::methods::Methods;
use super::rpcs::RPCS;

static METHODS: LazyLock<Methods> = LazyLock::new(Methods::load);

/// Any bytes as the request of every rpc, and as a client's timeout. What was accepted must survive being written and read again; of
/// what was not, a client can be told.
pub fn fuzz(data: &[u8]) {
    for rpc in &RPCS {
        let method = METHODS.get(rpc.method).expect("the rpcs are described");
        match method.decode(Bytes::copy_from_slice(data)) {
            Ok(fields) => {
                let request = Value::Object(fields);
                let written = method.request.encode(&request);
                let written = written.expect("what was read can be written");
                let again = method
                    .decode(written)
                    .expect("what was written can be read");
                assert_eq!(request, Value::Object(again), "{}", rpc.method);
            }
            Err(failure) => {
                let told = refusal(&failure, method).into_http::<()>();
                assert!(told.headers().contains_key("grpc-status"));
            }
        }
    }
    if let Ok(value) = HeaderValue::from_bytes(data) {
        let headers = HeaderMap::from_iter([(metadata::TIMEOUT, value)]);
        if let Ok(deadline) = metadata::deadline(&headers, 7) {
            assert!(deadline.is_some_and(|deadline| deadline >= 7));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::*;

    proptest! {
        #[test]
        fn it_takes_anything(data in vec(any::<u8>(), 0..64)) {
            fuzz(&data);
        }

        /// Fields of the messages that there are, with anything in them.
        #[test]
        fn it_takes_what_is_nearly_a_message(fields in vec((1_u8..4, 0_u8..6, vec(any::<u8>(), 0..16)), 0..6)) {
            let mut data = Vec::new();
            for (number, kind, value) in fields {
                data.push(number << 3 | kind);
                data.push(u8::try_from(value.len()).unwrap());
                data.extend(value);
            }
            fuzz(&data);
        }
    }
}
