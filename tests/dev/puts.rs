//! PutRecords, and where the records came to be.

use aws_config::SdkConfig;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;

use super::dev::{STREAM, wait};

/// The most that PutRecords takes.
pub const MOST: usize = 500;

/// A record in the stream.
#[derive(Clone, Debug)]
pub struct Put {
    pub key: String,
    pub data: Vec<u8>,
    pub shard: String,
    pub sequence: String,
}

/// Puts records, each a partition key and its data, in as few calls as may be.
pub fn put_all<'a>(sdk: &SdkConfig, records: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<Put> {
    let kinesis = aws_sdk_kinesis::Client::new(sdk);
    let records: Vec<(&str, &[u8])> = records.into_iter().collect();
    records.chunks(MOST).flat_map(|chunk| put_some(&kinesis, chunk)).collect()
}

fn put_some(kinesis: &aws_sdk_kinesis::Client, records: &[(&str, &[u8])]) -> Vec<Put> {
    let entries = records.iter().map(|(key, data)| {
        PutRecordsRequestEntry::builder().partition_key(*key).data(Blob::new(*data)).build().unwrap()
    });
    let answer = wait(kinesis.put_records().stream_name(STREAM).set_records(Some(entries.collect())).send()).unwrap();
    assert_eq!(answer.failed_record_count(), Some(0));
    let places = answer.records().iter().zip(records);
    places
        .map(|(place, (key, data))| Put {
            key: (*key).to_owned(),
            data: data.to_vec(),
            shard: place.shard_id().unwrap().to_owned(),
            sequence: place.sequence_number().unwrap().to_owned(),
        })
        .collect()
}
