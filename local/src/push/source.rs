//! Who sends an event.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::iot::Published;
use crate::event::Location;

/// What MiniStack knows of a sender, beside the event's own form.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Sender {
    /// ARN of an EventBridge rule.
    #[serde(default)]
    pub rule: Option<String>,
    /// ARN of the dead-letter queue of the rule's target.
    #[serde(default)]
    pub queue: Option<String>,
    /// `Event` or `RequestResponse` of a caller of Invoke.
    #[serde(default)]
    pub invoke: Option<String>,
    /// ARN of the schedule that calls Invoke.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The log group of a subscription filter.
    #[serde(default)]
    pub group: Option<String>,
    /// ARN of the stream that the event is for, where it is for no function.
    #[serde(default)]
    pub stream: Option<String>,
    /// ARN of the role that puts it there.
    #[serde(default)]
    pub role: Option<String>,
    /// Why what the sender made cannot be delivered.
    #[serde(default)]
    pub refused: Option<String>,
    /// The message that a rule of AWS IoT has taken.
    #[serde(default)]
    pub iot: Option<Published>,
}

/// Who sends an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A subscription of a topic.
    Topic { arn: String, subscription: String },
    /// A bucket's notification.
    Bucket { arn: String },
    /// A rule of EventBridge.
    Rule { arn: String, queue: Option<String> },
    /// A subscription filter of a log group.
    Logs { group: String },
    /// A rule of AWS IoT.
    Iot(Box<Published>),
    /// A schedule, whose role was let in by Invoke itself.
    Schedule { arn: String },
    /// A caller of Invoke, who was let in by Invoke itself.
    Caller,
}

/// An event that Lambda has taken for a function.
pub struct Taken {
    /// The function's ARN without a qualifier; of an event for a stream that one's.
    pub function: String,
    pub request: String,
    pub source: Source,
    pub payload: Box<RawValue>,
}

impl Taken {
    pub fn name(&self) -> String {
        self.function.rsplit([':', '/']).next().unwrap_or_default().to_owned()
    }
}

/// An ARN of the function, in parts.
pub struct Place<'a> {
    pub partition: &'a str,
    pub region: &'a str,
    pub account: &'a str,
}

impl<'a> Place<'a> {
    pub fn of(arn: &'a str) -> Self {
        let mut parts = arn.split(':').skip(1);
        let mut next = || parts.next().unwrap_or_default();
        let (partition, _service, region, account) = (next(), next(), next(), next());
        Self { partition, region, account }
    }
}

impl Source {
    pub fn of(sender: &Sender, event: &Value) -> Self {
        if let Some(arn) = &sender.schedule {
            return Self::Schedule { arn: arn.clone() };
        }
        if sender.invoke.is_some() {
            return Self::Caller;
        }
        if let Some(published) = &sender.iot {
            return Self::Iot(Box::new(published.clone()));
        }
        if let Some(group) = &sender.group {
            return Self::Logs { group: group.clone() };
        }
        if let Some(arn) = &sender.rule {
            return Self::Rule { arn: arn.clone(), queue: sender.queue.clone() };
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let record = &event["Records"][0];
        if record["EventSource"] == "aws:sns" {
            return Self::Topic {
                arn: text(&record["Sns"]["TopicArn"]),
                subscription: text(&record["EventSubscriptionArn"]),
            };
        }
        if record["eventSource"] == "aws:s3" {
            return Self::Bucket { arn: text(&record["s3"]["bucket"]["arn"]) };
        }
        match event["awslogs"]["data"].as_str().and_then(log_group) {
            Some(group) => Self::Logs { group },
            None => Self::Iot(Box::default()),
        }
    }

    /// The service, as a policy's principal names it. Callers of Invoke have been judged by their own rights.
    pub fn principal(&self) -> Option<&'static str> {
        match self {
            Self::Topic { .. } => Some("sns.amazonaws.com"),
            Self::Bucket { .. } => Some("s3.amazonaws.com"),
            Self::Rule { .. } => Some("events.amazonaws.com"),
            Self::Logs { .. } => Some("logs.amazonaws.com"),
            Self::Iot(_) => Some("iot.amazonaws.com"),
            Self::Schedule { .. } | Self::Caller => None,
        }
    }

    /// The ARN that policies name it by, where it is known.
    pub fn arn(&self, place: &Place<'_>) -> Option<String> {
        match self {
            Self::Topic { arn, .. } | Self::Bucket { arn } | Self::Rule { arn, .. } | Self::Schedule { arn } => {
                Some(arn.clone())
            }
            Self::Logs { group } => {
                let Place { partition, region, account } = place;
                Some(format!("arn:{partition}:logs:{region}:{account}:log-group:{group}:*"))
            }
            Self::Iot(published) => Some(published.rule.clone()).filter(|arn| !arn.is_empty()),
            Self::Caller => None,
        }
    }

    /// Where the event is from, for people.
    pub fn location(&self) -> Location {
        let last = |arn: &str| arn.rsplit([':', '/']).next().map(str::to_owned);
        let (service, name) = match self {
            Self::Topic { arn, .. } => ("sns", last(arn)),
            Self::Bucket { arn } => ("s3", last(arn)),
            Self::Rule { arn, .. } => ("events", last(arn)),
            Self::Schedule { arn } => ("scheduler", last(arn)),
            Self::Logs { group } => ("logs", Some(group.clone())),
            Self::Iot(published) => ("iot", last(&published.rule).filter(|name| !name.is_empty())),
            Self::Caller => ("lambda", None),
        };
        Location { service: service.to_owned(), name, part: None }
    }
}

/// The log group in what a subscription filter sends.
fn log_group(data: &str) -> Option<String> {
    let zipped = STANDARD.decode(data).ok()?;
    let message: Value = serde_json::from_reader(GzDecoder::new(zipped.as_slice())).ok()?;
    message["logGroup"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sender_is_told_by_the_events_form_or_by_what_ministack_says() {
        let topic = "arn:aws:sns:eu-west-1:111122223333:orders";
        let event = json!({ "Records": [{ "EventSource": "aws:sns", "EventSubscriptionArn": format!("{topic}:1"),
            "Sns": { "TopicArn": topic } }] });
        let of = |event: &Value| Source::of(&Sender::default(), event);
        assert_eq!(of(&event), Source::Topic { arn: topic.to_owned(), subscription: format!("{topic}:1") });
        assert_eq!(of(&event).location(), Location::of(topic, None));
        let event =
            json!({ "Records": [{ "eventSource": "aws:s3", "s3": { "bucket": { "arn": "arn:aws:s3:::in" } } }] });
        assert_eq!(of(&event).location(), Location { service: "s3".into(), name: Some("in".into()), part: None });
        assert_eq!(of(&json!({ "temperature": 41 })), Source::Iot(Box::default()));
        assert_eq!(of(&json!(7)), Source::Iot(Box::default()));
        let rule = Published { rule: "arn:aws:iot:r:a:rule/heat".into(), ..Published::default() };
        let device = Sender { iot: Some(rule), ..Sender::default() };
        assert_eq!(
            Source::of(&device, &event).location().name.as_deref(),
            Some("heat"),
            "a rule of IoT may send anything"
        );
        let rule = Sender { rule: Some("arn:aws:events:r:a:rule/shop/big".into()), ..Sender::default() };
        assert_eq!(Source::of(&rule, &event).location().name.as_deref(), Some("big"), "a rule may send anything");
        let caller = Sender { invoke: Some("Event".into()), ..Sender::default() };
        assert_eq!(Source::of(&caller, &event), Source::Caller, "and so may a caller");
    }

    #[test]
    fn a_log_group_is_in_the_zipped_message() {
        let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
        zipped.write_all(br#"{"messageType":"DATA_MESSAGE","logGroup":"/aws/lambda/shop"}"#).unwrap();
        let event = json!({ "awslogs": { "data": STANDARD.encode(zipped.finish().unwrap()) } });
        let source = Source::of(&Sender::default(), &event);
        let place = Place::of("arn:aws:lambda:eu-west-1:111122223333:function:f");
        let arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/shop:*";
        assert_eq!(source.arn(&place).as_deref(), Some(arn));
    }
}
