//! The writer's answer to one caller, which is never forgotten.

use tokio::sync::oneshot;

use crate::store::{Commit, StoreError, Version};

/// Where an answer goes. Dropped without one (the writer panicked), it says what can be said.
pub(super) struct Reply<T: Lost> {
    to: Option<oneshot::Sender<Result<T, StoreError>>>,
    at_risk: bool,
}

/// What a lost answer means.
pub(super) trait Lost: Sized {
    /// The answer if the transaction may have been committed.
    fn lost() -> Result<Self, StoreError>;
}

impl Lost for Commit {
    fn lost() -> Result<Self, StoreError> {
        Ok(Self::Unknown)
    }
}

impl Lost for Option<Version> {
    fn lost() -> Result<Self, StoreError> {
        Err(stopped())
    }
}

impl Lost for usize {
    fn lost() -> Result<Self, StoreError> {
        Err(stopped())
    }
}

/// A reply and the receiver of it.
pub(super) fn reply<T: Lost>() -> (Reply<T>, oneshot::Receiver<Result<T, StoreError>>) {
    let (to, from) = oneshot::channel();
    let to = Some(to);
    let at_risk = false;
    (Reply { to, at_risk }, from)
}

impl<T: Lost> Reply<T> {
    /// From now on the change may be durable without the caller knowing.
    pub(super) fn put_at_risk(&mut self) {
        self.at_risk = true;
    }

    /// The risk is over: nothing was changed.
    pub(super) fn put_out_of_risk(&mut self) {
        self.at_risk = false;
    }

    /// Gives the answer. That nobody waits any more is nothing to mind.
    pub(super) fn answer(mut self, answer: Result<T, StoreError>) {
        if let Some(to) = self.to.take() {
            let _ = to.send(answer);
        }
    }
}

impl<T: Lost> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(to) = self.to.take() {
            let _ = to.send(if self.at_risk {
                T::lost()
            } else {
                Err(stopped())
            });
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store's writer has stopped".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_reply_is_an_answer() {
        let (reply, mut answer) = reply::<Commit>();
        drop(reply);
        assert!(matches!(
            answer.try_recv(),
            Ok(Err(StoreError::Unavailable(_)))
        ));
    }

    #[test]
    fn one_dropped_at_risk_is_unknown() {
        let (mut reply, mut answer) = reply::<Commit>();
        reply.put_at_risk();
        drop(reply);
        assert!(matches!(answer.try_recv(), Ok(Ok(Commit::Unknown))));
    }
}
