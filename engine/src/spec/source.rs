//! The section `source`: one file for each thing that events come from.

mod api;

pub use api::{
    ANY_ORIGIN, AccessLogDays, Api, AwsCall, Body, Cors, CorsMethod, Domain, Extra, Limit, MediaType, Method,
    MinimumTls, PartitionKey, Piece, Place, Route, TableAction, Throttle, To, is_json, is_text,
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
