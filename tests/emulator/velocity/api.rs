//! The APIs whose templates are rendered.

use pipe::aws::Place;
use pipe::bundle::Codes;
use serde_json::{Value, json};

/// Each action, with its options.
pub const ROUTES: &str = "
name: vtl
source:
  api:
    routes:
      - { post: /put, auth: none, body: { schema: person.json }, to: { table: put } }
      - { post: /new, auth: none, body: { schema: person.json }, to: { table: { put: { if_absent: true } } } }
      - { get: '/get/{ID}/{Age}', auth: none, to: { table: get } }
      - { delete: '/delete/{ID}/{Age}', auth: none, to: { table: delete } }
      - { patch: '/update/{ID}/{Age}', auth: none, body: { schema: changes.json }, to: { table: update } }
      - { get: '/query/{ID}', auth: none, to: { table: query } }
      - { get: '/index/{mail}', auth: none, to: { table: { query: { index: by-mail } } } }
      - { get: /scan, auth: none, to: { table: scan } }
sink: { table: { partition_key: ID, sort_key: { name: Age, type: number }, indexes: { by-mail: { partition_key: mail } } } }
";

/// An API that keeps what its schema does not name; beside `update` there is none.
pub const KEPT: &str = "
name: vtl
source: { api: { routes: [{ post: /kept, auth: none, body: { schema: person.json }, to: { table: { put: { extra: keep } } } }] } }
sink: { table: { partition_key: ID, sort_key: { name: Age, type: number } } }
";

/// What a person may have beside the key.
fn properties() -> Value {
    json!({
        "mail": { "type": "string" },
        "note": { "type": ["string", "number", "boolean", "null"] },
        "flag": { "type": "boolean" },
        "none": { "type": "null" },
        "much": { "type": "number" },
        "__proto__": { "type": "string" },
        "get": { "type": "string" },
        "a-b:c@d.e f": { "type": ["number", "string"] },
        "tags": { "type": "array", "items": { "type": ["string", "null"] } },
        "address": {
            "type": ["object", "null"],
            "properties": {
                "size": { "type": "string" },
                "lines": { "type": "array", "items": {
                    "type": "object", "required": ["n"], "properties": { "n": { "type": "number" }, "t x": { "type": "string" } } } },
                "grid": { "type": "array", "items": { "type": "array", "items": { "type": "number" } } },
            },
        },
    })
}

pub fn changes() -> Value {
    json!({ "type": "object", "properties": properties() })
}

pub fn person() -> Value {
    let mut properties = properties();
    properties["ID"] = json!({ "type": "string" });
    properties["Age"] = json!({ "type": "integer" });
    json!({ "type": "object", "required": ["ID", "Age"], "properties": properties })
}

/// A person of nothing but the key.
pub fn key() -> Value {
    let properties = json!({ "ID": { "type": "string" }, "Age": { "type": "integer" } });
    json!({ "type": "object", "required": ["ID", "Age"], "properties": properties })
}

/// The routes of the API that a spec becomes, by method and path.
pub fn routes(spec: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    for (name, schema) in [("person.json", person()), ("changes.json", changes())] {
        std::fs::write(folder.path().join(name), schema.to_string()).unwrap();
    }
    let loaded =
        pipe::spec::parse("vtl.yaml", spec.as_bytes(), folder.path()).unwrap_or_else(|report| panic!("{report}"));
    let place = Place { partition: "aws".into(), account: "111122223333".into(), region: "eu-central-1".into() };
    let graph = pipe::lower::lower(&loaded, &place, &Codes::unbuilt()).unwrap();
    graph.node("api").unwrap().desired["routes"].clone()
}
