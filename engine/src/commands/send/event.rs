//! The events to send: which route, and for each a body and parameters of its own.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::data::Own;
use super::example::{Example, Serial, example_of, plain};
use super::to::push;
use crate::commands::ends::{ItemKey, item_key};
use crate::error::{Error, Result};
use crate::kinds::table::{Key, KeyKind};
use crate::spec::{Api, Loaded, Route};

/// Keys of one run lie below the next multiple of this: `--count` is smaller.
const RUN: u64 = 1_000_000;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The first is 1.
    pub n: u32,
    /// As in HTTP; empty without an API, as is the path.
    pub method: &'static str,
    /// From the stage on.
    pub path: String,
    pub header: Option<(String, String)>,
    pub body: Vec<u8>,
    /// The row that the record is to become; nothing where the body has no such key.
    pub key: Option<ItemKey>,
    /// The key is the user's, and not of this run alone: an earlier event may have made its row.
    pub given_key: bool,
    /// The partition key or the message group that it had before, of an exported letter.
    pub lane: Option<String>,
}

/// What all events of a run have in common.
pub struct Maker<'a> {
    pub loaded: &'a Loaded,
    /// Nothing without an API.
    pub route: Option<&'a Route>,
    /// Key attributes of the sink's table.
    pub keys: Vec<Key>,
    /// Key attributes without which nobody takes an event: those of the table whose changes the consumer gets.
    pub needs: Vec<Key>,
    /// The body of each event; nothing for examples, and where each has its own.
    pub data: Option<Vec<u8>>,
    /// Whether it is sent once, and then as it is.
    pub once: bool,
    /// No other run has this number: below 4 thousand million, so that numbers stay exact in any JSON reader.
    pub run: u64,
}

impl Maker<'_> {
    /// The event with this number, with a body of its own where there is one.
    pub fn event(&self, n: u32, own: Option<Own>) -> Event {
        let serial = Serial { text: format!("{:x}-{n}", self.run), number: self.run * RUN + u64::from(n) };
        let keys: Vec<Key> = self.keys.iter().chain(&self.needs).cloned().collect();
        let example = match self.route {
            Some(route) => example_of(self.loaded, route, &keys, &serial),
            None => plain(&keys, &serial),
        };
        // What is the user's is sent as it is, but for keys without which it cannot be.
        let whole = |data: &Vec<u8>| match self.needs.as_slice() {
            [] => data.clone(),
            needs => with_keys(data, needs, &serial, false).unwrap_or_else(|| data.clone()),
        };
        let (own, lane) = own.map(|Own { body, lane }| (body, lane)).unzip();
        let given_key = own.is_some() || (self.data.is_some() && self.once);
        let body = match (own, &self.data) {
            (Some(own), _) => whole(&own),
            (None, None) => self.made(example.body.as_ref(), &serial),
            (None, Some(data)) if self.once => whole(data),
            (None, Some(data)) => with_keys(data, &keys, &serial, true).unwrap_or_else(|| data.clone()),
        };
        let Example { method, path, header, .. } = example;
        let key = item_key(&body, &self.keys).filter(|_| push::is_item(&self.loaded.spec));
        Event { n, method, path, header, key, given_key, body, lane: lane.flatten() }
    }

    /// The body of an example, as the source sends it.
    fn made(&self, example: Option<&serde_json::Value>, serial: &Serial) -> Vec<u8> {
        let Some(example) = example else { return Vec::new() };
        let plain = example.as_object().filter(|_| self.route.is_none());
        let sourced = plain.and_then(|plain| push::example(&self.loaded.spec, plain, serial));
        sourced.unwrap_or_else(|| example.to_string().into_bytes())
    }
}

/// A number that no other run has, as far as chance goes.
pub fn new_run() -> u64 {
    fastrand::u64(1..4_000_000_000)
}

/// The route that is meant: by its path, by a part of it that no other has, or the first.
///
/// # Errors
/// None has it, or more than one.
pub fn route<'a>(api: &'a Api, asked: Option<&str>) -> Result<&'a Route> {
    let Some(asked) = asked else {
        return api.routes.first().ok_or_else(|| Error::fatal("the API has no routes"));
    };
    let whole = api.routes.iter().find(|route| route.path() == asked);
    let parts: Vec<&Route> = api.routes.iter().filter(|route| route.path().contains(asked)).collect();
    match (whole, parts.as_slice()) {
        (Some(route), _) => Ok(route),
        (None, [route]) => Ok(*route),
        (None, several) => {
            let what = if several.is_empty() { "no route has" } else { "more than one route has" };
            let all: Vec<String> = api.routes.iter().take(20).map(|route| format!("`{}`", route.path())).collect();
            Err(Error::fatal(format!("{what} `{asked}` in its path")).hint(format!("there are {}", all.join(", "))))
        }
    }
}

/// The same object with key attributes of its own, all of them or those that it has not; nothing if it is not an object. All else
/// keeps its digits.
fn with_keys(data: &[u8], keys: &[Key], serial: &Serial, all: bool) -> Option<Vec<u8>> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(data).ok()?;
    for key in keys.iter().filter(|key| all || !members.contains_key(&key.name)).collect::<Vec<_>>() {
        let value = match key.kind {
            KeyKind::Number => serial.number.to_string(),
            KeyKind::String | KeyKind::Binary => {
                serde_json::Value::String(format!("{}-{}", key.name, serial.text)).to_string()
            }
        };
        members.insert(key.name.clone(), RawValue::from_string(value).ok()?);
    }
    serde_json::to_vec(&members).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;

    const SPEC: &str = "
name: demo
source: { api: { routes: [ { post: '/a/{id}' }, { post: '/a/{id}/b' }, { post: /c } ] } }
auth: { basic: {} }
stream: { kinesis: {} }
consumer: { function: { handler: stream-to-table } }
sink: { table: { partition_key: id, sort_key: { name: at, type: number } } }
";

    fn spec() -> Loaded {
        crate::spec::parse("pipeline.yaml", SPEC.as_bytes(), std::path::Path::new(".")).unwrap()
    }

    fn keys() -> Vec<Key> {
        let key = |name: &str, kind| Key { name: name.into(), kind };
        vec![key("id", KeyKind::String), key("at", KeyKind::Number)]
    }

    fn event(data: Option<&str>, count: u32, n: u32) -> Event {
        let spec = spec();
        let route = &spec.spec.api().unwrap().routes[0];
        let (data, once) = (data.map(|data| data.as_bytes().to_vec()), count == 1);
        let maker =
            Maker { loaded: &spec, route: Some(route), keys: keys(), needs: Vec::new(), data, once, run: 0xabc };
        maker.event(n, None)
    }

    #[test]
    fn a_route_is_named_by_its_path_or_by_a_part_of_it() {
        let spec = spec();
        let api = spec.spec.api().unwrap();
        let chosen = |asked| route(api, asked).map(|route| route.path());
        assert_eq!(chosen(None).unwrap(), "/a/{id}");
        assert_eq!(chosen(Some("/a/{id}")).unwrap(), "/a/{id}", "the whole path comes before parts");
        assert_eq!(chosen(Some("/b")).unwrap(), "/a/{id}/b");
        assert_eq!(chosen(Some("/a")).unwrap_err().message(), "more than one route has `/a` in its path");
        let error = chosen(Some("/x")).unwrap_err();
        assert_eq!(error.message(), "no route has `/x` in its path");
        assert_eq!(error.hint_text(), Some("there are `/a/{id}`, `/a/{id}/b`, `/c`"));
    }

    #[test]
    fn every_example_is_a_row_of_its_own() {
        let first = event(None, 2, 1);
        assert_eq!(first.path, "/a/id-abc-1");
        let body: serde_json::Value = serde_json::from_slice(&first.body).unwrap();
        assert_eq!(body, serde_json::json!({ "hello": "world", "id": "id-abc-1", "at": 2_748_000_001_u64 }));
        let key = first.key.unwrap();
        assert_eq!(key["id"], AttributeValue::S("id-abc-1".into()));
        assert_eq!(key["at"], AttributeValue::N("2748000001".into()));
        assert_ne!(event(None, 2, 2).key.unwrap(), key);
    }

    #[test]
    fn data_of_one_event_is_sent_as_it_is() {
        for data in ["{", "[1]", "", r#" {"id":"x", "at":1.50} "#] {
            assert_eq!(event(Some(data), 1, 1).body, data.as_bytes());
        }
        assert_eq!(event(Some("{"), 1, 1).key, None);
        assert!(
            event(Some("{}"), 1, 1).given_key && !event(Some("{}"), 2, 1).given_key && !event(None, 1, 1).given_key
        );
        for data in [r#"{"id":"x"}"#, r#"{"id":7,"at":1}"#, r#"{"id":"","at":1}"#, r#"{"id":"x","at":"1"}"#] {
            assert_eq!(event(Some(data), 1, 1).key, None, "{data} is not a row");
        }
        let key = event(Some(r#"{"id":"x","at":-1.50}"#), 1, 1).key.unwrap();
        assert_eq!(key["at"], AttributeValue::N("-1.50".into()));
    }

    #[test]
    fn data_of_many_gets_keys_of_its_own_and_keeps_every_digit() {
        let data = r#"{"n": 12345678901234567890123456789.10, "id": "x"}"#;
        let body = String::from_utf8(event(Some(data), 3, 2).body).unwrap();
        assert_eq!(body, r#"{"at":2748000002,"id":"id-abc-2","n":12345678901234567890123456789.10}"#);
        assert_eq!(event(Some("{"), 3, 2).body, b"{");
    }

    #[test]
    fn each_line_of_a_file_is_sent_as_it_is() {
        let spec = spec();
        let route = &spec.spec.api().unwrap().routes[0];
        let maker = Maker {
            loaded: &spec,
            route: Some(route),
            keys: keys(),
            needs: Vec::new(),
            data: None,
            once: false,
            run: 1,
        };
        let own = |body: &[u8]| Some(Own { body: body.to_vec(), lane: Some("k".into()) });
        let (first, second) = (maker.event(1, own(b"{")), maker.event(2, own(br#"{"id":"x","at":1}"#)));
        assert_eq!(first.lane.as_deref(), Some("k"));
        assert_eq!((first.body, first.key), (b"{".to_vec(), None));
        assert_eq!(second.body, br#"{"id":"x","at":1}"#);
        assert!(second.given_key && second.key.is_some());
    }

    /// The table whose changes are the events takes no item without its own keys.
    #[test]
    fn without_an_api_an_event_has_the_keys_that_it_needs() {
        let spec = spec();
        let needs =
            vec![Key { name: "pk".into(), kind: KeyKind::String }, Key { name: "n".into(), kind: KeyKind::Number }];
        let of = |data: Option<&str>, count| {
            let (data, once) = (data.map(|data| data.as_bytes().to_vec()), count == 1);
            let maker =
                Maker { loaded: &spec, route: None, keys: keys(), needs: needs.clone(), data, once, run: 0xabc };
            let event = maker.event(1, None);
            (String::from_utf8(event.body).unwrap(), event.key.is_some())
        };
        assert_eq!(of(Some(r#"{"a":1.50}"#), 1), (r#"{"a":1.50,"n":2748000001,"pk":"pk-abc-1"}"#.into(), false));
        assert_eq!(of(Some(r#"{"n":7,"pk":"x"}"#), 1), (r#"{"n":7,"pk":"x"}"#.into(), false));
        assert_eq!(of(Some("{"), 1).0, "{");
        let (many, has_row) = of(Some(r#"{"n":7,"pk":"x"}"#), 2);
        assert_eq!(
            (many.as_str(), has_row),
            (r#"{"at":2748000001,"id":"id-abc-1","n":2748000001,"pk":"pk-abc-1"}"#, true)
        );
        let example: serde_json::Value = serde_json::from_str(&of(None, 1).0).unwrap();
        let expected = serde_json::json!({
            "hello": "world", "id": "id-abc-1", "at": 2_748_000_001_u64, "pk": "pk-abc-1", "n": 2_748_000_001_u64,
        });
        assert_eq!(example, expected);
    }
}
