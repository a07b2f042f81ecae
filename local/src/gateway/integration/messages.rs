//! What goes to the called service or function, and what comes back.

use bytes::Bytes;

/// A request after the mapping.
#[derive(Debug, Default)]
pub struct MappedRequest {
    pub headers: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
}

/// What the called service answered.
#[derive(Debug, Default)]
pub struct BackendAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What patterns are matched against instead of the status: the message of a function's error.
    pub error: Option<String>,
}
