//! The contract between those who call functions (gateway, pollers) and those who run them.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

/// Calls a function, as Lambda's synchronous Invoke does.
///
/// A plain function value, so that each part is tested alone with one made up on the spot.
pub type Invoke = Arc<dyn Fn(Call) -> BoxFuture<'static, Result<Answer, Refusal>> + Send + Sync>;

/// What a function is called with.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name or unqualified ARN.
    pub function: String,
    pub payload: Bytes,
    /// The id of the call where it has one already; otherwise it gets a new one.
    pub id: Option<String>,
}

impl Call {
    pub fn new(function: String, payload: Bytes) -> Self {
        Self { function, payload, id: None }
    }
}

/// What came of a call that reached the function (HTTP 200 of Invoke).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The function's answer, or Lambda's error document: `{"errorMessage": ..., "errorType": ...}`.
    pub payload: Bytes,
    /// `Unhandled` when it failed, timed out or crashed: Lambda's `X-Amz-Function-Error`.
    pub error: Option<String>,
    pub request_id: String,
    /// What the process had, where that is known.
    pub memory: Option<Memory>,
}

/// Memory of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The most that it has had, in MB.
    pub peak_mb: u64,
    /// What the function may have, in MB.
    pub limit_mb: u32,
}

/// Why a call did not reach the function. None of these consumes a mapping's retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `ResourceNotFoundException`.
    NotFound,
    /// `TooManyRequestsException`: as many calls run as the reserved concurrency allows.
    Throttled,
    /// The service failed: the function's code could not be fetched, its role not be assumed.
    Unavailable(String),
}
