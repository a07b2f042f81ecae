//! Deliveries from the inbox to their end, with an endpoint and functions that the tests make up.

mod endpoint;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::{Inbox, Push, Settings};
use crate::event::{Event, GivenUp, Location, Retry};
use crate::invoke::{Answer, Call, Invoke, Refusal};
use crate::roles::Roles;
use crate::seen::Lens;
use endpoint::{Endpoint, FUNCTION, QUEUE, TOPIC};

/// A push, its endpoint, and what reached the function.
struct Cloud {
    endpoint: Endpoint,
    url: String,
    calls: Arc<Mutex<Vec<Value>>>,
    events: UnboundedReceiver<Event>,
    _push: Push,
}

impl Cloud {
    /// The function fails where its event says so, and is throttled where it says that.
    async fn new(config: Value, policy: Value) -> Self {
        let endpoint = Endpoint::start(config, policy).await;
        let (events, told) = unbounded_channel();
        let inbox = Inbox::open().await.unwrap();
        let (url, calls) = (inbox.url().to_owned(), Arc::<Mutex<Vec<Value>>>::default());
        let seen = Arc::clone(&calls);
        let invoke: Invoke = Arc::new(move |Call { payload, .. }| {
            let event: Value = serde_json::from_slice(&payload).unwrap();
            seen.lock().unwrap().push(event.clone());
            Box::pin(async move { outcome(&event) })
        });
        let push =
            Push::start(Settings { roles: Roles::new(endpoint.sdk()), invoke, events, lens: Lens::default(), inbox });
        Self { endpoint, url, calls, events: told, _push: push }
    }

    /// Gives an event as MiniStack does; status, whether the function failed, and the body of the answer.
    async fn give(&self, sender: Value, event: &Value) -> (u16, bool, String) {
        let given = json!({ "function": FUNCTION, "request": "r-1", "sender": sender, "event": event });
        post(&self.url, &given).await
    }

    /// What was sent, when it is so many.
    async fn sent(&self, count: usize) -> Vec<Value> {
        let sent = async {
            while self.endpoint.sent().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), sent).await.unwrap();
        self.endpoint.sent()
    }

    async fn told(&mut self) -> Event {
        timeout(Duration::from_secs(20), self.events.recv()).await.unwrap().unwrap()
    }
}

async fn post(url: &str, body: &Value) -> (u16, bool, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::post(url).body(Full::new(Bytes::from(body.to_string()))).unwrap();
    let answer = client.request(request).await.unwrap();
    let (status, failed) = (answer.status().as_u16(), answer.headers().contains_key("x-amz-function-error"));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, failed, String::from_utf8(body.to_vec()).unwrap())
}

fn outcome(event: &Value) -> Result<Answer, Refusal> {
    if event["busy"] == true {
        return Err(Refusal::Throttled);
    }
    let failed = event["fail"] == true;
    let payload = if failed { r#"{"errorMessage":"no","errorType":"E"}"# } else { r#""done""# };
    let error = failed.then(|| "Unhandled".to_owned());
    Ok(Answer { payload: Bytes::from(payload), error, request_id: "r-2".to_owned(), memory: None })
}

fn lets_in(topic: &str) -> Value {
    json!({ "Statement": [{ "Sid": "pipe-shop-permission", "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
        "Action": "lambda:InvokeFunction", "Resource": FUNCTION,
        "Condition": { "ArnLike": { "AWS:SourceArn": topic }, "StringEquals": { "AWS:SourceAccount": "111122223333" } } }] })
}

fn notification() -> Value {
    json!({ "Records": [{ "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": format!("{TOPIC}:1"),
        "Sns": { "Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Message": "hi", "SigningCertURL": "c" } }] })
}

fn from_topic(event: &Event) -> (&Location, &str, Option<&str>) {
    match event {
        Event::GivenUp(GivenUp { location, reason, to, .. }) => (location, reason, to.as_deref()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_sender_that_is_let_in_reaches_the_function_in_awss_form() {
    let mut cloud = Cloud::new(Value::Null, lets_in(TOPIC)).await;
    assert_eq!(cloud.give(json!({}), &notification()).await, (200, false, String::new()), "it is queued");
    let Event::Batch(batch) = cloud.told().await else { panic!("it is told") };
    assert_eq!((batch.function.as_str(), batch.location, batch.succeeded), ("f", Location::of(TOPIC, None), 1));
    let calls = cloud.calls.lock().unwrap().clone();
    let message = &calls[0]["Records"][0]["Sns"];
    assert_eq!((&message["SigningCertUrl"], &message["MessageAttributes"]), (&"c".into(), &json!({})));
}

#[tokio::test]
async fn a_sender_that_is_not_let_in_is_buried_in_its_own_queue() {
    let mut cloud = Cloud::new(Value::Null, lets_in("arn:aws:sns:eu-west-1:111122223333:other")).await;
    cloud.give(json!({}), &notification()).await;
    let told = cloud.told().await;
    let (location, reason, to) = from_topic(&told);
    assert_eq!((location, to), (&Location::of(TOPIC, None), Some("dead")));
    assert_eq!(reason, format!("the function's policy does not let sns.amazonaws.com in for {TOPIC}"));
    assert!(cloud.calls.lock().unwrap().is_empty());
    let sent = cloud.endpoint.sent();
    let envelope: Value = serde_json::from_str(sent[0]["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(envelope, notification()["Records"][0]["Sns"], "as queues get it");
}

#[tokio::test]
async fn a_rules_event_is_buried_with_what_eventbridge_says_of_it() {
    let rule = "arn:aws:events:eu-west-1:111122223333:rule/big";
    let mut cloud = Cloud::new(Value::Null, Value::Null).await;
    let event = json!({ "detail-type": "D", "source": "shop", "detail": { "price": 1.5 } });
    cloud.give(json!({ "rule": rule, "queue": QUEUE }), &event).await;
    assert_eq!(from_topic(&cloud.told().await).2, Some("dead"));
    let sent = cloud.endpoint.sent();
    assert_eq!(serde_json::from_str::<Value>(sent[0]["MessageBody"].as_str().unwrap()).unwrap(), event);
    let attribute = |name: &str| sent[0]["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned();
    assert_eq!((attribute("RULE_ARN"), attribute("TARGET_ARN")), (rule.to_owned(), FUNCTION.to_owned()));
    assert_eq!(attribute("ERROR_CODE"), "NO_PERMISSIONS");

    cloud.give(json!({ "rule": rule }), &event).await;
    let told = cloud.told().await;
    let (_, reason, to) = from_topic(&told);
    assert!(to.is_none() && reason.ends_with("and its sender has no dead-letter queue"), "{reason}");
}

/// As the template of a rule that makes no JSON of an event: EventBridge cannot deliver that to a function.
#[tokio::test]
async fn what_its_sender_made_wrong_is_buried() {
    let rule = "arn:aws:events:eu-west-1:111122223333:rule/big";
    let mut cloud = Cloud::new(Value::Null, lets_in(TOPIC)).await;
    cloud.give(json!({ "rule": rule, "queue": QUEUE, "refused": "no JSON" }), &json!("{\"id\": \"a\"b\"}")).await;
    let told = cloud.told().await;
    assert_eq!((from_topic(&told).1, from_topic(&told).2), ("no JSON", Some("dead")));
    assert!(cloud.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_fails_for_good_goes_to_the_destination_as_the_functions_role() {
    let config = json!({ "MaximumRetryAttempts": 0, "DestinationConfig": { "OnFailure": { "Destination": QUEUE } } });
    let mut cloud = Cloud::new(config, Value::Null).await;
    cloud.give(json!({ "invoke": "Event" }), &json!({ "fail": true })).await;
    let Event::Batch(batch) = cloud.told().await else { panic!("the call is told") };
    assert_eq!((batch.error.as_deref(), batch.succeeded), (Some("no"), 0));
    let told = cloud.told().await;
    let (_, reason, to) = from_topic(&told);
    assert_eq!((reason, to), ("RetriesExhausted", Some("dead")));
    let sent = cloud.endpoint.sent();
    assert_eq!(sent[0]["as"], "key-of-consumer");
    let record: Value = serde_json::from_str(sent[0]["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&record["requestPayload"], &record["version"]), (&json!({ "fail": true }), &"1.0".into()));
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
}

#[tokio::test]
async fn without_a_destination_it_is_lost_and_that_is_told() {
    let mut cloud = Cloud::new(json!({ "MaximumRetryAttempts": 0 }), Value::Null).await;
    cloud.give(json!({ "invoke": "Event" }), &json!({ "fail": true })).await;
    cloud.told().await;
    assert_eq!(from_topic(&cloud.told().await).2, None);
}

#[tokio::test]
async fn what_fails_or_is_refused_waits_for_another_try() {
    let mut cloud = Cloud::new(Value::Null, Value::Null).await;
    cloud.give(json!({ "invoke": "Event" }), &json!({ "fail": true })).await;
    cloud.told().await;
    let Event::Retry(Retry { seconds: 60, reason, .. }) = cloud.told().await else { panic!("it waits a minute") };
    assert_eq!(reason, "Unhandled");
    cloud.give(json!({ "invoke": "Event" }), &json!({ "busy": true })).await;
    let Event::Retry(Retry { seconds: 1, .. }) = cloud.told().await else { panic!("it waits a second") };
    let Cloud { mut events, _push: push, .. } = cloud;
    push.stop();
    let warning = loop {
        if let Event::Warning { message } = events.recv().await.unwrap() {
            break message;
        }
    };
    assert_eq!(warning, "2 events end with this session before a function has handled them");
}

#[tokio::test]
async fn who_waits_gets_the_functions_answer() {
    let cloud = Cloud::new(Value::Null, Value::Null).await;
    let waits = || json!({ "invoke": "RequestResponse" });
    assert_eq!(cloud.give(waits(), &json!({})).await, (200, false, r#""done""#.to_owned()));
    let (status, failed, body) = cloud.give(waits(), &json!({ "fail": true })).await;
    assert!((status, failed) == (200, true) && body.contains(r#""errorMessage":"no""#), "{body}");
    assert_eq!(cloud.give(waits(), &json!({ "busy": true })).await.0, 429);
}

#[tokio::test]
async fn an_event_for_a_stream_is_put_there_as_the_senders_role() {
    let cloud = Cloud::new(Value::Null, Value::Null).await;
    let role = "arn:aws:iam::111122223333:role/rule";
    let stream = "arn:aws:kinesis:eu-west-1:111122223333:stream/orders";
    let sender = json!({ "rule": "arn:aws:events:eu-west-1:111122223333:rule/big", "stream": stream, "role": role });
    cloud.give(sender, &json!({ "id": "e-1", "detail": 1 })).await;
    let sent = cloud.sent(1).await;
    assert_eq!((&sent[0]["as"], &sent[0]["PartitionKey"]), (&"key-of-rule".into(), &"e-1".into()));
    assert!(cloud.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_who_knows_the_path_gives_anything() {
    let cloud = Cloud::new(Value::Null, Value::Null).await;
    let (address, _) = cloud.url.rsplit_once('/').unwrap();
    assert_eq!(post(&format!("{address}/"), &json!({})).await.0, 404);
    assert_eq!(post(&cloud.url, &json!({ "function": 1 })).await.0, 400);
    assert!(cloud.calls.lock().unwrap().is_empty());
}

/// As the error action of a rule of IoT has it, under the role that the rule names.
fn of_rule(error: bool) -> Value {
    let action = json!({ "sqs": { "queueUrl": "http://127.0.0.1:1/111122223333/dead", "roleArn": "arn:aws:iam::111122223333:role/sender" } });
    let mut rule = json!({ "rule": "arn:aws:iot:eu-west-1:111122223333:rule/heat", "topic": "sensors/1", "client": "N/A", "payload": "e30=",
        "key": "${topic()}" });
    if error {
        rule["error"] = action;
    }
    rule
}

#[tokio::test]
async fn what_a_rule_of_iot_cannot_deliver_goes_to_its_error_action() {
    let mut cloud = Cloud::new(Value::Null, Value::Null).await;
    cloud.give(json!({ "iot": of_rule(true) }), &json!({ "t": 41 })).await;
    let told = cloud.told().await;
    let (location, reason, to) = from_topic(&told);
    assert_eq!((location.name.as_deref(), to), (Some("heat"), Some("dead")));
    assert!(
        reason.contains("does not let iot.amazonaws.com in for arn:aws:iot:eu-west-1:111122223333:rule/heat"),
        "{reason}"
    );
    let sent = cloud.endpoint.sent();
    assert_eq!(sent[0]["as"], "key-of-sender");
    let document: Value = serde_json::from_str(sent[0]["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&document["ruleName"], &document["base64OriginalPayload"]), (&json!("heat"), &json!("e30=")));

    cloud.give(json!({ "iot": of_rule(false) }), &json!({ "t": 41 })).await;
    assert!(from_topic(&cloud.told().await).1.ends_with("and its rule has no error action"));
}

#[tokio::test]
async fn a_rule_of_iot_says_the_partition_key_of_its_records() {
    let cloud = Cloud::new(Value::Null, Value::Null).await;
    let stream = "arn:aws:kinesis:eu-west-1:111122223333:stream/events";
    let sender = json!({ "iot": of_rule(true), "stream": stream, "role": "arn:aws:iam::111122223333:role/sender" });
    cloud.give(sender, &json!({ "t": 41, "id": "not this" })).await;
    let sent = cloud.sent(1).await;
    assert_eq!((&sent[0]["PartitionKey"], &sent[0]["as"]), (&json!("sensors/1"), &json!("key-of-sender")));
}
