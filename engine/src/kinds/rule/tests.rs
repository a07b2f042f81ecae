use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::list_tags_for_resource::ListTagsForResourceOutput;
use aws_sdk_eventbridge::operation::put_rule::PutRuleOutput;
use aws_sdk_eventbridge::operation::untag_resource::UntagResourceOutput;
use aws_sdk_eventbridge::types::Target as Described;
use aws_smithy_mocks::{Rule as Mock, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::json;

use super::*;
use crate::aws::mocked;
use crate::error::Class;
use crate::resource::{How, Tags};

const ARN: &str = "arn:aws:events:eu-central-1:111122223333:rule/shop/demo-rule";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:demo-consumer";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:demo-dlq";
const ROLE: &str = "arn:aws:iam::111122223333:role/pipe/demo/demo-events";

fn owner_tags() -> Tags {
    Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())])
}

fn cx(rules: &[&Mock]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("rule"), owner_tags())
}

fn here() -> Name {
    name("shop", "demo-rule")
}

fn desired() -> Rule {
    Rule {
        pattern: json!({ "source": ["shop"], "detail-type": ["OrderPlaced"] }),
        enabled: true,
        target: Target { arn: FUNCTION.into(), retries: 185, max_age_seconds: 86_400, ..Target::default() },
    }
}

fn live(props: Rule) -> Live<Rule> {
    let (handle, outputs) = (Handle::new(ARN), outputs(ARN));
    Live { handle, props, outputs, tags: owner_tags(), identity: String::new(), state: State::Live }
}

/// A rule as a real account gives it, whose pattern is spelled in its own way.
fn described() -> Mock {
    mock!(Client::describe_rule).match_requests(|call| call.event_bus_name() == Some("shop")).then_http_response(|| {
        mocked::success(&json!({ "Arn": ARN, "CreatedBy": "111122223333", "EventBusName": "shop", "Name": "demo-rule",
            "EventPattern": "{\"detail-type\": [\"OrderPlaced\"],\n \"source\": [\"shop\"]}", "State": "ENABLED" }))
    })
}

fn tagged() -> Mock {
    mock!(Client::list_tags_for_resource)
        .then_output(|| ListTagsForResourceOutput::builder().set_tags(Some(tag_list(&owner_tags()).unwrap())).build())
}

fn listed(targets: Value) -> Mock {
    mock!(Client::list_targets_by_rule).then_http_response(move || mocked::success(&json!({ "Targets": targets })))
}

fn missing() -> HttpResponse {
    mocked::refusal("ResourceNotFoundException", "Rule demo-rule does not exist on EventBus shop.")
}

fn done() -> HttpResponse {
    mocked::success(&json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
}

/// Expects PutTargets with this target, and only this one.
fn puts(is: impl Fn(&Described) -> bool + Send + Sync + 'static) -> Mock {
    mock!(Client::put_targets)
        .match_requests(move |call| {
            let ours = call.targets().iter().filter(|target| target.id() == "pipe-demo-rule").count();
            (call.event_bus_name(), call.rule(), ours) == (Some("shop"), Some("demo-rule"), 1)
                && call.targets().len() == 1
                && is(&call.targets()[0])
        })
        .then_http_response(done)
}

fn put_rule(is: impl Fn(&str, bool, bool) -> bool + Send + Sync + 'static) -> Mock {
    mock!(Client::put_rule)
        .match_requests(move |call| {
            let enabled = call.state() == Some(&RuleState::Enabled);
            is(call.event_pattern().unwrap_or_default(), enabled, !call.tags().is_empty())
        })
        .then_output(|| PutRuleOutput::builder().rule_arn(ARN).build())
}

#[tokio::test]
async fn a_rule_is_read_with_its_own_target_among_those_of_others() {
    let targets = listed(json!([{ "Arn": QUEUE, "Id": "theirs" }, { "Arn": FUNCTION, "Id": "pipe-demo-rule" }]));
    let read = Rule::read(&cx(&[&described(), &targets, &tagged()]), &here()).await.unwrap();
    assert_eq!(read, [live(desired())]);
    let none = listed(json!([{ "Arn": QUEUE, "Id": "theirs" }]));
    let read = Rule::read(&cx(&[&described(), &none, &tagged()]), &here()).await.unwrap();
    assert_eq!(read[0].props.target, Target::default(), "a killed run made the rule alone");
    assert!(!read[0].props.ties().labelled);
}

#[tokio::test]
async fn each_property_of_a_target_goes_to_aws_and_comes_back() {
    let plain = desired().target;
    let template = Input {
        values: [("id".to_owned(), "$.detail.id".to_owned())].into(),
        template: r#"{"order": <id>}"#.into(),
        ..Input::default()
    };
    let path = Input { path: "$.detail".into(), ..Input::default() };
    let all = [
        Target { role: ROLE.into(), partition_key_path: "$.id".into(), ..plain.clone() },
        Target { input: Some(path), ..plain.clone() },
        Target { input: Some(template), ..plain.clone() },
        Target { retries: 0, max_age_seconds: 60, dead_letters: QUEUE.into(), ..plain.clone() },
        Target { arn: format!("{QUEUE}.fifo"), message_group: "all".into(), ..plain.clone() },
    ];
    for target in all {
        let same = target.clone();
        let put = puts(move |sent| Target::of(sent) == same);
        let rule = Rule { target: target.clone(), ..desired() };
        rule.reconcile(&cx(&[&put]), &here(), Some(&live(desired()))).await.unwrap();
        desired()
            .reconcile(&cx(&[&puts(|sent| Target::of(sent) == desired().target)]), &here(), Some(&live(rule)))
            .await
            .unwrap();
        assert_eq!(put.num_calls(), 1, "{target:?}");
    }
}

#[tokio::test]
async fn a_new_rule_has_its_tags_and_then_its_target() {
    let (rule, target) = (put_rule(|_, enabled, tagged| enabled && tagged), puts(|target| target.arn() == FUNCTION));
    let made = desired().reconcile(&cx(&[&rule, &target]), &here(), None).await.unwrap();
    assert_eq!((made.outputs["arn"].as_str(), rule.num_calls(), target.num_calls()), (ARN, 1, 1));
    // A run that was killed between the two.
    let half = live(Rule { target: Target::default(), ..desired() });
    let target = puts(|target| target.arn() == FUNCTION);
    desired().reconcile(&cx(&[&target]), &here(), Some(&half)).await.unwrap();
    assert_eq!(target.num_calls(), 1);
}

#[tokio::test]
async fn an_edit_of_the_rule_leaves_its_target_and_no_edit_is_no_call() {
    desired().reconcile(&cx(&[]), &here(), Some(&live(desired()))).await.unwrap();
    let off = put_rule(|pattern, enabled, tagged| pattern.contains("OrderPlaced") && !enabled && !tagged);
    let disabled = Rule { enabled: false, ..desired() };
    disabled.reconcile(&cx(&[&off]), &here(), Some(&live(desired()))).await.unwrap();
    let other = put_rule(|pattern, enabled, _| pattern == r#"{"source":["bank"]}"# && enabled);
    let bank = Rule { pattern: json!({ "source": ["bank"] }), ..desired() };
    bank.reconcile(&cx(&[&other]), &here(), Some(&live(desired()))).await.unwrap();
    let untag = mock!(Client::untag_resource).then_output(|| UntagResourceOutput::builder().build());
    let mut more = live(desired());
    more.tags.insert("pipe:follows".into(), "x".into());
    desired().reconcile(&cx(&[&untag]), &here(), Some(&more)).await.unwrap();
    assert_eq!([off.num_calls(), other.num_calls(), untag.num_calls()], [1; 3]);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_failed_in_a_success_is_a_failure() {
    let failed = |code: &'static str| {
        move || {
            mocked::success(&json!({ "FailedEntryCount": 1, "FailedEntries":
                [{ "TargetId": "pipe-demo-rule", "ErrorCode": code, "ErrorMessage": "no" }] }))
        }
    };
    let half = live(Rule { target: Target::default(), ..desired() });
    let busy = mock!(Client::put_targets)
        .sequence()
        .http_response(failed("ConcurrentModificationException"))
        .http_response(done)
        .build();
    desired().reconcile(&cx(&[&busy]), &here(), Some(&half)).await.unwrap();
    assert_eq!(busy.num_calls(), 2);
    let refused = mock!(Client::put_targets).then_http_response(failed("ResourceNotFoundException"));
    let error = desired().reconcile(&cx(&[&refused]), &here(), Some(&half)).await.unwrap_err();
    assert_eq!(
        (error.class(), error.to_string().as_str()),
        (Class::Fatal, "events:PutTargets: ResourceNotFoundException: no")
    );
}

#[tokio::test]
async fn the_target_goes_before_the_rule_and_what_is_absent_is_done() {
    let targets = listed(json!([{ "Arn": FUNCTION, "Id": "pipe-demo-rule" }]));
    let remove =
        mock!(Client::remove_targets).match_requests(|call| call.ids() == ["pipe-demo-rule"]).then_http_response(done);
    let delete = mock!(Client::delete_rule).then_http_response(|| mocked::success(&json!({})));
    let cx_of = mocked::cx(RuleMode::Sequential, &[&targets, &remove, &delete]);
    Rule::delete(&cx_of, &here(), &Handle::new(ARN)).await.unwrap();
    assert_eq!(delete.num_calls(), 1);
    let gone = mock!(Client::list_targets_by_rule).then_http_response(missing);
    Rule::delete(&cx(&[&gone]), &here(), &Handle::new(ARN)).await.unwrap();
    let none = mock!(Client::describe_rule).then_http_response(missing);
    let no_tags = mock!(Client::list_tags_for_resource).then_http_response(missing);
    assert_eq!(Rule::read(&cx(&[&none, &gone, &no_tags]), &here()).await.unwrap(), []);
}

#[tokio::test]
async fn a_rule_with_targets_of_others_is_left_to_them() {
    let targets =
        listed(json!([{ "Arn": QUEUE, "Id": "pipe-demo-b-rule" }, { "Arn": FUNCTION, "Id": "pipe-demo-rule" }]));
    let remove =
        mock!(Client::remove_targets).match_requests(|call| call.ids() == ["pipe-demo-rule"]).then_http_response(done);
    let error = Rule::delete(&cx(&[&targets, &remove]), &here(), &Handle::new(ARN)).await.unwrap_err();
    assert_eq!((error.class(), remove.num_calls()), (Class::Fatal, 1));
    assert!(error.message().ends_with("has targets of somebody else: `pipe-demo-b-rule`"), "{error}");
}

#[test]
fn a_live_text_that_is_always_the_same_differs_from_every_template() {
    let live = Described::builder().id("pipe-demo-rule").arn(FUNCTION).input(r#"{"a":1}"#).build().unwrap();
    let read = Target::of(&live).input.unwrap();
    assert_eq!((read.template.as_str(), read.path.as_str()), (r#"always {"a":1}"#, ""));
}

#[test]
fn the_default_bus_is_in_no_arn() {
    let place = mocked::place();
    let plain = "arn:aws:events:eu-central-1:111122223333:rule/demo-rule";
    assert_eq!((arn(&place, "shop", "demo-rule").as_str(), arn(&place, "default", "demo-rule").as_str()), (ARN, plain));
    assert_eq!((Rule::name_of(ARN), Rule::name_of(plain)), (Some(here()), Some(name("default", "demo-rule"))));
    let partner = name("aws.partner/example.com/1", "r");
    assert_eq!(Rule::name_of(&arn_of(&place, &partner)), Some(partner));
    assert_eq!(Rule::name_of("arn:aws:iot:eu-central-1:111122223333:rule/demo"), None);
}

#[test]
fn what_a_change_means_is_told() {
    let told = |desired: &Rule, live: &Rule| Rule::advice(&Changed::Edit { desired, live, how: &How::default() });
    assert_eq!(told(&desired(), &desired()), Advice::default());
    let with = |target| Rule { target, ..desired() };
    let dlq = with(Target { dead_letters: QUEUE.into(), ..desired().target });
    assert!(told(&desired(), &dlq).loses.is_some() && told(&dlq, &desired()).loses.is_none());
    let fewer = with(Target { retries: 3, max_age_seconds: 60, ..desired().target });
    assert_eq!((told(&fewer, &desired()).means.len(), told(&desired(), &fewer).means.len()), (2, 0));
    let half = with(Target::default());
    assert_eq!(told(&fewer, &half), Advice::default());
    let off = Rule { enabled: false, pattern: json!({ "source": ["bank"] }), ..desired() };
    assert_eq!(told(&off, &desired()).means.len(), 2);
}
