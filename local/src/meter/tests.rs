//! What is counted, and how it is published.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::publish::calls;
use super::tally::{Tally, Value};
use crate::event::{Answered, Batch, DeadLetter, Event, GivenUp, Location, LogLine, Put};
use crate::invoke::{Answer, Refusal};

fn stream() -> Location {
    Location::of("arn:aws:kinesis:eu-west-1:111122223333:stream/events", Some("shardId-0"))
}

/// The published values with their counts, by namespace, metric and the value of its first dimension.
fn published(tally: &mut Tally) -> Vec<String> {
    let mut all = Vec::new();
    for call in calls(tally.take(), 1_700_000_000) {
        for datum in call["MetricData"].as_array().unwrap() {
            assert_eq!(datum["Timestamp"], 1_700_000_000);
            let (name, of) = (datum["MetricName"].as_str().unwrap(), datum["Dimensions"][0]["Value"].as_str().unwrap());
            let (values, counts, unit) = (&datum["Values"], &datum["Counts"], datum["Unit"].as_str().unwrap());
            all.push(format!("{} {name} {of} {values}x{counts} {unit}", call["Namespace"].as_str().unwrap()));
        }
    }
    all
}

#[test]
fn a_call_of_a_function_counts_whoever_made_it() {
    let mut tally = Tally::default();
    let answer = |error: Option<&str>| {
        let (payload, request_id, error) = (Bytes::new(), String::new(), error.map(str::to_owned));
        Ok(Answer { payload, error, request_id, memory: None })
    };
    let took = Duration::from_millis(1234);
    tally.call("arn:aws:lambda:eu-west-1:111122223333:function:f", &answer(None), took);
    tally.call("f", &answer(Some("Unhandled")), took);
    tally.call("f", &Err(Refusal::Throttled), took);
    tally.call("f", &Err(Refusal::NotFound), took);
    assert_eq!(
        published(&mut tally),
        [
            "AWS/Lambda Duration f [1200]x[2] Milliseconds",
            "AWS/Lambda Errors f [0,1]x[1,1] Count",
            "AWS/Lambda Invocations f [1]x[2] Count",
            "AWS/Lambda Throttles f [0,1]x[2,1] Count",
        ]
    );
    assert!(published(&mut tally).is_empty(), "it is published once");
}

#[test]
fn requests_records_and_ages_count_as_on_aws() {
    let mut tally = Tally::default();
    let answered = |status| {
        let (method, path) = ("POST".to_owned(), "/".to_owned());
        let (location, record, reason) = (None, None, None);
        Event::Answered(Answered { method, path, status, milliseconds: 7, location, record, reason })
    };
    tally.event(&answered(200));
    assert!(published(&mut tally).is_empty(), "nobody has said yet what the API is called");
    tally.serves("orders-api", "live");
    [200, 404, 502].iter().for_each(|status| tally.event(&answered(*status)));
    tally.event(&Event::Put(Put { location: stream(), records: 5 }));
    let (function, location) = ("f".to_owned(), stream());
    let batch = Batch {
        function,
        location,
        records: 1,
        milliseconds: 1,
        age_milliseconds: Some(900),
        succeeded: 1,
        error: None,
        answer: None,
        peak_mb: None,
        memory_mb: None,
    };
    tally.event(&Event::Batch(batch));
    assert_eq!(
        published(&mut tally),
        [
            "AWS/ApiGateway 4XXError orders-api [0,1]x[2,1] Count",
            "AWS/ApiGateway 5XXError orders-api [0,1]x[2,1] Count",
            "AWS/ApiGateway Count orders-api [1]x[3] Count",
            "AWS/ApiGateway Latency orders-api [7]x[3] Milliseconds",
            "AWS/Kinesis GetRecords.IteratorAgeMilliseconds events [900]x[1] Milliseconds",
            "AWS/Kinesis IncomingRecords events [1]x[5] Count",
            "AWS/Lambda IteratorAge f [900]x[1] Milliseconds",
        ]
    );
}

#[test]
fn an_event_that_is_given_up_counts_where_aws_counts_it() {
    let mut tally = Tally::default();
    let given_up = |arn: &str, reason: &str, to: Option<&str>| {
        let (function, request) = ("f".to_owned(), "r".to_owned());
        let (location, reason, to) = (Location::of(arn, None), reason.to_owned(), to.map(str::to_owned));
        Event::GivenUp(GivenUp { function, location, request, reason, to })
    };
    tally.event(&given_up("arn:aws:sns:eu-west-1:111122223333:orders", "RetriesExhausted", Some("dead")));
    tally.event(&given_up("arn:aws:sns:eu-west-1:111122223333:orders", "its policy does not let it in", None));
    let (queue, reason) = ("dead".to_owned(), "bad-json".to_owned());
    let letter = DeadLetter { queue, reason, location: stream(), first: "1".to_owned(), last: "1".to_owned() };
    tally.event(&Event::DeadLetter(letter));
    assert_eq!(
        published(&mut tally),
        ["AWS/Lambda AsyncEventsDropped f [1]x[1] Count", "AWS/SNS NumberOfNotificationsFailed orders [1]x[1] Count"]
    );
    assert_eq!(tally.take_letters().into_iter().collect::<Vec<_>>(), [("dead".to_owned(), 2)]);
}

#[test]
fn the_counts_in_a_log_become_metrics_as_cloudwatch_makes_them() {
    let mut tally = Tally::default();
    let line = |line: &str| Event::Log(LogLine { function: "f".to_owned(), line: line.to_owned() });
    let metrics = json!([{ "Name": "RecordsIn", "Unit": "Count" }, { "Name": "Absent" }, { "Name": "Text" }]);
    let directive = json!({ "Namespace": "pipe", "Dimensions": [["FunctionName"], ["NotThere"]], "Metrics": metrics });
    let aws = json!({ "CloudWatchMetrics": [directive] });
    let whole = json!({ "_aws": aws, "FunctionName": "f", "RecordsIn": 3, "Text": "x" });
    for text in [whole.to_string().as_str(), "{\"_aws\": 7}", "{\"_aws\": {", "plain", "{}"] {
        tally.event(&line(text));
    }
    assert_eq!(published(&mut tally), ["pipe RecordsIn f [3]x[1] Count"]);
}

#[test]
fn a_value_has_two_significant_digits_so_that_a_call_takes_all() {
    let rounded = [0, 7, 99, 104, 105, 12_345, 99_999].map(|value| Value::new(value).get());
    assert_eq!(rounded, [0, 7, 99, 100, 110, 12_000, 100_000]);
    assert_eq!(Value::new(u64::MAX).get(), 18_000_000_000_000_000_000, "a function may log any number");
}
