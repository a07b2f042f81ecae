//! What others added to a table, and what a read says while it waits.

use aws_sdk_dynamodb::types::{GlobalSecondaryIndexDescription, IndexStatus};

use super::*;
use crate::aws::Said;

fn with_index(status: IndexStatus) -> TableDescriptionBuilder {
    let index = GlobalSecondaryIndexDescription::builder().index_name("by-customer").index_status(status);
    answer().global_secondary_indexes(index.build())
}

/// What is read of a table with an index, by the record of the pipeline's own.
fn read_with(status: IndexStatus, known: &str) -> Table {
    let table = with_index(status).build();
    let indexes = index::read(&table, false, known).into_iter().collect();
    Table { indexes, known: known.to_owned(), ..read::props(&table, false).unwrap() }
}

// AWS: "ProvisionedThroughput must be specified for index: by-customer". No emulator asks for it.
#[tokio::test(start_paused = true)]
async fn indexes_of_others_get_a_capacity_where_the_table_gets_one() {
    let update = mock!(Client::update_table)
        .match_requests(|sent| {
            let action = sent.global_secondary_index_updates()[0].update().unwrap();
            let units = action.provisioned_throughput().unwrap();
            let units = (units.read_capacity_units(), units.write_capacity_units());
            (action.index_name(), units) == ("by-customer", (5, 10)) && sent.billing_mode().is_some()
        })
        .then_output(|| UpdateTableOutput::builder().build());
    let describe = mock!(Client::describe_table).then_output(|| described(with_index(IndexStatus::Active)));
    let live = read_with(IndexStatus::Active, "");
    let live = Table { on_demand: true, read_capacity: 0, write_capacity: 0, ..live };
    let desired = plain().keeping(&live).unwrap();
    desired.sync(&cx(&[&update, &describe]), &events(), &live).await.unwrap();
    assert_eq!(update.num_calls(), 1);
}

#[test]
fn indexes_of_others_are_no_difference() {
    let live = read_with(IndexStatus::Creating, "");
    assert_eq!(plain().keeping(&live), Some(live));
    assert_eq!(plain().keeping(&read_with(IndexStatus::Deleting, "")), None);
}

#[test]
fn what_the_record_knows_goes_when_the_spec_does_not_name_it() {
    let live = read_with(IndexStatus::Active, &record::index("by-customer"));
    let desired = plain().keeping(&live).unwrap();
    assert_eq!((desired.indexes.len(), desired.ending(&live)), (0, vec!["by-customer"]));
    let ttl = |of_others| Table { ttl: Some(Ttl { attribute: "at".into(), of_others }), ..plain() };
    assert_eq!(plain().keeping(&ttl(true)), Some(ttl(true)));
    assert_eq!(plain().keeping(&ttl(false)), None, "it is turned off");
}

#[tokio::test(start_paused = true)]
async fn a_read_says_what_it_waits_for() {
    let describe = mock!(Client::describe_table).then_output(|| described(answer()));
    let shows = mock!(Client::describe_continuous_backups).then_output(|| backups(PointInTimeRecoveryStatus::Disabled));
    let tags =
        mock!(Client::list_tags_of_resource).then_http_response(|| refusal("ResourceNotFoundException", "not found"));
    let (send, mut said) = tokio::sync::mpsc::unbounded_channel();
    let ttl = mock!(Client::describe_time_to_live).then_http_response(|| refusal("AccessDeniedException", "no"));
    let cx = cx(&[&describe, &shows, &ttl, &tags]).with_notes(send);
    let error = Table::read(&cx, &events()).await.unwrap_err();
    let what = "DynamoDB to find the tags of table `events`, which exists";
    assert_eq!(error.message(), format!("waited 600 s in vain for {what}"));
    assert_eq!(said.recv().await.unwrap().said, Said::Waiting(what.to_owned()));
}
