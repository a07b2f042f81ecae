//! Writes that AWS takes one at a time: the second of two at once is refused.

use std::sync::Arc;

use super::subject::{Kind, Subject};
use super::{Exchange, Natures};
use crate::endpoint::message::Answer;

/// The right to write, until it is dropped.
pub struct Turn {
    natures: Arc<Natures>,
    account: String,
    subject: Subject,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.natures.with(&self.account, |living| living.writing.remove(&self.subject));
    }
}

/// Takes the turn that a call needs, if it needs one, or refuses it because another call has it.
pub fn take(exchange: &Exchange<'_>) -> Result<Option<Turn>, Box<Answer>> {
    let call = exchange.call;
    let Some(subject) = Subject::of(call, exchange.request) else {
        return Ok(None);
    };
    let permission = matches!(call.operation.as_str(), "AddPermission" | "RemovePermission");
    let (status, code, text) = match subject.kind {
        Kind::Api if call.write => (
            409,
            "ConflictException",
            "Unable to complete operation due to concurrent modification. Please try again later.",
        ),
        Kind::Function if permission => (
            409,
            "ResourceConflictException",
            "The function could not be updated due to a concurrent update operation.",
        ),
        _ => return Ok(None),
    };
    if !exchange.nature.one_at_a_time {
        return Ok(None);
    }
    let free = exchange.natures.with(&call.account, |living| living.writing.insert(subject.clone()));
    match free {
        Some(true) => Ok(Some(Turn { natures: Arc::clone(exchange.natures), account: call.account.clone(), subject })),
        _ => Err(Box::new(exchange.error(status, code, text))),
    }
}
