//! The rpcs that are served, with their message types.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::{Map, Value};

use super::rpcs::{RPCS, Rpc};
use super::shape::Shape;
use crate::error::Failure;
use crate::transport::request::{IDEMPOTENCY_KEY, IDEMPOTENCY_PLACE};

/// Every rpc by its path without the first slash.
pub(super) struct Methods(HashMap<&'static str, Arc<Method>>);

/// One rpc.
pub(super) struct Method {
    pub(super) rpc: &'static Rpc,
    pub(super) request: Shape,
    answer: Shape,
}

impl Methods {
    /// The rpcs of the table. One that the protocol does not have is not served, and said.
    pub(super) fn load() -> Self {
        let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap_or_else(|cause| {
            tracing::error!(%cause, "the descriptors of the gRPC services cannot be read");
            DescriptorPool::new()
        });
        let methods = RPCS.iter().filter_map(|rpc| {
            let found = find(&pool, rpc);
            if found.is_none() {
                tracing::error!(rpc = rpc.method, "the protocol has no such rpc");
            }
            Some((rpc.method, Arc::new(Method::new(rpc, &found?))))
        });
        Self(methods.collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<Method>> {
        self.0.get(name)
    }
}

fn find(pool: &DescriptorPool, rpc: &Rpc) -> Option<MethodDescriptor> {
    let service = pool.get_service_by_name(rpc.service())?;
    let (_, name) = rpc.method.split_once('/')?;
    service.methods().find(|method| method.name() == name)
}

impl Method {
    fn new(rpc: &'static Rpc, descriptor: &MethodDescriptor) -> Self {
        let ignored = rpc.command().map_or(&[][..], |command| command.ignored);
        Self {
            rpc,
            request: Shape::new(descriptor.input(), ignored),
            answer: Shape::new(descriptor.output(), &[]),
        }
    }

    /// As [`Shape::decode`].
    pub(super) fn decode(&self, bytes: Bytes) -> Result<Map<String, Value>, Failure> {
        self.request.decode(bytes)
    }

    /// As [`Shape::encode`].
    pub(super) fn encode(&self, reply: &Value) -> Result<Bytes, Failure> {
        self.answer.encode(reply)
    }

    /// Where a client finds the field of a request that a violation calls `json`.
    pub(super) fn field(&self, json: &str) -> String {
        if json == IDEMPOTENCY_PLACE {
            // Keys of metadata are in lower case.
            return IDEMPOTENCY_KEY.to_string();
        }
        let command = self.rpc.command();
        let metadata = command.map_or(&[][..], |command| command.metadata);
        match metadata.iter().find(|(_, field)| *field == json) {
            Some((key, _)) => (*key).to_owned(),
            None => self.request.field(json),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost_reflect::Kind;
    use serde_json::json;

    use super::super::rpcs::Reply;
    use super::super::timestamp;
    use super::*;

    fn pool() -> DescriptorPool {
        DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap()
    }

    fn method(name: &str) -> Arc<Method> {
        Methods::load().get(name).unwrap().clone()
    }

    #[test]
    fn the_table_has_every_rpc_of_the_protocol_and_no_other() {
        let described: BTreeSet<String> = pool()
            .services()
            .flat_map(|service| {
                let methods = service.methods();
                let names =
                    methods.map(|method| format!("{}/{}", service.full_name(), method.name()));
                names.collect::<Vec<_>>()
            })
            .collect();
        let listed: BTreeSet<String> = RPCS.iter().map(|rpc| rpc.method.to_owned()).collect();
        assert_eq!(described, listed);
        assert_eq!(Methods::load().0.len(), RPCS.len());
    }

    #[test]
    fn those_that_stream_are_those_with_pages() {
        for rpc in &RPCS {
            let descriptor = find(&pool(), rpc).unwrap();
            let pages = rpc.command().map(|command| command.reply);
            let streams = matches!(pages, Some(Reply::Pages { .. }));
            assert_eq!(descriptor.is_server_streaming(), streams, "{}", rpc.method);
            assert!(!descriptor.is_client_streaming(), "{}", rpc.method);
        }
    }

    #[test]
    fn every_field_is_of_a_type_that_travels() {
        for method in Methods::load().0.values() {
            for leaf in method.request.leaves.iter().chain(&method.answer.leaves) {
                let travels = match leaf.path.last().unwrap().kind() {
                    Kind::Bool | Kind::String => true,
                    Kind::Message(kind) => timestamp::is_timestamp(&kind),
                    _ => false,
                };
                assert!(travels, "{} of {}", leaf.field, method.rpc.method);
            }
        }
    }

    #[test]
    fn a_place_of_the_request_is_called_as_in_the_message() {
        let update = method("tokens.v1.TokensService/UpdateToken");
        for (json, field) in [
            ("uuid", "token_uuid.uuid"),
            ("metadata.name", "token_metadata.name"),
            ("metadata", "token_metadata"),
            ("permissions.scopes[3]", "token_permissions.scopes[3]"),
            ("permissions.scope", "permissions.scope"),
            ("meta", "meta"),
            ("", ""),
            ("Idempotency-Key", "idempotency-key"),
        ] {
            assert_eq!(update.field(json), field, "{json}");
        }
        let refresh = method("accounts.v1.AccountsService/RefreshSession");
        assert_eq!(refresh.field("refresh_token"), "x-refresh-token");
        let sign_up = method("accounts.v1.PublicAccountsService/SignUp");
        assert_eq!(sign_up.field("password"), "password");
        let new_password = method("accounts.v1.PublicAccountsService/NewPassword");
        assert_eq!(new_password.field("password"), "password.password");
    }

    #[test]
    fn a_reply_that_does_not_fit_is_a_fault() {
        let get = method("tokens.v1.TokensService/GetToken");
        for reply in [
            json!({"uuid": 7}),
            json!({"metadata": {"expires_at": "soon"}}),
            json!({"metadata": {"expires_at": u64::MAX}}),
            json!({"permissions": {"scopes": "*"}}),
            json!({"permissions": {"scopes": [1]}}),
        ] {
            let failure = get.encode(&reply).unwrap_err();
            assert_eq!(failure.code.as_str(), "unknown", "{reply}");
        }
        // What is not there is not there: that is the build's to say.
        assert!(get.encode(&json!({"uuid": null})).unwrap().is_empty());
    }
}
