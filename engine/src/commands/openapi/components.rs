//! What several operations share, each under a name of its own.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::schema;
use crate::spec::{Key, KeyType, Spec};

/// The schema of every answer that is no success.
const MESSAGE: &str = "Message";
/// The schema of an item of the table.
const ITEM: &str = "Item";

/// The parts of the document that others refer to.
pub struct Components {
    schemas: BTreeMap<String, Value>,
    responses: BTreeMap<String, Value>,
    /// The models that are schemas already, with their references.
    known: Vec<(Value, Value)>,
    item: Value,
}

impl Components {
    pub fn new(spec: &Spec) -> Self {
        let message = json!({
            "type": "object",
            // API Gateway has none where an authorizer failed.
            "properties": { "message": { "type": "string", "nullable": true } },
        });
        let (schemas, responses) = (BTreeMap::from([(MESSAGE.to_owned(), message)]), BTreeMap::new());
        Self { schemas, responses, known: Vec::new(), item: item(spec) }
    }

    /// The components with these security schemes.
    pub fn done(self, schemes: BTreeMap<String, Value>) -> Value {
        let mut all = Map::new();
        let parts = [("schemas", self.schemas), ("responses", self.responses), ("securitySchemes", schemes)];
        all.extend(
            parts.into_iter().filter(|(_, part)| !part.is_empty()).map(|(name, part)| (name.to_owned(), json!(part))),
        );
        all.into()
    }

    /// A reference to the schema of a message.
    pub fn message() -> Value {
        to_schema(MESSAGE)
    }

    /// A reference to the schema of an item.
    pub fn item(&mut self) -> Value {
        self.schemas.insert(ITEM.to_owned(), self.item.clone());
        to_schema(ITEM)
    }

    /// A reference to an answer, which is added where it is not there yet.
    pub fn response(&mut self, name: &str, response: Value) -> Value {
        self.responses.entry(name.to_owned()).or_insert(response);
        json!({ "$ref": format!("#/components/responses/{name}") })
    }

    /// A reference to the schema of the bodies that this model takes, which comes from this file.
    pub fn body(&mut self, file: &Path, model: &Value) -> Value {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| known == model) {
            return known.clone();
        }
        let stem = file.file_name().unwrap_or_default().to_string_lossy();
        let name = self.claim(&camel(stem.split('.').next().unwrap_or_default()));
        schema::add(self, &name, model);
        self.known.push((model.clone(), to_schema(&name)));
        to_schema(&name)
    }

    /// Takes a name that nothing has yet: this one, or one with a number behind it.
    pub fn claim(&mut self, wanted: &str) -> String {
        let wanted = if wanted.is_empty() { "Body" } else { wanted };
        let taken = |name: &String| name == ITEM || self.schemas.contains_key(name);
        let numbered = (2..).map(|number| format!("{wanted}{number}"));
        let name = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default();
        self.schemas.insert(name.clone(), Value::Null);
        name
    }

    pub fn set(&mut self, name: &str, schema: Value) {
        self.schemas.insert(name.to_owned(), schema);
    }
}

pub fn to_schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An item has its keys, and whatever else was written.
fn item(spec: &Spec) -> Value {
    let keys: Vec<&Key> =
        spec.keys().map(|(partition, sort)| [Some(partition), sort]).into_iter().flatten().flatten().collect();
    let properties: BTreeMap<&str, Value> = keys.iter().map(|key| (key.name.as_str(), key_schema(key))).collect();
    let mut item = json!({ "type": "object", "description": "An item of the table" });
    if !keys.is_empty() {
        item["required"] = properties.keys().copied().collect();
        item["properties"] = json!(properties);
    }
    item
}

/// A key attribute, as answers have it.
pub fn key_schema(key: &Key) -> Value {
    match key.kind {
        KeyType::String => json!({ "type": "string" }),
        KeyType::Number => json!({ "type": "number" }),
        KeyType::Binary => json!({ "type": "string", "format": "byte" }),
    }
}

/// The words of a text as one, each with a capital: letters and digits only.
pub fn camel(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}
