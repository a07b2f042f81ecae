//! The changes of a DynamoDB table.

use crate::spec::model::OwnOrExisting;
use crate::spec::sink::{Keys, Table, Target};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The changes of a table: of one that the pipeline makes, or of one that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableChanges {
    /// The table, and what its stream holds.
    #[serde(flatten)]
    pub place: OwnOrExisting<Changes>,
    /// Keys of the table that stands in for an existing one in `pipe dev`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev: Option<Keys>,
}

/// A table with a stream that the pipeline makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Table whose changes are read: the keys of `sink.table`, with other defaults: `partition_key: id` and `on_destroy: retain`. Default: `{}`.
    #[serde(default)]
    pub table: Changing,
    /// What a change says of its item: `new_and_old_images`, `new_image`, `old_image` or `keys_only`; another one ends the table's stream and begins a new one. Default: `new_and_old_images`.
    #[serde(default)]
    pub view: View,
}

/// What a change says of its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    #[default]
    NewAndOldImages,
    NewImage,
    OldImage,
    KeysOnly,
}

/// A table as in the sink, with the defaults that it has here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Table")]
pub struct Changing(pub Table);

/// What a table has here where the spec says nothing.
const DEFAULTS: [(&str, &str); 2] = [("partition_key", "id"), ("on_destroy", "retain")];

impl TryFrom<Map<String, Value>> for Changing {
    type Error = serde_json::Error;

    fn try_from(mut said: Map<String, Value>) -> Result<Self, Self::Error> {
        for (key, value) in DEFAULTS {
            said.entry(key).or_insert_with(|| json!(value));
        }
        serde_json::from_value(Value::Object(said)).map(Self)
    }
}

impl From<Changing> for Table {
    fn from(changing: Changing) -> Self {
        changing.0
    }
}

impl Default for Changing {
    /// The table of `{}`.
    fn default() -> Self {
        use crate::spec::sink::{Capacity, Indexes, Key, KeyType, TableEncryption};
        Self(Table {
            name: None,
            partition_key: Key { name: "id".to_owned(), kind: KeyType::String },
            sort_key: None,
            indexes: Indexes::new(),
            ttl: None,
            capacity: Capacity::default(),
            encryption: TableEncryption::default(),
            key: None,
            point_in_time_recovery: true,
            deletion_protection: false,
            on_destroy: crate::spec::model::OnDestroy::Retain,
        })
    }
}

impl TableChanges {
    /// Returns the table that the pipeline makes.
    #[must_use]
    pub fn own(&self) -> Option<&Table> {
        self.place.own().map(|changes| &changes.table.0)
    }

    /// Returns it as a sink's table is written down, for the rules that both share.
    pub(in crate::spec) fn as_target(&self) -> Target {
        let table = match &self.place {
            OwnOrExisting::Own(changes) => OwnOrExisting::Own(changes.table.0.clone()),
            OwnOrExisting::Existing(existing) => OwnOrExisting::Existing(existing.clone()),
        };
        Target { table, overwrite: true, deletes: false, dev: self.dev.clone() }
    }
}

/// The schema of a table in which nothing is required and two keys have other defaults.
impl JsonSchema for Changing {
    fn schema_name() -> Cow<'static, str> {
        "Changing".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Table::json_schema(generator);
        schema.remove("required");
        let said = [
            (
                "partition_key",
                "Attribute that spreads the items: a name (a string attribute), or `{name, type}`; a change replaces the table. Default: `id`.",
            ),
            (
                "name",
                "Name of the table, 3 to 255 letters, digits, `_`, `.` and `-`; a change replaces it. Default: `<pipeline>-stream`.",
            ),
            ("on_destroy", "What `pipe destroy` does with the table: `delete` or `retain`. Default: `retain`."),
        ];
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (key, about) in said {
                let Some(Value::Object(property)) = properties.get_mut(key) else { continue };
                property.insert("description".to_owned(), json!(about));
            }
            for (key, value) in DEFAULTS {
                let Some(Value::Object(property)) = properties.get_mut(key) else { continue };
                property.insert("default".to_owned(), json!(value));
            }
        }
        schema
    }
}

/// One object: `view` is of what the pipeline makes, and `dev` stands beside `existing` alone.
impl JsonSchema for TableChanges {
    fn schema_name() -> Cow<'static, str> {
        "TableChanges".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = OwnOrExisting::<Changes>::json_schema(generator);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            let mut dev = Keys::json_schema(generator);
            let about = "Keys of an existing table, which `pipe dev` asks for to make a stand-in, and routes that call the table. Default: `id`.";
            dev.insert("description".to_owned(), json!(about));
            properties.insert("dev".to_owned(), dev.into());
        }
        schema.insert("then".to_owned(), json!({ "propertyNames": { "enum": ["existing", "dev"] } }));
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TableChanges {
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn without_a_word_it_is_the_table_of_the_construct() {
        let own = read("{}").own().cloned().unwrap();
        assert_eq!(Changing(own.clone()), Changing::default());
        assert_eq!(Changing::try_from(Map::new()).unwrap(), Changing::default());
        assert!(own.point_in_time_recovery && own.on_destroy == crate::spec::model::OnDestroy::Retain);
    }

    #[test]
    fn what_is_said_wins_and_an_existing_one_has_no_keys_of_its_own() {
        let own = read("table: { partition_key: { name: n, type: number }, on_destroy: delete }\nview: keys_only");
        assert_eq!(own.place.own().map(|changes| changes.view), Some(View::KeysOnly));
        assert_eq!(own.own().map(|table| table.partition_key.name.as_str()), Some("n"));
        let existing = read("existing: people\ndev: { partition_key: id }");
        assert_eq!(existing.place.existing().map(|existing| existing.name()), Some("people"));
        assert!(existing.own().is_none() && existing.dev.is_some());
        assert!(serde_yaml::from_str::<TableChanges>("existing: people\nview: keys_only").is_err());
    }
}
