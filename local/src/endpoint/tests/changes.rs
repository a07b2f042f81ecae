//! Streams of tables in an emulator of the session's own: who may read, and what expires.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

use super::cloud::{Seen, client, json as answered, router, serve};
use crate::endpoint::Forwarder;
use crate::endpoint::keys::Keys;
use crate::endpoint::quirks::Memory;
use crate::endpoint::reaper::sweep;
use crate::endpoint::upstream::Upstream;
use crate::endpoint::watch::Watch;
use crate::gateway::sign::{Request, sign};
use crate::seen::Lens;

const ROOT: &str = "000000000000";
const STREAM: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/t/stream/2026-11-21T21:21:33.291";
const GIVEN: &[u8] = b"<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
    <SessionToken>session</SessionToken>";

/// A table of MiniStack's kind, whose items are in the order of their ids.
#[derive(Default)]
struct Table {
    items: Vec<Value>,
    records: Vec<Value>,
    /// What MiniStack knows of the setting.
    ttl: Value,
    /// Changes an item between the scan and the deletion.
    meddles: bool,
    /// Whether the role may read the stream.
    allows: bool,
}

impl Table {
    fn answer(&mut self, seen: &Seen) -> Response<Body> {
        let (input, root) = (seen.json(), seen.header("authorization").contains(&format!("Credential={ROOT}/")));
        let body = match seen.header("x-amz-target") {
            // The probe: about the stream, and of an operation that the service does not have.
            "DynamoDB_20120810.GetRecords" => {
                assert_eq!((root, &input["TableName"]), (false, &json!(STREAM)));
                let kind = if self.allows { "UnknownOperationException" } else { "AccessDeniedException" };
                return answered(400, &json!({"__type": kind, "message": "is not authorized to perform: it"}));
            }
            _ if !root => return answered(400, &json!({"__type": "AccessDeniedException", "message": "to `*`"})),
            "DynamoDBStreams_20120810.GetRecords" => json!({"Records": self.records}),
            "DynamoDBStreams_20120810.GetShardIterator" => json!({"ShardIterator": "newest"}),
            "DynamoDBStreams_20120810.DescribeStream" => json!({"StreamDescription": {"Shards": [{"ShardId": "s"}]}}),
            "DynamoDB_20120810.DescribeTable" => json!({"Table": {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "LatestStreamArn": STREAM,
                "StreamSpecification": {"StreamEnabled": true},
            }}),
            "DynamoDB_20120810.DescribeTimeToLive" => json!({"TimeToLiveDescription": self.ttl}),
            "DynamoDB_20120810.UpdateTimeToLive" => {
                let told = &input["TimeToLiveSpecification"];
                assert_eq!(told["Enabled"], 0, "nothing expires by itself");
                self.ttl = json!({"TimeToLiveStatus": "DISABLED", "AttributeName": told["AttributeName"]});
                json!({"TimeToLiveSpecification": told})
            }
            "DynamoDB_20120810.Scan" => self.scan(&input),
            "DynamoDB_20120810.DeleteItem" => return self.delete(&input),
            target => panic!("{target} is not asked for"),
        };
        answered(200, &body)
    }

    /// Two items in each page; MiniStack compares texts as well.
    fn scan(&mut self, input: &Value) -> Value {
        let last = input["ExclusiveStartKey"]["id"]["S"].as_str().unwrap_or_default();
        let left: Vec<Value> =
            self.items.iter().filter(|item| item["id"]["S"].as_str().unwrap() > last).cloned().collect();
        let page: Vec<Value> = left.iter().take(2).cloned().collect();
        let mut answer = json!({"Items": page});
        if left.len() > 2 {
            answer["LastEvaluatedKey"] = json!({"id": page[1]["id"]});
        }
        if self.meddles {
            self.items[0]["end"] = json!({"N": "99999999999"});
        }
        answer
    }

    fn delete(&mut self, input: &Value) -> Response<Body> {
        let at = self.items.iter().position(|item| item["id"] == input["Key"]["id"]).unwrap();
        if self.items[at]["end"] != input["ExpressionAttributeValues"][":seen"] {
            return answered(400, &json!({"__type": "ConditionalCheckFailedException"}));
        }
        let item = self.items.remove(at);
        self.removed(&item["id"]);
        answered(200, &json!({}))
    }

    fn removed(&mut self, id: &Value) {
        let sequence = format!("{:030}", self.records.len());
        let change = json!({"Keys": {"id": id}, "SequenceNumber": sequence});
        self.records.push(json!({"eventName": "REMOVE", "dynamodb": change}));
    }
}

async fn upstream(table: &Arc<Mutex<Table>>) -> String {
    let table = Arc::clone(table);
    serve(router(move |seen: &Seen| table.lock().unwrap().answer(seen)).0).await
}

async fn forwarder(upstream: &str) -> Forwarder {
    let keys = Keys::of_users();
    keys.learn(GIVEN);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream::of_users(upstream).unwrap();
    Forwarder::with(listener, upstream, keys, Some(ROOT), Watch::new(unbounded_channel().0, Lens::default())).unwrap()
}

/// A call by the role, or by root.
async fn call(forwarder: &Forwarder, by_role: bool, target: &str, input: &Value) -> (u16, Value) {
    let body = Bytes::from(input.to_string());
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = hyper::Method::POST;
    *request.uri_mut() = format!("{}/", forwarder.url()).parse().unwrap();
    request.headers_mut().insert("x-amz-target", HeaderValue::from_str(target).unwrap());
    let token = by_role.then(|| "session".to_owned());
    let key = if by_role { "ASIAROLE" } else { ROOT };
    sign(&mut request, ("dynamodb", "eu-central-1"), &body, Credentials::new(key, "secret", token, None, "test"))
        .unwrap();
    let answer = client().request(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn item(id: &str, end: Value) -> Value {
    json!({"id": {"S": id}, "end": end})
}

fn seconds(ago: i64) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    json!({"N": (now - ago).to_string()})
}

#[tokio::test]
async fn a_role_reads_a_stream_that_its_policy_names_and_no_other_does() {
    let table = Arc::new(Mutex::new(Table::default()));
    let forwarder = forwarder(&upstream(&table).await).await;
    let iterator = base64::engine::general_purpose::URL_SAFE.encode(json!({"arn": STREAM, "p": 0}).to_string());
    let read = json!({"ShardIterator": iterator});
    let target = "DynamoDBStreams_20120810.GetRecords";
    let (status, refusal) = call(&forwarder, true, target, &read).await;
    assert_eq!((status, &refusal["__type"]), (400, &json!("AccessDeniedException")));
    table.lock().unwrap().allows = true;
    table.lock().unwrap().removed(&json!({"S": "a"}));
    let (status, page) = call(&forwarder, true, target, &read).await;
    assert_eq!((status, page["Records"].as_array().unwrap().len()), (200, 1), "{page}");
    assert_eq!(page["Records"][0].get("userIdentity"), None);
}

#[tokio::test]
async fn the_setting_is_kept_here_and_ends_with_its_table() {
    let table = Arc::new(Mutex::new(Table { ttl: json!({"TimeToLiveStatus": "DISABLED"}), ..Table::default() }));
    let forwarder = forwarder(&upstream(&table).await).await;
    let set = |enabled: bool| json!({"TableName": "t", "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": "end"}});
    let shown = async || {
        let described =
            call(&forwarder, false, "DynamoDB_20120810.DescribeTimeToLive", &json!({"TableName": "t"})).await;
        described.1["TimeToLiveDescription"].clone()
    };
    assert_eq!(shown().await, json!({"TimeToLiveStatus": "DISABLED"}));
    let answer = call(&forwarder, false, "DynamoDB_20120810.UpdateTimeToLive", &set(true)).await;
    assert_eq!(answer, (200, json!({"TimeToLiveSpecification": set(true)["TimeToLiveSpecification"]})));
    assert_eq!(shown().await, json!({"TimeToLiveStatus": "ENABLED", "AttributeName": "end"}));
    // Another table of the name has no setting.
    table.lock().unwrap().ttl = json!({"TimeToLiveStatus": "DISABLED"});
    assert_eq!(shown().await, json!({"TimeToLiveStatus": "DISABLED"}));
    call(&forwarder, false, "DynamoDB_20120810.UpdateTimeToLive", &set(true)).await;
    call(&forwarder, false, "DynamoDB_20120810.UpdateTimeToLive", &set(false)).await;
    assert_eq!(shown().await, json!({"TimeToLiveStatus": "DISABLED"}));
}

#[tokio::test]
async fn what_has_expired_is_deleted_and_marked_and_all_else_stays() {
    let ttl = json!({"TimeToLiveStatus": "DISABLED", "AttributeName": "end"});
    let items = vec![
        item("a", seconds(10)),
        item("b", json!({"S": "1"})),
        item("c", json!({"N": "1000"})),
        item("d", seconds(-100)),
        item("e", seconds(100)),
        json!({"id": {"S": "f"}}),
    ];
    let table = Arc::new(Mutex::new(Table { ttl, items, ..Table::default() }));
    // Somebody's own deletion of the same key, before.
    table.lock().unwrap().removed(&json!({"S": "a"}));
    let (upstream, memory) = (Upstream::of_users(&upstream(&table).await).unwrap(), Memory::default());
    memory.ttl.set(("eu-central-1".to_owned(), "t".to_owned()), "end", true);
    assert_eq!(sweep(&upstream, &memory, ROOT).await, 2);
    let left: Vec<Value> = table.lock().unwrap().items.iter().map(|item| item["id"]["S"].clone()).collect();
    assert_eq!(left, ["b", "c", "d", "f"]);
    let expired = memory.changes.expired.read().await;
    assert_eq!([0, 1, 2].map(|n| expired.has(&format!("{n:030}"))), [false, true, true]);
    drop(expired);

    table.lock().unwrap().items.insert(0, item("a", seconds(10)));
    table.lock().unwrap().meddles = true;
    assert_eq!(sweep(&upstream, &memory, ROOT).await, 0, "it was given more time meanwhile");
    table.lock().unwrap().ttl = json!({"TimeToLiveStatus": "DISABLED"});
    assert_eq!((sweep(&upstream, &memory, ROOT).await, memory.ttl.all()), (0, vec![]), "another table of the name");
}
