//! Rows and dead letters are reported, and nothing that must stay secret.

use serde_json::{Value, json};

use super::cloud::Cloud;
use crate::event::{DeadLetter, Denied, Event, Location, Put, Row};

const DYNAMO: &str = "DynamoDB_20120810";

/// An upstream that describes a table with a sort key and answers all else with `answer`.
async fn cloud(status: u16, answer: Value) -> Cloud {
    let cloud = Cloud::new(move |seen| match seen.operation() {
        "DescribeTable" => {
            let keys =
                [json!({"AttributeName": "id", "KeyType": "HASH"}), json!({"AttributeName": "at", "KeyType": "RANGE"})];
            super::cloud::json(200, &json!({"Table": {"TableName": seen.json()["TableName"], "KeySchema": keys}}))
        }
        _ => super::cloud::json(status, &answer),
    });
    let cloud = cloud.await;
    let describe = json!({"TableName": "events"});
    let answer = cloud.call("dynamodb", &format!("{DYNAMO}.DescribeTable"), &describe).await;
    assert_eq!(super::cloud::json_of(&answer)["Table"]["TableName"], "events");
    cloud
}

async fn put(cloud: &Cloud, key: &str, item: Value) -> u16 {
    let input = json!({"TableName": "events", "Item": item});
    cloud.call_as(key, "dynamodb", &format!("{DYNAMO}.PutItem"), &input).await.status().as_u16()
}

fn row(key: &str) -> Event {
    Event::Row(Row { table: "events".into(), key: key.into(), kept: false })
}

fn item(id: &str) -> Value {
    json!({"at": {"N": "7"}, "id": {"S": id}, "payload": {"S": "secret"}})
}

#[tokio::test]
async fn a_row_of_a_role_is_told_with_its_key() {
    let mut cloud = cloud(200, json!({})).await;
    assert_eq!(put(&cloud, "ASIA1", item("a\"b")).await, 200);
    assert_eq!(cloud.told(), [row(r#"{"id":{"S":"a\"b"},"at":{"N":"7"}}"#)]);
    put(&cloud, "000000000000", item("a")).await;
    put(&cloud, "AKIA1", item("a")).await;
    assert_eq!(cloud.told(), [], "only what functions write");
}

#[tokio::test]
async fn a_long_key_is_cut() {
    let mut cloud = cloud(200, json!({})).await;
    put(&cloud, "ASIA1", item(&"ä".repeat(300))).await;
    let [Event::Row(Row { key, .. })] = &cloud.told()[..] else { panic!("one row") };
    assert_eq!(key.chars().count(), 200);
}

#[tokio::test]
async fn a_row_that_was_refused_is_not_told() {
    let mut cloud = cloud(400, json!({"__type": "ConditionalCheckFailedException"})).await;
    assert_eq!(put(&cloud, "ASIA1", item("a")).await, 400);
    assert_eq!(cloud.told(), []);
}

/// As `stream-to-table` puts where rows are not to be replaced; what another condition asks for, nobody here knows.
#[tokio::test]
async fn a_row_that_was_there_is_told_as_one_that_stays() {
    let mut cloud =
        cloud(400, json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"})).await;
    for (condition, told) in [
        (
            "attribute_not_exists(#key)",
            vec![Event::Row(Row {
                table: "events".into(),
                key: r#"{"id":{"S":"a"},"at":{"N":"7"}}"#.into(),
                kept: true,
            })],
        ),
        ("attribute_exists(#key)", vec![]),
    ] {
        let input = json!({"TableName": "events", "Item": item("a"), "ConditionExpression": condition});
        let answer = cloud.call_as("ASIA1", "dynamodb", &format!("{DYNAMO}.PutItem"), &input).await;
        assert_eq!(answer.status().as_u16(), 400, "the answer is untouched");
        assert_eq!(cloud.told(), told, "{condition}");
    }
}

#[tokio::test]
async fn a_table_that_is_not_known_shows_no_key() {
    let mut cloud = cloud(200, json!({})).await;
    let input = json!({"TableName": "arn:aws:dynamodb:eu-central-1:000000000000:table/other", "Item": item("a")});
    cloud.call_as("ASIA1", "dynamodb", &format!("{DYNAMO}.PutItem"), &input).await;
    assert_eq!(cloud.told(), [Event::Row(Row { table: "other".into(), key: String::new(), kept: false })]);
}

#[tokio::test]
async fn a_table_made_anew_has_its_new_key() {
    let mut cloud = cloud(
        200,
        json!({"TableDescription": {
            "TableName": "events", "KeySchema": [{"AttributeName": "payload", "KeyType": "HASH"}],
        }}),
    )
    .await;
    cloud.call("dynamodb", &format!("{DYNAMO}.CreateTable"), &json!({"TableName": "events"})).await;
    put(&cloud, "ASIA1", item("a")).await;
    assert_eq!(cloud.told(), [row(r#"{"payload":{"S":"secret"}}"#)]);
}

#[tokio::test]
async fn of_a_batch_what_was_written_is_told() {
    let put = |id: &str| json!({"PutRequest": {"Item": item(id)}});
    let mut cloud = cloud(200, json!({"UnprocessedItems": {"events": [put("b")]}})).await;
    let delete = json!({"DeleteRequest": {"Key": {"id": {"S": "d"}}}});
    let input = json!({"RequestItems": {"events": [put("a"), put("b"), delete, put("c")]}});
    let answer = cloud.call_as("ASIA1", "dynamodb", &format!("{DYNAMO}.BatchWriteItem"), &input).await;
    assert_eq!(super::cloud::json_of(&answer)["UnprocessedItems"]["events"][0], put("b"), "the answer is untouched");
    let key = |id: &str| row(&format!(r#"{{"id":{{"S":"{id}"}},"at":{{"N":"7"}}}}"#));
    assert_eq!(cloud.told(), [key("a"), key("c")]);
}

const STREAM: &str = "arn:aws:kinesis:eu-west-1:000000000000:stream/events";

fn letter(reason: &str, sequence_number: &str) -> String {
    json!({
        "version": 1, "reason": reason, "message": "m", "eventID": format!("shardId-000000000001:{sequence_number}"),
        "streamArn": STREAM, "shardId": "shardId-000000000001", "sequenceNumber": sequence_number, "partitionKey": "p",
        "arrivedAt": "2026-01-01T00:00:00Z", "encoding": "base64", "payload": "c2VjcmV0",
    })
    .to_string()
}

fn told(reason: &str, sequence_number: &str) -> Event {
    Event::DeadLetter(DeadLetter {
        queue: "dead".into(),
        reason: reason.into(),
        location: Location::of(STREAM, Some("shardId-000000000001")),
        first: sequence_number.into(),
        last: sequence_number.into(),
    })
}

async fn send(cloud: &Cloud, key: &str, body: &str) {
    let input = json!({"QueueUrl": "http://127.0.0.1:1/000000000000/dead", "MessageBody": body});
    cloud.call_as(key, "sqs", "AmazonSQS.SendMessage", &input).await;
}

#[tokio::test]
async fn a_dead_letter_of_a_role_is_told_without_its_payload() {
    let mut cloud = cloud(200, json!({"MessageId": "m"})).await;
    send(&cloud, "ASIA1", &letter("no-key", "495")).await;
    assert_eq!(cloud.told(), [told("no-key", "495")]);
    send(&cloud, "000000000000", &letter("no-key", "495")).await;
    assert_eq!(cloud.told(), [], "only what functions send");
}

#[tokio::test]
async fn other_messages_are_not_told() {
    let mut cloud = cloud(200, json!({"MessageId": "m"})).await;
    let mut of_a_mapping: Value = serde_json::from_str(&letter("no-key", "1")).unwrap();
    of_a_mapping["version"] = json!("1.0");
    of_a_mapping["KinesisBatchInfo"] = json!({"shardId": "shardId-000000000001"});
    let another_version = letter("no-key", "1").replace(r#""version":1"#, r#""version":2"#);
    let somebodys = r#"{"version":1,"reason":"mine"}"#;
    let placeless = r#"{"version":1,"reason":"mine","sequenceNumber":"1"}"#;
    for body in [&of_a_mapping.to_string(), &another_version, somebodys, placeless, "hello", "{}", "[1]", ""] {
        send(&cloud, "ASIA1", body).await;
        assert_eq!(cloud.told(), [], "{body}");
    }
}

#[tokio::test]
async fn of_a_batch_of_messages_what_was_taken_is_told() {
    let mut cloud = cloud(200, json!({"Successful": [{"Id": "2"}, {"Id": "3"}], "Failed": [{"Id": "1"}]})).await;
    let entry = |id: &str, body: &str| json!({"Id": id, "MessageBody": body});
    let entries = [entry("1", &letter("a", "1")), entry("2", "hello"), entry("3", &letter("c", "3"))];
    let input = json!({"QueueUrl": "http://127.0.0.1:1/000000000000/dead", "Entries": entries});
    cloud.call_as("ASIA1", "sqs", "AmazonSQS.SendMessageBatch", &input).await;
    assert_eq!(cloud.told(), [told("c", "3")]);
}

/// As MiniStack answers for DynamoDB: its words name no resource.
#[tokio::test]
async fn a_refusal_that_names_no_resource_is_told_without_one() {
    let text = "User: arn:aws:sts::000000000000:assumed-role/r/x is not authorized to perform: dynamodb:GetItem because no policy does";
    let mut cloud = cloud(403, json!({"__type": "AccessDeniedException", "message": text})).await;
    cloud.call_as("ASIA1", "dynamodb", &format!("{DYNAMO}.GetItem"), &json!({"TableName": "events"})).await;
    let (role, action) = ("r".into(), "dynamodb:GetItem".into());
    assert_eq!(cloud.told(), [Event::Denied(Denied { role, action, resource: None })]);
}

/// The forwarder answers for MiniStack where AWS and MiniStack differ, and reports those refusals, too.
#[tokio::test]
async fn a_refusal_of_a_call_that_is_put_right_is_told() {
    let text = "User: arn:aws:sts::000000000000:assumed-role/r/x is not authorized to perform: secretsmanager:GetSecretValue because no policy does";
    let mut cloud = cloud(403, json!({"__type": "AccessDeniedException", "message": text})).await;
    cloud.call_as("ASIA1", "secretsmanager", "secretsmanager.GetSecretValue", &json!({"SecretId": "s"})).await;
    let (role, action) = ("r".into(), "secretsmanager:GetSecretValue".into());
    assert_eq!(cloud.told(), [Event::Denied(Denied { role, action, resource: None })]);
}

/// The user's own handler reports which right it lacks, once while it asks on. No other caller is reported.
#[tokio::test]
async fn a_call_that_a_role_has_no_right_to_is_told() {
    let text = "User: arn:aws:sts::000000000000:assumed-role/orders-consumer-role-eu-west-1/pipe-dev is not authorized to perform: \
                dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-1:000000000000:table/events because no policy allows it";
    let mut cloud = cloud(400, json!({"__type": "AccessDeniedException", "Message": text})).await;
    let input = json!({"TableName": "events"});
    for key in ["ASIA1", "ASIA1", "AKIA1"] {
        let answer = cloud.call_as(key, "dynamodb", &format!("{DYNAMO}.GetItem"), &input).await;
        assert_eq!(answer.status().as_u16(), 400, "the answer is untouched");
    }
    put(&cloud, "ASIA1", item("a")).await;
    let denied = Denied {
        role: "orders-consumer-role-eu-west-1".into(),
        action: "dynamodb:GetItem".into(),
        resource: Some("arn:aws:dynamodb:eu-west-1:000000000000:table/events".into()),
    };
    assert_eq!(cloud.told(), [Event::Denied(denied)]);
}

/// In both protocols of SQS: integrations of API Gateway send forms.
#[tokio::test]
async fn pollers_are_told_of_what_feeds_a_stream_or_a_queue() {
    let cloud = Cloud::new(|_| super::cloud::json(200, &json!({}))).await;
    let mut puts = cloud.forwarder.puts();
    let mut fed = || {
        let fed = puts.has_changed().unwrap();
        puts.mark_unchanged();
        fed
    };
    for (service, target, expected) in [
        ("kinesis", "Kinesis_20131202.PutRecords", true),
        ("sqs", "AmazonSQS.SendMessage", true),
        ("sqs", "AmazonSQS.SendMessageBatch", true),
        ("sqs", "AmazonSQS.ReceiveMessage", false),
        ("sqs", "AmazonSQS.DeleteMessageBatch", false),
    ] {
        cloud.call(service, target, &json!({})).await;
        assert_eq!(fed(), expected, "{target}");
    }
    let form = || {
        let request = super::cloud::signed("ASIA1", "sqs").method("POST");
        request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    };
    for (body, expected) in [
        ("Action=SendMessage&MessageBody=a%26b", true),
        ("Version=2012-11-05&Action=SendMessageBatch", true),
        ("Action=ReceiveMessage&MessageBody=Action%3DSendMessage", false),
    ] {
        cloud.send(form(), "/000000000000/q", body.as_bytes()).await;
        assert_eq!(fed(), expected, "{body}");
    }
    let query = super::cloud::signed("ASIA1", "sqs").method("GET");
    cloud.send(query, "/000000000000/q?Action=SendMessage&MessageBody=x", b"").await;
    assert!(fed());
}

/// Whoever sends it, and only what was taken.
#[tokio::test]
async fn what_a_stream_takes_is_told_with_its_number() {
    let input = json!({"StreamName": "events", "Records": [{"Data": "eA=="}, {"Data": "eQ=="}]});
    for (status, taken) in [(200, true), (400, false)] {
        let mut cloud = cloud(status, json!({})).await;
        cloud.call("kinesis", "Kinesis_20131202.PutRecords", &input).await;
        let location = Location { service: "kinesis".into(), name: Some("events".into()), part: None };
        let told: Vec<Event> = taken.then_some(Event::Put(Put { location, records: 2 })).into_iter().collect();
        assert_eq!(cloud.all_told(), told, "{status}");
    }
}
