//! Events in AWS's form, where MiniStack gives them another one.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::source::Source;

/// The event as AWS sends it. What is right stays as it came, to the byte.
pub fn normal(source: &Source, event: Box<RawValue>) -> Box<RawValue> {
    let mend = match source {
        Source::Topic { .. } => notification,
        Source::Bucket { .. } => bucket,
        Source::Rule { .. } | Source::Logs { .. } | Source::Iot(_) | Source::Schedule { .. } | Source::Caller => {
            return event;
        }
    };
    let Ok(mut parsed) = serde_json::from_str::<Value>(event.get()) else { return event };
    for record in parsed["Records"].as_array_mut().into_iter().flatten() {
        mend(record);
    }
    RawValue::from_string(parsed.to_string()).unwrap_or(event)
}

/// To a function `Url` is spelled so, and what is not set is there all the same (`docs/aws.md#sns-events`).
fn notification(record: &mut Value) {
    let Some(message) = record["Sns"].as_object_mut() else { return };
    for (theirs, ours) in [("SigningCertURL", "SigningCertUrl"), ("UnsubscribeURL", "UnsubscribeUrl")] {
        if let Some(url) = message.remove(theirs) {
            message.insert(ours.to_owned(), url);
        }
    }
    message.entry("Subject").or_insert(Value::Null);
    message.entry("MessageAttributes").or_insert(json!({}));
}

fn bucket(record: &mut Value) {
    record["eventVersion"] = "2.1".into();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(source: &Source, event: &Value) -> Value {
        let event = RawValue::from_string(event.to_string()).unwrap();
        serde_json::from_str(normal(source, event).get()).unwrap()
    }

    #[test]
    fn a_notification_is_spelled_as_for_functions() {
        let source = Source::Topic { arn: String::new(), subscription: String::new() };
        let event = json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Type": "Notification", "Message": "m",
            "SigningCertURL": "c", "UnsubscribeURL": "u" } }] });
        assert_eq!(
            normalised(&source, &event)["Records"][0]["Sns"],
            json!({ "Type": "Notification", "Message": "m", "SigningCertUrl": "c", "UnsubscribeUrl": "u",
                "Subject": null, "MessageAttributes": {} })
        );
        let set = json!({ "Records": [{ "Sns": { "Subject": "s", "MessageAttributes": { "a": { "Type": "String", "Value": "b" } } } }] });
        assert_eq!(normalised(&source, &set), set);
    }

    #[test]
    fn a_bucket_has_its_own_version() {
        let event = json!({ "Records": [{ "eventVersion": "2.6", "eventName": "ObjectCreated:Put" }] });
        let source = Source::Bucket { arn: String::new() };
        assert_eq!(normalised(&source, &event)["Records"][0]["eventVersion"], "2.1");
    }

    #[test]
    fn what_is_right_stays_as_it_came() {
        let text = r#"{"z": 1.10, "a": 12345678901234567890}"#;
        let event = RawValue::from_string(text.to_owned()).unwrap();
        assert_eq!(normal(&Source::Iot(Box::default()), event).get(), text);
    }
}
