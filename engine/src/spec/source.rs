//! The section `source`: one file for each thing that events come from.

mod api;

pub use api::{
    ANY_ORIGIN, AccessLogDays, Api, Body, Cors, CorsMethod, Domain, Extra, Limit, Method, MinimumTls, PartitionKey,
    Route, TableAction, Throttle, To,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the events come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A REST API of API Gateway that puts each request's body on the stream.
    Api(Api),
}
