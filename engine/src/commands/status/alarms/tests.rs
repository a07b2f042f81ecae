//! Its pure parts, at their boundaries.
use super::*;
use crate::aws::mocked::{cx_answered, success};
use crate::event::status::State;

/// As CloudWatch shows alarms; the first is one of the pipeline's own, the second is another pipeline's whose name begins with this one's, the third one is of an expression.
#[tokio::test]
async fn alarms_of_the_pipeline_are_told_from_those_of_one_whose_name_begins_with_its_name() {
    let cx = cx_answered(|_, input| {
        assert_eq!(input["AlarmNamePrefix"], "demo");
        let of = |name: &str, state: &str, queue: &str| {
            json!({ "AlarmName": name, "StateValue": state, "StateReason": "Threshold Crossed", "Namespace": "AWS/SQS",
                "MetricName": "m", "Dimensions": [{ "Name": "QueueName", "Value": queue }] })
        };
        match input["NextToken"].as_str() {
            None => {
                let alarms = [of("demo/letters", "ALARM", "its-dlq"), of("demo-two-letters", "ALARM", "demo-two-dlq")];
                success(&json!({ "MetricAlarms": alarms, "CompositeAlarms": [], "NextToken": "next" }))
            }
            Some(_) => {
                let metric = json!({ "Dimensions": [{ "Name": "FunctionName", "Value": "demo-consumer" }] });
                let query =
                    json!([{ "Id": "e", "Expression": "a/b" }, { "Id": "a", "MetricStat": { "Metric": metric } }]);
                let expression =
                    json!({ "AlarmName": "demo-errors", "StateValue": "INSUFFICIENT_DATA", "Metrics": query });
                success(&json!({ "MetricAlarms": [expression] }))
            }
        }
    });
    let names = BTreeSet::from(["demo-dlq".to_owned(), "demo-consumer".to_owned()]);
    let alarms = look(&cx, "demo".to_owned(), names).await.unwrap().unwrap();
    let mut part = Part::new("alarms", "demo-*");
    judge(&alarms, &mut part);
    let said: Vec<&str> = part.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(part.state, State::NeedsPerson);
    assert_eq!(said, ["demo/letters is in ALARM: Threshold Crossed", "1 of 2 are quiet, 1 of these for want of data"]);
}

#[test]
fn a_pipeline_without_alarms_is_well() {
    let mut part = Part::new("alarms", "demo-*");
    judge(&[], &mut part);
    assert_eq!((part.state, part.findings[0].message.as_str()), (State::Well, "there are none"));
}
