//! What is called, in which order, and what is made of refusals: against answers that are given here.

use std::sync::Arc;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::create_function::{CreateFunctionError, CreateFunctionOutput};
use aws_sdk_lambda::operation::delete_function::{DeleteFunctionError, DeleteFunctionOutput};
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::operation::get_function_recursion_config::GetFunctionRecursionConfigOutput;
use aws_sdk_lambda::operation::put_function_recursion_config::PutFunctionRecursionConfigOutput;
use aws_sdk_lambda::operation::tag_resource::TagResourceOutput;
use aws_sdk_lambda::operation::update_function_code::UpdateFunctionCodeOutput;
use aws_sdk_lambda::operation::update_function_configuration::UpdateFunctionConfigurationOutput;
use aws_sdk_lambda::types::error::ResourceConflictException;
use aws_sdk_lambda::types::{RecursiveLoop, TagsError, VpcConfigResponse};
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::error::ErrorMetadata;

use super::*;
use crate::aws::mocked;
use crate::error::Class;
use crate::resource::{Id, Tags};

/// A context whose Lambda answers by these rules, one after another.
fn cx(rules: &[&Rule]) -> Cx {
    cx_in(RuleMode::Sequential, rules)
}

/// One whose Lambda answers by the first rule that fits, as often as it is asked.
fn cx_of_any(rules: &[&Rule]) -> Cx {
    cx_in(RuleMode::MatchAny, rules)
}

fn cx_in(mode: RuleMode, rules: &[&Rule]) -> Cx {
    let bundle = Arc::new([("new".to_owned(), b"zip".as_slice().into())].into());
    let tags = Tags::from([("pipe:applied".to_owned(), "2".to_owned())]);
    mocked::cx(mode, rules).with_bundle(bundle).for_resource(&Id::new("consumer"), tags)
}

fn live(props: Function) -> Live<Function> {
    let tags = Tags::from([("pipe:applied".to_owned(), "1".to_owned())]);
    Live {
        handle: Handle::new("arn"),
        props,
        outputs: Outputs::new(),
        tags,
        identity: String::new(),
        state: State::Live,
    }
}

fn found(configuration: FunctionConfiguration) -> Rule {
    mock!(Client::get_function)
        .then_output(move || GetFunctionOutput::builder().configuration(configuration.clone()).build())
}

fn conflict(message: &str) -> ResourceConflictException {
    let meta = ErrorMetadata::builder().code("ResourceConflictException").message(message).build();
    ResourceConflictException::builder().message(message).meta(meta).build()
}

#[tokio::test]
async fn changed_code_is_two_writes() {
    let code = mock!(Client::update_function_code)
        .match_requests(|request| request.zip_file().is_some_and(|zip| zip.as_ref() == b"zip"))
        .then_output(|| UpdateFunctionCodeOutput::builder().build());
    let tagged = mock!(Client::tag_resource).then_output(|| TagResourceOutput::builder().build());
    // A call beyond these has no rule, and fails.
    let cx = cx(&[&code, &found(answer().build()), &tagged]);
    let live = live(Function { code_sha256: "old".into(), ..desired() });
    let made = desired().reconcile(&cx, &Name::new("f"), Some(&live)).await.unwrap();
    assert_eq!(made.outputs["arn"], "arn:aws:lambda:eu-central-1:111122223333:function:f");
    assert_eq!((code.num_calls(), tagged.num_calls()), (1, 1));
}

#[tokio::test]
async fn recursion_is_set_beside_the_function_and_read_where_its_tag_says_so() {
    let put = mock!(Client::put_function_recursion_config)
        .match_requests(|request| request.recursive_loop() == Some(&RecursiveLoop::Allow))
        .then_output(|| PutFunctionRecursionConfigOutput::builder().build());
    let cx = cx(&[&put]);
    let live = Live { tags: cx.tags.clone(), ..live(desired()) };
    let allowed = Function { allows_recursion: true, ..desired() };
    allowed.reconcile(&cx, &Name::new("f"), Some(&live)).await.unwrap();
    assert_eq!(put.num_calls(), 1, "and nothing else");
    assert_eq!(allowed.records()["pipe:parts"], "recursion");
    let advice = Function::advice(&Changed::Edit { desired: &allowed, live: &desired(), how: &Default::default() });
    assert_eq!(advice.means.len(), 1, "{advice:?}");

    let answered = |parts: &'static str| {
        mock!(Client::get_function).then_output(move || {
            GetFunctionOutput::builder().configuration(answer().build()).tags("pipe:parts", parts).build()
        })
    };
    let got = mock!(Client::get_function_recursion_config)
        .then_output(|| GetFunctionRecursionConfigOutput::builder().recursive_loop(RecursiveLoop::Allow).build());
    for (parts, expected) in [("recursion", true), ("", false)] {
        let found = Function::read(&cx_of_any(&[&answered(parts), &got]), &Name::new("f")).await.unwrap();
        assert_eq!(found[0].props.allows_recursion, expected);
    }
    assert_eq!(got.num_calls(), 1);
}

#[tokio::test]
async fn what_is_equal_is_not_written() {
    let cx = cx(&[]);
    let live = Live { tags: cx.tags.clone(), ..live(desired()) };
    desired().reconcile(&cx, &Name::new("f"), Some(&live)).await.unwrap();
}

#[tokio::test]
async fn the_code_follows_when_the_configuration_is_done() {
    let configured = mock!(Client::update_function_configuration)
        .match_requests(|request| request.environment().and_then(|e| e.variables()).is_some_and(|all| all.is_empty()))
        .then_output(|| UpdateFunctionConfigurationOutput::builder().build());
    let running = found(answer().last_update_status(LastUpdateStatus::InProgress).build());
    let code = mock!(Client::update_function_code).then_output(|| UpdateFunctionCodeOutput::builder().build());
    let (one, two) = (found(answer().build()), found(answer().build()));
    let cx = cx(&[&configured, &running, &one, &code, &two]);
    let environment = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
    let live = Live { tags: cx.tags.clone(), ..live(Function { code_sha256: "old".into(), environment, ..desired() }) };
    desired().reconcile(&cx, &Name::new("f"), Some(&live)).await.unwrap();
    assert_eq!((running.num_calls(), code.num_calls(), two.num_calls()), (1, 1, 1));
}

#[tokio::test]
async fn a_role_that_lambda_does_not_know_yet_is_waited_for() {
    let text = "The role defined for the function cannot be assumed by Lambda.";
    let refused = mock!(Client::create_function).then_error(move || {
        CreateFunctionError::generic(
            ErrorMetadata::builder().code("InvalidParameterValueException").message(text).build(),
        )
    });
    let created = mock!(Client::create_function).then_output(|| CreateFunctionOutput::builder().build());
    let cx = cx(&[&refused, &created, &found(answer().build())]);
    desired().reconcile(&cx, &Name::new("f"), None).await.unwrap();
    assert_eq!((refused.num_calls(), created.num_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_never_known_is_named_after_ten_minutes() {
    let text = "The role defined for the function cannot be assumed by Lambda.";
    let refused = mock!(Client::create_function).then_error(move || {
        CreateFunctionError::generic(
            ErrorMetadata::builder().code("InvalidParameterValueException").message(text).build(),
        )
    });
    let start = tokio::time::Instant::now();
    let error = desired().reconcile(&cx_of_any(&[&refused]), &Name::new("f"), None).await.unwrap_err();
    assert!((590..=600).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!((error.message(), error.code()), (text, "InvalidParameterValueException"));
    let hint = error.hint_text().unwrap();
    assert!(
        hint.contains("`arn:aws:iam::111122223333:role/pipe/demo/r`") && hint.contains("`sts:AssumeRole`"),
        "{hint}"
    );
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile_is_to_be_looked_at() {
    let taken = mock!(Client::create_function)
        .then_error(|| CreateFunctionError::ResourceConflictException(conflict("Function already exist: f")));
    let error = desired().reconcile(&cx(&[&taken]), &Name::new("f"), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}

#[tokio::test]
async fn code_that_the_bundle_does_not_hold_is_a_defect() {
    let desired = Function { code_sha256: "elsewhere".into(), ..desired() };
    let error = desired.reconcile(&cx(&[]), &Name::new("f"), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Defect);
}

#[tokio::test]
async fn a_pending_function_is_deleted_with_patience() {
    let text =
        "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    let pending = mock!(Client::delete_function)
        .then_error(move || DeleteFunctionError::ResourceConflictException(conflict(text)));
    let deleted = mock!(Client::delete_function).then_output(|| DeleteFunctionOutput::builder().build());
    let cx = cx(&[&found(answer().build()), &pending, &deleted]);
    Function::delete(&cx, &Name::new("f"), &Handle::new("arn")).await.unwrap();
    assert_eq!((pending.num_calls(), deleted.num_calls()), (1, 1));
}

#[tokio::test]
async fn tags_that_may_not_be_read_are_no_missing_tags() {
    let denied = TagsError::builder().error_code("AccessDeniedException").message("not authorized: lambda:ListTags");
    let denied = denied.build().unwrap();
    let found = mock!(Client::get_function).then_output(move || {
        GetFunctionOutput::builder().configuration(answer().build()).tags_error(denied.clone()).build()
    });
    let error = Function::read(&cx(&[&found]), &Name::new("f")).await.unwrap_err();
    assert!(error.hint_text().is_some_and(|hint| hint.contains("`lambda:ListTags`")));
}

/// The configuration of a function in a VPC.
fn within(subnets: &[&str]) -> FunctionConfigurationBuilder {
    let vpc =
        VpcConfigResponse::builder().vpc_id("vpc-1").security_group_ids("sg-1").ipv6_allowed_for_dual_stack(false);
    answer().vpc_config(subnets.iter().fold(vpc, |vpc, subnet| vpc.subnet_ids(*subnet)).build())
}

#[tokio::test]
async fn a_function_leaves_its_vpc_before_it_is_deleted() {
    let left = mock!(Client::update_function_configuration)
        .match_requests(|request| {
            request.vpc_config().is_some_and(|vpc| {
                vpc.subnet_ids.as_deref() == Some(&[]) && vpc.security_group_ids.as_deref() == Some(&[])
            })
        })
        .then_output(|| UpdateFunctionConfigurationOutput::builder().build());
    let deleted = mock!(Client::delete_function).then_output(|| DeleteFunctionOutput::builder().build());
    let gone = found(answer().vpc_config(VpcConfigResponse::builder().build()).build());
    let cx = cx(&[&found(within(&["subnet-1"]).build()), &left, &gone, &deleted]);
    Function::delete(&cx, &Name::new("f"), &Handle::new("arn")).await.unwrap();
    assert_eq!((left.num_calls(), deleted.num_calls()), (1, 1));
}

/// One that Lambda could not make, or that somebody else deletes meanwhile, keeps nothing from being destroyed.
#[tokio::test(start_paused = true)]
async fn one_that_failed_is_deleted_too() {
    let there = found(within(&["subnet-1"]).build());
    let leave = mock!(Client::update_function_configuration)
        .then_output(|| UpdateFunctionConfigurationOutput::builder().build());
    let failed = found(answer().state(Lambda::Failed).build());
    let delete = mock!(Client::delete_function).then_output(|| DeleteFunctionOutput::builder().build());
    Function::delete(&cx(&[&there, &leave, &failed, &delete]), &Name::new("f"), &Handle::new("arn")).await.unwrap();
    assert_eq!(delete.num_calls(), 1);
}

#[tokio::test]
async fn another_network_is_one_call_and_its_absence_too() {
    let vpc = |subnets: &[&str]| Vpc {
        subnets: subnets.iter().map(|&subnet| subnet.to_owned()).collect(),
        security_groups: vec!["sg-1".to_owned()],
        ipv6: false,
    };
    assert_eq!(props(within(&["subnet-2", "subnet-1"])).vpc, Some(vpc(&["subnet-1", "subnet-2"])));
    assert_eq!(props(within(&[])).vpc, None);
    for (now, then, sent) in
        [(Some(vpc(&["subnet-2"])), Some(vpc(&["subnet-1"])), 1), (None, Some(vpc(&["subnet-1"])), 0)]
    {
        let moved = mock!(Client::update_function_configuration)
            .match_requests(move |request| request.vpc_config().is_some_and(|vpc| vpc.subnet_ids().len() == sent))
            .then_output(|| UpdateFunctionConfigurationOutput::builder().build());
        let cx = cx(&[&moved, &found(answer().build())]);
        let live = Live { tags: cx.tags.clone(), ..live(Function { vpc: then, ..desired() }) };
        let desired = Function { vpc: now, ..desired() };
        desired.reconcile(&cx, &Name::new("f"), Some(&live)).await.unwrap();
        assert_eq!(moved.num_calls(), 1);
    }
}
