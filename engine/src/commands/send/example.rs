//! Examples of events: a request for a route, whose record the bundled consumer can write.

use serde_json::Value;

use crate::kinds::table::{Key, KeyKind};
use crate::lower::key;
use crate::spec::{self, Spec};

/// A request that a route answers with 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Path with every parameter filled in, and a query where the partition key comes from one.
    pub path: String,
    /// The header that the partition key comes from.
    pub header: Option<(String, String)>,
    /// A JSON object that the bundled consumer can write.
    pub body: Value,
    /// Whether it needs credentials.
    pub authorized: bool,
}

/// What makes one example unlike another: the end of its texts, and its number where a key is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial {
    pub text: String,
    pub number: u64,
}

/// An example request for the first route, if there is an API.
pub fn example_request(spec: &Spec) -> Option<Example> {
    let route = spec.api()?.routes.first()?;
    let own = spec.table().and_then(spec::OwnOrExisting::own);
    let keys: Vec<Key> =
        own.iter().flat_map(|table| [Some(&table.partition_key), table.sort_key.as_ref()]).flatten().map(key).collect();
    Some(example_of(spec, route, &keys, &Serial { text: "1".into(), number: 1 }))
}

/// An example request for this route, whose record is an item of a table with these keys. A body that has to fit a schema
/// is not known here: it may be refused.
pub fn example_of(spec: &Spec, route: &spec::Route, keys: &[Key], serial: &Serial) -> Example {
    let text = |name: &str| format!("{name}-{}", serial.text);
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some("streamName") => spec.stream_name(),
        Some(name) => text(name),
        None => segment.to_owned(),
    };
    let mut path = route.path().split('/').map(segment).collect::<Vec<_>>().join("/");
    let mut header = None;
    let mut body = serde_json::Map::from_iter([("hello".to_owned(), "world".into())]);
    for key in keys {
        body.insert(
            key.name.clone(),
            if key.kind == KeyKind::Number { serial.number.into() } else { text(&key.name).into() },
        );
    }
    match &route.partition_key {
        spec::PartitionKey::Query(name) => path += &format!("?{name}={}", text(name)),
        spec::PartitionKey::Header(name) => header = Some((name.clone(), text(name))),
        spec::PartitionKey::Body(name) => fill(&mut body, name, text(name)),
        spec::PartitionKey::Path(_) | spec::PartitionKey::Random => {}
    }
    Example { path, header, body: Value::Object(body), authorized: spec.is_guarded(route) }
}

/// Puts a text at a path of nested fields where there is nothing yet.
fn fill(body: &mut serde_json::Map<String, Value>, path: &str, text: String) {
    match path.split_once('.') {
        None => _ = body.entry(path).or_insert_with(|| text.into()),
        Some((first, rest)) => {
            let inner = body.entry(first).or_insert_with(|| Value::Object(serde_json::Map::new()));
            if let Value::Object(inner) = inner {
                fill(inner, rest, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Spec {
        spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap().spec
    }

    #[test]
    fn an_example_has_what_its_route_takes_the_partition_key_from() {
        let text = "
name: demo
source:
  api:
    routes:
      - { post: '/a/{streamName}/{id}', partition_key: path.id, auth: none }
      - { post: /q, partition_key: query.who, auth: none }
      - { post: /h, partition_key: header.X-Who, auth: none }
      - { post: /b, partition_key: body.user.id, auth: none }
stream: { kinesis: {} }
consumer: { function: { handler: stream-to-table } }
sink: { table: { partition_key: id, sort_key: { name: at, type: number } } }
";
        let spec = spec(text);
        let first = example_request(&spec).unwrap();
        assert_eq!((first.path.as_str(), first.header, first.authorized), ("/a/demo-stream/id-1", None, false));
        assert_eq!(first.body, serde_json::json!({ "hello": "world", "id": "id-1", "at": 1 }));
        let serial = Serial { text: "r-7".into(), number: 7 };
        let of = |at: usize| example_of(&spec, &spec.api().unwrap().routes[at], &[], &serial);
        assert_eq!(of(1).path, "/q?who=who-r-7");
        assert_eq!(of(2).header, Some(("X-Who".into(), "X-Who-r-7".into())));
        assert_eq!(of(3).body, serde_json::json!({ "hello": "world", "user": { "id": "user.id-r-7" } }));
    }
}
