//! Lists as streams: one page after the other, each asked for when the one before is on its way.

use std::future::ready;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use tonic::Status;

use super::call::Answers;
use super::error::refusal;
use super::methods::Method;
use crate::error::Failure;
use crate::message::Message;
use crate::transport::{Service, faults};

/// Elements of a page.
const PAGE: usize = 100;

/// A list that is read page by page.
///
/// Every page is a message of its own: its credential is checked anew, and its deadline is that of the request. A client that
/// is slow has one page held for it; one that is gone is asked no further.
pub(super) struct Paging {
    pub(super) service: Arc<dyn Service>,
    pub(super) method: Arc<Method>,
    /// What asks for a page, but for its place.
    pub(super) message: Message,
    pub(super) list: &'static str,
    pub(super) key: &'static str,
}

struct Page {
    answers: Vec<Bytes>,
    /// After which element there may be more.
    after: Option<String>,
}

/// A page's answers, and where the next begins.
type Next = (Vec<Bytes>, (Paging, Option<String>));

impl Paging {
    /// All elements. What can be said before the first is said as the answer; later on, at the stream's end.
    ///
    /// # Errors
    /// As the command.
    pub(super) async fn answers(mut self) -> Result<Answers, Failure> {
        // It names one effect, and pages are many messages.
        self.message.id = None;
        let first = self.page(None).await?;
        let more = stream::try_unfold((self, first.after), Self::next);
        let pages = stream::once(ready(Ok(first.answers))).chain(more);
        let each = pages.map_ok(|answers| stream::iter(answers.into_iter().map(Ok)));
        Ok(each.try_flatten().boxed())
    }

    /// The page that follows, if there may be one.
    async fn next((paging, after): (Self, Option<String>)) -> Result<Option<Next>, Status> {
        let Some(after) = after else { return Ok(None) };
        let page = paging.page(Some(after)).await;
        let page = page.map_err(|failure| refusal(&failure, &paging.method))?;
        Ok(Some((page.answers, (paging, page.after))))
    }

    async fn page(&self, after: Option<String>) -> Result<Page, Failure> {
        let mut message = self.message.clone();
        if let Value::Object(fields) = &mut message.payload {
            fields.insert("limit".to_owned(), PAGE.into());
            let place = after.as_deref().map(Value::from);
            fields.extend(place.map(|place| ("after".to_owned(), place)));
        }
        let request = message.request_id.clone();
        let reply = self.service.send(message).await?.unwrap_or_default();
        let page = self.read(&reply, after.as_deref());
        page.map_err(|failure| faults::logged(failure, &request, self.method.rpc.method))
    }

    /// The page that `reply` is, which begins after the element `after`.
    fn read(&self, reply: &Value, after: Option<&str>) -> Result<Page, Failure> {
        let elements = reply.get(self.list).and_then(Value::as_array);
        let elements = elements.ok_or_else(no_list)?;
        let answers = elements.iter().map(|element| self.method.encode(element));
        let last = elements.last().filter(|_| elements.len() >= PAGE);
        let next = last.map(|last| {
            let key = last.get(self.key).and_then(Value::as_str);
            // One that ends where it began would be asked for without end.
            let key = key.filter(|key| Some(*key) != after);
            key.map(str::to_owned).ok_or_else(no_list)
        });
        Ok(Page {
            answers: answers.collect::<Result<_, _>>()?,
            after: next.transpose()?,
        })
    }
}

fn no_list() -> Failure {
    Failure::unknown().because("the reply is no page of a list")
}
