use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked;

/// A message of an event stream (<https://smithy.io/2.0/aws/amazon-eventstream.html>).
fn message(kind: &str, payload: &Value) -> Vec<u8> {
    let sum = |bytes: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum().to_be_bytes()
    };
    let mut headers = Vec::new();
    for (name, value) in [(":message-type", "event"), (":event-type", kind), (":content-type", "application/json")] {
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend(name.bytes());
        headers.push(7);
        headers.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend(value.bytes());
    }
    let payload = payload.to_string();
    let length = u32::try_from(headers.len() + payload.len() + 16).unwrap();
    let mut all = [length.to_be_bytes(), u32::try_from(headers.len()).unwrap().to_be_bytes()].concat();
    all.extend(sum(&all));
    all.extend(headers);
    all.extend(payload.bytes());
    all.extend(sum(&all));
    all
}

#[tokio::test]
async fn lines_come_with_the_place_of_their_group() {
    let line = |group: &str, text: &str| json!({ "logGroupIdentifier": group, "logStreamName": "s", "message": text, "timestamp": 7, "ingestionTime": 8 });
    let update = |results: Value| {
        message("sessionUpdate", &json!({ "sessionMetadata": { "sampled": false }, "sessionResults": results }))
    };
    let ours = [line("111122223333:/aws/lambda/a", "one"), line("111122223333:/aws/lambda/other", "no")];
    let body = [
        message("initial-response", &json!({})),
        message("sessionStart", &json!({ "sessionId": "s" })),
        update(json!([])),
        update(json!(ours)),
        update(json!([line("arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/b:*", "two")])),
    ]
    .concat();
    let cx = mocked::cx_http(move |_| HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body.clone())));
    let names = [(0, "/aws/lambda/a".to_owned()), (3, "/aws/lambda/b".to_owned())];
    let mut live = start(&cx, &names).await.unwrap();
    let text = |text: &str| Line { at: 7, stream: "s".into(), text: text.into() };
    assert_eq!(live.recv().await, Some((0, text("one"))));
    assert_eq!(live.recv().await, Some((3, text("two"))));
    assert_eq!(live.recv().await, None, "the session is over");
}

#[tokio::test]
async fn a_refusal_is_worth_a_word_and_is_not_repeated() {
    let denied = || mocked::refusal("AccessDeniedException", "not you");
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = calls.clone();
    let cx = mocked::cx_http(move |_| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        denied()
    });
    let error = start(&cx, &[(0, "a".to_owned())]).await.unwrap_err();
    assert!(is_refusal(error.class()) && !is_refusal(Class::Unclear), "{error}");
    assert_eq!((error.code(), calls.load(std::sync::atomic::Ordering::Relaxed)), ("AccessDeniedException", 1));
}
