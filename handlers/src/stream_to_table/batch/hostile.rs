//! Events of the other feeds, each of its member right, wrong, odd or missing.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A value that has no business where it stands.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        Just(json!(["aws:sqs", {}])),
        Just(json!({ "S": { "S": "hunter2" } })),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(|text| json!(text)),
        (1..200_usize).prop_map(|count| json!("9".repeat(count))),
    ]
}

/// An attribute in DynamoDB's JSON, good or nearly.
fn attribute() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => "[a-z]{1,3}".prop_map(|text| json!({ "S": text })),
        2 => "-?[0-9]{1,45}(\\.[0-9]{1,5})?(e[0-9]{1,4})?".prop_map(|number| json!({ "N": number })),
        1 => "[A-Za-z0-9+/]{0,8}={0,2}".prop_map(|text| json!({ "B": text })),
        1 => Just(json!({ "NULL": true })),
        1 => Just(json!({ "SS": ["a", "b"] })),
        1 => Just(json!({ "NS": ["1", "x"] })),
        1 => Just(json!({ "BS": ["AA=="] })),
        1 => (odd(), "S|N|B|BOOL|NULL|L|M|SS|NS|BS|X").prop_map(|(value, name)| json!({ name: value })),
        1 => Just(json!({ "S": "a", "N": "1" })),
        1 => odd(),
    ];
    leaf.prop_recursive(40, 60, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!({ "L": list })),
            inner.prop_map(|value| json!({ "M": { "k": value } })),
        ]
    })
}

fn image() -> impl Strategy<Value = Value> {
    let members = prop::collection::vec(("id|v|\\PC{0,4}", attribute()), 0..4);
    members.prop_map(|members| members.into_iter().collect::<Map<_, _>>().into())
}

fn change() -> impl Strategy<Value = Value> {
    let images = (image(), prop::option::of(image()), prop::option::of(image()));
    (images, "INSERT|MODIFY|REMOVE|OTHER", "[0-9]{1,40}").prop_map(|((keys, new, old), name, number)| {
        json!({
            "eventSource": "aws:dynamodb", "eventID": "c81e", "eventName": name, "eventSourceARN": "arn",
            "dynamodb": {
                "Keys": keys, "NewImage": new, "OldImage": old, "SequenceNumber": number,
                "ApproximateCreationDateTime": 1e9
            },
        })
    })
}

/// A body: an item, an envelope around one, or anything.
fn body() -> impl Strategy<Value = String> {
    let item = "[a-z]{1,2}".prop_map(|id| json!({ "id": id, "p": "hunter2" }).to_string());
    let body = prop_oneof![3 => item, 1 => "\\PC{0,30}", 1 => odd().prop_map(|value| value.to_string())];
    (body, any::<bool>()).prop_map(|(body, wrap)| {
        let envelope = json!({ "Type": "Notification", "TopicArn": "arn", "MessageId": "m", "Message": body });
        if wrap { envelope.to_string() } else { body }
    })
}

fn message() -> impl Strategy<Value = Value> {
    (body(), "[a-c]", "q|q\\.fifo", prop::option::of("[gh]")).prop_map(|(body, id, name, group)| {
        json!({
            "eventSource": "aws:sqs", "messageId": id, "body": body, "eventSourceARN": format!("arn:aws:sqs:r:1:{name}"),
            "attributes": { "MessageGroupId": group },
        })
    })
}

fn notification() -> impl Strategy<Value = Value> {
    body().prop_map(|body| json!({ "EventSource": "aws:sns", "Sns": { "MessageId": "m", "Message": body } }))
}

/// Puts an odd value in the place of a member, or takes it away.
fn spoilt(record: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let spoiling = prop::option::weighted(0.1, (any::<prop::sample::Index>(), prop::option::of(odd())));
    (record, spoiling).prop_map(|(mut record, spoiling)| {
        if let (Some(members), Some((which, odd))) = (record.as_object_mut(), spoiling) {
            let name = members.keys().nth(which.index(members.len())).cloned().unwrap_or_default();
            match odd {
                Some(odd) => drop(members.insert(name, odd)),
                None => drop(members.remove(&name)),
            }
        }
        record
    })
}

pub fn event() -> impl Strategy<Value = Value> {
    let list = |record: BoxedStrategy<Value>| {
        prop::collection::vec(spoilt(record), 0..8).prop_map(|records| json!({ "Records": records })).boxed()
    };
    let envelope = (odd(), body()).prop_map(|(odd, body)| {
        let detail = serde_json::from_str(&body).unwrap_or(odd);
        json!({ "version": "0", "detail-type": "t", "source": "s", "detail": detail })
    });
    let object = body().prop_map(|body| serde_json::from_str(&body).unwrap_or(Value::Null));
    prop_oneof![
        3 => list(change().boxed()),
        3 => list(message().boxed()),
        1 => list(notification().boxed()),
        1 => list(prop_oneof![change(), message(), notification()].boxed()),
        1 => spoilt(envelope),
        1 => object,
        1 => odd(),
    ]
}
