//! What a route calls: one file for each kind of target.

mod kinesis;
mod table;
mod vtl;

use serde_json::Value;

use crate::aws::Place;
use crate::error::{Error, Result};
use crate::kinds::rest_api::{Integration, Texts};
use crate::lower::Lowering;
use crate::spec::{self, Route, Stream};

/// The only type of body that routes take and give.
pub(super) const JSON: &str = "application/json";

/// What a route calls, and what that takes.
#[derive(Clone, Debug)]
pub(super) struct To {
    pub integration: Integration,
    /// Statuses of the method's responses.
    pub statuses: &'static [&'static str],
    /// What the API's role needs for it.
    pub statements: Vec<Value>,
    /// Ids of what the API and its role name.
    pub mentions: Vec<&'static str>,
}

/// Returns what the route calls.
///
/// # Errors
/// There is no stream, which is a defect: the rules refuse such a spec.
pub(super) fn to(lowering: &Lowering<'_>, route: &Route) -> Result<To> {
    match (lowering.spec.to(route), &lowering.spec.stream) {
        (Some(spec::To::Stream), Some(Stream::Kinesis(_))) => Ok(kinesis::to(lowering, route)),
        (Some(spec::To::Table(call)), _) => table::to(lowering, route, &call.action()),
        (Some(spec::To::Stream) | None, _) => Err(Error::defect("a route that calls nothing")),
    }
}

/// The URI of an action of another service, as API Gateway calls it.
pub(super) fn uri(place: &Place, action: &str) -> String {
    format!("arn:{}:apigateway:{}:{action}", place.partition, place.region)
}

/// A map of one entry.
pub(super) fn one(key: &str, value: &str) -> Texts {
    Texts::from([(key.to_owned(), value.to_owned())])
}
