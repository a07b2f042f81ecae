//! Items of a table, whose changes the consumer gets. An item under a key that is there takes its place, which is a change as well.
//!
//! IAM: dynamodb:PutItem.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use pipe_local::event::Location;
use serde_json::{Map, Value, json};

use super::attributes::{bytes, item};
use super::{Answer, Taken, all_refused, refused};
use crate::aws::Cx;
use crate::commands::send::event::Event;
use crate::error::Result;
use crate::kinds::table::{Key, KeyKind};

/// What AWS says to items that it can never take.
const BAD: &[&str] = &["ValidationException", "ItemCollectionSizeLimitExceededException"];

/// A table. Cheap to clone.
#[derive(Clone)]
pub struct Table {
    cx: Cx,
    name: String,
    keys: Vec<Key>,
}

impl Table {
    pub fn new(cx: Cx, name: String, keys: Vec<Key>) -> Self {
        Self { cx, name, keys }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts items, one after the other.
    ///
    /// # Errors
    /// Those of DynamoDB that are not about the items.
    pub async fn send(self, events: Vec<Event>) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        for event in events {
            answers.extend(self.put(event).await?);
        }
        Ok(answers)
    }

    async fn put(&self, event: Event) -> Result<Vec<Answer>> {
        let mut attributes = match item(&event.body) {
            Ok(attributes) => attributes,
            Err(why) => return Ok(vec![refused(event, 400, why)]),
        };
        self.keys.iter().filter(|key| key.kind == KeyKind::Binary).for_each(|key| bytes(&mut attributes, &key.name));
        let taken = self.taken(&attributes);
        let put = self.cx.aws.dynamodb.put_item().table_name(&self.name).set_item(Some(attributes));
        match put.send().await {
            Ok(_) => Ok(vec![Answer { event, status: 200, taken: Some(taken), message: None }]),
            Err(error) => all_refused(vec![event], error.into(), BAD),
        }
    }

    fn taken(&self, attributes: &HashMap<String, AttributeValue>) -> Taken {
        let held = |key: &Key| {
            let value = match attributes.get(&key.name)? {
                AttributeValue::S(text) => json!({ "S": text }),
                AttributeValue::N(number) => json!({ "N": number }),
                AttributeValue::B(bytes) => json!({ "B": aws_smithy_types::base64::encode(bytes.as_ref()) }),
                _ => return None,
            };
            Some((key.name.clone(), value))
        };
        let item = Value::Object(self.keys.iter().filter_map(held).collect::<Map<_, _>>());
        let location = Location { service: "dynamodb".to_owned(), name: Some(self.name.clone()), part: None };
        Taken { location, record: item.to_string(), item: Some(item) }
    }
}

pub fn hint(status: u16) -> Option<String> {
    let text = match status {
        400 => {
            "an item is a JSON object of at most 400 KB, whose key attributes have the table's types and are not empty; its numbers \
             have at most 38 digits"
        }
        429 => "the table is throttled: send fewer, or give it more",
        500..=599 => "DynamoDB did not take it: send it again",
        _ => return None,
    };
    Some(text.to_owned())
}
