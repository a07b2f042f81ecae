//! An action of any AWS service as what a route calls, with templates of the user's own.

use super::vtl::{any, choice};
use super::{STATUSES, To, own};
use crate::error::Result;
use crate::lower::Lowering;
use crate::lower::dlq::DLQ;
use crate::lower::sink::table::TABLE;
use crate::lower::statements::Own;
use crate::lower::stream::kinesis::STREAM;
use crate::spec::{AwsCall, Statement};

/// A route that calls the action.
pub(super) fn to(lowering: &Lowering<'_>, call: &AwsCall) -> Result<To> {
    let (request, success) = (own(lowering, &call.request)?, own(lowering, &call.response)?);
    let uri = format!("{}:action/{}", call.service, call.action);
    let responses = super::responses(&success, &refusal(), FAILED);
    let integration = super::call(lowering, &uri, call.content_type(), &request, responses);
    let own = Own::of(lowering);
    let statements = call.statements.iter().map(|statement| own.statement(statement)).collect();
    let words = call.statements.iter().flat_map(Statement::own);
    let mentions = words.map(|word| match word {
        "sink" => TABLE,
        "stream" => STREAM,
        _ => DLQ,
    });
    Ok(To { integration, statuses: &STATUSES, statements, mentions: mentions.map(str::to_owned).collect() })
}

const FAILED: &str = "The service did not take the call";

/// What a client may know of a refusal, by its code, in JSON's form or that of the query protocol. The messages are our own:
/// AWS's name roles and accounts.
fn refusal() -> String {
    let cases = [
        (any("$type", &["Throttl", "TooManyRequests", "LimitExceeded", "ThroughputExceeded"]), 429, BUSY),
        (any("$type", &["Validation", "InvalidParameter", "InvalidArgument", "Serialization"]), 400, INVALID),
    ];
    "#set($type = \"$!input.path('$.__type')$!input.path('$.Error.Code')\")\n".to_owned()
        + &choice(&cases, (502, FAILED))
}

const BUSY: &str = "Too many requests: try again later";
const INVALID: &str = "The request was refused as invalid";

#[cfg(test)]
mod tests;
