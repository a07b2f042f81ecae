//! The line of `status`.

use schemars::JsonSchema;
use serde::Serialize;

/// How a pipeline is, part by part in the order in which an event travels.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Status {
    /// The pipeline's name.
    pub pipeline: String,
    /// The region that it is in.
    pub region: String,
    /// When it was read, in RFC 3339, by AWS's clock where AWS said it.
    pub at: String,
    /// The time that the figures are of.
    pub window: Window,
    /// Whether something needs a person: the exit code is 1 then.
    pub needs_person: bool,
    /// The parts.
    pub parts: Vec<Part>,
    /// Remarks on the whole.
    pub notes: Vec<String>,
}

/// The time that figures are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Window {
    /// Its beginning, in RFC 3339.
    pub from: String,
    /// Its end, in RFC 3339; the last step is not over yet.
    pub to: String,
    /// Seconds of each of its steps.
    pub step_seconds: u32,
    /// Beginning of the newest step that has a figure, in RFC 3339; absent where none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
}

/// One part of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Part {
    /// Its id in the pipeline, as in `stream`.
    pub id: String,
    /// Its name in AWS.
    pub name: String,
    /// How it is.
    pub state: State,
    /// How it does.
    pub figures: Vec<Figure>,
    /// Remarks on it, the most important first.
    pub findings: Vec<Finding>,
}

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing is wrong, as far as its findings say.
    Well,
    /// It needs a person: one of its findings says why.
    NeedsPerson,
    /// It is not there.
    Absent,
    /// It could not be read: one of its findings says why.
    Unread,
}

/// A figure of CloudWatch.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Figure {
    /// What it counts or measures, as in `requests`.
    pub name: String,
    /// The metric, with its namespace, as in `AWS/ApiGateway Count`.
    pub metric: String,
    /// CloudWatch's statistic, as in `Sum`.
    pub statistic: &'static str,
    /// What its values are in.
    pub unit: Unit,
    /// The sum of all steps, or the highest one, as the statistic is; absent where CloudWatch has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The value of each step of the window, the oldest first; null where CloudWatch has none.
    pub steps: Vec<Option<f64>>,
}

/// What values are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    Milliseconds,
    Seconds,
}

/// Something to say of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// Whether it needs a person.
    pub needs_person: bool,
    /// One sentence: what is not as it should be, and until when.
    pub message: String,
    /// Until when something can be done, in RFC 3339; absent where time changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The IAM action that was refused, or the call that failed, as in `sqs:GetQueueAttributes`; absent where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}
