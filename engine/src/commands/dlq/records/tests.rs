use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::ErrorMetadata;
use aws_sdk_kinesis::operation::describe_stream_summary::{DescribeStreamSummaryError, DescribeStreamSummaryOutput};
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::operation::get_shard_iterator::GetShardIteratorOutput;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{Record as Kinesis, ShardIteratorType, StreamDescriptionSummary};
use aws_smithy_mocks::{Rule, RuleMode, mock};

use super::*;
use crate::aws::mocked;

const ARN: &str = "arn:aws:kinesis:eu-central-1:111122223333:stream/s";
const ARRIVED: (&str, &str) = ("2019-11-14T00:38:04.835Z", "2019-11-14T00:38:05.580Z");
const FIRST: i64 = 1_573_691_884_835;
const LAST: i64 = 1_573_691_885_580;

fn place() -> Place<'static> {
    Place { stream_arn: ARN, shard: "shardId-000000000000", first: "9", last: "11", arrived: ARRIVED, records: 3 }
}

/// A context whose Kinesis answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules)
}

fn iterator() -> Rule {
    mock!(Client::get_shard_iterator)
        .match_requests(|request| {
            (request.stream_arn(), request.starting_sequence_number()) == (Some(ARN), Some("9"))
                && request.shard_iterator_type() == Some(&ShardIteratorType::AtSequenceNumber)
        })
        .then_output(|| GetShardIteratorOutput::builder().shard_iterator("i0").build())
}

/// Answers the iterator `at` with these records, and with the next iterator where there is one.
fn page(at: &'static str, numbers: &'static [&'static str], next: Option<&'static str>, behind: i64) -> Rule {
    let record = |number: &&str| {
        let data = Blob::new(format!("data-{number}"));
        Kinesis::builder().sequence_number(*number).partition_key("k").data(data).build().unwrap()
    };
    mock!(Client::get_records)
        .match_requests(move |request| (request.shard_iterator(), request.stream_arn()) == (Some(at), Some(ARN)))
        .then_output(move || {
            let records = numbers.iter().map(record).collect();
            let answer = GetRecordsOutput::builder().set_records(Some(records)).millis_behind_latest(behind);
            answer.set_next_shard_iterator(next.map(str::to_owned)).build().unwrap()
        })
}

fn numbers(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.sequence_number.as_str()).collect()
}

#[test]
fn retention_is_counted_from_the_arrival() {
    let day = 24 * HOUR_MILLIS;
    let at = |now| Readable::of(ARRIVED, 24, now);
    assert_eq!(at(FIRST), Readable::Until(FIRST + day));
    assert_eq!(at(FIRST + day - 1), Readable::Until(FIRST + day));
    assert_eq!(at(FIRST + day), Readable::Partly(LAST + day));
    assert_eq!(at(LAST + day), Readable::PastSince(LAST + day));
    assert_eq!(Readable::of(("", ARRIVED.1), 24, FIRST), Readable::Unknown);
    assert_eq!(at(FIRST).text(), "readable until 2019-11-15T00:38:04Z");
    assert_eq!(at(LAST + day).text(), "past retention since 2019-11-15T00:38:05Z");
}

#[tokio::test]
async fn each_stream_is_asked_once_for_its_retention() {
    let summary = mock!(Client::describe_stream_summary).match_requests(|request| request.stream_arn() == Some(ARN));
    let summary = summary.then_output(|| {
        let summary = StreamDescriptionSummary::builder().retention_period_hours(24).stream_arn(ARN).stream_name("s");
        let summary = summary.stream_status(aws_sdk_kinesis::types::StreamStatus::Active).open_shard_count(1);
        let summary =
            summary.stream_creation_timestamp(DateTime::from_secs(1)).set_enhanced_monitoring(Some(Vec::new()));
        DescribeStreamSummaryOutput::builder().stream_description_summary(summary.build().unwrap()).build()
    });
    let cx = cx(&[&summary]);
    let mut retention = Retention::default();
    let past = Readable::PastSince(LAST + 24 * HOUR_MILLIS);
    assert_eq!(retention.of(&cx, &place()).await, Ok(past));
    assert_eq!(retention.of(&cx, &place()).await, Ok(past));
    assert_eq!(summary.num_calls(), 1);
}

#[tokio::test]
async fn a_stream_that_is_gone_is_no_error() {
    let gone = mock!(Client::describe_stream_summary).then_error(|| {
        let missing = ErrorMetadata::builder().code("ResourceNotFoundException").message("no stream").build();
        DescribeStreamSummaryError::generic(missing)
    });
    assert_eq!(Retention::default().of(&cx(&[&gone]), &place()).await, Ok(Readable::NoStream));
}

#[tokio::test]
async fn records_are_read_to_the_last_of_the_batch() {
    let (first, second) = (page("i0", &["9", "10"], Some("i1"), 5), page("i1", &["11", "12"], Some("i2"), 5));
    let records = read(&cx(&[&iterator(), &first, &second]), &place()).await.unwrap();
    assert_eq!(numbers(&records), ["9", "10", "11"]);
    assert_eq!(records[0].payload, Payload::Data(b"data-9".to_vec()));
}

/// Records past retention are passed over: the iterator begins with the rest.
#[tokio::test]
async fn empty_pages_are_passed_until_the_tip() {
    let (empty, rest) = (page("i0", &[], Some("i1"), 5), page("i1", &["10"], Some("i2"), 5));
    let tip = page("i2", &[], Some("i3"), 0);
    let records = read(&cx(&[&iterator(), &empty, &rest, &tip]), &place()).await.unwrap();
    assert_eq!((numbers(&records), tip.num_calls()), (vec!["10"], 1));
}

#[tokio::test]
async fn a_closed_shard_ends_the_reading() {
    let end = page("i0", &["9"], None, 0);
    assert_eq!(numbers(&read(&cx(&[&iterator(), &end]), &place()).await.unwrap()), ["9"]);
}
