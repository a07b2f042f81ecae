use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::*;
use crate::aws::mocked;
use crate::error::Class;
use crate::resource::{Id, Tags};

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:demo-consumer";
const ROLE: &str = "arn:aws:iam::111122223333:role/pipe/demo/demo-iot";
const URL: &str = "https://sqs.eu-central-1.amazonaws.com/111122223333/demo-dlq";

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

fn name() -> Name {
    Name::new("demo_rule")
}

fn tags() -> Tags {
    Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned()), ("team".to_owned(), "a & b".to_owned())])
}

fn desired() -> IotRule {
    IotRule {
        sql: "SELECT *, topic() AS topic FROM 'sensors/+'".to_owned(),
        sql_version: SQL_VERSION.to_owned(),
        enabled: true,
        action: Action::Lambda { function: FUNCTION.to_owned() },
        error_action: None,
    }
}

fn to_queue() -> Action {
    Action::Sqs { url: URL.to_owned(), role: ROLE.to_owned() }
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()))
}

fn denied() -> HttpResponse {
    let mut answer = answer(401, &json!({ "message": "Access to topic rule 'demo_rule' was denied" }));
    answer.headers_mut().insert("x-amzn-errortype", "UnauthorizedException");
    answer
}

/// A context whose IoT answers so; calls are kept as `GET /rules`, with their bodies.
fn cx(mut answers: impl FnMut(&str) -> HttpResponse + Send + 'static) -> (Cx, Calls) {
    let calls = Calls::default();
    let kept = calls.clone();
    let cx = mocked::cx_http(move |request: &HttpRequest| {
        let path = request.uri().split_once("amazonaws.com").unwrap().1;
        let call = format!("{} {path}", request.method());
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let tags = request.headers().get("x-amz-tagging").map(|tags| format!("{call} {tags}"));
        kept.lock().unwrap().push((tags.unwrap_or_else(|| call.clone()), body));
        answers(&call)
    });
    (cx.for_resource(&Id::new("rule"), tags()), calls)
}

/// As GetTopicRule shows a rule, with all that AWS adds.
fn shown(rule: &IotRule) -> Value {
    let mut action = rule.action.sent();
    if let Some(sqs) = action.get_mut("sqs").and_then(Value::as_object_mut) {
        sqs.remove("useBase64");
    }
    let rule = json!({
        "ruleName": "demo_rule", "sql": rule.sql, "description": "", "createdAt": 1_700_000_000, "ruleDisabled": !rule.enabled,
        "awsIotSqlVersion": rule.sql_version, "actions": [action], "errorAction": rule.error_action.as_ref().map(Action::sent),
    });
    json!({ "ruleArn": "arn:aws:iot:eu-central-1:111122223333:rule/demo_rule", "rule": rule })
}

fn live(rule: &IotRule) -> Live<IotRule> {
    let arn = arn(&mocked::place(), &name());
    let (handle, outputs) = (Handle::new(&arn), outputs(&arn));
    Live { handle, props: rule.clone(), outputs, tags: tags(), identity: String::new(), state: State::Live }
}

fn rules() -> [IotRule; 4] {
    let kinesis =
        Action::Kinesis { stream: "s".to_owned(), role: ROLE.to_owned(), partition_key: "${topic()}".to_owned() };
    [
        desired(),
        IotRule { action: kinesis, error_action: Some(to_queue()), ..desired() },
        IotRule { action: to_queue(), enabled: false, ..desired() },
        IotRule { sql: "SELECT * FROM 'a'".to_owned(), error_action: Some(to_queue()), ..desired() },
    ]
}

#[tokio::test]
async fn each_rule_reads_back_as_it_was_written() {
    for rule in rules() {
        let answered = shown(&rule);
        let (cx, calls) = cx(move |call| match call {
            "GET /rules/demo_rule" => answer(200, &answered),
            call if call.starts_with("GET /tags?resourceArn=arn%3Aaws%3Aiot") => {
                let tags = json!([{ "Key": "pipe:pipeline", "Value": "demo" }, { "Key": "team", "Value": "a & b" }]);
                answer(200, &json!({ "tags": tags }))
            }
            other => panic!("{other}"),
        });
        let lives = IotRule::read(&cx, &name()).await.unwrap();
        assert_eq!(lives, [live(&rule)]);
        rule.reconcile(&cx, &name(), lives.first()).await.unwrap();
        assert_eq!(calls.lock().unwrap().len(), 2, "nothing is written");
    }
}

#[tokio::test]
async fn a_new_one_gets_its_tags_and_an_edit_replaces_all() {
    let (first, calls) = cx(|_| answer(200, &Value::Null));
    desired().reconcile(&first, &name(), None).await.unwrap();
    let body = json!({
        "sql": "SELECT *, topic() AS topic FROM 'sensors/+'", "awsIotSqlVersion": "2016-03-23", "ruleDisabled": false,
        "actions": [{ "lambda": { "functionArn": FUNCTION } }],
    });
    let created = "POST /rules/demo_rule pipe%3Apipeline=demo&team=a%20%26%20b".to_owned();
    assert_eq!(*calls.lock().unwrap(), [(created, body)]);
    for edit in &rules()[1..] {
        let (cx, calls) = cx(|_| answer(200, &Value::Null));
        edit.reconcile(&cx, &name(), Some(&live(&desired()))).await.unwrap();
        let calls = calls.lock().unwrap();
        let [(call, body)] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!((call.as_str(), IotRule::shown(body)), ("PATCH /rules/demo_rule", edit.clone()));
    }
}

#[tokio::test]
async fn what_somebody_else_has_made_of_it_is_a_difference() {
    let others = [
        json!([]),
        json!([{ "lambda": { "functionArn": FUNCTION } }, { "s3": { "bucketName": "b" } }]),
        json!([{ "sqs": { "queueUrl": URL, "roleArn": ROLE, "useBase64": true } }]),
        json!([{ "republish": { "topic": "x", "roleArn": ROLE } }]),
    ];
    for actions in others {
        let shown = IotRule::shown(&json!({ "sql": "s", "actions": actions }));
        assert!(matches!(shown.action, Action::Other { .. }), "{shown:?}");
    }
}

#[tokio::test]
async fn a_rule_that_is_not_there_is_told_from_one_that_may_not_be_read() {
    for (listed, next) in [("other", Value::Null), ("other", json!("t+1")), ("demo_rule", Value::Null)] {
        let (cx, _) = cx(move |call| match call {
            "GET /rules" => answer(200, &json!({ "rules": [{ "ruleName": listed }], "nextToken": next })),
            "GET /rules?nextToken=t%2B1" => answer(200, &json!({ "rules": [] })),
            _ => denied(),
        });
        let read = IotRule::read(&cx, &name()).await;
        let deleted = IotRule::delete(&cx, &name(), &Handle::new("x")).await;
        match listed {
            "demo_rule" => assert_eq!((read.unwrap_err().code(), deleted.is_err()), ("UnauthorizedException", true)),
            _ => assert_eq!((read.unwrap(), deleted), (Vec::new(), Ok(()))),
        }
    }
    let (cx, _) = cx(|call| if call == "GET /rules" { answer(200, &json!({})) } else { denied() });
    assert_eq!(IotRule::read(&cx, &name()).await.unwrap_err().class(), Class::Unclear);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_iot_does_not_know_yet_is_tried_again() {
    let refusal = || {
        let mut answer = answer(400, &json!({ "message": "Unable to assume role" }));
        answer.headers_mut().insert("x-amzn-errortype", "InvalidRequestException");
        answer
    };
    let mut left = 2;
    let (young, calls) = cx(move |_| {
        left -= 1;
        if left >= 0 { refusal() } else { answer(200, &Value::Null) }
    });
    IotRule { action: to_queue(), ..desired() }.reconcile(&young, &name(), None).await.unwrap();
    assert_eq!(calls.lock().unwrap().len(), 3);
    let (bad, _) = cx(move |_| refusal());
    let error = IotRule { action: to_queue(), ..desired() }.reconcile(&bad, &name(), None).await.unwrap_err();
    assert_eq!(error.code(), "InvalidRequestException");
    let (bad, calls) = cx(move |_| refusal());
    desired().reconcile(&bad, &name(), None).await.unwrap_err();
    assert_eq!(calls.lock().unwrap().len(), 1, "without a role there is nothing to wait for");
}

#[tokio::test]
async fn tags_are_set_and_taken_away() {
    let (cx, calls) = cx(|_| answer(200, &Value::Null));
    let mut of_live = live(&desired());
    of_live.tags = Tags::from([("pipe:follows".to_owned(), "x".to_owned()), ("backup".to_owned(), "gold".to_owned())]);
    desired().reconcile(&cx, &name(), Some(&of_live)).await.unwrap();
    let arn = "arn:aws:iot:eu-central-1:111122223333:rule/demo_rule";
    let set = json!([{ "Key": "pipe:pipeline", "Value": "demo" }, { "Key": "team", "Value": "a & b" }]);
    let expected = [
        ("POST /tags".to_owned(), json!({ "resourceArn": arn, "tags": set })),
        ("POST /untag".to_owned(), json!({ "resourceArn": arn, "tagKeys": ["pipe:follows"] })),
    ];
    assert_eq!(*calls.lock().unwrap(), expected);
}

#[test]
fn the_roles_are_ties_and_may_be_passed_to_iot() {
    let rule = IotRule { error_action: Some(to_queue()), ..desired() };
    assert_eq!(rule.ties().acts_as, [ROLE]);
    let scope = Scope { place: &mocked::place(), pipeline: "demo", boundary: None };
    assert_eq!(rule.more_grants(&scope, &Name::new("x"))[0].resource, ROLE);
    assert!(desired().more_grants(&scope, &Name::new("x")).is_empty());
    assert_eq!(IotRule::name_of("arn:aws:iot:eu-central-1:111122223333:rule/demo_rule"), Some(name()));
    assert_eq!(IotRule::name_of("arn:aws:events:eu-central-1:111122223333:rule/demo_rule"), None);
}

#[test]
fn what_is_no_longer_sent_or_kept_is_told() {
    let kept = IotRule { error_action: Some(to_queue()), ..desired() };
    let off = IotRule { enabled: false, ..desired() };
    let advice = |desired: &IotRule, live: &IotRule| {
        IotRule::advice(&Changed::Edit { desired, live, how: &crate::resource::How::default() })
    };
    assert!(advice(&desired(), &kept).loses.is_some() && advice(&kept, &desired()).loses.is_none());
    assert_eq!((advice(&off, &desired()).means.len(), advice(&desired(), &off).means.len()), (1, 0));
}
