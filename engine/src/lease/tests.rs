use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked::{cx_answered, refusal, success};

fn there(holder: &Holder, version: i64) -> HttpResponse {
    success(&json!({ "Parameter": { "Value": holder.to_text(), "Version": version } }))
}

fn written(version: i64) -> HttpResponse {
    success(&json!({ "Version": version, "Tier": "Standard" }))
}

fn exists() -> HttpResponse {
    refusal("ParameterAlreadyExists", "The parameter already exists.")
}

#[tokio::test(start_paused = true)]
async fn what_parameter_store_has_not_forgotten_yet_is_waited_for() {
    let mut writes = 0;
    let cx = cx_answered(move |operation, input| match operation {
        "PutParameter" => {
            assert_eq!((&input["Type"], &input["Overwrite"]), (&json!("String"), &json!(false)));
            writes += 1;
            if writes > 16 { written(1) } else { exists() }
        }
        _ => refusal("ParameterNotFound", ""),
    });
    let start = tokio::time::Instant::now();
    assert!(matches!(take(&cx.aws, "demo").await.unwrap(), Asked::Taken(_)));
    assert!(start.elapsed() >= Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_another_run_took_meanwhile_is_left_alone() {
    let cx = cx_answered(|operation, input| {
        assert_eq!((operation, input), ("GetParameter", &json!({ "Name": "/pipe/demo/lease" })));
        there(&Holder::new(), 3)
    });
    assert!(!end(&cx.aws, "/pipe/demo/lease", &Holder::new().token).await.unwrap());
}

#[tokio::test]
async fn a_first_write_that_took_effect_late_is_ours_and_one_that_was_overwritten_is_not() {
    let mine = Holder::new();
    for (version, ours) in [(1, true), (2, false)] {
        let holder = mine.clone();
        let cx = cx_answered(move |operation, _| match operation {
            "PutParameter" => exists(),
            _ => there(&holder, version),
        });
        let asked = ask(&cx.aws, "/pipe/demo/lease", &mine).await.unwrap();
        assert_eq!(asked.is_ok(), ours, "version {version}");
    }
}

/// Anyone who may write the parameter may write any end into it; AWS says when it was written last.
#[test]
fn an_end_is_believed_for_as_long_as_a_holder_could_have_set_it() {
    let now = std::time::SystemTime::now();
    let over = |expires: &str, minutes: u64| {
        let holder = Holder { expires: expires.to_owned(), machine: String::new(), ..Holder::new() };
        Holder::of(&holder.to_text(), Some(now - Duration::from_secs(60 * minutes))).is_over()
    };
    assert!(over("9999-12-31T23:59:59Z", 7), "written 7 minutes ago, it is over");
    assert!(!over("9999-12-31T23:59:59Z", 5), "until then a clock may be wrong by as much");
    let fresh = Holder::new();
    let read = Holder::of(&fresh.to_text(), Some(now - Duration::from_secs(4 * 60)));
    assert_eq!(read, fresh, "an end that a holder with a fast clock sets is left as it is");
    assert!(over(&Holder::new().started, 0), "one that has passed has passed");
}

#[tokio::test]
async fn a_lease_without_end_is_taken_over() {
    let theirs = Holder { expires: "9999-12-31T23:59:59Z".to_owned(), machine: String::new(), ..Holder::new() };
    let parameter = json!({ "Value": theirs.to_text(), "Version": 7, "LastModifiedDate": 1_700_000_000.123 });
    let mut answers = [exists(), written(8), written(9)].into_iter();
    let cx = cx_answered(move |operation, _: &Value| match operation {
        "PutParameter" => answers.next().unwrap(),
        _ => success(&json!({ "Parameter": parameter })),
    });
    assert!(matches!(take(&cx.aws, "demo").await.unwrap(), Asked::Taken(_)));
}
