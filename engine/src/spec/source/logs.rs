//! Lines of a log group.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What matches a filter in a log group of CloudWatch, which exists; it has at most two such filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Name of the log group, of this account and region; a change replaces the filter. Required.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[.#A-Za-z0-9_/-]+$"),
        extend("patternErrorMessage" = "the name of a log group, as in `/aws/lambda/shop`")
    )]
    pub group: String,
    /// Filter pattern of CloudWatch Logs, at most 1024 characters, as in `?ERROR ?WARN`. Default: every line.
    #[serde(rename = "match", default)]
    #[schemars(regex(pattern = r"^[^\n]{0,1024}$"), extend("patternErrorMessage" = "a filter pattern of at most 1024 characters"))]
    pub pattern: String,
    /// Whether the group is made: in the cloud of `pipe dev`, where nobody else has made it.
    #[serde(skip)]
    pub stand_in: bool,
}
