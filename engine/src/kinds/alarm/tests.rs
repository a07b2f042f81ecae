//! Against answers of CloudWatch's shape, in which times and numbers are as a real account gave them.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::*;
use crate::aws::mocked::{cx_answered, refusal, success};
use crate::owner::PIPELINE;
use crate::resource::{Id, Tags};

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

const ARN: &str = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:demo/letters";
const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:demo-alarms";

fn owner() -> Tags {
    Tags::from([(PIPELINE.to_owned(), "demo".to_owned())])
}

fn recorded(mut answer: impl FnMut(&str, &Value) -> HttpResponse + Send + 'static) -> (Cx, Calls) {
    let calls = Calls::default();
    let kept = calls.clone();
    let cx = cx_answered(move |operation, input| {
        kept.lock().unwrap().push((operation.to_owned(), input.clone()));
        answer(operation, input)
    });
    (cx.for_resource(&Id::new("alarm.letters"), owner()), calls)
}

fn operations(calls: &Calls) -> Vec<String> {
    calls.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect()
}

fn name() -> Name {
    Name::new("demo/letters")
}

fn desired() -> Alarm {
    Alarm {
        description: "letters".to_owned(),
        namespace: "AWS/SQS".to_owned(),
        metric: "ApproximateNumberOfMessagesVisible".to_owned(),
        dimensions: BTreeMap::from([("QueueName".to_owned(), "demo-dlq".to_owned())]),
        statistic: "Maximum".to_owned(),
        period_seconds: 300,
        periods: 3,
        datapoints: 3,
        comparison: "GreaterThanThreshold".to_owned(),
        threshold: 0.0,
        missing: "missing".to_owned(),
        notifies: vec![TOPIC.to_owned()],
        enabled: true,
        notifies_otherwise: BTreeMap::new(),
        unit: String::new(),
    }
}

/// What AWS shows of an alarm that was made with the least that PutMetricAlarm takes: data points and missing data are absent.
fn shown(written: f64) -> Value {
    json!({
        "ActionsEnabled": true, "AlarmActions": [TOPIC], "AlarmArn": ARN, "AlarmConfigurationUpdatedTimestamp": written,
        "AlarmDescription": "letters", "AlarmName": "demo/letters", "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{ "Name": "QueueName", "Value": "demo-dlq" }], "EvaluationPeriods": 3, "InsufficientDataActions": [],
        "MetricName": "ApproximateNumberOfMessagesVisible", "Namespace": "AWS/SQS", "OKActions": [], "Period": 300,
        "StateReason": "Unchecked: Initial alarm creation", "StateTransitionedTimestamp": written, "StateUpdatedTimestamp": written,
        "StateValue": "INSUFFICIENT_DATA", "Statistic": "Maximum", "Threshold": 0.0
    })
}

fn described(alarms: &[Value]) -> HttpResponse {
    success(&json!({ "CompositeAlarms": [], "MetricAlarms": alarms }))
}

/// A moment ago, as AWS has it.
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
}

fn tags_of(operation: &str) -> HttpResponse {
    match operation {
        "ListTagsForResource" => success(&json!({ "Tags": [{ "Key": PIPELINE, "Value": "demo" }] })),
        "GetResources" => success(&json!({ "ResourceTagMappingList": [
            { "ResourceARN": ARN, "Tags": [{ "Key": PIPELINE, "Value": "demo" }, { "Key": "team", "Value": "late" }] }
        ] })),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_was_left_out_reads_as_awss_default() {
    let (cx, _) = recorded(|operation, input| match operation {
        "DescribeAlarms" => {
            assert_eq!(input["AlarmNames"], json!(["demo/letters"]));
            described(&[shown(now())])
        }
        other => tags_of(other),
    });
    let read = Alarm::read(&cx, &name()).await.unwrap();
    assert_eq!((&read[0].props, &read[0].tags), (&desired(), &owner()));
    assert_eq!(read[0].outputs["arn"], ARN);
}

/// The usual statistic beside a percentile is MiniStack's alone.
#[test]
fn a_percentile_and_what_others_added_read_as_they_are() {
    let mut alarm = shown(0.0);
    alarm["ExtendedStatistic"] = json!("p99");
    alarm["OKActions"] = json!([TOPIC]);
    alarm["ActionsEnabled"] = json!(false);
    alarm["Unit"] = json!("Seconds");
    let read = Alarm::shown(&alarm);
    assert_eq!(read.statistic, "p99");
    assert_eq!(read.notifies_otherwise, BTreeMap::from([("OK".to_owned(), vec![TOPIC.to_owned()])]));
    assert!(!read.enabled && read.unit == "Seconds");
}

/// A diff of many alarms costs one call, and two pages of them two.
#[tokio::test]
async fn in_one_look_all_alarms_are_asked_for_once() {
    let (cx, calls) = recorded(|operation, input| match (operation, input["NextToken"].as_str()) {
        ("DescribeAlarms", None) => {
            assert_eq!(input["AlarmNamePrefix"], "demo/");
            success(&json!({ "MetricAlarms": [shown(1.0)], "NextToken": "more" }))
        }
        ("DescribeAlarms", Some(token)) => {
            assert_eq!(token, "more");
            let mut other = shown(1.0);
            other["AlarmName"] = json!("demo/api-slow");
            described(&[other])
        }
        (other, _) => tags_of(other),
    });
    let cx = cx.for_one_look();
    assert_eq!(Alarm::owned(&cx).await.unwrap(), [name(), Name::new("demo/api-slow")]);
    for absent in ["demo/api-errors", "demo/records-wait"] {
        assert!(Alarm::read(&cx, &Name::new(absent)).await.unwrap().is_empty());
    }
    assert_eq!(Alarm::read(&cx, &name()).await.unwrap().len(), 1);
    assert_eq!(operations(&calls), ["DescribeAlarms", "DescribeAlarms", "GetResources"]);
}

/// The tagging API is minutes late: it is believed only of an alarm that was written long before.
#[tokio::test]
async fn tags_of_an_alarm_that_was_just_written_are_asked_for() {
    for (written, late) in [(1_700_000_000.0, true), (now() - 60.0, false)] {
        let (cx, calls) = recorded(move |operation, _| match operation {
            "DescribeAlarms" => described(&[shown(written)]),
            other => tags_of(other),
        });
        let read = Alarm::read(&cx.for_one_look(), &name()).await.unwrap();
        assert_eq!(read[0].tags.contains_key("team"), late);
        assert_eq!(operations(&calls)[1], if late { "GetResources" } else { "ListTagsForResource" });
    }
}

#[tokio::test]
async fn a_right_to_the_tagging_api_is_not_needed() {
    let (cx, calls) = recorded(|operation, _| match operation {
        "DescribeAlarms" => described(&[shown(1.0)]),
        "GetResources" => refusal("AccessDeniedException", "User is not authorized to perform: tag:GetResources"),
        other => tags_of(other),
    });
    let read = Alarm::read(&cx.for_one_look(), &name()).await.unwrap();
    assert_eq!(read[0].tags, owner());
    assert_eq!(operations(&calls), ["DescribeAlarms", "GetResources", "ListTagsForResource"]);
}

#[tokio::test]
async fn it_is_made_with_its_tags_and_changed_without_them() {
    let (cx, calls) = recorded(|_, _| success(&json!({})));
    let slow = Alarm { statistic: "p99".to_owned(), ..desired() };
    slow.reconcile(&cx, &name(), None).await.unwrap();
    let live = |props: Alarm, tags: Tags| Live {
        handle: Handle::new(ARN),
        props,
        outputs: Outputs::new(),
        tags,
        identity: String::new(),
        state: State::Live,
    };
    let higher = Alarm { threshold: 5.0, ..desired() };
    higher.reconcile(&cx, &name(), Some(&live(desired(), owner()))).await.unwrap();
    higher.reconcile(&cx, &name(), Some(&live(higher.clone(), owner()))).await.unwrap();
    let made = calls.lock().unwrap();
    let (first, second) = (&made[0].1, &made[1].1);
    assert_eq!((made.len(), made[0].0.as_str(), made[1].0.as_str()), (2, "PutMetricAlarm", "PutMetricAlarm"));
    assert_eq!(first["Tags"], json!([{ "Key": PIPELINE, "Value": "demo" }]));
    assert_eq!((&first["ExtendedStatistic"], first.get("Statistic")), (&json!("p99"), None));
    assert_eq!(
        (second.get("Tags"), &second["Statistic"], &second["Threshold"]),
        (None, &json!("Maximum"), &json!(5.0))
    );
}

/// A tag alone is written with the alarm, for the time of that says until when the tagging API may be late.
#[tokio::test]
async fn another_tag_writes_the_alarm_as_well() {
    let (cx, calls) = recorded(|_, _| success(&json!({})));
    let stale = Tags::from([(PIPELINE.to_owned(), "demo".to_owned()), ("pipe:applied".to_owned(), "old".to_owned())]);
    let live = Live {
        handle: Handle::new(ARN),
        props: desired(),
        outputs: Outputs::new(),
        tags: stale,
        identity: String::new(),
        state: State::Live,
    };
    desired().reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert_eq!(operations(&calls), ["PutMetricAlarm", "UntagResource"]);
}

/// A call that CloudWatch refuses as one too many waits, and is made again.
#[tokio::test(start_paused = true)]
async fn a_call_too_many_waits_its_turn() {
    let mut refused = 0;
    let (cx, calls) = recorded(move |_, _| {
        refused += 1;
        if refused < 3 { refusal("ThrottlingException", "Rate exceeded") } else { success(&json!({})) }
    });
    desired().reconcile(&cx, &name(), None).await.unwrap();
    assert_eq!(operations(&calls), ["PutMetricAlarm"; 3]);
}

#[tokio::test]
async fn to_delete_what_is_gone_is_done() {
    let (cx, calls) = recorded(|_, _| refusal("ResourceNotFound", ""));
    Alarm::delete(&cx, &name(), &Handle::new(ARN)).await.unwrap();
    assert_eq!(calls.lock().unwrap()[0].1, json!({ "AlarmNames": ["demo/letters"] }));
}

#[test]
fn its_topic_is_proven_with_it_and_its_name_is_in_its_arn() {
    assert_eq!(desired().ties().holds, [TOPIC]);
    assert_eq!(Alarm::name_of(ARN), Some(name()));
    assert_eq!(Alarm::name_of(TOPIC), None);
}
