//! What a rule does with what it selects.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where a rule sends to (<https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Calls a function, whose policy lets the rule in.
    Lambda {
        /// ARN of the function.
        function: String,
    },
    /// Puts a record on a stream.
    Kinesis {
        /// Name of the stream.
        stream: String,
        /// ARN of the role that IoT acts under.
        role: String,
        /// As `${topic()}`.
        partition_key: String,
    },
    /// Sends a message to a standard queue.
    Sqs {
        /// URL of the queue.
        url: String,
        /// ARN of the role that IoT acts under.
        role: String,
    },
    /// What somebody else has set: no pipeline asks for it.
    Other {
        /// The actions in AWS's words.
        actions: String,
    },
}

impl Action {
    /// Reads the actions of a rule: one that is written in this way, or else what somebody has made of it.
    pub fn shown(actions: &[Value]) -> Self {
        let actions: Vec<Value> = actions.iter().map(plain).collect();
        let known = match actions.as_slice() {
            [action] => Self::known(action).filter(|known| plain(&known.sent()) == *action),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other { actions: Value::from(actions).to_string() })
    }

    fn known(action: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (sort, of) = action.as_object()?.iter().next()?;
        match sort.as_str() {
            "lambda" => Some(Self::Lambda { function: text(&of["functionArn"]) }),
            "kinesis" => Some(Self::Kinesis {
                stream: text(&of["streamName"]),
                role: text(&of["roleArn"]),
                partition_key: text(&of["partitionKey"]),
            }),
            "sqs" => Some(Self::Sqs { url: text(&of["queueUrl"]), role: text(&of["roleArn"]) }),
            _ => None,
        }
    }

    /// The form in which it is sent.
    pub fn sent(&self) -> Value {
        match self {
            Self::Lambda { function } => json!({ "lambda": { "functionArn": function } }),
            Self::Kinesis { stream, role, partition_key } => {
                json!({ "kinesis": { "streamName": stream, "roleArn": role, "partitionKey": partition_key } })
            }
            Self::Sqs { url, role } => json!({ "sqs": { "queueUrl": url, "roleArn": role, "useBase64": false } }),
            Self::Other { .. } => Value::Null,
        }
    }

    /// The role that IoT acts under.
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::Kinesis { role, .. } | Self::Sqs { role, .. } => Some(role),
            Self::Lambda { .. } | Self::Other { .. } => None,
        }
    }
}

/// An action without what says nothing: members that are null, and a queue's message that is not in base64.
fn plain(action: &Value) -> Value {
    let mut plain = action.clone();
    for of in plain.as_object_mut().into_iter().flat_map(|sorts| sorts.values_mut()) {
        if let Some(members) = of.as_object_mut() {
            let says_nothing = |name: &str, value: &Value| value.is_null() || (name == "useBase64" && *value == false);
            members.retain(|name, value| !says_nothing(name, value));
        }
    }
    if let Some(sorts) = plain.as_object_mut() {
        sorts.retain(|_, of| !of.is_null());
    }
    plain
}
