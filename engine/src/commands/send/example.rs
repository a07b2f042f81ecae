//! Examples of events: a request for a route, whose record the bundled consumer can write.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::kinds::table::{Key, KeyKind};
use crate::lower::key;
use crate::spec::shape;
use crate::spec::{self, Loaded, Method};

/// A request that a route answers with 200.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// As in HTTP.
    pub method: &'static str,
    /// Path with every parameter filled in, and a query where the partition key comes from one.
    pub path: String,
    /// The header that the partition key comes from.
    pub header: Option<(String, String)>,
    /// A JSON object that the bundled consumer or the route can write; nothing where the method has none.
    pub body: Option<Value>,
    /// How its sender is known.
    pub authorizer: Option<spec::Authorizer>,
}

/// What makes one example unlike another: the end of its texts, and its number where a key is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial {
    pub text: String,
    pub number: u64,
}

/// An example request for each authorizer, and for those without one: of the first route that it guards, in the order of routes.
pub fn example_requests(loaded: &Loaded) -> Vec<Example> {
    let spec = &loaded.spec;
    let keys = own_keys(spec);
    let mut doors = BTreeSet::new();
    let routes = spec.api().into_iter().flat_map(|api| &api.routes);
    let first = routes.filter(|route| doors.insert(spec.authorizer(route).map(|(name, _)| name)));
    first.map(|route| example_of(loaded, route, &keys, &Serial { text: "1".into(), number: 1 })).collect()
}

/// An example without an API: what the bundled consumer can write to a table with these keys.
pub fn plain(keys: &[Key], serial: &Serial) -> Example {
    let mut body = spec::sample(None, &serial.text);
    keys.iter().for_each(|key| fill_key(&mut body, key, serial));
    Example { method: "", path: String::new(), header: None, body: Some(Value::Object(body)), authorizer: None }
}

/// An example of what `pipe send` sends to a pipeline without an API; nothing where it has one, or nothing that keeps events. `made` are
/// the key attributes of a table whose changes are the events: `pipe send` makes them, so that the same command makes a change each time.
pub fn example_data(loaded: &Loaded, made: &[&str]) -> Option<String> {
    let spec = &loaded.spec;
    if spec.api().is_some() || spec.stream.is_none() {
        return None;
    }
    let mut keys = own_keys(spec);
    if keys.is_empty() {
        keys.push(Key { name: "id".to_owned(), kind: KeyKind::String });
    }
    keys.retain(|key| made.is_empty() || (spec.table().is_some() && !made.contains(&key.name.as_str())));
    plain(&keys, &Serial { text: "1".into(), number: 1 }).body.map(|body| body.to_string())
}

/// Key attributes of the sink's table, where it is the pipeline's own.
fn own_keys(spec: &spec::Spec) -> Vec<Key> {
    let own = spec.table().and_then(spec::OwnOrExisting::own);
    own.iter().flat_map(|table| [Some(&table.partition_key), table.sort_key.as_ref()]).flatten().map(key).collect()
}

fn fill_key(body: &mut serde_json::Map<String, Value>, key: &Key, serial: &Serial) {
    let value = match key.kind {
        KeyKind::Number => serial.number.into(),
        KeyKind::String | KeyKind::Binary => format!("{}-{}", key.name, serial.text).into(),
    };
    body.insert(key.name.clone(), value);
}

/// An example request for this route, whose record is an item of a table with these keys. A body has what its schema requires, by type: one
/// that asks for more may refuse it.
pub fn example_of(loaded: &Loaded, route: &spec::Route, keys: &[Key], serial: &Serial) -> Example {
    let spec = &loaded.spec;
    let text = |name: &str| format!("{name}-{}", serial.text);
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some("streamName") if spec.fed_queue().is_none() => spec.stream_name(),
        Some(name) => text(name),
        None => segment.to_owned(),
    };
    let mut path = route.path().split('/').map(segment).collect::<Vec<_>>().join("/");
    let mut header = None;
    let schema = match route.body() {
        spec::Body::Schema(file) => loaded.schemas.get(file),
        spec::Body::Object | spec::Body::Any => None,
    };
    let members = schema.and_then(|schema| shape::members(schema).ok());
    let known = |name: &str| members.as_ref().is_none_or(|members| members.iter().any(|member| member.name == name));
    let mut body = spec::sample(members.as_deref(), &serial.text);
    keys.iter().filter(|key| known(&key.name)).for_each(|key| fill_key(&mut body, key, serial));
    match &route.partition_key {
        spec::PartitionKey::Query(name) => path += &format!("?{name}={}", text(name)),
        spec::PartitionKey::Header(name) => header = Some((name.clone(), text(name))),
        spec::PartitionKey::Body(name) => fill(&mut body, name, text(name)),
        spec::PartitionKey::Path(_) | spec::PartitionKey::Random => {}
    }
    for from in [&route.message_group, &route.deduplication].into_iter().flatten() {
        match from {
            spec::PartitionKey::Query(name) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                path += &format!("{mark}{name}={}", text(name));
            }
            // One header is all that an example has: that of the group.
            spec::PartitionKey::Header(name) if header.is_none() => header = Some((name.clone(), text(name))),
            spec::PartitionKey::Body(name) => fill(&mut body, name, text(name)),
            spec::PartitionKey::Header(_) | spec::PartitionKey::Path(_) | spec::PartitionKey::Random => {}
        }
    }
    let method = if route.method() == Method::Any { "POST" } else { route.method().name() };
    let body = route.method().has_body().then_some(Value::Object(body));
    Example { method, path, header, body, authorizer: spec.authorizer(route).map(|(_, authorizer)| authorizer.clone()) }
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

    fn spec(text: &str) -> Loaded {
        spec::parse("pipeline.yaml", text.as_bytes(), std::path::Path::new(".")).unwrap()
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
        let first = example_requests(&spec).remove(0);
        assert_eq!((first.path.as_str(), first.header, first.authorizer), ("/a/demo-stream/id-1", None, None));
        assert_eq!(first.body, Some(serde_json::json!({ "hello": "world", "id": "id-1", "at": 1 })));
        let serial = Serial { text: "r-7".into(), number: 7 };
        let of = |at: usize| example_of(&spec, &spec.spec.api().unwrap().routes[at], &[], &serial);
        assert_eq!(of(1).path, "/q?who=who-r-7");
        assert_eq!(of(2).header, Some(("X-Who".into(), "X-Who-r-7".into())));
        assert_eq!(of(3).body, Some(serde_json::json!({ "hello": "world", "user": { "id": "user.id-r-7" } })));
    }

    #[test]
    fn a_body_has_what_its_schema_requires_and_a_get_has_none() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/every-table-action.yaml");
        let loaded = spec::load(std::path::Path::new(file)).unwrap();
        let request = example_requests(&loaded).remove(0);
        let body = serde_json::json!({ "ID": "ID-1", "FirstName": "FirstName-1", "Age": 1 });
        assert_eq!((request.method, request.path.as_str(), request.body), ("POST", "/people", Some(body)));
        let serial = Serial { text: "r-7".into(), number: 7 };
        let of = |at: usize| example_of(&loaded, &loaded.spec.api().unwrap().routes[at], &[], &serial);
        assert_eq!((of(3).method, of(3).path.as_str(), of(3).body), ("GET", "/people/ID-r-7/FirstName-r-7", None));
        assert_eq!((of(4).method, of(4).body), ("PATCH", Some(serde_json::json!({ "Age": 1 }))));
    }

    #[test]
    fn without_an_api_there_is_something_to_send() {
        let of = |text: &str, made: &[&str]| {
            let data = example_data(&spec(&format!("name: demo\n{text}")), made)?;
            Some(serde_json::from_str::<Value>(&data).unwrap())
        };
        let stream = "stream: { kinesis: {} }\n";
        assert_eq!(of(stream, &[]), Some(serde_json::json!({ "hello": "world", "id": "id-1" })));
        assert_eq!(of(stream, &["key"]), Some(serde_json::json!({ "hello": "world" })));
        let sink = "stream: { kinesis: {} }\nconsumer: { function: { handler: stream-to-table } }\n\
                    sink: { table: { partition_key: who, sort_key: { name: at, type: number } } }\n";
        assert_eq!(of(sink, &[]), Some(serde_json::json!({ "hello": "world", "who": "who-1", "at": 1 })));
        assert_eq!(of(sink, &["who", "x"]), Some(serde_json::json!({ "hello": "world", "at": 1 })));
        let api = "source: { api: { routes: [ { post: /a } ] } }\nauth: { iam: {} }\nstream: { kinesis: {} }\n";
        assert_eq!(of(api, &[]), None);
    }
}
