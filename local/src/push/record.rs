//! What the on-failure destination gets of an event that is given up, as recorded.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::attempts::Condition;
use crate::invoke::Answer;

// The order of the fields is the recorded one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    version: &'a str,
    timestamp: String,
    request_context: RequestContext<'a>,
    request_payload: &'a RawValue,
    /// Absent where no call has reached the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: String,
    condition: Condition,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    executed_version: &'a str,
    function_error: Option<&'a str>,
}

/// An event that is given up.
pub struct GivenUp<'a> {
    pub function_arn: &'a str,
    pub request_id: &'a str,
    pub payload: &'a RawValue,
    pub condition: Condition,
    pub calls: u32,
    /// The function's last answer, if a call has reached it.
    pub last: Option<&'a Answer>,
}

/// The record's text. It holds the whole event, so that it can be sent again.
pub fn record(event: &GivenUp<'_>, now: i64) -> String {
    let record = Record {
        version: "1.0",
        timestamp: timestamp(now),
        request_context: RequestContext {
            request_id: event.request_id,
            function_arn: format!("{}:$LATEST", event.function_arn),
            condition: event.condition,
            approximate_invoke_count: event.calls,
        },
        request_payload: event.payload,
        response_context: event.last.map(|answer| ResponseContext {
            status_code: 200,
            executed_version: "$LATEST",
            function_error: answer.error.as_deref(),
        }),
        response_payload: event.last.map(|answer| serde_json::from_slice(&answer.payload).unwrap_or_default()),
    };
    serde_json::to_string(&record).unwrap_or_default()
}

/// The same as an entry for a bus: source, type and detail.
pub fn for_bus(record: String) -> (&'static str, &'static str, String) {
    ("lambda", "Lambda Function Invocation Result - Failure", record)
}

/// Like `2019-11-14T00:38:06.021Z`, always with three decimals.
fn timestamp(ms: i64) -> String {
    let seconds = DateTime::from_secs(ms.div_euclid(1000)).fmt(Format::DateTime).unwrap_or_default();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), ms.rem_euclid(1000))
}

/// Lambda's answer to a caller whose function could not be reached.
pub fn unavailable(why: &str) -> Value {
    json!({ "errorType": "ServiceException", "errorMessage": why })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn it_is_lambdas() {
        let payload = RawValue::from_string(r#"{"b":1.10,"a":2}"#.to_owned()).unwrap();
        let answer = Answer {
            payload: Bytes::from_static(br#"{"errorMessage":"no","errorType":"E"}"#),
            error: Some("Unhandled".to_owned()),
            request_id: "r-2".to_owned(),
            memory: None,
        };
        let mut event = GivenUp {
            function_arn: "arn:aws:lambda:eu-west-1:111122223333:function:f",
            request_id: "r-1",
            payload: &payload,
            condition: Condition::RetriesExhausted,
            calls: 3,
            last: Some(&answer),
        };
        assert_eq!(
            record(&event, 1_573_691_886_021),
            concat!(
                r#"{"version":"1.0","timestamp":"2019-11-14T00:38:06.021Z","requestContext":{"requestId":"r-1","#,
                r#""functionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST","condition":"RetriesExhausted","#,
                r#""approximateInvokeCount":3},"requestPayload":{"b":1.10,"a":2},"responseContext":{"statusCode":200,"#,
                r#""executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorMessage":"no","errorType":"E"}}"#
            ),
            "the event is in it as it came"
        );
        (event.last, event.calls, event.condition) = (None, 0, Condition::EventAgeExceeded);
        let text = record(&event, 0);
        assert!(text.contains(r#""requestId":"r-1""#) && !text.contains("response"), "{text}");
    }
}
