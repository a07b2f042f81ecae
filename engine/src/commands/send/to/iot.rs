//! Messages of MQTT, on a topic that the rule's filter takes. IoT's own address for them is the account's, and is asked for. A call is made
//! once: what is repeated might come twice.
//!
//! IAM: iot:DescribeEndpoint, iot:Publish.

use super::push::{Answers, Push};
use super::{Answer, Taken, all_refused, refused};
use crate::aws::{Cx, Repeat, Request, Service, encoded};
use crate::commands::send::event::Event;
use crate::error::{Class, Error, Result};
use crate::spec::{self, Key, Spec};

const IOT: Service = Service { name: "iot", target: "" };
/// What takes messages, at an address of its own.
const DATA: Service = Service { name: "iotdata", target: "" };

/// What stands for any level of a topic.
const LEVEL: &str = "pipe";

/// What AWS says to messages that it can never take.
const BAD: &[&str] = &["InvalidRequestException", "RequestEntityTooLargeException"];

/// A topic of MQTT.
pub struct Iot {
    cx: Cx,
    topic: String,
    /// The address that takes messages.
    host: String,
    run: u64,
}

impl Iot {
    /// The topic, with the address that takes its messages.
    ///
    /// # Errors
    /// Nobody knows a topic that the statement takes; those of IoT.
    pub async fn open(cx: Cx, iot: &spec::Iot, run: u64) -> Result<Self> {
        let Some(topic) = topic(iot) else {
            let error = Error::fatal("`sql` names no topic that could be sent to");
            return Err(error.hint("its FROM names one, as in `FROM 'sensors/+/temp'`"));
        };
        let sent = Request {
            method: "GET",
            path: "/endpoint".to_owned(),
            query: vec![("endpointType", "iot:Data-ATS".to_owned())],
            ..Request::default()
        };
        let answer = cx.aws.operations.rest(&IOT, "DescribeEndpoint", sent, Repeat::AsUsual).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
        let told = answer["endpointAddress"].as_str().map(str::to_owned);
        let host =
            told.ok_or_else(|| Error::new(Class::Unclear, "IoT does not tell the address that takes messages"))?;
        Ok(Self { cx, topic, host, run })
    }

    async fn publish(&self, event: Event) -> Result<Vec<Answer>> {
        let Ok(body) = String::from_utf8(event.body.clone()) else {
            return Ok(vec![refused(event, 400, "it is not UTF-8")]);
        };
        let sent = Request {
            method: "POST",
            path: format!("/topics/{}", encoded(&self.topic)),
            query: vec![("qos", "1".to_owned())],
            body,
            ..Request::default()
        };
        match self.cx.aws.operations.rest_at(&self.host, &DATA, "Publish", sent, Repeat::Never).await {
            Ok(_) => {
                let taken = Taken::by("iot", &self.topic, format!("{:x}-{}", self.run, event.n));
                Ok(vec![Answer { event, status: 200, taken: Some(taken), message: None }])
            }
            Err(error) => all_refused(vec![event], error, BAD),
        }
    }
}

impl Push for Iot {
    fn told(&self) -> String {
        format!("the topic `{}` of AWS IoT", self.topic)
    }

    fn send(&self, events: Vec<Event>) -> Answers<'_> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for event in events {
                answers.extend(self.publish(event).await?);
            }
            Ok(answers)
        })
    }

    fn hint(&self, status: u16) -> Option<&'static str> {
        match status {
            400 => Some("a message has at most 128 KiB; topics that begin with `$` are AWS's own"),
            429 => Some("IoT takes no more messages for a moment: send fewer"),
            _ => None,
        }
    }
}

pub fn remark(iot: &spec::Iot) -> Option<String> {
    let asks = iot.condition.is_some() || iot.sql.as_deref().is_some_and(|sql| find(sql, " where ").is_some());
    asks.then(|| "the statement has a condition: give a message that it takes with --data".to_owned())
}

/// Whether the statement makes a key of the row itself, as in `topic(2) AS sensor`.
pub fn makes_key(iot: &spec::Iot, spec: &Spec) -> bool {
    let statement = iot.statement().to_ascii_lowercase();
    let words: Vec<&str> = statement.split(|one: char| one.is_whitespace() || one == ',').collect();
    let named = |key: &Key| words.windows(2).any(|two| two == ["as", key.name.to_ascii_lowercase().as_str()]);
    let own = spec.target().and_then(|target| target.table.own());
    own.is_some_and(|own| named(&own.partition_key) || own.sort_key.as_ref().is_some_and(named))
}

/// A topic that the filter takes; nothing where the statement has none.
fn topic(iot: &spec::Iot) -> Option<String> {
    let filter = match (&iot.topic, &iot.sql) {
        (Some(topic), _) => topic.as_str(),
        (None, Some(sql)) => sql[find(sql, "from")? + 4..].trim_start().strip_prefix('\'')?.split('\'').next()?,
        (None, None) => return None,
    };
    let level = |level| if matches!(level, "+" | "#") { LEVEL } else { level };
    Some(filter.split('/').map(level).collect::<Vec<_>>().join("/")).filter(|topic| !topic.is_empty())
}

/// Where a word of SQL begins, in whatever case.
fn find(sql: &str, word: &str) -> Option<usize> {
    sql.to_ascii_lowercase().find(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iot(text: &str) -> spec::Iot {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_topic_fits_its_filter() {
        let of = |text: &str| topic(&iot(text));
        assert_eq!(of(r#"{"topic":"sensors/+/temp"}"#).as_deref(), Some("sensors/pipe/temp"));
        assert_eq!(of(r##"{"topic":"a/#"}"##).as_deref(), Some("a/pipe"));
        assert_eq!(of(r#"{"sql":"SELECT * From 'x/+' WHERE a > 1"}"#).as_deref(), Some("x/pipe"));
        assert_eq!(of(r#"{"sql":"SELECT 1"}"#), None);
        assert!(remark(&iot(r#"{"topic":"a","where":"t > 4"}"#)).is_some());
        assert!(remark(&iot(r#"{"sql":"SELECT * FROM 'a' where t > 4"}"#)).is_some());
        assert!(remark(&iot(r#"{"topic":"a"}"#)).is_none());
    }
}
