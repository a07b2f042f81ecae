use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::delete_subscription_filter::DeleteSubscriptionFilterOutput;
use aws_sdk_cloudwatchlogs::operation::describe_subscription_filters::DescribeSubscriptionFiltersOutput;
use aws_sdk_cloudwatchlogs::operation::put_subscription_filter::PutSubscriptionFilterOutput;
use aws_sdk_cloudwatchlogs::types::Distribution;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use serde_json::json;

use super::*;
use crate::aws::mocked;
use crate::resource::json as form;

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:demo-consumer";
const STREAM: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/demo-stream";
const ROLE: &str = "arn:aws:iam::111122223333:role/pipe/demo/demo-logs";

fn name() -> Name {
    Name::new("/aws/lambda/shop")
}

fn to_function() -> LogFilter {
    LogFilter { pattern: "?ERROR ?WARN".to_owned(), destination: FUNCTION.to_owned(), ..LogFilter::default() }
}

/// As AWS shows a filter of this name.
fn shown(name: &str, filter: &LogFilter) -> SubscriptionFilter {
    SubscriptionFilter::builder()
        .filter_name(name)
        .log_group_name("/aws/lambda/shop")
        .filter_pattern(&filter.pattern)
        .destination_arn(&filter.destination)
        .set_role_arn(Some(filter.role.clone()).filter(|role| !role.is_empty()))
        .distribution(Distribution::ByLogStream)
        .apply_on_transformed_logs(false)
        .creation_time(1)
        .build()
}

fn described(filters: Vec<SubscriptionFilter>) -> Rule {
    let answer = DescribeSubscriptionFiltersOutput::builder().set_subscription_filters(Some(filters)).build();
    mock!(Client::describe_subscription_filters)
        .match_requests(|request| request.log_group_name() == Some("/aws/lambda/shop"))
        .then_output(move || answer.clone())
}

fn refused(code: &str, message: &str) -> Rule {
    let body = json!({ "__type": code, "message": message }).to_string();
    mock!(Client::put_subscription_filter).sequence().http_status(400, Some(body)).build()
}

fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::Sequential, rules)
}

async fn read(rules: &[&Rule]) -> Vec<Live<LogFilter>> {
    LogFilter::read(&cx(rules), &name()).await.unwrap()
}

#[tokio::test]
async fn ours_is_known_by_its_label_and_reads_back_as_it_was_written() {
    let of_another = LogFilter { destination: STREAM.to_owned(), role: ROLE.to_owned(), ..LogFilter::default() };
    // `demo` is the beginning of `demo-b`.
    let all = vec![shown("pipe-demo-filter", &to_function()), shown("pipe-demo-b-filter", &of_another)];
    let lives = read(&[&described(all)]).await;
    assert_eq!(lives.len(), 1);
    assert_eq!(lives[0].tags["pipe:resource"], "filter");
    let kept = to_function().keeping(&lives[0].props).unwrap();
    assert_eq!(kept, lives[0].props, "no difference");
    assert_eq!(lives[0].props.others, ["pipe-demo-b-filter"]);
    assert_eq!(form(&to_function()).unwrap(), json!({ "pattern": "?ERROR ?WARN", "destination": FUNCTION }));
    // Any call would find no rule and fail.
    to_function().reconcile(&cx(&[]), &name(), lives.first()).await.unwrap();
}

#[tokio::test]
async fn a_third_filter_is_refused_and_the_two_are_named() {
    assert!(read(&[&described(Vec::new())]).await.is_empty());
    let others = || described(vec![shown("a", &to_function()), shown("pipe-other-filter", &to_function())]);
    let lives = read(&[&others()]).await;
    assert_eq!(lives[0].state, State::Absent);
    let how = crate::resource::How::default();
    let of = Changed::Edit { desired: &to_function(), live: &lives[0].props, how: &how };
    let refusal = LogFilter::advice(&of).refuses.unwrap();
    assert_eq!(refusal.why, "has 2 subscription filters of others already: `a`, `pipe-other-filter`");

    let put = refused("LimitExceededException", "Resource limit exceeded.");
    let error = to_function().reconcile(&cx(&[&put, &others()]), &name(), lives.first()).await.unwrap_err();
    assert!(error.message().ends_with("already: `a`, `pipe-other-filter`"), "{error}");
}

#[tokio::test]
async fn each_property_is_written_in_place() {
    let live = Live {
        handle: Handle::within(&name(), "pipe-demo-filter"),
        props: to_function(),
        outputs: Outputs::new(),
        tags: Tags::new(),
        identity: String::new(),
        state: State::Live,
    };
    let edits = [
        LogFilter { pattern: String::new(), ..to_function() },
        LogFilter { destination: format!("{FUNCTION}-2"), ..to_function() },
        LogFilter { destination: STREAM.to_owned(), role: ROLE.to_owned(), ..to_function() },
    ];
    for edit in edits {
        let wanted = edit.clone();
        let put = mock!(Client::put_subscription_filter)
            .match_requests(move |call| {
                let role = call.role_arn().unwrap_or_default() == wanted.role;
                let named = call.filter_name() == Some("pipe-demo-filter");
                let rest = (call.filter_pattern(), call.destination_arn());
                named && role && rest == (Some(wanted.pattern.as_str()), Some(wanted.destination.as_str()))
            })
            .then_output(|| PutSubscriptionFilterOutput::builder().build());
        edit.reconcile(&cx(&[&put]), &name(), Some(&live)).await.unwrap();
        assert_eq!(put.num_calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_logs_has_not_learned_of_is_waited_for() {
    let text = "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.";
    let first = refused("InvalidParameterException", text);
    let second = mock!(Client::put_subscription_filter).then_output(|| PutSubscriptionFilterOutput::builder().build());
    to_function().reconcile(&cx(&[&first, &second]), &name(), None).await.unwrap();
    assert_eq!(second.num_calls(), 1);
}

#[tokio::test]
async fn absent_is_deleted() {
    let handle = Handle::within(&name(), "pipe-demo-filter");
    let gone = mock!(Client::delete_subscription_filter)
        .match_requests(|call| call.filter_name() == Some("pipe-demo-filter"))
        .then_output(|| DeleteSubscriptionFilterOutput::builder().build());
    LogFilter::delete(&cx(&[&gone]), &name(), &handle).await.unwrap();
    let body = json!({ "__type": "ResourceNotFoundException", "message": "The specified subscription filter does not exist." });
    let absent = mock!(Client::delete_subscription_filter).sequence().http_status(400, Some(body.to_string())).build();
    LogFilter::delete(&cx(&[&absent]), &name(), &handle).await.unwrap();
    let body = json!({ "__type": "ResourceNotFoundException", "message": "The specified log group does not exist." });
    let absent =
        mock!(Client::describe_subscription_filters).sequence().http_status(400, Some(body.to_string())).build();
    assert!(read(&[&absent]).await.is_empty());
}

#[tokio::test]
async fn what_allows_the_filter_leads_to_it() {
    let leads = async |kind: &str, props: Value| LogFilter::leads(&cx(&[]), kind, &name(), &props).await.unwrap();
    let group = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/shop:*";
    assert_eq!(leads("lambda:Permission", json!({ "source_arn": group })).await, [name()]);
    assert!(leads("lambda:Permission", json!({ "source_arn": "arn:aws:s3:::b" })).await.is_empty());
    let role = |action: &str| {
        let statement = json!({ "Effect": "Allow", "Action": [action], "Resource": [STREAM, group] });
        json!({ "policies": { "send": { "Version": "2012-10-17", "Statement": [statement] } } })
    };
    assert_eq!(leads("iam:Role", role("kinesis:PutRecord")).await, [name()]);
    assert!(leads("iam:Role", role("logs:PutLogEvents")).await.is_empty(), "a function's own log group");
}
