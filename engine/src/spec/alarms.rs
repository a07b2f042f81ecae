//! The section `alarms`: whom CloudWatch tells when the pipeline fails.

use super::model::Spec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether there are alarms, and whom they tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alarms {
    /// None.
    Off,
    /// One for each way in which a pipeline of this form fails.
    #[serde(untagged)]
    On(Told),
}

/// Whom alarms tell: a mail address or a topic; `{}` for nobody, and then they are seen in `pipe status` and in CloudWatch alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Mail address, at most 254 characters; SNS first sends it a link that must be opened. Not together with `topic`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 254),
        regex(pattern = r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}([.][A-Za-z0-9-]{1,63})+$"),
        extend("patternErrorMessage" = "a mail address, as in `ops@example.com`")
    )]
    pub email: Option<String>,
    /// ARN of an SNS topic of this region, whose policy lets `cloudwatch.amazonaws.com` publish; the pipeline never changes it. Not together with `email`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"),
        extend("patternErrorMessage" = "the ARN of a standard topic of SNS, as in `arn:aws:sns:eu-west-1:123456789012:NAME`")
    )]
    pub topic: Option<String>,
}

impl Spec {
    /// Returns whom the alarms tell, where there are alarms.
    #[must_use]
    pub fn told(&self) -> Option<&Told> {
        match self.alarms.as_ref()? {
            Alarms::Off => None,
            Alarms::On(told) => Some(told),
        }
    }
}
