//! The Lambda handlers that `pipe` ships: what each does is here, and [`programs`] makes a program of each.
//!
//! - [`authorizer`]: basic credentials of a REST API, checked against a secret.
//! - [`jwt_authorizer`]: tokens of an OIDC issuer, such as a Cognito user pool, checked with its keys.
//! - [`stream_to_table`]: Kinesis records written to a DynamoDB table, with a dead-letter queue.
//!
//! Nothing here logs a payload or a credential.

pub mod authorizer;
pub mod aws;
pub mod deadline;
pub mod environment;
pub mod event;
pub mod http;
pub mod jwt;
pub mod jwt_authorizer;
pub mod log;
pub mod programs;
pub mod stream_to_table;
