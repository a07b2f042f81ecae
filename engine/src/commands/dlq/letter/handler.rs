//! The bundled handler's letter, version 1, which handlers of one's own may write as well: one record that can never be used, mostly
//! with its payload.

use serde::Deserialize;

use super::{Again, Form, Message, Place};
use crate::commands::dlq::payload::{self, Payload};
use crate::event::using::Shape;

/// A record of a Kinesis stream, or a change of a table: of the latter Lambda does not tell the shard.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handler {
    version: u32,
    reason: String,
    #[serde(default)]
    message: String,
    #[serde(rename = "eventID")]
    event_id: String,
    stream_arn: String,
    #[serde(default)]
    shard_id: Option<String>,
    sequence_number: String,
    #[serde(default)]
    partition_key: Option<String>,
    arrived_at: String,
    encoding: String,
    payload: Option<String>,
}

pub(super) fn read(message: &Message) -> Option<Box<dyn Form>> {
    let letter: Handler = serde_json::from_str(&message.body).ok()?;
    (letter.version == 1).then(|| Box::new(letter) as Box<dyn Form>)
}

impl Form for Handler {
    fn shape(&self) -> Shape {
        Shape::Handler
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn message(&self) -> String {
        self.message.clone()
    }

    fn place(&self) -> Option<Place<'_>> {
        Some(Place {
            stream_arn: &self.stream_arn,
            shard: self.shard_id.as_deref().unwrap_or_default(),
            first: &self.sequence_number,
            last: &self.sequence_number,
            arrived: (&self.arrived_at, &self.arrived_at),
            records: 1,
        })
    }

    fn event_id(&self) -> Option<String> {
        Some(self.event_id.clone())
    }

    fn payload(&self) -> Option<Payload> {
        payload::decode(&self.encoding, self.payload.as_deref())
    }

    fn partition_key(&self) -> Option<&str> {
        self.partition_key.as_deref()
    }

    fn again(&self) -> Again {
        Again::Record
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        self.partition_key.iter().map(|key| ("key", key.clone())).collect()
    }

    fn has_more(&self) -> bool {
        false
    }
}
