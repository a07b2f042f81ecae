use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::create_event_source_mapping::CreateEventSourceMappingOutput;
use aws_sdk_lambda::operation::delete_event_source_mapping::DeleteEventSourceMappingOutput;
use aws_sdk_lambda::operation::get_event_source_mapping::GetEventSourceMappingOutput;
use aws_sdk_lambda::operation::list_event_source_mappings::ListEventSourceMappingsOutput;
use aws_sdk_lambda::operation::list_tags::ListTagsOutput;
use aws_sdk_lambda::operation::update_event_source_mapping::UpdateEventSourceMappingOutput;
use aws_sdk_lambda::types::builders::EventSourceMappingConfigurationBuilder;
use aws_sdk_lambda::types::{
    DestinationConfig, EventSourceMappingConfiguration, EventSourcePosition, Filter, FilterCriteria, OnFailure,
    ScalingConfig,
};
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;

use super::*;
use crate::aws::mocked;
use crate::resource::Tags;

mod another_stream;
mod destination;
mod filters;
mod of_queue;
mod wrong_role;

const STREAM: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/events";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:jobs";
const DLQ: &str = "arn:aws:sqs:eu-central-1:111122223333:dlq";
const UUID: &str = "f0a5cf1c-7f1b-4a5a-9c0e-3d1b2a4c5d6e";

fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx_that_repeats(RuleMode::MatchAny, rules)
}

fn refusal(status: u16, code: &str, message: &str) -> HttpResponse {
    let body = serde_json::json!({ "Type": "User", "message": message }).to_string();
    let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    answer.headers_mut().insert("x-amzn-errortype", code.to_owned());
    answer
}

pub(super) fn desired() -> Mapping {
    Mapping {
        function: "consumer".into(),
        source: STREAM.into(),
        enabled: true,
        batch_size: 100,
        window_seconds: 0,
        parallelization: 1,
        start: "oldest".into(),
        retries: -1,
        max_age_seconds: -1,
        bisect: false,
        partial: false,
        on_failure: String::new(),
        max_concurrency: None,
        filters: Vec::new(),
        draining: BTreeMap::new(),
    }
}

/// What AWS answers for a mapping for which only function, source and start were given (recorded).
fn answer(state: &str) -> EventSourceMappingConfigurationBuilder {
    EventSourceMappingConfiguration::builder()
        .uuid(UUID)
        .starting_position(EventSourcePosition::TrimHorizon)
        .batch_size(100)
        .maximum_batching_window_in_seconds(0)
        .parallelization_factor(1)
        .event_source_arn(STREAM)
        .function_arn("arn:aws:lambda:eu-central-1:111122223333:function:consumer")
        .state(state)
        .destination_config(DestinationConfig::builder().on_failure(OnFailure::builder().build()).build())
        .maximum_record_age_in_seconds(-1)
        .bisect_batch_on_function_error(false)
        .maximum_retry_attempts(-1)
        .tumbling_window_in_seconds(0)
        .set_function_response_types(Some(Vec::new()))
}

fn listed(all: Vec<EventSourceMappingConfigurationBuilder>) -> ListEventSourceMappingsOutput {
    let all = all.into_iter().map(EventSourceMappingConfigurationBuilder::build).collect();
    ListEventSourceMappingsOutput::builder().set_event_source_mappings(Some(all)).build()
}

fn created() -> CreateEventSourceMappingOutput {
    CreateEventSourceMappingOutput::builder().uuid(UUID).state("Creating").build()
}

fn got(state: &str) -> GetEventSourceMappingOutput {
    GetEventSourceMappingOutput::builder().uuid(UUID).state(state).build()
}

fn here() -> Name {
    name("consumer", STREAM)
}

fn live_as(props: Mapping) -> Live<Mapping> {
    let (handle, state) = (Handle::new(UUID), State::Live);
    Live { handle, props, outputs: Outputs::new(), tags: Tags::new(), identity: String::new(), state }
}

#[test]
fn names_are_made_of_function_and_source() {
    assert_eq!(here().as_str(), "consumer/events");
    assert_eq!(name("f", QUEUE).as_str(), "f/jobs");
    let stream = "arn:aws:dynamodb:eu-central-1:111122223333:table/people/stream/2026-01-01T00:00:00.000";
    assert_eq!(name("f", stream).as_str(), "f/people");
}

#[test]
fn properties_are_canonical() {
    assert_eq!(read::props(&answer("Enabled").build()), desired());
    let filter = |pattern: &str| Filter::builder().pattern(pattern).build();
    let filters =
        FilterCriteria::builder().filters(filter("{ \"data\" : {}, \"a\": [1] }")).filters(filter("no JSON")).build();
    let filtered = read::props(&answer("Enabled").filter_criteria(filters).build());
    assert_eq!(filtered.filters, ["no JSON", "{\"a\":[1],\"data\":{}}"]);
    let queue = EventSourceMappingConfiguration::builder()
        .event_source_arn(QUEUE)
        .function_arn("arn:aws:lambda:eu-central-1:111122223333:function:f")
        .state("Disabled");
    let props = read::props(&queue.build());
    assert_eq!((props.batch_size, props.enabled, props.start.as_str()), (10, false, ""));
}

#[test]
fn what_is_on_its_way_counts_as_what_it_leads_to() {
    let enabled = |state: &str| read::props(&answer(state).build()).enabled;
    assert!(enabled("Enabling") && !enabled("Disabling"));
}

#[test]
fn a_start_at_a_time_is_canonical() {
    let start = at("2026-11-21T11:00:00.250+01:00").unwrap();
    assert_eq!(start, "at 2026-11-21T10:00:00Z");
    let (given, time) = position(&start).unwrap();
    let found = answer("Enabled").starting_position(given).set_starting_position_timestamp(time);
    assert_eq!(read::props(&found.build()).start, start);
    // MiniStack and moto forget the time.
    assert_ne!(start::start(Some(&EventSourcePosition::AtTimestamp), None), "oldest");
    assert!(at("yesterday").is_err());
}

#[test]
fn what_is_given_up_must_be_heard_of() {
    let heard = Mapping { on_failure: DLQ.into(), ..desired() };
    let loses = means::loses;
    assert!(loses(&desired(), &heard).is_some());
    assert_eq!(loses(&heard, &desired()), None);
    let younger = Mapping { max_age_seconds: 60, ..desired() };
    assert!(loses(&younger, &desired()).unwrap().contains("older than 1 minute"));
    assert_eq!(loses(&desired(), &younger), None);
    assert_eq!(loses(&Mapping { max_age_seconds: 60, ..heard.clone() }, &heard), None);
    assert_eq!(loses(&Mapping { retries: 1, ..desired() }, &desired()), None);
}

// No emulator checks the role's permissions.
#[tokio::test(start_paused = true)]
async fn a_role_on_its_way_is_waited_for() {
    const CODE: &str = "InvalidParameterValueException";
    let create = mock!(Client::create_event_source_mapping)
        .sequence()
        .http_response(|| refusal(400, CODE, "The role defined for the function cannot be assumed by Lambda."))
        .times(20)
        .http_response(|| {
            let text = format!(
                "Cannot access stream {STREAM}. Please ensure the role can perform the GetRecords, GetShardIterator, \
                 DescribeStream, ListShards, and ListStreams Actions on your stream in IAM."
            );
            refusal(400, CODE, &text)
        })
        .times(20)
        .http_response(|| {
            let text = format!("The function's execution role does not have permissions to call SendMessage on {DLQ}");
            refusal(400, CODE, &text)
        })
        .output(created)
        .build();
    let get = mock!(Client::get_event_source_mapping).then_output(|| got("Enabled"));
    desired().reconcile(&cx(&[&create, &get]), &here(), None).await.unwrap();
    assert_eq!(create.num_calls(), 42);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_lambda_does_not_know_is_waited_for_a_moment() {
    let text = format!("Stream not found: {STREAM}");
    let create = mock!(Client::create_event_source_mapping)
        .then_http_response(move || refusal(400, "InvalidParameterValueException", &text));
    let start = Instant::now();
    let error = desired().reconcile(&cx(&[&create]), &here(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Fatal);
    assert!(start.elapsed() >= KNOWN_WITHIN && start.elapsed() < KNOWN_WITHIN * 2);
}

// No emulator refuses a second mapping of the same pair.
#[tokio::test(start_paused = true)]
async fn a_mapping_that_exists_is_looked_at_and_not_doubled() {
    let text = format!(
        "The event source arn (\" {STREAM} \") and function (\" consumer \") provided mapping already exists. Please update or \
         delete the existing mapping with UUID {UUID}"
    );
    let create = mock!(Client::create_event_source_mapping)
        .then_http_response(move || refusal(409, "ResourceConflictException", &text));
    let list = mock!(Client::list_event_source_mappings)
        .sequence()
        .output(|| listed(vec![])) // the list lags
        .output(|| listed(vec![answer("Enabled")]))
        .build();
    let error = desired().reconcile(&cx(&[&create, &list]), &here(), None).await.unwrap_err();
    assert_eq!((error.class(), create.num_calls(), list.num_calls()), (Class::Unclear, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_create_without_an_answer_is_not_repeated() {
    let create = mock!(Client::create_event_source_mapping)
        .then_http_response(|| refusal(500, "ServiceException", "An error occurred"));
    let error = desired().reconcile(&cx(&[&create]), &here(), None).await.unwrap_err();
    assert_eq!((error.class(), create.num_calls()), (Class::Unclear, 1));
}

#[tokio::test(start_paused = true)]
async fn a_delete_waits_while_it_is_in_use_and_until_it_is_gone() {
    let text = "Cannot delete the event source mapping because it is in use.";
    let delete = mock!(Client::delete_event_source_mapping)
        .sequence()
        .http_response(|| refusal(400, "ResourceInUseException", text))
        .times(2)
        .output(|| DeleteEventSourceMappingOutput::builder().build())
        .build();
    let get = mock!(Client::get_event_source_mapping)
        .sequence()
        .output(|| got("Deleting"))
        .times(2)
        .http_response(|| refusal(404, "ResourceNotFoundException", "The resource you requested does not exist."))
        .build();
    Mapping::delete(&cx(&[&delete, &get]), &here(), &Handle::new(UUID)).await.unwrap();
    assert_eq!((delete.num_calls(), get.num_calls()), (3, 3));
}

// Any call but these would be refused: no update follows a create.
#[tokio::test(start_paused = true)]
async fn a_create_is_done_when_it_polls() {
    let create = mock!(Client::create_event_source_mapping).then_output(created);
    let get = mock!(Client::get_event_source_mapping)
        .sequence()
        .output(|| got("Creating"))
        .times(3)
        .output(|| got("Enabled"))
        .build();
    desired().reconcile(&cx(&[&create, &get]), &here(), None).await.unwrap();
    assert_eq!((create.num_calls(), get.num_calls()), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_is_being_made_is_read_when_it_shows_whether_it_polls() {
    let list = mock!(Client::list_event_source_mappings)
        .sequence()
        .output(|| listed(vec![answer("Creating")]))
        .output(|| listed(vec![answer("Enabled"), answer("Enabled").event_source_arn(QUEUE)]))
        .build();
    let tags = mock!(Client::list_tags).then_output(|| ListTagsOutput::builder().tags("k", "v").build());
    let lives = Mapping::read(&cx(&[&list, &tags]), &here()).await.unwrap();
    assert_eq!((lives.len(), &lives[0].props), (1, &desired()));
    assert_eq!(lives[0].tags, Tags::from([("k".into(), "v".into())]));
}

#[tokio::test(start_paused = true)]
async fn an_update_waits_and_clears_destination_and_filters() {
    let update = mock!(Client::update_event_source_mapping)
        .match_requests(|sent| {
            sent.destination_config().is_some_and(|config| config.on_failure().is_none())
                && sent.filter_criteria().is_some_and(|criteria| criteria.filters.is_none())
        })
        .sequence()
        .http_response(|| refusal(400, "ResourceInUseException", "The operation cannot be performed at this time."))
        .output(|| UpdateEventSourceMappingOutput::builder().state("Updating").build())
        .build();
    let get =
        mock!(Client::get_event_source_mapping).sequence().output(|| got("Updating")).output(|| got("Enabled")).build();
    let live = live_as(Mapping { on_failure: DLQ.into(), filters: vec!["{}".into()], ..desired() });
    desired().reconcile(&cx(&[&update, &get]), &here(), Some(&live)).await.unwrap();
    assert_eq!((update.num_calls(), get.num_calls()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn equal_properties_make_no_call() {
    desired().reconcile(&cx(&[]), &here(), Some(&live_as(desired()))).await.unwrap();
}
