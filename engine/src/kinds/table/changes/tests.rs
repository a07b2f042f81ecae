use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::CreateTableOutput;
use aws_sdk_dynamodb::operation::update_table::UpdateTableOutput;
use aws_sdk_dynamodb::types::TableStatus;
use aws_sdk_dynamodb::types::builders::TableDescriptionBuilder;
use aws_smithy_mocks::mock;

use super::super::tests::{answer, cx, described, events, plain, refusal};
use super::super::{means, read};
use super::*;
use crate::resource::{Handle, How, Live, Resource, State, Tags};

const OLD: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/events/stream/2026-01-01T00:00:00.000";
const NEW: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/events/stream/2026-01-02T00:00:00.000";

fn streaming(view: &str) -> Table {
    Table { stream_view: view.into(), ..plain() }
}

/// What AWS says of a table with this stream; the ARN stays when the stream has ended.
fn answered(view: Option<StreamViewType>, arn: &str) -> TableDescriptionBuilder {
    let of = StreamSpecification::builder().stream_enabled(view.is_some()).set_stream_view_type(view).build().unwrap();
    answer().stream_specification(of).latest_stream_arn(arn).table_id("id-of-the-table")
}

fn live_as(props: Table) -> Live<Table> {
    let handle = Handle::new("arn");
    Live { handle, props, outputs: Outputs::new(), tags: Tags::new(), identity: "id".into(), state: State::Live }
}

#[test]
fn only_an_enabled_stream_is_one() {
    let seen = |table: TableDescriptionBuilder| {
        let table = table.build();
        (read::props(&table, false).unwrap().stream_view, arn(&table))
    };
    assert_eq!(seen(answer()), (String::new(), None));
    assert_eq!(seen(answered(None, OLD)), (String::new(), None), "its ARN stays");
    let on = seen(answered(Some(StreamViewType::NewImage), OLD));
    assert_eq!(on, ("new_image".to_owned(), Some(OLD.to_owned())));
}

#[test]
fn a_stream_of_others_stays_and_is_no_difference() {
    assert_eq!(plain().keeping(&streaming("keys_only")), Some(streaming("keys_only")));
    assert_eq!(streaming("new_image").keeping(&streaming("keys_only")), None, "the spec's wins");
}

#[test]
fn another_stream_moves_its_arn_and_says_what_is_lost() {
    let (new, old) = (streaming("new_image"), streaming("keys_only"));
    assert_eq!(new.moves(&old), [STREAM_ARN]);
    assert_eq!(new.moves(&new), [""; 0]);
    assert_eq!(plain().moves(&old), [""; 0]);
    assert!(means::loses(&new, &old).unwrap().contains("are in neither"));
    assert_eq!(means::loses(&new, &plain()), None, "there is none that ends");
    let told = |live: &Table| means::means(&new, live, &How::default()).join("; ");
    assert!(told(&plain()).contains("changes that were made without one are in none"));
    assert!(told(&old).contains("ends in 24 hours"));
}

#[test]
fn what_an_existing_table_lacks_is_said_with_the_command_that_helps() {
    let refusal = Table::lacking(&events(), STREAM_ARN).unwrap();
    assert!(refusal.hint.contains("aws dynamodb update-table --table-name events"), "{}", refusal.hint);
    assert_eq!(Table::lacking(&events(), "arn"), None);
}

#[tokio::test(start_paused = true)]
async fn a_new_table_has_its_stream_from_the_call_that_makes_it() {
    let create = mock!(Client::create_table)
        .match_requests(|sent| {
            let of = sent.stream_specification().unwrap();
            of.stream_enabled && of.stream_view_type() == Some(&StreamViewType::NewAndOldImages)
        })
        .then_output(|| CreateTableOutput::builder().build());
    let describe = mock!(Client::describe_table)
        .sequence()
        .output(|| described(answered(Some(StreamViewType::NewAndOldImages), NEW).table_status(TableStatus::Creating)))
        .output(|| described(answered(Some(StreamViewType::NewAndOldImages), NEW)))
        .times(2)
        .build();
    let made = streaming("new_and_old_images").reconcile(&cx(&[&create, &describe]), &events(), None).await.unwrap();
    assert_eq!((made.outputs[STREAM_ARN].as_str(), made.identity.as_str()), (NEW, "id-of-the-table"));
}

/// AWS enables no stream over another, and no two changes of a table go together.
#[tokio::test(start_paused = true)]
async fn another_view_ends_the_stream_and_then_begins_one() {
    let end = mock!(Client::update_table)
        .match_requests(|sent| {
            sent.stream_specification().is_some_and(|of| !of.stream_enabled && of.stream_view_type().is_none())
        })
        .then_output(|| UpdateTableOutput::builder().build());
    let begin = mock!(Client::update_table)
        .match_requests(|sent| {
            sent.stream_specification().is_some_and(|of| of.stream_view_type() == Some(&StreamViewType::NewImage))
        })
        .then_output(|| UpdateTableOutput::builder().build());
    let describe = mock!(Client::describe_table)
        .sequence()
        .output(|| described(answered(Some(StreamViewType::KeysOnly), OLD)))
        .output(|| described(answered(None, OLD).table_status(TableStatus::Updating)))
        .output(|| described(answered(None, OLD)))
        .times(2)
        .output(|| described(answered(Some(StreamViewType::NewImage), NEW).table_status(TableStatus::Updating)))
        .output(|| described(answered(Some(StreamViewType::NewImage), NEW)))
        .times(3)
        .build();
    let live = live_as(streaming("keys_only"));
    let made = streaming("new_image").reconcile(&cx(&[&end, &begin, &describe]), &events(), Some(&live)).await.unwrap();
    assert_eq!((end.num_calls(), begin.num_calls()), (1, 1));
    assert_eq!(made.outputs[STREAM_ARN], NEW);
}

#[tokio::test(start_paused = true)]
async fn an_equal_view_makes_no_call() {
    let describe =
        mock!(Client::describe_table).then_output(|| described(answered(Some(StreamViewType::KeysOnly), OLD)));
    let live = live_as(streaming("keys_only"));
    let made = streaming("keys_only").reconcile(&cx(&[&describe]), &events(), Some(&live)).await.unwrap();
    assert_eq!(made.outputs[STREAM_ARN], OLD);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_others_enabled_meanwhile_is_looked_at_again() {
    let text = "Table already has an enabled stream: TableName: events";
    let begin = mock!(Client::update_table).then_http_response(move || refusal("ValidationException", text));
    let describe = mock!(Client::describe_table).then_output(|| described(answered(None, OLD)));
    let error = streaming("keys_only")
        .reconcile(&cx(&[&begin, &describe]), &events(), Some(&live_as(plain())))
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}
