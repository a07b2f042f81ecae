use aws_sdk_scheduler::Client;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;
use crate::aws::mocked::{self, place};
use crate::resource::{How, Id};

const ARN: &str = "arn:aws:scheduler:eu-central-1:111122223333:schedule/demo-schedule/demo-schedule";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:demo-consumer";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:demo-dlq";
const ROLE: &str = "arn:aws:iam::111122223333:role/pipe/demo/demo-schedule";

fn owner() -> Tags {
    Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())])
}

fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("schedule"), owner())
}

fn name() -> Name {
    Name::new("demo-schedule")
}

fn desired() -> Schedule {
    Schedule {
        expression: "rate(5 minutes)".into(),
        time_zone: "UTC".into(),
        input: r#"{"job":"nightly"}"#.into(),
        enabled: true,
        target: FUNCTION.into(),
        role: ROLE.into(),
        retries: 185,
        max_age_seconds: 86_400,
        ..Schedule::default()
    }
}

fn live(props: Schedule, state: State) -> Live<Schedule> {
    let outputs = outputs(&cx(&[]), &name());
    let (handle, identity) = (Handle::new(group_arn(&place(), &name())), "2026-11-28T10:00:00Z".to_owned());
    Live { handle, props, outputs, tags: owner(), identity, state }
}

/// A group as AWS gives it, in this state.
fn grouped(state: &'static str) -> HttpResponse {
    mocked::success(&json!({ "Arn": group_arn(&place(), &name()), "Name": "demo-schedule", "State": state,
        "CreationDate": 1_795_860_000, "LastModificationDate": 1_795_860_000 }))
}

/// A schedule with all that AWS fills in.
fn shown() -> HttpResponse {
    mocked::success(&json!({ "Arn": ARN, "Name": "demo-schedule", "GroupName": "demo-schedule", "State": "ENABLED",
        "ScheduleExpression": "rate(5 minutes)", "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE",
        "FlexibleTimeWindow": { "Mode": "OFF" }, "CreationDate": 1_795_860_000, "LastModificationDate": 1_795_860_000,
        "Target": { "Arn": FUNCTION, "RoleArn": ROLE, "Input": "{\"job\":\"nightly\"}",
            "RetryPolicy": { "MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185 } } }))
}

fn tagged() -> Rule {
    mock!(Client::list_tags_for_resource)
        .match_requests(|call| call.resource_arn() == Some(group_arn(&place(), &name()).as_str()))
        .then_http_response(|| mocked::success(&json!({ "Tags": [{ "Key": "pipe:pipeline", "Value": "demo" }] })))
}

fn listed(names: &'static [(&'static str, &'static str)]) -> Rule {
    mock!(Client::list_schedules).then_http_response(move || {
        let all: Vec<Value> = names.iter().map(|(group, name)| json!({ "GroupName": group, "Name": name })).collect();
        mocked::success(&json!({ "Schedules": all }))
    })
}

/// A refusal as a service that speaks REST gives it.
fn refusal(status: u16, code: &'static str, message: &str) -> HttpResponse {
    let body = json!({ "Message": message }).to_string();
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("x-amzn-errortype", code);
    response
}

fn missing() -> HttpResponse {
    refusal(404, "ResourceNotFoundException", "Schedule group demo-schedule does not exist.")
}

fn created() -> HttpResponse {
    mocked::success(&json!({ "ScheduleArn": ARN }))
}

/// The schedule that a request is for, as it is read back.
macro_rules! sent {
    ($call:expr) => {{
        let (call, target) = ($call, $call.target().unwrap());
        let retry = target.retry_policy().unwrap();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let date = |date: Option<&aws_smithy_types::DateTime>| date.map(ToString::to_string).unwrap_or_default();
        assert_eq!((call.group_name(), call.name()), (Some("demo-schedule"), Some("demo-schedule")));
        let minutes = call.flexible_time_window().unwrap().maximum_window_in_minutes().unwrap_or_default();
        Schedule {
            expression: text(call.schedule_expression()),
            time_zone: text(call.schedule_expression_timezone()),
            flexible_minutes: minutes.try_into().unwrap(),
            input: text(target.input()),
            enabled: call.state().unwrap().as_str() == "ENABLED",
            starts: date(call.start_date()),
            ends: date(call.end_date()),
            target: target.arn().to_owned(),
            role: target.role_arn().to_owned(),
            retries: retry.maximum_retry_attempts().unwrap().try_into().unwrap(),
            max_age_seconds: retry.maximum_event_age_in_seconds().unwrap().try_into().unwrap(),
            dead_letters: text(target.dead_letter_config().and_then(|to| to.arn())),
            partition_key: text(target.kinesis_parameters().map(|to| to.partition_key())),
            message_group: text(target.sqs_parameters().and_then(|to| to.message_group_id())),
        }
    }};
}

#[tokio::test]
async fn a_schedule_is_read_without_what_aws_fills_in() {
    let group = mock!(Client::get_schedule_group).then_http_response(|| grouped("ACTIVE"));
    let schedule = mock!(Client::get_schedule)
        .match_requests(|call| call.group_name() == Some("demo-schedule"))
        .then_http_response(shown);
    let read = Schedule::read(&cx(&[&group, &schedule, &tagged()]), &name()).await.unwrap();
    assert_eq!(read, [live(desired(), State::Live)]);
    let none = mock!(Client::get_schedule).then_http_response(missing);
    let read = Schedule::read(&cx(&[&group, &none, &tagged()]), &name()).await.unwrap();
    assert_eq!(read, [live(Schedule::default(), State::Live)], "a killed run made the group alone");
    let leaving = mock!(Client::get_schedule_group).then_http_response(|| grouped("DELETING"));
    let read = Schedule::read(&cx(&[&leaving, &none, &tagged()]), &name()).await.unwrap();
    assert_eq!(read[0].state, State::Leaving);
}

#[tokio::test(start_paused = true)]
async fn the_group_is_made_with_the_tags_and_then_the_schedule_when_its_role_is_known() {
    let group = mock!(Client::create_schedule_group)
        .match_requests(|call| call.name() == Some("demo-schedule") && call.tags().len() == 1)
        .then_http_response(|| mocked::success(&json!({ "ScheduleGroupArn": "arn" })));
    let create = || {
        mock!(Client::create_schedule)
            .match_requests(|call| sent!(call) == desired())
            .sequence()
            .http_response(|| {
                let text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.";
                refusal(400, "ValidationException", text)
            })
            .http_response(created)
            .build()
    };
    let schedule = create();
    let made = desired().reconcile(&cx(&[&group, &schedule]), &name(), None).await.unwrap();
    assert_eq!((made.outputs["arn"].as_str(), group.num_calls(), schedule.num_calls()), (ARN, 1, 2));
    let (half, schedule) = (live(Schedule::default(), State::Live), create());
    desired().reconcile(&cx(&[&schedule]), &name(), Some(&half)).await.unwrap();
    assert_eq!(schedule.num_calls(), 2);
}

#[tokio::test]
async fn each_edit_writes_the_whole_schedule_and_no_edit_is_no_call() {
    let same = live(desired(), State::Live);
    desired().reconcile(&cx(&[]), &name(), Some(&same)).await.unwrap();
    let all = [
        Schedule { expression: "cron(0 8 ? * MON-FRI *)".into(), ..desired() },
        Schedule { time_zone: "Europe/Berlin".into(), ..desired() },
        Schedule { flexible_minutes: 15, ..desired() },
        Schedule { input: "{}".into(), ..desired() },
        Schedule { enabled: false, ..desired() },
        Schedule { starts: moment("2027-01-01T01:00:00+01:00").unwrap(), ..desired() },
        Schedule { ends: moment("2027-02-01T00:00:00.5Z").unwrap(), ..desired() },
        Schedule { target: format!("{FUNCTION}2"), ..desired() },
        Schedule { role: format!("{ROLE}2"), ..desired() },
        Schedule { retries: 0, ..desired() },
        Schedule { max_age_seconds: 60, ..desired() },
        Schedule { dead_letters: QUEUE.into(), ..desired() },
        Schedule { partition_key: "all".into(), ..desired() },
        Schedule { message_group: "all".into(), ..desired() },
    ];
    for edited in all {
        let (other, back) = (edited.clone(), edited.clone());
        let to =
            mock!(Client::update_schedule).match_requests(move |call| sent!(call) == other).then_http_response(created);
        edited.reconcile(&cx(&[&to]), &name(), Some(&same)).await.unwrap();
        let from =
            mock!(Client::update_schedule).match_requests(|call| sent!(call) == desired()).then_http_response(created);
        desired().reconcile(&cx(&[&from]), &name(), Some(&live(back, State::Live))).await.unwrap();
        assert_eq!((to.num_calls(), from.num_calls()), (1, 1), "{edited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_free_when_the_former_group_is_gone() {
    let leaving = mock!(Client::get_schedule_group)
        .sequence()
        .http_response(|| grouped("DELETING"))
        .http_response(missing)
        .build();
    let group = mock!(Client::create_schedule_group)
        .then_http_response(|| mocked::success(&json!({ "ScheduleGroupArn": "a" })));
    let create = mock!(Client::create_schedule).then_http_response(created);
    let cx = cx(&[&leaving, &group, &create]);
    desired().reconcile(&cx, &name(), Some(&live(desired(), State::Leaving))).await.unwrap();
    assert_eq!((leaving.num_calls(), group.num_calls(), create.num_calls()), (2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_a_name_that_is_taken_or_another_change() {
    let conflict = || refusal(409, "ConflictException", "Schedule group demo-schedule already exists.");
    let group = mock!(Client::create_schedule_group).then_http_response(conflict);
    let error = desired().reconcile(&cx(&[&group]), &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
    let update = mock!(Client::update_schedule).sequence().http_response(conflict).http_response(created).build();
    let off = live(Schedule { enabled: false, ..desired() }, State::Live);
    desired().reconcile(&cx(&[&update]), &name(), Some(&off)).await.unwrap();
    assert_eq!(update.num_calls(), 2);
}

#[tokio::test]
async fn the_schedule_ends_before_its_group_and_what_is_absent_is_done() {
    // An emulator lists schedules of other groups, too.
    let list = listed(&[("demo-schedule", "demo-schedule"), ("default", "theirs")]);
    let end = mock!(Client::delete_schedule)
        .match_requests(|call| call.group_name() == Some("demo-schedule"))
        .then_http_response(|| mocked::success(&json!({})));
    let group = mock!(Client::delete_schedule_group).then_http_response(|| mocked::success(&json!({})));
    let cx_of = mocked::cx(RuleMode::Sequential, &[&list, &end, &group]);
    Schedule::delete(&cx_of, &name(), &Handle::new("group")).await.unwrap();
    assert_eq!(group.num_calls(), 1);
    let none = mock!(Client::list_schedules).then_http_response(missing);
    let no_end = mock!(Client::delete_schedule).then_http_response(missing);
    let no_group = mock!(Client::delete_schedule_group).then_http_response(missing);
    Schedule::delete(&cx(&[&none, &no_end, &no_group]), &name(), &Handle::new("group")).await.unwrap();
    let no_read = mock!(Client::get_schedule_group).then_http_response(missing);
    let no_schedule = mock!(Client::get_schedule).then_http_response(missing);
    let no_tags = mock!(Client::list_tags_for_resource).then_http_response(missing);
    assert_eq!(Schedule::read(&cx(&[&no_read, &no_schedule, &no_tags]), &name()).await.unwrap(), []);
}

#[tokio::test]
async fn a_group_with_schedules_of_others_is_left_to_them() {
    let list = listed(&[("demo-schedule", "demo-schedule"), ("demo-schedule", "theirs")]);
    let end = mock!(Client::delete_schedule).then_http_response(|| mocked::success(&json!({})));
    let error = Schedule::delete(&cx(&[&list, &end]), &name(), &Handle::new("group")).await.unwrap_err();
    assert_eq!((error.class(), end.num_calls()), (Class::Fatal, 1));
    assert!(error.message().ends_with("has schedules of somebody else: `theirs`"), "{error}");
}

#[test]
fn times_are_utc_in_whole_seconds() {
    assert_eq!(moment("2027-01-01T01:00:00.7+01:00").unwrap(), "2027-01-01T00:00:00Z");
    assert!(moment("tomorrow").unwrap_err().message().contains("`tomorrow`"));
}

#[test]
fn what_a_change_means_is_told() {
    let told =
        |desired: &Schedule, live: &Schedule| Schedule::advice(&Changed::Edit { desired, live, how: &How::default() });
    let dlq = Schedule { dead_letters: QUEUE.into(), ..desired() };
    assert!(told(&desired(), &dlq).loses.is_some() && told(&dlq, &desired()) == Advice::default());
    let less = Schedule { enabled: false, retries: 3, ..desired() };
    assert_eq!((told(&less, &desired()).means.len(), told(&less, &Schedule::default()).means.len()), (2, 0));
    assert_eq!(Schedule::name_of(&group_arn(&place(), &name())), Some(name()));
    assert_eq!(Schedule::name_of(ARN), None);
    assert_eq!(desired().ties().acts_as, [ROLE]);
}

#[test]
fn a_start_that_is_over_is_none() {
    let of = |starts: &str| Schedule { starts: starts.into(), ..desired() };
    let (over, later) = ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    assert_eq!(of(over).keeping(&of("")).map(|kept| kept.starts), Some(String::new()));
    assert_eq!(of("").keeping(&of(over)).map(|kept| kept.starts), Some(over.to_owned()));
    assert_eq!(of(later).keeping(&of("")), None, "one to come is a difference");
    assert_eq!(of(over).keeping(&of(later)), None);
}
