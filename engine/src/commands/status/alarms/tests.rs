//! Its pure parts, at their boundaries.
use serde_json::json;

use super::*;
use crate::aws::mocked::{cx_answered, success};
use crate::event::status::State;

/// As CloudWatch shows alarms, in two pages.
#[tokio::test]
async fn an_alarm_that_is_raised_needs_a_person_and_so_does_one_that_is_gone() {
    let cx = cx_answered(|_, input| {
        assert_eq!(input["AlarmNamePrefix"], "demo/");
        let of = |name: &str, state: &str| json!({ "AlarmName": name, "StateValue": state, "StateReason": "Threshold Crossed" });
        match input["NextToken"].as_str() {
            None => success(
                &json!({ "MetricAlarms": [of("demo/letters", "ALARM")], "CompositeAlarms": [], "NextToken": "next" }),
            ),
            Some(_) => {
                success(&json!({ "MetricAlarms": [of("demo/errors", "INSUFFICIENT_DATA"), of("demo/age", "OK")] }))
            }
        }
    });
    let alarms = look(&cx).await.unwrap().unwrap();
    let of = |wanted: &[&str]| {
        let mut part = Part::new("alarms", "demo/*");
        judge(&alarms, &wanted.iter().map(|name| (*name).to_owned()).collect(), &mut part);
        (part.state, part.findings.into_iter().map(|finding| finding.message).collect::<Vec<_>>())
    };
    let raised = "demo/letters is in ALARM: Threshold Crossed".to_owned();
    let quiet = "2 of 3 are quiet, 1 of these for want of data".to_owned();
    assert_eq!(of(&["demo/letters", "demo/age"]), (State::NeedsPerson, vec![raised.clone(), quiet.clone()]));
    assert_eq!(of(&["demo/gone"]), (State::NeedsPerson, vec!["demo/gone is not there".to_owned(), raised, quiet]));
}

#[test]
fn a_pipeline_without_alarms_is_well() {
    let mut part = Part::new("alarms", "demo/*");
    judge(&[], &BTreeSet::new(), &mut part);
    assert_eq!((part.state, part.findings[0].message.as_str()), (State::Well, "there are none"));
}
