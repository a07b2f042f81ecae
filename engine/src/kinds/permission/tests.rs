use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::add_permission::{AddPermissionError, AddPermissionOutput};
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::operation::get_policy::{GetPolicyError, GetPolicyOutput};
use aws_sdk_lambda::operation::remove_permission::{RemovePermissionError, RemovePermissionOutput};
use aws_sdk_lambda::types::error::{ResourceConflictException, ResourceNotFoundException};
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::error::ErrorMetadata;

use super::*;
use crate::aws::mocked::cx;
use crate::resource::Id;

const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:orders";

fn permission() -> Permission {
    Permission { principal: "sns.amazonaws.com".into(), source_arn: TOPIC.into(), ..Permission::default() }
}

fn name() -> Name {
    permission().name("worker")
}

fn sid() -> String {
    format!("pipe-demo-permission-{}", parts(&name()).1)
}

/// A statement as Lambda shows it.
fn statement(sid: &str, source: &str) -> Value {
    json!({
        "Sid": sid, "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" }, "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:eu-central-1:111122223333:function:worker",
        "Condition": { "ArnLike": { "AWS:SourceArn": source } },
    })
}

fn policy(statements: &[Value]) -> GetPolicyOutput {
    let text = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements }).to_string();
    GetPolicyOutput::builder().policy(text).build()
}

/// A function that is there.
fn worker() -> Rule {
    mock!(Client::get_function).then_output(|| GetFunctionOutput::builder().build())
}

fn for_it(cx: &Cx) -> Cx {
    cx.for_resource(&Id::new("permission"), Tags::new())
}

#[tokio::test]
async fn a_function_without_a_policy_has_no_statement() {
    let absent = mock!(Client::get_policy).then_error(|| {
        GetPolicyError::ResourceNotFoundException(
            ResourceNotFoundException::builder()
                .meta(ErrorMetadata::builder().code("ResourceNotFoundException").build())
                .build(),
        )
    });
    let cx = cx(RuleMode::MatchAny, &[&absent, &worker()]);
    assert_eq!(Permission::read(&cx, &name()).await.unwrap(), []);
    assert_eq!(Permission::children(&cx, Function::KIND, &Name::new("worker")).await.unwrap(), []);
    assert_eq!(Permission::children(&cx, "sns:Topic", &Name::new("worker")).await.unwrap(), []);
}

#[tokio::test]
async fn only_statements_with_the_label_are_ours() {
    let others = ["sns", "pipe-demo-permission", "pipe-demo-other-permission-12345678", "pipe-dem-permission-12345678"];
    let all: Vec<Value> = others.iter().map(|sid| statement(sid, TOPIC)).chain([statement(&sid(), TOPIC)]).collect();
    let read = mock!(Client::get_policy)
        .match_requests(|asked| asked.function_name() == Some("worker"))
        .then_output(move || policy(&all));
    let cx = cx(RuleMode::MatchAny, &[&read, &worker()]);
    let found = Permission::read(&cx, &name()).await.unwrap();
    assert_eq!(
        found.iter().map(|live| (&live.props, live.handle.as_str())).collect::<Vec<_>>(),
        [(&permission(), &*format!("worker/{}", sid()))]
    );
    assert_eq!(found[0].tags, owner::labelled("pipe-demo-permission", "demo").unwrap());
    assert_eq!(Permission::children(&cx, Function::KIND, &Name::new("worker")).await.unwrap(), [name()]);
}

#[tokio::test]
async fn one_that_aws_has_lost_is_added_again() {
    let added = || {
        let asked = mock!(Client::add_permission).match_requests(|asked| {
            asked.statement_id() == Some(&*sid())
                && asked.principal() == Some("sns.amazonaws.com")
                && asked.source_arn() == Some(TOPIC)
                && asked.source_account().is_none()
                && asked.event_source_token().is_none()
        });
        asked.then_output(|| AddPermissionOutput::builder().build())
    };
    let (first, second) = (added(), added());
    let lost = mock!(Client::get_policy).then_output(|| policy(&[]));
    let there = mock!(Client::get_policy).then_output(|| policy(&[statement(&sid(), TOPIC)]));
    let cx = cx(RuleMode::Sequential, &[&first, &lost, &second, &there]);
    permission().reconcile(&for_it(&cx), &name(), None).await.unwrap();
    assert_eq!((second.num_calls(), there.num_calls()), (1, 1));
}

#[tokio::test]
async fn what_a_killed_run_has_added_is_enough() {
    let add = mock!(Client::add_permission).then_error(|| {
        let meta = ErrorMetadata::builder()
            .code("ResourceConflictException")
            .message("The statement id (x) provided already exists. Please provide a new statement id, or remove the existing statement.")
            .build();
        AddPermissionError::ResourceConflictException(ResourceConflictException::builder().meta(meta).build())
    });
    let there = mock!(Client::get_policy).then_output(|| policy(&[statement(&sid(), TOPIC)]));
    let first = cx(RuleMode::Sequential, &[&add, &there]);
    permission().reconcile(&for_it(&first), &name(), None).await.unwrap();
    let found = Permission::read(&cx(RuleMode::MatchAny, &[&there]), &name()).await.unwrap();
    // Nothing is written where it is there.
    permission().reconcile(&for_it(&cx(RuleMode::Sequential, &[])), &name(), found.first()).await.unwrap();
}

#[tokio::test]
async fn a_policy_without_room_comes_with_what_to_do() {
    let add = mock!(Client::add_permission).then_error(|| {
        let meta = ErrorMetadata::builder()
            .code("PolicyLengthExceededException")
            .message("The final policy size (20555) is bigger than the limit (20480).");
        AddPermissionError::generic(meta.build())
    });
    let cx = cx(RuleMode::Sequential, &[&add]);
    let error = permission().reconcile(&for_it(&cx), &name(), None).await.unwrap_err();
    assert_eq!((error.class(), error.code()), (Class::Fatal, "PolicyLengthExceededException"));
    assert!(error.hint_text().is_some_and(|hint| hint.contains("aws lambda get-policy")), "{error:?}");
}

#[tokio::test]
async fn an_absent_one_is_removed() {
    let gone = mock!(Client::remove_permission)
        .match_requests(|asked| asked.function_name() == Some("worker") && asked.statement_id() == Some("x"))
        .then_error(|| {
            RemovePermissionError::ResourceNotFoundException(
                ResourceNotFoundException::builder()
                    .meta(
                        ErrorMetadata::builder()
                            .code("ResourceNotFoundException")
                            .message("Statement x is not found in resource policy.")
                            .build(),
                    )
                    .build(),
            )
        });
    Permission::delete(&cx(RuleMode::MatchAny, &[&gone]), &name(), &Handle::new("x")).await.unwrap();
    let busy = mock!(Client::remove_permission).then_error(|| {
        let meta = ErrorMetadata::builder()
            .code("ResourceConflictException")
            .message("The operation cannot be performed")
            .build();
        RemovePermissionError::generic(meta)
    });
    let done = mock!(Client::remove_permission).then_output(|| RemovePermissionOutput::builder().build());
    let cx = cx(RuleMode::Sequential, &[&busy, &done]);
    Permission::delete(&cx, &name(), &Handle::new("x")).await.unwrap();
    assert_eq!(done.num_calls(), 1);
}

#[test]
fn a_statement_is_read_whatever_its_form() {
    let mut all = statement("x", TOPIC);
    all["Principal"] = json!({ "Service": ["alexa-appkit.amazon.com"] });
    all["Condition"] =
        json!({ "StringEquals": { "lambda:EventSourceToken": ["amzn1.ask.skill.1"], "aws:sourceaccount": "1" } });
    let read = props(&all);
    assert_eq!((read.principal.as_str(), read.token.as_str()), ("alexa-appkit.amazon.com", "amzn1.ask.skill.1"));
    assert_eq!((read.source_arn.as_str(), read.source_account.as_str()), ("", "1"));
}

#[test]
fn another_source_is_another_statement() {
    let other = Permission { source_arn: format!("{TOPIC}2"), ..permission() };
    assert_ne!(other.name("worker"), name());
    assert_eq!(function_of(&name()), "worker");
}

#[test]
fn another_that_may_call_widens() {
    let widens = |desired: &Permission, live: &Permission| {
        Permission::advice(&Changed::Edit { desired, live, how: &crate::resource::How::default() }).widens
    };
    let skill = |token: &str| Permission {
        principal: "alexa-appkit.amazon.com".into(),
        token: token.into(),
        ..Permission::default()
    };
    assert_eq!(widens(&permission(), &permission()), [""; 0]);
    assert_eq!(widens(&permission(), &skill("a")), [format!("`sns.amazonaws.com` may call the function for {TOPIC}")]);
    assert_eq!(
        widens(&skill("b"), &skill("a")),
        ["`alexa-appkit.amazon.com` may call the function with the token `b`"]
    );
}
