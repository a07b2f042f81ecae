//! Message groups and deduplication ids that SQS refuses and MiniStack takes.
//!
//! Both are 1 to 128 letters, digits and signs of ASCII, without spaces
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>). The words are AWS's own
//! ([localstack 9680](https://github.com/localstack/localstack/pull/9680)). What becomes of the other messages of a call with a bad one, AWS
//! does not say: here the whole call is refused, so that none is taken without its sender's knowledge.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Response;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::refusals::refusal;
use super::{Answering, Exchange};

/// Characters of a group or an id at the most.
const MOST: usize = 128;

/// Sends a message whose group and id may be so.
pub fn send<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        match refused(&exchange.input()) {
            Some(refusal) => Ok(refusal),
            None => exchange.forward().await,
        }
    })
}

/// The refusal of a call about one message or several, if one has a group or an id that may not be.
pub fn refused(input: &Value) -> Option<Response<Bytes>> {
    let mut messages = input["Entries"].as_array().into_iter().flatten().chain([input]);
    let (parameter, value) = messages.find_map(bad)?;
    let message = format!(
        "Value {value} for parameter {parameter} is invalid. Reason: {parameter} can only include alphanumeric and punctuation \
         characters. 1 to {MOST} in length."
    );
    let mut answer = refusal(400, "InvalidParameterValueException", &message);
    let (name, code) = ("x-amzn-query-error", "InvalidParameterValue;Sender");
    answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(code));
    Some(answer)
}

/// The first of a message's parameters that may not be so. An empty group is one that is missing, which MiniStack refuses itself.
fn bad(message: &Value) -> Option<(&'static str, &str)> {
    let said = |parameter: &'static str| Some((parameter, message[parameter].as_str()?));
    let group = said("MessageGroupId").filter(|(_, group)| !group.is_empty());
    let all = [group, said("MessageDeduplicationId")];
    all.into_iter().flatten().find(|(_, value)| !allowed(value))
}

fn allowed(value: &str) -> bool {
    (1..=MOST).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(input: &Value) -> Option<String> {
        let body: Value = serde_json::from_slice(refused(input)?.body()).unwrap();
        Some(body["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn groups_and_ids_are_letters_digits_and_signs() {
        let signs: String = ('!'..='~').collect();
        for fine in ["a", signs.as_str(), "x".repeat(MOST).as_str()] {
            assert_eq!(said(&json!({ "MessageGroupId": fine, "MessageDeduplicationId": fine })), None, "{fine}");
        }
        for bad in ["a b", "é", "\t", "☃", "x".repeat(MOST + 1).as_str()] {
            for parameter in ["MessageGroupId", "MessageDeduplicationId"] {
                let expected = format!(
                    "Value {bad} for parameter {parameter} is invalid. Reason: {parameter} can only include alphanumeric and punctuation characters. \
                     1 to 128 in length."
                );
                assert_eq!(said(&json!({ parameter: bad })), Some(expected.clone()));
                let several =
                    json!({ "Entries": [{ "Id": "1", "MessageGroupId": "a" }, { "Id": "2", parameter: bad }] });
                assert_eq!(said(&several), Some(expected), "one of several");
            }
        }
        let empty = |parameter: &str| said(&json!({ parameter: "" })).is_some();
        assert_eq!((empty("MessageGroupId"), empty("MessageDeduplicationId")), (false, true));
        assert_eq!(said(&json!({ "MessageBody": "a b" })), None, "a message without either");
    }
}
