//! Single events: EventBridge's, of which `detail` is the item, and any other JSON object, which is the item itself.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use super::{Content, Ending, Feed, Origin, Record};

pub const FEED: Feed = Feed { name: "event", source: "", ending: Ending::Push, read };

/// What tells EventBridge's envelope from an object that happens to have a member `detail`.
const ENVELOPE: [&str; 3] = ["detail-type", "source", "detail"];

fn read(raw: &RawValue) -> serde_json::Result<Record<'_>> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(raw.get())?;
    let is_envelope = ENVELOPE.iter().all(|name| members.contains_key(*name));
    let item = members.get("detail").copied().filter(|_| is_envelope).unwrap_or(raw);
    // No answer names it.
    let id = String::new();
    Ok(Record {
        id,
        group: None,
        content: Content::Json(Cow::Borrowed(item.get().as_bytes())),
        origin: Origin::default(),
    })
}
