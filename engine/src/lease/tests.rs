use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_parameter::GetParameterOutput;
use aws_sdk_ssm::operation::put_parameter::PutParameterOutput;
use aws_sdk_ssm::types::Parameter;
use aws_smithy_mocks::{Rule, RuleMode, mock};

use super::*;
use crate::aws::mocked::{cx, refusal};

fn there(holder: &Holder, version: i64) -> Rule {
    let parameter = Parameter::builder().value(holder.to_text()).version(version).build();
    mock!(Client::get_parameter).then_output(move || GetParameterOutput::builder().parameter(parameter.clone()).build())
}

#[tokio::test(start_paused = true)]
async fn what_parameter_store_has_not_forgotten_yet_is_waited_for() {
    let write = mock!(Client::put_parameter)
        .sequence()
        .http_response(|| refusal("ParameterAlreadyExists", "The parameter already exists."))
        .times(16)
        .output(|| PutParameterOutput::builder().version(1).build())
        .build();
    let gone = mock!(Client::get_parameter).then_http_response(|| refusal("ParameterNotFound", ""));
    let cx = cx(RuleMode::MatchAny, &[&write, &gone]);
    let start = tokio::time::Instant::now();
    assert!(matches!(take(&cx.aws, "demo").await.unwrap(), Asked::Taken(_)));
    assert!(start.elapsed() >= Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_another_run_took_meanwhile_is_left_alone() {
    let cx = cx(RuleMode::MatchAny, &[&there(&Holder::new(), 3)]);
    assert!(!end(&cx.aws, "/pipe/demo/lease", &Holder::new().token).await.unwrap());
}

#[tokio::test]
async fn a_first_write_that_took_effect_late_is_ours_and_one_that_was_overwritten_is_not() {
    let mine = Holder::new();
    for (version, ours) in [(1, true), (2, false)] {
        let exists = || refusal("ParameterAlreadyExists", "The parameter already exists.");
        let write = mock!(Client::put_parameter).then_http_response(exists);
        let cx = cx(RuleMode::MatchAny, &[&write, &there(&mine, version)]);
        let asked = ask(&cx.aws, "/pipe/demo/lease", &mine).await.unwrap();
        assert_eq!(asked.is_ok(), ours, "version {version}");
    }
}

/// Whoever may write the parameter may write any end into it; what it was written last, AWS says.
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
    let written = aws_smithy_types::DateTime::from_secs(1_700_000_000);
    let found = Parameter::builder().value(theirs.to_text()).version(7).last_modified_date(written).build();
    let read = mock!(Client::get_parameter)
        .then_output(move || GetParameterOutput::builder().parameter(found.clone()).build());
    let exists = || refusal("ParameterAlreadyExists", "The parameter already exists.");
    let write = mock!(Client::put_parameter)
        .sequence()
        .http_response(exists)
        .output(|| PutParameterOutput::builder().version(8).build())
        .output(|| PutParameterOutput::builder().version(9).build())
        .build();
    let cx = cx(RuleMode::MatchAny, &[&write, &read]);
    assert!(matches!(take(&cx.aws, "demo").await.unwrap(), Asked::Taken(_)));
}
