//! Callers who sign.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Callers who sign their requests with credentials of AWS (Signature Version 4, service `execute-api`). Who may call which route is in their own policies: `execute-api:Invoke` on the route's ARN.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Iam {}
