//! One line of `pipe dlq export`: what a letter holds, as people edit it and as `pipe send --file` reads it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::event::using::Shape;

/// An event of a letter. Of a batch that was given up there is one line for each record that its stream still has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exported {
    /// Tells the line from an event of the sender's own.
    pipe: Mark,
    /// The message's id.
    pub id: String,
    /// Who wrote the letter.
    pub shape: Shape,
    /// The handler's reason, or the condition in AWS's document.
    pub reason: String,
    /// When it came to the dead-letter queue, in RFC 3339.
    pub sent_at: String,
    /// The ARN of the stream or queue that had the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The key of its record in a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// The message group, of a FIFO queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The payload, where it is JSON: with all its digits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    event: Option<Box<RawValue>>,
    /// The payload, where it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

/// The one value of `pipe`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mark {
    #[default]
    Letter,
}

/// Where an event comes from, as a line says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub id: String,
    pub shape: Shape,
    pub reason: String,
    pub sent_at: String,
    pub source: Option<String>,
    pub partition_key: Option<String>,
    pub group: Option<String>,
}

/// An event may be null.
fn there<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(value).map(Some)
}

impl Exported {
    /// A payload, and where it comes from.
    pub fn new(about: About, payload: &[u8]) -> Self {
        let About { id, shape, reason, sent_at, source, partition_key, group } = about;
        let event = json(payload);
        let payload_base64 = event.is_none().then(|| STANDARD.encode(payload));
        Self { pipe: Mark::Letter, id, shape, reason, sent_at, source, partition_key, group, event, payload_base64 }
    }

    /// The line, with its newline.
    ///
    /// # Errors
    /// None that this type can give.
    pub fn to_line(&self) -> Result<String> {
        let line = serde_json::to_string(self).map_err(|error| Error::defect(error.to_string()))?;
        Ok(line + "\n")
    }

    /// The same as a value whose numbers keep their digits.
    ///
    /// # Errors
    /// None that this type can give.
    pub fn raw(&self) -> Result<Box<RawValue>> {
        serde_json::value::to_raw_value(self).map_err(|error| Error::defect(error.to_string()))
    }

    /// Reads a line of a file; nothing where it is no line of `pipe dlq export`, but an event of the sender's own.
    ///
    /// # Errors
    /// It says that it is a letter, and is not one.
    pub fn read(line: &[u8]) -> Result<Option<Self>> {
        /// What such a line has, whatever else is wrong with it.
        #[derive(Deserialize)]
        struct Marked {
            #[serde(rename = "pipe")]
            _mark: Mark,
        }
        if serde_json::from_slice::<Marked>(line).is_err() {
            return Ok(None);
        }
        let wrong = |why: &str| {
            Err(Error::fatal(format!("this line says that it is an exported letter, and cannot be read: {why}"))
                .hint("`pipe dlq export` writes such lines; leave `\"pipe\": \"letter\"` out to send the line itself"))
        };
        match serde_json::from_slice::<Self>(line) {
            Ok(letter) if letter.event.is_some() != letter.payload_base64.is_some() => Ok(Some(letter)),
            Ok(_) => wrong("it needs one of `event` and `payload_base64`"),
            Err(error) => wrong(&error.to_string()),
        }
    }

    /// What a sender is to send: the payload.
    ///
    /// # Errors
    /// It is not what a sender sends, but what AWS made of it: a change of a table, or the event of an asynchronous call, which would be
    /// wrapped a second time. Or its base64 is none.
    pub fn body(&self) -> Result<Vec<u8>> {
        let of_table = self.source.as_deref().is_some_and(|arn| arn.contains(":dynamodb:"));
        let made = match self.shape {
            Shape::Asynchronous => Some("the event of an asynchronous call"),
            _ if of_table => Some("a change of a table"),
            _ => None,
        };
        if let Some(made) = made {
            let error = Error::fatal(format!("the letter `{}` holds {made}, which nobody sends", self.id));
            return Err(error.hint("`pipe dlq redrive` hands it to the function as it is"));
        }
        match (&self.event, &self.payload_base64) {
            (Some(event), _) => Ok(event.get().as_bytes().to_vec()),
            (None, payload) => STANDARD.decode(payload.as_deref().unwrap_or_default()).map_err(|error| {
                Error::fatal(format!("`payload_base64` of the letter `{}` is no base64: {error}", self.id))
            }),
        }
    }
}

/// The payload as JSON of one line: newlines and tabs can only stand between its parts.
fn json(payload: &[u8]) -> Option<Box<RawValue>> {
    let text = std::str::from_utf8(payload).ok()?;
    RawValue::from_string(text.trim().replace(['\n', '\r', '\t'], " ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(shape: Shape, source: &str) -> About {
        let text = |text: &str| text.to_owned();
        let (id, reason, sent_at) = (text("m1"), text("no-key"), text("2026-11-29T00:00:00Z"));
        About { id, shape, reason, sent_at, source: Some(text(source)), partition_key: Some(text("k")), group: None }
    }

    const STREAM: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/s";

    #[test]
    fn a_payload_comes_back_as_it_was() {
        let json = "{\"n\": 12345678901234567890.10, \"n\": 1,\n \"t\": \"a\\nb\"}";
        let on_one_line = json.replace('\n', " ");
        for (payload, back) in [
            (json.as_bytes(), on_one_line.as_bytes()),
            (b"null", b"null"),
            (b"{\"half\":", b"{\"half\":"),
            (b"", b""),
            (&[0xff, 0], &[0xff, 0]),
        ] {
            let line = Exported::new(about(Shape::Handler, STREAM), payload).to_line().unwrap();
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            let read = Exported::read(line.trim_end().as_bytes()).unwrap().unwrap();
            assert_eq!((read.body().unwrap().as_slice(), read.partition_key.as_deref()), (back, Some("k")), "{line}");
        }
    }

    #[test]
    fn a_line_has_the_event_itself() {
        let line = Exported::new(about(Shape::Handler, STREAM), b"{\"a\":1}").to_line().unwrap();
        let expected = concat!(
            r#"{"pipe":"letter","id":"m1","shape":"handler","reason":"no-key","sent_at":"2026-11-29T00:00:00Z","#,
            r#""source":"arn:aws:kinesis:eu-central-1:111122223333:stream/s","partition_key":"k","event":{"a":1}}"#,
            "\n"
        );
        assert_eq!(line, expected);
    }

    #[test]
    fn another_line_is_an_event_of_the_senders_own() {
        for line in ["{\"a\": 1}", "{\"pipe\": \"line\"}", "[]", "{"] {
            assert!(Exported::read(line.as_bytes()).unwrap().is_none(), "{line}");
        }
        let both =
            r#"{"pipe":"letter","id":"m","shape":"handler","reason":"r","sent_at":"","event":1,"payload_base64":""}"#;
        for line in [r#"{"pipe": "letter"}"#, both] {
            let error = Exported::read(line.as_bytes()).unwrap_err();
            assert!(error.message().starts_with("this line says that it is an exported letter"), "{error}");
        }
    }

    #[test]
    fn what_aws_made_of_an_event_is_not_sent() {
        let change = about(Shape::Handler, "arn:aws:dynamodb:eu-central-1:111122223333:table/t/stream/x");
        for about in [change, about(Shape::Asynchronous, STREAM)] {
            assert!(Exported::new(about, b"{}").body().unwrap_err().message().contains("which nobody sends"));
        }
    }
}
