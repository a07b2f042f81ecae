//! Its pure parts, at their boundaries.
use super::*;
use crate::aws::mocked::{cx_answered, success};

const NOW: u64 = 1_700_000_000;

fn asked() -> Vec<Vec<Ask>> {
    let table: &Table =
        &[("requests", "Count", Stat::Sum, Unit::Count), ("p99", "Latency", Stat::P99, Unit::Milliseconds)];
    let other: &Table = &[("errors", "Errors", Stat::Sum, Unit::Count)];
    vec![
        asks("AWS/ApiGateway", &[("ApiName", "a"), ("Stage", "live")], table),
        asks("AWS/Lambda", &[("FunctionName", "f")], other),
    ]
}

#[test]
fn a_window_ends_with_the_step_that_is_now() {
    let aws = Steps::until(NOW, false);
    assert_eq!((aws.from, aws.to(), aws.step), (1_699_996_500, 1_700_000_100, 300));
    assert_eq!(
        (aws.place(aws.from), aws.place(NOW), aws.place(aws.to()), aws.place(aws.from - 1)),
        (Some(0), Some(11), None, None)
    );
    let local = Steps::until(NOW, true);
    assert_eq!((local.to() - local.from, local.place(NOW)), (360, Some(11)));
}

/// In the shape that AWS was recorded to answer in, with seconds for times.
#[tokio::test]
async fn one_call_asks_for_all_figures_and_each_part_gets_its_own() {
    let cx = cx_answered(|operation, input| {
        assert_eq!(operation, "GetMetricData");
        let queries = input["MetricDataQueries"].as_array().unwrap();
        assert_eq!(
            (queries.len(), &input["StartTime"], &input["EndTime"]),
            (3, &1_699_996_500.into(), &1_700_000_100.into())
        );
        assert_eq!(queries[1]["MetricStat"]["Stat"], "p99");
        assert_eq!(queries[2]["MetricStat"]["Metric"]["Dimensions"][0]["Value"], "f");
        let result = |id: &str, times: &[u64], values: &[f64]| json!({ "Id": id, "Label": id, "StatusCode": "Complete", "Timestamps": times, "Values": values });
        match input["NextToken"].as_str() {
            None => success(&json!({
                "Messages": [], "NextToken": "more",
                "MetricDataResults": [result("q0", &[1_699_996_500, 1_699_999_800], &[3.0, 4.0]), result("q1", &[], &[])],
            })),
            Some(_) => success(&json!({ "MetricDataResults": [result("q2", &[1_699_999_500, 7], &[2.0, 9.0])] })),
        }
    });
    let steps = Steps::until(NOW, false);
    let answer = read(&cx, &asked(), steps).await.unwrap();
    let [api, function] = answer.figures.as_slice() else { panic!("{answer:?}") };
    assert_eq!((api.value("requests"), api.newest("requests"), api.0[1].value), (7.0, Some(4.0), None));
    assert_eq!((function.value("errors"), function.newest("errors"), function.value("unknown")), (2.0, Some(2.0), 0.0));
    let window = steps.window(&answer.figures);
    assert_eq!(window.newest.as_deref(), Some("2023-11-14T22:10:00Z"));
    assert_eq!(steps.window(&none(&asked())).newest, None);
}

#[test]
fn steps_are_put_together_as_their_statistic_allows() {
    let steps = [Some(1.0), None, Some(3.0)];
    let of = |stat: Stat| stat.of(&steps);
    assert_eq!((of(Stat::Sum), of(Stat::Maximum), of(Stat::P99)), (Some(4.0), Some(3.0), Some(3.0)));
    assert_eq!((Stat::Sum.of(&[None]), Stat::P99.of(&[None])), (None, None));
}
