//! Specs made of what is allowed and nothing else: every letter of every name, and free text where text is free.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::hostile::mutate::scalar_text;

/// A whole spec that is accepted.
pub fn spec() -> impl Strategy<Value = Value> {
    let tags = btree_map("[\\p{L}\\p{N}_.=+@-][\\p{L}\\p{N} _./=+@-]{0,20}", "[\\p{L}\\p{N} _.:/=+@-]{0,40}", 0..4);
    let boundary = option::of("arn:aws[a-z-]{0,8}:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]{1,60}");
    let name = "[a-z][a-z0-9-]{1,30}";
    (name, tags, boundary, option::of((api(), option::of(auth()))), stream(), option::of(consumer()), sink(), dlq())
        .prop_map(|(name, tags, boundary, front, stream, consumer, sink, dlq)| {
            let mut spec = json!({ "name": name, "tags": tags, "stream": stream, "sink": sink, "dlq": dlq });
            let (api, auth) = front.unzip();
            let auth = auth.flatten();
            set(&mut spec, "permissions_boundary", boundary);
            set(&mut spec, "consumer", consumer);
            set(&mut spec, "source", api.map(|api| source(api, auth.is_some())));
            set(&mut spec, "auth", auth);
            spec
        })
}

/// The spec as a file: JSON, which is YAML too, with an escape for each letter that one reader of YAML takes for the end of a line
/// and another does not.
pub fn text(spec: &Value) -> String {
    let plain = |letter: char| {
        !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}')
    };
    let shown = |letter: char| if plain(letter) { letter.to_string() } else { format!("\\u{:04x}", u32::from(letter)) };
    spec.to_string().chars().map(shown).collect()
}

fn set(spec: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        spec[key] = value.into();
    }
}

/// An API, before it is known whether there is an authorizer.
type Api = (Option<String>, String, bool, Vec<(String, String, Key, Value)>);

/// Where a partition key comes from: the one parameter of the path, or something of this name.
#[derive(Clone, Debug)]
enum Key {
    InPath,
    Named(String),
}

fn api() -> impl Strategy<Value = Api> {
    let key = prop_oneof![
        Just(Key::InPath),
        "(query|header)\\.[A-Za-z0-9_.-]{1,128}".prop_map(Key::Named),
        "body\\.[A-Za-z0-9_-]{1,20}(\\.[A-Za-z0-9_-]{1,20}){0,15}".prop_map(Key::Named),
        Just(Key::Named("random".to_owned())),
    ];
    let body = prop_oneof![Just(json!("object")), Just(json!("any")), Just(json!({ "schema": "event.schema.json" }))];
    let route = ("[A-Za-z0-9_.,:-]{0,20}", "[A-Za-z0-9_.-]{1,20}|streamName", key, body);
    let name = option::of("[A-Za-z0-9._-]([A-Za-z0-9 ._-]{0,126}[A-Za-z0-9._-])?");
    (name, "[A-Za-z0-9_-]{1,128}", any::<bool>(), vec(route, 1..5))
}

fn source((name, stage, xray, routes): Api, guarded: bool) -> Value {
    let route = |(at, (segment, parameter, key, body)): (usize, (String, String, Key, Value))| {
        let key = match key {
            Key::InPath => format!("path.{parameter}"),
            Key::Named(key) => key,
        };
        let mut route =
            json!({ "post": format!("/{at}{segment}/{{{parameter}}}"), "partition_key": key, "body": body });
        // The first is always open, so that both kinds stand side by side.
        if !guarded || at == 0 {
            route["auth"] = json!("none");
        }
        route
    };
    let routes: Vec<Value> = routes.into_iter().enumerate().map(route).collect();
    let mut api = json!({ "stage": stage, "xray": xray, "routes": routes });
    set(&mut api, "name", name);
    json!({ "api": api })
}

fn auth() -> impl Strategy<Value = Value> {
    let name = || "[A-Za-z0-9/_+=.@-]{1,80}";
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:[A-Za-z0-9/_+=.@-]{1,80}";
    let secret = prop_oneof![
        name().prop_map(Value::from),
        name().prop_map(|name| json!({ "existing": name })),
        arn.prop_map(|arn| json!({ "existing": arn })),
    ];
    secret.prop_map(|secret| json!({ "basic": { "secret": secret } }))
}

/// An own one under a name, or one that exists, by its name or ARN.
fn held(key: &'static str, names: &'static str, arn: &'static str, own: Value) -> impl Strategy<Value = Value> {
    let own = names.prop_map(move |name| {
        let mut held = own.clone();
        held["name"] = name.into();
        held
    });
    let named = names.prop_map(|name| json!({ "existing": name }));
    let by_arn = names.prop_map(move |name| json!({ "existing": format!("{arn}{name}") }));
    prop_oneof![2 => own, 1 => named, 1 => by_arn].prop_map(move |held| json!({ key: held }))
}

fn stream() -> impl Strategy<Value = Value> {
    held("kinesis", "[A-Za-z0-9_.-]{1,128}", "arn:aws:kinesis:eu-west-1:123456789012:stream/", json!({}))
}

fn dlq() -> impl Strategy<Value = Value> {
    held("queue", "[A-Za-z0-9_-]{1,80}", "arn:aws:sqs:eu-west-1:123456789012:", json!({}))
}

/// The names of key attributes are free text, and stand in the function's environment.
fn sink() -> impl Strategy<Value = Value> {
    let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/";
    let table = held("table", "[A-Za-z0-9_.-]{3,255}", arn, json!({}));
    (table, scalar_text(), option::of(scalar_text())).prop_map(|(mut table, partition, sort)| {
        let table_is_own = table["table"].get("existing").is_none();
        if table_is_own {
            let short = |text: String, end: &str| free(&text).chars().take(60).collect::<String>() + end;
            table["table"]["partition_key"] = short(partition, "p").into();
            set(&mut table["table"], "sort_key", sort.map(|sort| short(sort, "s")));
        }
        table
    })
}

fn consumer() -> impl Strategy<Value = Value> {
    let value = scalar_text().prop_map(|text| free(&text).chars().take(60).collect::<String>());
    let environment = btree_map("E[A-Za-z0-9_]{1,20}", value, 0..4);
    let handler = prop_oneof![Just("stream-to-table"), Just("./my-handler")];
    ("[A-Za-z0-9_-]{1,64}", handler, environment, any::<[bool; 2]>()).prop_map(|(name, handler, environment, flags)| {
        let [xray, fan_out] = flags;
        let environment: Map<String, Value> = environment.into_iter().map(|(key, value)| (key, value.into())).collect();
        json!({
            "function": { "name": name, "handler": handler, "environment": environment, "xray": xray, "fan_out": fan_out }
        })
    })
}

/// Free text has any letter but the one that begins a mark of `pipe` itself, of which the rest is left out.
fn free(text: &str) -> &str {
    text.split('\u{fdd0}').next().unwrap_or_default()
}
