use aws_sdk_lambda::Client as Lambda;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::operation::get_policy::GetPolicyOutput;
use aws_sdk_sns::Client;
use aws_sdk_sns::operation::get_subscription_attributes::GetSubscriptionAttributesOutput;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput;
use aws_sdk_sns::operation::set_subscription_attributes::SetSubscriptionAttributesOutput;
use aws_sdk_sns::operation::subscribe::SubscribeOutput;
use aws_sdk_sns::operation::unsubscribe::UnsubscribeOutput;
use aws_sdk_sns::types::Subscription as Listed;
use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;

use super::*;
use crate::aws::mocked::{self, place};
use crate::owner::{PIPELINE, RESOURCE};
use crate::resource::{How, Id, Tags};

const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:orders";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:demo-consumer";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:demo-queue";
const ARN: &str = "arn:aws:sns:eu-central-1:111122223333:orders:6b0e71bd-7e97-4d97-80ce-4a0994e55286";
const OTHER: &str = "arn:aws:sns:eu-central-1:111122223333:orders:00000000-7e97-4d97-80ce-4a0994e55286";

fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("subscription"), ours())
}

fn ours() -> Tags {
    Tags::from([(PIPELINE.to_owned(), "demo".to_owned()), (RESOURCE.to_owned(), "subscription".to_owned())])
}

fn here() -> Name {
    name("orders", "lambda", "demo-consumer")
}

fn desired() -> Subscription {
    Subscription {
        topic: TOPIC.into(),
        protocol: "lambda".into(),
        endpoint: FUNCTION.into(),
        filter: None,
        filter_on: attributes(),
        raw: false,
        dead_letters: String::new(),
    }
}

fn filtered(filter_on: &str) -> Subscription {
    Subscription { filter: Some(json!({ "kind": ["order"] })), filter_on: filter_on.to_owned(), ..desired() }
}

fn live(props: Subscription) -> Live<Subscription> {
    let (handle, outputs) = (Handle::new(ARN), outputs(ARN));
    Live { handle, props, outputs, tags: ours(), identity: ARN.to_owned(), state: State::Live }
}

/// A topic whose other subscribers have nearly the same name.
fn listed() -> Rule {
    mock!(Client::list_subscriptions_by_topic).match_requests(|call| call.topic_arn() == Some(TOPIC)).then_output(
        || {
            let of = |arn: &str, protocol: &str, endpoint: &str| {
                Listed::builder().subscription_arn(arn).protocol(protocol).endpoint(endpoint).build()
            };
            ListSubscriptionsByTopicOutput::builder()
                .subscriptions(of(OTHER, "lambda", &format!("{FUNCTION}-2")))
                .subscriptions(of("PendingConfirmation", "email", "a@example.com"))
                .subscriptions(of(ARN, "lambda", FUNCTION))
                .subscriptions(of(ARN, "sqs", QUEUE))
                .build()
        },
    )
}

/// Attributes with all that AWS adds.
fn shown(more: &'static [(&'static str, &'static str)]) -> Rule {
    mock!(Client::get_subscription_attributes).match_requests(|call| call.subscription_arn() == Some(ARN)).then_output(
        move || {
            let noise = [
                ("PendingConfirmation", "false"),
                ("Owner", "111122223333"),
                ("RawMessageDelivery", "false"),
                ("ConfirmationWasAuthenticated", "true"),
                ("SubscriptionPrincipal", "arn:aws:iam::111122223333:user/u"),
            ];
            let all = noise.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            GetSubscriptionAttributesOutput::builder().set_attributes(Some(all.collect())).build()
        },
    )
}

/// A policy of a function with one statement, as Lambda writes it.
fn policy(sid: &'static str, source: &'static str) -> Rule {
    mock!(Lambda::get_policy).match_requests(|call| call.function_name() == Some("demo-consumer")).then_output(
        move || {
            let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": [{ "Sid": sid, "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" }, "Action": "lambda:InvokeFunction", "Resource": FUNCTION,
                "Condition": { "ArnLike": { "AWS:SourceArn": source } } }] });
            GetPolicyOutput::builder().policy(policy.to_string()).build()
        },
    )
}

/// A refusal of SNS, whose protocol answers in XML.
fn refusal(status: u16, code: &str, message: &str) -> HttpResponse {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    );
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

#[tokio::test]
async fn it_is_ours_where_a_statement_of_our_label_lets_the_topic_in() {
    let label = policy("pipe-demo-permission-0a1b2c3d", TOPIC);
    let read = Subscription::read(&cx(&[&listed(), &shown(&[]), &label]), &here()).await.unwrap();
    assert_eq!(read, [live(desired())]);
    for (sid, source) in [
        ("pipe-demo-b-permission-0a1b2c3d", TOPIC),
        ("pipe-dem-permission-0a1b2c3d", TOPIC),
        ("theirs", TOPIC),
        ("pipe-demo-permission-0a1b2c3d", "arn:aws:sns:eu-central-1:111122223333:orders-2"),
    ] {
        let there = mock!(Lambda::get_function).then_output(|| GetFunctionOutput::builder().build());
        let rules = [&listed(), &shown(&[]), &policy(sid, source), &there];
        let read = Subscription::read(&cx(&rules), &here()).await.unwrap();
        assert_eq!((read.len(), &read[0].tags), (1, &Tags::new()), "{sid} {source}");
    }
    let absent = || mocked::refusal("ResourceNotFoundException", "The resource you requested does not exist.");
    let none = mock!(Lambda::get_policy).then_http_response(absent);
    let there = mock!(Lambda::get_function).then_output(|| GetFunctionOutput::builder().build());
    let read = Subscription::read(&cx(&[&listed(), &shown(&[]), &none, &there]), &here()).await.unwrap();
    assert_eq!(read[0].tags, Tags::new());
    // Where the function is gone, its policy is too, and the subscription leads nowhere.
    let none = mock!(Lambda::get_policy).then_http_response(absent);
    let gone = mock!(Lambda::get_function).then_http_response(absent);
    let read = Subscription::read(&cx(&[&listed(), &shown(&[]), &none, &gone]), &here()).await.unwrap();
    assert_eq!(read, [live(desired())]);
}

#[tokio::test]
async fn that_of_a_queue_is_ours_by_the_queues_policy() {
    let policy = mock!(Sqs::get_queue_attributes)
        .match_requests(|call| call.queue_url().is_some_and(|url| url.ends_with("/demo-queue")))
        .then_output(|| {
            let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "pipe-demo-source", "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" }, "Action": "sqs:SendMessage", "Resource": QUEUE,
                "Condition": { "ArnEquals": { "aws:SourceArn": TOPIC } } }] });
            let answer = GetQueueAttributesOutput::builder();
            answer.attributes(QueueAttributeName::Policy, policy.to_string()).build()
        });
    let name = name("orders", "sqs", "demo-queue");
    let read = Subscription::read(&cx(&[&listed(), &shown(&[]), &policy]), &name).await.unwrap();
    let props = Subscription { protocol: "sqs".into(), endpoint: QUEUE.into(), ..desired() };
    assert_eq!(read, [live(props)]);
}

#[tokio::test]
async fn attributes_are_read_in_canonical_form() {
    let read = async |more: &'static [(&'static str, &'static str)]| {
        let policy = policy("pipe-demo-permission-0a1b2c3d", TOPIC);
        let read = Subscription::read(&cx(&[&listed(), &shown(more), &policy]), &here()).await.unwrap();
        read[0].props.clone()
    };
    assert_eq!(read(&[(FILTER, r#"{ "kind" : ["order"] }"#), (SCOPE, "MessageBody")]).await, filtered("body"));
    assert_eq!(read(&[(FILTER, r#"{ "kind" : ["order"] }"#)]).await, filtered("attributes"));
    assert_eq!(read(&[(FILTER, "{}"), (SCOPE, "MessageBody")]).await, desired());
    assert!(read(&[(RAW, "true")]).await.raw);
    let redrive = read(&[(REDRIVE, r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:111122223333:demo-queue"}"#)]);
    assert_eq!(redrive.await.dead_letters, QUEUE);
}

#[tokio::test]
async fn it_is_made_with_all_in_one_call() {
    let subscribe = mock!(Client::subscribe)
        .match_requests(|call| {
            let text = |name: &str| call.attributes().and_then(|all| all.get(name)).cloned().unwrap_or_default();
            (call.topic_arn(), call.protocol(), call.endpoint()) == (Some(TOPIC), Some("lambda"), Some(FUNCTION))
                && (text(FILTER).as_str(), text(SCOPE).as_str()) == (r#"{"kind":["order"]}"#, "MessageBody")
                && text(REDRIVE).contains(QUEUE)
                && text(RAW).is_empty()
        })
        .then_output(|| SubscribeOutput::builder().subscription_arn(ARN).build());
    let all = Subscription { dead_letters: QUEUE.into(), ..filtered("body") };
    let made = all.reconcile(&cx(&[&subscribe]), &here(), None).await.unwrap();
    assert_eq!((made.outputs["arn"].as_str(), made.identity.as_str()), (ARN, ARN));
    let plain = mock!(Client::subscribe)
        .match_requests(|call| call.attributes().is_none())
        .then_output(|| SubscribeOutput::builder().subscription_arn(ARN).build());
    desired().reconcile(&cx(&[&plain]), &here(), None).await.unwrap();
    let taken = mock!(Client::subscribe).then_http_response(|| {
        let text = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes";
        refusal(400, "InvalidParameter", text)
    });
    let error = desired().reconcile(&cx(&[&taken]), &here(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}

#[test]
fn each_edit_is_its_own_call() {
    let calls = |desired: &Subscription, live: &Subscription| -> Vec<(&'static str, String)> {
        let text = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
        desired.changed(live).into_iter().map(|(attribute, value)| (attribute, text(value))).collect()
    };
    let of = |attribute, value: &str| (attribute, value.to_owned());
    let (filter, plain) = (r#"{"kind":["order"]}"#, desired());
    assert_eq!(calls(&plain, &plain), []);
    let dlq = Subscription { dead_letters: QUEUE.into(), ..desired() };
    assert_eq!(calls(&plain, &dlq), [of(REDRIVE, "nothing")]);
    assert_eq!(calls(&dlq, &plain), [of(REDRIVE, &json!({ "deadLetterTargetArn": QUEUE }).to_string())]);
    let raw = Subscription { raw: true, ..desired() };
    assert_eq!((calls(&raw, &plain), calls(&plain, &raw)), (vec![of(RAW, "true")], vec![of(RAW, "false")]));
    let (on_body, on_attributes) = (filtered("body"), filtered("attributes"));
    assert_eq!(calls(&on_body, &plain), [of(SCOPE, "MessageBody"), of(FILTER, filter)]);
    assert_eq!(calls(&on_attributes, &plain), [of(SCOPE, "MessageAttributes"), of(FILTER, filter)]);
    assert_eq!(calls(&plain, &on_body), [of(FILTER, "{}")]);
    let (clear, scope) = (of(FILTER, "{}"), of(SCOPE, "MessageBody"));
    assert_eq!(calls(&on_body, &on_attributes), [clear, scope, of(FILTER, filter)]);
    let other = Subscription { filter: Some(json!({ "kind": ["offer"] })), ..filtered("body") };
    assert_eq!(calls(&other, &on_body), [of(FILTER, r#"{"kind":["offer"]}"#)]);
}

#[tokio::test]
async fn an_edit_is_sent_and_no_edit_is_no_call() {
    desired().reconcile(&cx(&[]), &here(), Some(&live(desired()))).await.unwrap();
    let clear = mock!(Client::set_subscription_attributes)
        .match_requests(|call| (call.attribute_name(), call.attribute_value()) == (Some(REDRIVE), None))
        .then_output(|| SetSubscriptionAttributesOutput::builder().build());
    let dlq = Subscription { dead_letters: QUEUE.into(), ..desired() };
    desired().reconcile(&cx(&[&clear]), &here(), Some(&live(dlq))).await.unwrap();
    assert_eq!(clear.num_calls(), 1);
}

#[tokio::test]
async fn an_absent_subscription_is_no_error() {
    let no_topic = mock!(Client::list_subscriptions_by_topic)
        .then_http_response(|| refusal(404, "NotFound", "Topic does not exist"));
    assert_eq!(Subscription::read(&cx(&[&no_topic]), &here()).await.unwrap(), []);
    let none =
        mock!(Client::list_subscriptions_by_topic).then_output(|| ListSubscriptionsByTopicOutput::builder().build());
    assert_eq!(Subscription::read(&cx(&[&none]), &here()).await.unwrap(), []);
    let gone = mock!(Client::get_subscription_attributes)
        .then_http_response(|| refusal(404, "NotFound", "Subscription does not exist"));
    let policy = policy("pipe-demo-permission-0a1b2c3d", TOPIC);
    assert_eq!(Subscription::read(&cx(&[&listed(), &gone, &policy]), &here()).await.unwrap(), []);
    let end = mock!(Client::unsubscribe)
        .match_requests(|call| call.subscription_arn() == Some(ARN))
        .then_output(|| UnsubscribeOutput::builder().build());
    Subscription::delete(&cx(&[&end]), &here(), &Handle::new(ARN)).await.unwrap();
    assert_eq!(end.num_calls(), 1);
}

#[tokio::test]
async fn what_lets_a_topic_in_leads_to_its_subscription() {
    let cx = cx(&[]);
    let permission = json!({ "principal": "sns.amazonaws.com", "source_arn": TOPIC });
    let of = async |kind: &str, from: &str, props: &Value| {
        Subscription::leads(&cx, kind, &Name::new(from), props).await.unwrap()
    };
    assert_eq!(of("lambda:Permission", "demo-consumer/0a1b2c3d", &permission).await, [here()]);
    let bucket = json!({ "principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::uploads" });
    assert_eq!(of("lambda:Permission", "demo-consumer/0a1b2c3d", &bucket).await, []);
    let queue = |sid: &str| {
        json!({ "policy": { "Version": "2012-10-17", "Statement": [{ "Sid": sid, "Effect": "Allow",
            "Condition": { "ArnEquals": { "aws:SourceArn": [TOPIC] } } }] } })
    };
    assert_eq!(of("sqs:Queue", "demo-queue", &queue("pipe-demo-source")).await, [name("orders", "sqs", "demo-queue")]);
    assert_eq!(of("sqs:Queue", "demo-queue", &queue("OthersSend")).await, []);
    assert_eq!(of("kinesis:Stream", "demo-queue", &queue("pipe-demo-source")).await, []);
}

#[test]
fn a_name_says_what_receives_and_defaults_vanish() {
    let scope = Scope { place: &place(), pipeline: "demo", boundary: None };
    let resources = |name: &Name| Subscription::grants(&scope, name).into_iter().map(|grant| grant.resource).collect();
    let of: Vec<String> = resources(&here());
    assert_eq!(of, [TOPIC, "*", FUNCTION]);
    let of: Vec<String> = resources(&name("orders", "sqs", "demo-queue"));
    assert_eq!(of, [TOPIC, "*", QUEUE]);
    let json = serde_json::to_value(desired()).unwrap();
    assert_eq!(json, json!({ "topic": TOPIC, "protocol": "lambda", "endpoint": FUNCTION }));
}

#[test]
fn what_a_change_means_is_told() {
    let told = |desired: &Subscription, live: &Subscription| {
        Subscription::advice(&Changed::Edit { desired, live, how: &How::default() })
    };
    let dlq = Subscription { dead_letters: QUEUE.into(), ..desired() };
    assert!(told(&desired(), &dlq).loses.is_some() && told(&dlq, &desired()) == Advice::default());
    assert!(told(&filtered("body"), &desired()).means[0].contains("15 minutes"));
}
