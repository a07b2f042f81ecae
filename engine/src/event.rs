//! What happens during a run, as facts. The reporter turns them into lines; `--json` prints them as they are, one a line.

use serde::Serialize;

use crate::error::Error;
use crate::plan::Verb;
use crate::resource::Id;

/// Version of the events' shape; grows when a member changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// A fact of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A resource's step began.
    Started { id: Id, kind: &'static str, name: String, verb: Verb },
    /// A step waits for something that AWS has to do.
    Waiting { id: Id, waiting_for: String },
    /// A step succeeded.
    Done { id: Id, verb: Verb, milliseconds: u128 },
    /// A step failed; what depends on it is skipped.
    Failed { id: Id, verb: Verb, error: Failure },
    /// A step was not begun.
    Skipped { id: Id, verb: Verb, because: String },
    /// The run is over.
    Summary { done: usize, failed: usize, skipped: usize, interrupted: bool, milliseconds: u128 },
}

/// An error as data.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let call = error.failed_call();
        let text = |part: fn(&crate::error::Call) -> &String| call.map(part).filter(|text| !text.is_empty()).cloned();
        Self {
            message: error.message().to_owned(),
            operation: text(|call| &call.operation),
            code: text(|call| &call.code),
            request_id: text(|call| &call.request_id),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}
