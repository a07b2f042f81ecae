//! Changes of a table: the new image is the item.
//!
//! The row is at the keys of the sink, as attributes of the image; so a change of such an attribute, where it is no key of the changed
//! table, makes another row and leaves the old one. A REMOVE tells its row by the old image, or by the keys where the view has no old
//! image. A deletion by TTL is a REMOVE like any other.
//!
//! A batch that is sent again may write an older image over a newer one for a moment: the newer one is in the same shard, comes after
//! it, and is written again as well.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Change, Content, Ending, Feed, Origin, Record};

pub const FEED: Feed = Feed { name: "table-changes", source: "aws:dynamodb", ending: Ending::Stream, read };

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(rename = "eventID", default)]
    event_id: Option<String>,
    #[serde(rename = "eventName")]
    event_name: EventName,
    #[serde(rename = "eventSourceARN", default)]
    stream_arn: Option<String>,
    #[serde(borrow)]
    dynamodb: Images<'a>,
}

/// Another name would be something that nobody here knows how to do.
#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum EventName {
    Insert,
    Modify,
    Remove,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Images<'a> {
    #[serde(default)]
    approximate_creation_date_time: Option<f64>,
    #[serde(borrow, default)]
    keys: Option<&'a RawValue>,
    #[serde(borrow, default)]
    new_image: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_image: Option<&'a RawValue>,
    sequence_number: String,
}

fn read(raw: &RawValue) -> serde_json::Result<Record<'_>> {
    let wire: Wire<'_> = serde_json::from_str(raw.get())?;
    let Images { approximate_creation_date_time, keys, new_image, old_image, sequence_number } = wire.dynamodb;
    let (keys, new_image, old_image) = (given(keys), given(new_image), given(old_image));
    let origin = Origin {
        event_id: wire.event_id.unwrap_or_default(),
        stream_arn: wire.stream_arn.unwrap_or_default(),
        arrived_millis: millis(approximate_creation_date_time.unwrap_or_default()),
        keys,
        ..Origin::default()
    };
    let removed = wire.event_name == EventName::Remove;
    let content = Content::Change(Change { record: raw, removed, keys, new_image, old_image });
    Ok(Record { id: sequence_number, group: None, content, origin })
}

/// `null` is as good as nothing.
fn given(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get() != "null")
}

/// Rust's cast takes what is too large as the largest.
#[expect(clippy::cast_possible_truncation)]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
