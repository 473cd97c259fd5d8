//! One rpc, from its request to its answers.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde_json::{Map, Value};
use tonic::{Response, Status, Streaming};

use super::error::LATE;
use super::metadata;
use super::methods::Method;
use super::pages::Paging;
use super::rpcs::{Asks, Command, Reply, VERSION};
use crate::clock::Timestamp;
use crate::error::{Code, Failure, Violation};
use crate::message::Message;
use crate::planes;
use crate::transport::faults;
use crate::transport::http::{Front, request_id};
use crate::transport::request;

/// The messages of an answer, one but for streams.
pub(super) type Answers = BoxStream<'static, Result<Bytes, Status>>;

/// A request for one rpc.
pub(super) struct Call<'a> {
    pub(super) front: &'a Front,
    pub(super) method: &'a Arc<Method>,
    pub(super) parts: &'a Parts,
}

impl Call<'_> {
    /// Answers the request whose messages are `messages`. As over HTTP, nothing of it is read before the caller is admitted.
    pub(super) async fn answer(
        self,
        messages: Streaming<Bytes>,
    ) -> Result<Response<Answers>, Failure> {
        match &self.method.rpc.asks {
            Asks::Nothing => {
                self.request(messages).await?;
                self.empty()
            }
            Asks::Check => {
                self.check().await?;
                self.request(messages).await?;
                self.empty()
            }
            Asks::Command(command) => self.command(command, messages).await,
        }
    }

    async fn check(&self) -> Result<(), Failure> {
        let caller = planes::identify(&self.front.credentials(self.parts)?)?;
        let (id, deadline) = (request_id(self.parts), self.deadline()?);
        let service = &self.front.service;
        service.authenticate(caller, id, deadline).await
    }

    async fn command(
        &self,
        command: &Command,
        messages: Streaming<Bytes>,
    ) -> Result<Response<Answers>, Failure> {
        let (channel, name) = (command.channel, command.name);
        let caller = self.front.caller(self.parts, channel, name).await?;
        let id = request::idempotency_key(&self.parts.headers)?;
        let deadline = self.deadline()?;
        let mut fields = self.request(messages).await?;
        for (key, field) in command.metadata {
            fields.extend(self.metadata(key)?.map(|text| ((*field).to_owned(), text)));
        }
        let message = Message {
            id,
            request_id: request_id(self.parts),
            version: VERSION,
            deadline,
            ..Message::new(channel, name, Value::Object(fields), caller)
        };
        match command.reply {
            Reply::Fields => {
                let reply = self.front.service.send(message).await?;
                self.one(&reply.unwrap_or_default())
            }
            Reply::Session => {
                let reply = self.front.service.send(message).await?;
                let metadata = metadata::session(&reply.unwrap_or_default());
                let metadata = metadata.map_err(|failure| self.logged(failure))?;
                let mut answer = self.empty()?;
                *answer.metadata_mut() = metadata;
                Ok(answer)
            }
            Reply::Pages { list, key } => {
                let paging = Paging {
                    service: self.front.service.clone(),
                    method: self.method.clone(),
                    message,
                    list,
                    key,
                };
                Ok(Response::new(paging.answers().await?))
            }
        }
    }

    fn deadline(&self) -> Result<Option<Timestamp>, Failure> {
        metadata::deadline(&self.parts.headers, self.front.service.now())
    }

    /// The text of the metadata `key`, if it is there.
    fn metadata(&self, key: &'static str) -> Result<Option<Value>, Failure> {
        let name = axum::http::HeaderName::from_static(key);
        let found = request::single(&self.parts.headers, &name);
        let found = found.map_err(|request::Unreadable| {
            let rule = "must be there once, in ASCII";
            Failure::bad_request(vec![Violation::new(key, rule)])
        })?;
        Ok(found.map(Value::from))
    }

    /// The fields of the one message that the request has.
    async fn request(&self, messages: Streaming<Bytes>) -> Result<Map<String, Value>, Failure> {
        let bytes = only(messages, self.front.body_timeout).await?;
        self.method.decode(bytes)
    }

    fn empty(&self) -> Result<Response<Answers>, Failure> {
        self.one(&Value::Null)
    }

    fn one(&self, reply: &Value) -> Result<Response<Answers>, Failure> {
        let message = self.method.encode(reply);
        let message = message.map_err(|failure| self.logged(failure))?;
        Ok(Response::new(stream::iter([Ok(message)]).boxed()))
    }

    fn logged(&self, failure: Failure) -> Failure {
        faults::logged(failure, &request_id(self.parts), self.method.rpc.method)
    }
}

/// The one message among `messages`, which arrives within `patience`.
async fn only(mut messages: Streaming<Bytes>, patience: Duration) -> Result<Bytes, Failure> {
    let read = async {
        let first = messages.message().await.map_err(unreadable)?;
        let more = messages.message().await.map_err(unreadable)?;
        match (first, more) {
            (Some(only), None) => Ok(only),
            _ => Err(bad_request("the request must be one message")),
        }
    };
    tokio::time::timeout(patience, read)
        .await
        .map_err(|_| late())?
}

/// What tonic says of a request that it cannot take apart.
fn unreadable(status: Status) -> Failure {
    let failure = match status.code() {
        tonic::Code::OutOfRange => bad_request("the request's message is too large"),
        _ => bad_request("the request's message cannot be read"),
    };
    failure.because(status)
}

fn bad_request(message: &'static str) -> Failure {
    Failure::new(Code::BadRequest, message)
}

fn late() -> Failure {
    Failure::new(Code::DeadlineExceeded, LATE)
}
