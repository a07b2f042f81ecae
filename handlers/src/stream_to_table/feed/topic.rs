//! Messages of a topic that calls the function itself.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Content, Ending, Feed, Origin, Record};

pub const FEED: Feed = Feed { name: "topic", source: "aws:sns", ending: Ending::Push, read };

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "Sns")]
    sns: Notification,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    message_id: String,
    message: String,
}

fn read(raw: &RawValue) -> serde_json::Result<Record<'_>> {
    let Wire { sns } = serde_json::from_str(raw.get())?;
    let content = Content::Json(Cow::Owned(sns.message.into_bytes()));
    Ok(Record { id: sns.message_id, group: None, content, origin: Origin::default() })
}
