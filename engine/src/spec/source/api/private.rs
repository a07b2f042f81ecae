//! An API that requests reach from VPCs alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Makes the API private: requests reach it through interface endpoints of `execute-api` alone, and never from the internet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Ids of the interface endpoints of `execute-api` that requests may come through, which are there already. Default: one in the VPC of `network`: somebody else's if the VPC has one, else the pipeline's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 20),
        extend("items" = {"type": "string", "pattern": "^vpce-[0-9a-f]{8,17}$",
            "patternErrorMessage": "the id of a VPC endpoint, as in `vpce-0123456789abcdef0`"})
    )]
    pub endpoints: Option<Vec<String>>,
}
