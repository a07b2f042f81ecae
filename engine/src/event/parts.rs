//! What several lines, or the parts of one, are made of.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Call, Error};
use crate::resource::Id;

/// An error as data.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Failure {
    /// What was wrong.
    pub message: String,
    /// The AWS call that failed, as in `kinesis:CreateStream`; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// AWS's error code; absent where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// AWS's request id, for its support; absent where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A resource of a spec and the resources that it knows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GraphNode {
    /// The resource's id.
    pub id: Id,
    /// The resource's kind, as in `kinesis:Stream`.
    pub kind: &'static str,
    /// The resource's name.
    pub name: String,
    /// Ids of what must be there before it.
    pub needs: Vec<Id>,
    /// Ids of what it names without needing it.
    pub mentions: Vec<Id>,
}

/// An API as its clients see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Openapi {
    /// An OpenAPI 3.0 document.
    pub document: Value,
}

/// Where a pipeline of `pipe dev` is reached.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Up {
    /// The API's URL with its stage; absent where there is no API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The console's URL; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// The AWS-compatible endpoint behind it. One that `pipe dev` started takes the keys of `outputs --local --reveal` alone.
    pub emulator_url: String,
    /// The region of what was made there.
    pub region: String,
    /// Whether `pipe dev` started the emulator, which is empty then whatever an earlier run had.
    pub began_empty: bool,
    /// What was made in the place of what the spec calls `existing`.
    pub stand_ins: Vec<String>,
    /// Time that it took.
    pub milliseconds: u64,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let call = error.failed_call();
        let text = |part: fn(&Call) -> &String| call.map(part).filter(|text| !text.is_empty()).cloned();
        Self {
            message: error.message().to_owned(),
            operation: text(|call| &call.operation),
            code: text(|call| &call.code),
            request_id: text(|call| &call.request_id),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

/// How long the build of a handler takes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Building {
    /// What the spec calls it.
    pub handler: String,
    /// Seconds since it began.
    pub seconds: u64,
}

/// A time that something took, as events have it.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
