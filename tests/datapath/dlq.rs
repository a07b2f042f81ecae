//! `pipe dlq` on what the deployed consumer writes: seen as often as one likes, and never taken.
//!
//! MiniStack's mapping writes no on-failure document, so one of AWS's form is put into the queue.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_kinesis::primitives::Blob;
use pipe_test_support::{Kind, Sandbox};
use serde_json::{Value, json};

use super::cloud::{QUEUE, STREAM, root, sandbox, wait};

/// Puts a record, and gives its shard and sequence number.
async fn put(aws: &SdkConfig, data: &str) -> (String, String) {
    let kinesis = aws_sdk_kinesis::Client::new(aws);
    let put = kinesis.put_record().stream_name(STREAM).partition_key("p").data(Blob::new(data));
    let put = put.send().await.unwrap();
    (put.shard_id, put.sequence_number)
}

/// The dead letters as `pipe dlq ls --json` tells them.
fn listed(sandbox: &Sandbox) -> Vec<Value> {
    let out = sandbox.pipe(&["dlq", "ls", "--json"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, letters) = lines.split_last().unwrap();
    assert_eq!(
        (&last["event"], &last["shown"], &last["more"]),
        (&"letters".into(), &letters.len().into(), &false.into())
    );
    letters.iter().map(|line| line["letter"].clone()).collect()
}

/// The on-failure document of a batch that began with this record.
fn on_failure(sandbox: &Sandbox, (shard, number): &(String, String), arrived: &str) -> String {
    let account = sandbox.account.id();
    json!({
        "requestContext": { "requestId": "r", "functionArn": "arn:f", "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 101 },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": null },
        "version": "1.0", "timestamp": arrived,
        "KinesisBatchInfo": {
            "shardId": shard, "startSequenceNumber": number, "endSequenceNumber": number, "batchSize": 1,
            "approximateArrivalOfFirstRecord": arrived, "approximateArrivalOfLastRecord": arrived,
            "streamArn": format!("arn:aws:kinesis:eu-central-1:{account}:stream/{STREAM}"),
        },
    })
    .to_string()
}

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_payload_and_stays() {
    let sandbox = sandbox(Kind::MiniStack);
    sandbox.pipe(&["apply", "--yes"]);
    assert_eq!(sandbox.pipe(&["dlq", "ls"]), "no dead letters\n");
    let aws = root(&sandbox.account).await;
    let at = put(&aws, r#"{"eventId": "e-1", "#).await;

    let arrived = async || Some(listed(&sandbox)).filter(|letters| !letters.is_empty());
    let letters = wait("the dead letter", Duration::from_secs(120), arrived).await;
    let event = format!("{}:{}", at.0, at.1);
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0]["reason"], &letters[0]["event_id"]), (&"bad-json".into(), &event.as_str().into()));
    assert_eq!(letters[0]["payload_start"], r#"{"eventId": "e-1", "#);
    assert_eq!(listed(&sandbox), letters, "nothing is taken, and nothing hidden");

    let id = letters[0]["id"].as_str().unwrap();
    let line = sandbox.pipe(&["dlq", "ls"]);
    assert!(line.contains(&id[..8]) && line.contains("bad-json") && line.contains(&event), "{line}");
    for name in [id, &id[..8], &event] {
        let text = sandbox.pipe(&["dlq", "show", name]);
        assert!(text.ends_with("payload:\n{\"eventId\": \"e-1\", \n"), "{name}: {text}");
    }
    let line: Value = serde_json::from_str(&sandbox.pipe(&["dlq", "show", id, "--json"])).unwrap();
    let whole = &line["letter"];
    assert_eq!((&whole["payload"]["text"], &whole["partition_key"]), (&r#"{"eventId": "e-1", "#.into(), &"p".into()));
    let none = sandbox.run(&["dlq", "show", "nothing"]);
    assert_eq!((none.code, none.out.as_str()), (Some(1), ""));
    assert!(none.err.contains("no dead letter has the id `nothing`"), "{}", none.err);
}

#[tokio::test]
async fn the_records_of_a_mappings_letter_are_read_from_the_stream_while_it_has_them() {
    let sandbox = sandbox(Kind::MiniStack);
    sandbox.pipe(&["apply", "--yes"]);
    let aws = root(&sandbox.account).await;
    let at = put(&aws, r#"{"eventId":"e-1","n":12345678901234567890123456789.10}"#).await;
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let url = sqs.get_queue_url().queue_name(QUEUE).send().await.unwrap().queue_url.unwrap();
    let now = aws_smithy_types::DateTime::from(std::time::SystemTime::now()).to_string();
    for body in [on_failure(&sandbox, &at, &now), on_failure(&sandbox, &at, "2019-11-14T00:38:04.835Z"), "else".into()]
    {
        sqs.send_message().queue_url(&url).message_body(body).send().await.unwrap();
    }

    let letters = listed(&sandbox);
    let shapes: Vec<&str> = letters.iter().map(|letter| letter["shape"].as_str().unwrap()).collect();
    assert_eq!(shapes.iter().filter(|shape| **shape == "mapping").count(), 2, "{shapes:?}");
    let with = |name: &str| letters.iter().find(|letter| letter.get(name).is_some()).unwrap()["id"].as_str().unwrap();
    let show = |id: &str| sandbox.pipe(&["dlq", "show", id]);
    let there = show(with("readable_until"));
    assert!(there.contains("\"n\": 12345678901234567890123456789.10\n"), "{there}");
    assert!(there.contains(&format!("record {} with key p:", at.1)), "{there}");
    let past = show(with("past_retention_since"));
    assert!(past.ends_with("past retention since 2019-11-15T00:38:04Z\n"), "{past}");
    let other = letters.iter().find(|letter| letter["shape"] == "unknown").unwrap();
    assert!(show(other["id"].as_str().unwrap()).contains("neither the bundled consumer's nor a mapping's"));
    assert!(show(other["id"].as_str().unwrap()).ends_with("\nelse\n"));
}

#[tokio::test]
async fn a_pipeline_without_a_queue_has_no_dead_letters() {
    let sandbox = sandbox(Kind::MiniStack);
    let absent = sandbox.run(&["dlq", "ls"]);
    assert_eq!(absent.code, Some(1));
    assert!(absent.err.contains("there is no sqs:Queue `LambdaDeadLetterQueue`"), "{}", absent.err);
    sandbox.write("name: demo\nstream: { kinesis: {} }\n");
    let none = sandbox.run(&["dlq", "ls"]);
    assert_eq!(none.code, Some(1));
    assert!(none.err.contains("the pipeline `demo` has no dead-letter queue"), "{}", none.err);
    let send = sandbox.run(&["send"]);
    assert_eq!(send.code, Some(1));
    assert!(send.err.contains("the pipeline `demo` has no API to send to"), "{}", send.err);
}
