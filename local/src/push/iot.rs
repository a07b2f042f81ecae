//! Rules of AWS IoT: which message an event is of, and what becomes of one that a rule's action failed on.

use serde::Deserialize;
use serde_json::{Value, json};

/// The message that a rule of AWS IoT has taken, and what the rule says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Published {
    /// ARN of the rule.
    pub rule: String,
    /// The topic of MQTT.
    pub topic: String,
    pub client: String,
    pub trace: String,
    /// As it was published, in base64.
    pub payload: String,
    /// The action for what fails.
    pub error: Option<ErrorAction>,
    /// The partition key of a stream's records, as the rule has it.
    pub key: Option<String>,
}

/// What a rule does where its action failed, as far as pipelines have it: a message to a queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ErrorAction {
    pub sqs: ToQueue,
}

/// The action of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToQueue {
    pub queue_url: String,
    pub role_arn: String,
}

impl Published {
    /// The partition key of the record, where the rule gives one: pipelines have no other template than that of the topic.
    pub fn partition_key(&self) -> Option<String> {
        self.key.as_ref().map(|key| key.replace("${topic()}", &self.topic))
    }

    /// What AWS IoT sends to the error action
    /// (<https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html>).
    pub fn document(&self, target: &str, why: &str) -> Value {
        let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let to_stream = target.split(':').nth(2) == Some("kinesis");
        let (action, resource) =
            if to_stream { ("KinesisAction", name(target)) } else { ("LambdaAction", target.to_owned()) };
        json!({
            "ruleName": name(&self.rule),
            "topic": self.topic,
            "cloudwatchTraceId": self.trace,
            "clientId": self.client,
            "base64OriginalPayload": self.payload,
            "failures": [{ "failedAction": action, "failedResource": resource, "errorMessage": why }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_action_is_told_as_aws_tells_it() {
        let published = Published {
            rule: "arn:aws:iot:eu-west-1:111122223333:rule/heat".to_owned(),
            topic: "sensors/1".to_owned(),
            payload: "e30=".to_owned(),
            key: Some("at ${topic()}".to_owned()),
            ..Published::default()
        };
        assert_eq!(published.partition_key().as_deref(), Some("at sensors/1"));
        let failure = |target: &str| published.document(target, "no")["failures"][0].clone();
        let stream = json!({ "failedAction": "KinesisAction", "failedResource": "events", "errorMessage": "no" });
        assert_eq!(failure("arn:aws:kinesis:eu-west-1:111122223333:stream/events"), stream);
        let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
        assert_eq!(failure(function)["failedResource"], function);
        assert_eq!(published.document(function, "no")["ruleName"], "heat");
    }
}
