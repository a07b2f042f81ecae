use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::create_event_bus::CreateEventBusOutput;
use aws_sdk_eventbridge::operation::list_tags_for_resource::ListTagsForResourceOutput;
use aws_sdk_eventbridge::operation::update_event_bus::UpdateEventBusOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::json;

use super::*;
use crate::aws::mocked;
use crate::resource::Id;

const ARN: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/shop";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:theirs";

fn owner() -> Tags {
    Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())])
}

fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("bus"), owner())
}

fn name() -> Name {
    Name::new("shop")
}

fn live(description: &str) -> Live<Bus> {
    let (handle, outputs) = (Handle::new(ARN), outputs(ARN, &name()));
    let props = Bus { description: description.to_owned() };
    let identity = "2026-11-28T10:00:00Z".to_owned();
    Live { handle, props, outputs, tags: owner(), identity, state: State::Live }
}

fn described(description: &'static str) -> Rule {
    mock!(Client::describe_event_bus).then_http_response(move || {
        mocked::success(&json!({ "Arn": ARN, "Name": "shop", "Description": description, "CreationTime": 1_795_860_000,
            "LastModifiedTime": 1_795_860_000, "DeadLetterConfig": { "Arn": QUEUE }, "KmsKeyIdentifier": "key" }))
    })
}

fn missing() -> HttpResponse {
    mocked::refusal("ResourceNotFoundException", "Event bus shop does not exist.")
}

fn rules(names: &'static [&'static str]) -> HttpResponse {
    let rules: Vec<_> = names.iter().map(|name| json!({ "Name": name, "EventBusName": "shop" })).collect();
    mocked::success(&json!({ "Rules": rules }))
}

#[tokio::test]
async fn a_bus_is_read_made_and_described_without_what_others_set() {
    let tagged = mock!(Client::list_tags_for_resource)
        .then_output(|| ListTagsForResourceOutput::builder().set_tags(Some(tag_list(&owner()).unwrap())).build());
    let read = Bus::read(&cx(&[&described(""), &tagged]), &name()).await.unwrap();
    assert_eq!(read, [live("")]);
    let create = mock!(Client::create_event_bus)
        .match_requests(|call| call.description().is_none() && call.tags().len() == 1)
        .then_output(|| CreateEventBusOutput::builder().event_bus_arn(ARN).build());
    Bus::default().reconcile(&cx(&[&create]), &name(), None).await.unwrap();
    Bus::default().reconcile(&cx(&[]), &name(), Some(&live(""))).await.unwrap();
    let update = mock!(Client::update_event_bus)
        .match_requests(|call| {
            let dlq = call.dead_letter_config().and_then(|to| to.arn());
            (call.description(), call.kms_key_identifier(), dlq) == (Some("Orders"), Some("key"), Some(QUEUE))
        })
        .then_output(|| UpdateEventBusOutput::builder().build());
    let orders = Bus { description: "Orders".into() };
    orders.reconcile(&cx(&[&described(""), &update]), &name(), Some(&live(""))).await.unwrap();
    assert_eq!((create.num_calls(), update.num_calls()), (1, 1));
}

#[tokio::test]
async fn a_bus_that_somebody_made_meanwhile_must_be_looked_at() {
    let create = mock!(Client::create_event_bus)
        .then_http_response(|| mocked::refusal("ResourceAlreadyExistsException", "Event bus shop already exists."));
    let error = Bus::default().reconcile(&cx(&[&create]), &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}

#[tokio::test(start_paused = true)]
async fn a_bus_goes_when_its_rules_are_gone() {
    let left = mock!(Client::list_rules)
        .sequence()
        .http_response(|| rules(&["demo-rule"]))
        .http_response(|| rules(&[]))
        .build();
    let delete = mock!(Client::delete_event_bus).then_http_response(|| mocked::success(&json!({})));
    Bus::delete(&cx(&[&left, &delete]), &name(), &Handle::new(ARN)).await.unwrap();
    assert_eq!((left.num_calls(), delete.num_calls()), (2, 1));
    let theirs = mock!(Client::list_rules).then_http_response(|| rules(&["theirs", "too"]));
    let error = Bus::delete(&cx(&[&theirs]), &name(), &Handle::new(ARN)).await.unwrap_err();
    assert!(error.message().ends_with("to be gone: `theirs`, `too`"), "{error}");
    assert!(error.hint_text().unwrap().contains("not this pipeline's"));
}

#[tokio::test]
async fn an_absent_bus_is_no_error() {
    let none = mock!(Client::describe_event_bus).then_http_response(missing);
    let no_tags = mock!(Client::list_tags_for_resource).then_http_response(missing);
    assert_eq!(Bus::read(&cx(&[&none, &no_tags]), &name()).await.unwrap(), []);
    let rules = mock!(Client::list_rules).then_http_response(missing);
    let delete = mock!(Client::delete_event_bus).then_http_response(missing);
    Bus::delete(&cx(&[&rules, &delete]), &name(), &Handle::new(ARN)).await.unwrap();
    assert_eq!((Bus::name_of(ARN), Bus::name_of("arn:aws:events:eu-central-1:1:rule/x")), (Some(name()), None));
}
