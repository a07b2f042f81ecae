//! Consumers that fail on a record: it goes alone, the others are handled, in their order and once.

use std::str::FromStr;
use std::time::{Duration, Instant};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value;

use super::own::{FUNCTION, Own};
use super::puts::Put;

/// One retry, so that what fails is given up after two calls.
const FEW: &str = "timeout_seconds: 5, batch: { size: 10 }, failures: { retries: 1 }";

/// So long that puts one after another are sure to come within it.
const WINDOW: Duration = Duration::from_secs(20);

/// Everything of a text but what holds this word.
fn without(texts: &[&str], word: &str) -> Vec<String> {
    texts.iter().filter(|text| !text.contains(word)).map(|text| (*text).to_owned()).collect()
}

/// Puts a batch with one bad record, and waits until the others are handled and that one is given up.
fn put_one_bad(own: &mut Own, texts: &[&str], word: &str, given_up: usize) -> Put {
    let before = own.did().len();
    let put = own.put(texts);
    own.until_done(before + texts.len() - 1);
    own.dev.until("the record to be given up", |dev| (dev.count("RetryAttemptsExhausted") >= given_up).then_some(()));
    assert_eq!(own.did()[before..], without(texts, word), "in their order, once, and without `{word}`");
    let bad = put.into_iter().find(|put| String::from_utf8_lossy(&put.data).contains(word));
    bad.unwrap()
}

/// The id of the last call that held a record, which held nothing else.
fn last_call(own: &Own, word: &str) -> String {
    let calls = own.calls();
    let last = calls.iter().rfind(|call| call.records.iter().any(|text| text.contains(word))).unwrap();
    assert_eq!(last.records.len(), 1, "{:?}", last.records);
    last.id.clone()
}

#[test]
fn a_record_on_which_the_function_fails_is_given_up_alone_with_the_exact_document() {
    let mut own = Own::new(1, FEW);
    let texts = ["a-1", "b-1", "a-2", "a-crash", "b-2", "a-3", "b-3", "b-4", "a-4", "a-5"];
    let crashed = put_one_bad(&mut own, &texts, "crash", 1);
    let texts = ["a-6", "b-5", "b-hang", "a-7", "b-6"];
    let hung = put_one_bad(&mut own, &texts, "hang", 2);
    let texts = ["b-7", "a-8", "a-never", "b-8", "a-9", "a-10"];
    let refused = put_one_bad(&mut own, &texts, "never", 3);

    // The records that such a letter points to are read from the stream, and the letter stays.
    let shown = own.dev.pipe(&["dlq", "show", &format!("{}:{}", refused.shard, refused.sequence)]);
    assert!(shown.contains("a-never") && shown.contains(&format!("record {}", refused.sequence)), "{shown}");
    let documents = own.documents();
    assert_eq!(documents.len(), 3, "{documents:?}");
    is_exact(&documents[0], &crashed, &last_call(&own, "crash"), "\"Unhandled\"");
    is_exact(&documents[1], &hung, &last_call(&own, "hang"), "\"Unhandled\"");
    // The function answered, so there is no function error.
    is_exact(&documents[2], &refused, &last_call(&own, "never"), "null");
    let told = ["Runtime.ExitError", "Sandbox.Timedout"].map(|kind| own.dev.count(&format!("Unhandled ({kind})")));
    assert!(told[0] > 0 && told[1] > 0 && told[0] + told[1] == failures(&own), "{told:?}: each failed call is told");
}

/// How many calls held what crashes or hangs.
fn failures(own: &Own) -> usize {
    let bad = |text: &String| text.contains("crash") || text.contains("hang");
    own.calls().iter().filter(|call| call.records.iter().any(bad)).count()
}

/// Compares a document with the recorded one, member for member, in their order.
fn is_exact(body: &str, record: &Put, request: &str, error: &str) {
    let document: Value = serde_json::from_str(body).unwrap();
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (at, arrived) = (text("/timestamp"), text("/KinesisBatchInfo/approximateArrivalOfFirstRecord"));
    let (shard, sequence) = (&record.shard, &record.sequence);
    let account = "000000000000";
    let expected = format!(
        r#"{{"requestContext":{{"requestId":"{request}","functionArn":"arn:aws:lambda:eu-central-1:{account}:function:{FUNCTION}","condition":"RetryAttemptsExhausted","approximateInvokeCount":2}},"responseContext":{{"statusCode":200,"executedVersion":"$LATEST","functionError":{error}}},"version":"1.0","timestamp":"{at}","KinesisBatchInfo":{{"shardId":"{shard}","startSequenceNumber":"{sequence}","endSequenceNumber":"{sequence}","approximateArrivalOfFirstRecord":"{arrived}","approximateArrivalOfLastRecord":"{arrived}","batchSize":1,"streamArn":"arn:aws:kinesis:eu-central-1:{account}:stream/GatewayEventsStream"}}}}"#
    );
    assert_eq!(body, expected);
    assert!(uuid::Uuid::from_str(request).is_ok_and(|id| id.hyphenated().to_string() == request), "{request}");
    for time in [&at, &arrived] {
        assert!(time.len() == 24 && time.as_bytes()[19] == b'.' && time.ends_with('Z'), "{time}");
    }
    let moment = |text: &str| DateTime::from_str(text, Format::DateTime).unwrap().to_millis().unwrap();
    let took = moment(&at) - moment(&arrived);
    assert!((100..600_000).contains(&took), "two calls with 200 ms between them took {took} ms");
}

#[test]
fn what_is_before_the_lowest_named_record_is_not_handed_over_again() {
    let mut own = Own::new(1, "batch: { size: 10 }");
    let texts = ["a-1", "b-1", "a-2", "b-once", "a-3", "b-2", "a-once", "b-3"];
    own.put(&texts);
    own.until_done(texts.len());
    assert_eq!(own.did(), texts, "each once, in their order");
    let calls: Vec<_> = own.calls().into_iter().map(|call| call.records).collect();
    assert_eq!(calls, [&texts[..], &texts[3..], &texts[6..]].map(|texts| texts.to_vec()));
    assert_eq!(own.starts(), 1, "naming failures ends no process");
    assert!(own.documents().is_empty());
}

#[test]
fn a_window_gathers_several_puts_into_one_batch() {
    let mut own = Own::new(1, "batch: { size: 4, window_seconds: 20 }");
    let start = Instant::now();
    for text in ["a-1", "a-2", "a-3"] {
        own.put(&[text]);
        // Longer than between two reads, so that each is read by itself.
        std::thread::sleep(Duration::from_millis(300));
    }
    own.until_done(3);
    assert!(start.elapsed() >= WINDOW, "the window was cut short: {:?}", start.elapsed());
    // A full batch waits for no window.
    let start = Instant::now();
    own.put(&["a-4", "a-5", "a-6", "a-7"]);
    own.until_done(7);
    assert!(start.elapsed() < WINDOW, "a full batch took {:?}", start.elapsed());
    let calls: Vec<_> = own.calls().into_iter().map(|call| call.records).collect();
    assert_eq!(calls, [vec!["a-1", "a-2", "a-3"], vec!["a-4", "a-5", "a-6", "a-7"]]);
}
