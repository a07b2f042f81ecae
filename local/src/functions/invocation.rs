//! One call of a function, and the facts that show it.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::time::Instant;
use uuid::Uuid;

use crate::invoke::{Answer, Refusal};
use crate::seen::{Called, Calling, Seen};

/// A call, whichever process serves it.
pub(super) struct Invocation {
    pub id: String,
    pub payload: Bytes,
    /// What the function's own calls of AWS carry.
    pub trace: String,
}

impl Invocation {
    /// A call with this payload, and this id if it has one.
    pub(super) fn of(payload: Bytes, id: Option<String>) -> Self {
        Self { id: id.unwrap_or_else(|| Uuid::new_v4().to_string()), payload, trace: trace() }
    }

    pub(super) fn begins(&self, function: &str) -> Seen {
        let (id, trace, payload) = (self.id.clone(), self.trace.clone(), self.payload.clone());
        Seen::Calling(Calling { id, function: function.to_owned(), trace, payload })
    }

    pub(super) fn ends(&self, answer: &Result<Answer, Refusal>, began: Instant) -> Seen {
        let (payload, failed) = match answer {
            Ok(answer) => (answer.payload.clone(), answer.error.is_some()),
            Err(Refusal::Unavailable(why)) => (Bytes::from(why.clone()), true),
            Err(Refusal::NotFound | Refusal::Throttled) => (Bytes::new(), true),
        };
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Seen::Called(Called { id: self.id.clone(), answer: payload, failed, milliseconds })
    }
}

/// A trace id that is not sampled, as where tracing is not active.
fn trace() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (root, parent) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("Root=1-{:08x}-{};Parent={};Sampled=0", since.as_secs(), &root[..24], &parent[..16])
}
