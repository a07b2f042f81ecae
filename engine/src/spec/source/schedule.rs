//! A schedule of EventBridge Scheduler.

use crate::spec::model::yes;
use crate::spec::source::Delivery;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// When events come by themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Form")]
pub struct Schedule(pub Full);

/// The two ways in which a spec writes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    Full(Box<Full>),
}

impl From<Form> for Schedule {
    fn from(form: Form) -> Self {
        match form {
            Form::Full(full) => Self(*full),
            Form::Text(text) => Self(Full::of(text)),
        }
    }
}

impl JsonSchema for Schedule {
    fn schema_name() -> Cow<'static, str> {
        "Schedule".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let full = Full::json_schema(generator);
        json_schema!({ "anyOf": [{ "type": "string", "minLength": 1, "maxLength": 256 }, full] })
    }
}

/// A schedule with all that can be said of it; one of `rate`, `every_minutes`, `cron` and `at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Full {
    /// How often, as in `5 minutes`, `1 hour` or `2 days`. Default: `cron` or `at` says when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub rate: Option<String>,
    /// How often in minutes, 1 or more: 5 is `rate: 5 minutes`. Default: `rate`, `cron` or `at` says when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 999_999))]
    pub every_minutes: Option<u32>,
    /// Six fields of cron: minutes, hours, day of month, month, day of week, year, one of the two days `?`, as in `0 8 ? * MON-FRI *`. Default: `rate` or `at` says when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 250))]
    pub cron: Option<String>,
    /// One time, as in `2026-12-24T18:00:00`, of `time_zone`. Default: `rate` or `cron` says when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub at: Option<String>,
    /// Time zone by its IANA name, as in `Europe/Berlin`. Default: `UTC`.
    #[serde(default = "utc")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9/_+-]{1,50}$"), extend("patternErrorMessage" = "an IANA name, as in `Europe/Berlin`"))]
    pub time_zone: String,
    /// Minutes within which an event may come later, 0 to 1440; 0 is none. Default: 0.
    #[serde(default)]
    #[schemars(range(max = 1440))]
    pub flexible_minutes: u32,
    /// What is sent; in its texts `{time}` stands for the time of the event, as AWS's own `<aws.scheduler.scheduled-time>` does. Default: `{id, schedule, time, attempt}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "anything")]
    pub input: Option<Value>,
    /// Whether events come. Default: true.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Time before which none come, in RFC 3339, as in `2026-12-01T00:00:00Z`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 20, max = 40))]
    pub starts: Option<String>,
    /// Time after which none come, in RFC 3339. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 20, max = 40))]
    pub ends: Option<String>,
    /// Name of the group and of the schedule in it, 1 to 64 letters, digits, `.`, `_` and `-`; a change replaces both. Default: `<pipeline>-schedule`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[.A-Za-z0-9_-]{1,64}$"), extend("patternErrorMessage" = "1 to 64 letters, digits, `.`, `_` and `-`"))]
    pub name: Option<String>,
    /// How long AWS tries to deliver an event. Default: 185 retries within 24 hours.
    #[serde(default)]
    pub delivery: Delivery,
}

impl Full {
    /// The schedule of `rate(...)`, `cron(...)` or `at(...)`; of another text one without a time, which the rules refuse.
    fn of(text: String) -> Self {
        let within = |word: &str| text.strip_prefix(word)?.strip_suffix(')').map(str::to_owned);
        let (rate, cron, at) = (within("rate("), within("cron("), within("at("));
        let none = rate.is_none() && cron.is_none() && at.is_none();
        Self {
            // Kept so that the rules can show it.
            rate: if none { Some(text.clone()) } else { rate },
            every_minutes: None,
            cron,
            at,
            time_zone: utc(),
            flexible_minutes: 0,
            input: None,
            enabled: true,
            starts: None,
            ends: None,
            name: None,
            delivery: Delivery::default(),
        }
    }

    /// Returns the expression as AWS has it.
    #[must_use]
    pub fn expression(&self) -> String {
        match (&self.rate, self.every_minutes, &self.cron, &self.at) {
            (Some(rate), ..) => format!("rate({rate})"),
            (_, Some(1), ..) => "rate(1 minute)".to_owned(),
            (_, Some(minutes), ..) => format!("rate({minutes} minutes)"),
            (.., Some(cron), _) => format!("cron({cron})"),
            (.., at) => format!("at({})", at.as_deref().unwrap_or_default()),
        }
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

fn anything(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["object", "array", "string", "number", "boolean"] })
}
