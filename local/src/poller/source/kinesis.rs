//! Kinesis streams, read under the role of the function.

use std::sync::Arc;

use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::operation::get_shard_iterator::GetShardIteratorOutput;
use aws_sdk_kinesis::types::ShardIteratorType;
use aws_smithy_types::DateTime;

use super::super::access::{Access, under};
use super::super::checkpoints::Position;
use super::super::mapping::Properties;
use super::super::rights::allowed;
use super::super::trouble::Trouble;
use super::{Pace, Page, Reader, ShardFacts, Source};
use crate::error::{self, Error};

pub mod record;

/// Kinesis allows five GetRecords a second and shard, so this is what "at once" comes to while there is more to read. AWS's pollers
/// ask an idle shard once a second. The first read asks for one page of the largest records: 10 MB, which are 14 MB of event.
pub const PACE: Pace = Pace { every_ms: 200, idle_ms: 1_000, page_bytes: 14 * 1024 * 1024, first: 10, most: 10_000 };

/// The stream of a mapping, under its role.
pub fn source(access: &Access, mapping: &Arc<Properties>) -> Source {
    Source::of(PACE, KinesisReader { access: access.clone(), mapping: mapping.clone() })
}

/// Does every call that the poller will do, under the role: nothing else shows what is allowed.
///
/// # Errors
/// The role cannot be assumed, or may not do one of them: the error names role and action.
pub async fn check(access: &Access, mapping: &Properties) -> error::Result<()> {
    let clients = access.clients().await?;
    let (kinesis, arn) = (&clients.kinesis, mapping.source_arn.as_str());
    allowed(mapping, "kinesis:DescribeStream", kinesis.describe_stream().stream_arn(arn).limit(1).send()).await?;
    allowed(mapping, "kinesis:ListStreams", kinesis.list_streams().limit(1).send()).await?;
    let shards = allowed(mapping, "kinesis:ListShards", kinesis.list_shards().stream_arn(arn).send()).await?;
    // The last is an open one, where the newest position is sure to be.
    let Some(shard) = shards.shards().last() else {
        return Err(Error::new(format!("read the stream `{arn}`: it has no shards")));
    };
    let newest = kinesis.get_shard_iterator().stream_arn(arn).shard_id(shard.shard_id());
    let newest = newest.shard_iterator_type(ShardIteratorType::Latest);
    let iterator = allowed(mapping, "kinesis:GetShardIterator", newest.send()).await?.shard_iterator;
    let read = kinesis.get_records().set_shard_iterator(iterator).stream_arn(arn).limit(1);
    match read.send().await {
        // The stream's readers used up its five calls a second: so the role may read.
        Err(error) if error.code() == Some("ProvisionedThroughputExceededException") => Ok(()),
        answer => allowed(mapping, "kinesis:GetRecords", std::future::ready(answer)).await.map(drop),
    }
}

#[derive(Clone)]
struct KinesisReader {
    access: Access,
    mapping: Arc<Properties>,
}

impl Reader for KinesisReader {
    async fn shards(&self) -> Result<Vec<ShardFacts>, Trouble> {
        let kinesis = self.client().await?;
        let (mut shards, mut token) = (Vec::new(), None);
        loop {
            // AWS wants either the stream or the token.
            let stream = token.is_none().then(|| self.mapping.source_arn.clone());
            let asked = kinesis.list_shards().set_stream_arn(stream).set_next_token(token).send();
            let answer = under(&self.mapping.role, "kinesis:ListShards", asked).await?;
            shards.extend(answer.shards().iter().map(|shard| {
                let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
                let parents = parents.into_iter().flatten().map(str::to_owned).collect();
                ShardFacts { id: shard.shard_id().to_owned(), parents }
            }));
            token = answer.next_token;
            if token.is_none() {
                return Ok(shards);
            }
        }
    }

    /// Each read asks for an iterator of its own, by sequence number. MiniStack's is a place in a list that loses its front when
    /// records expire, so a kept one would skip as many records as have expired since.
    async fn read(&self, shard: &str, position: Position, most: i32) -> Result<Page, Trouble> {
        let iterator = self.iterator(shard, position).await?;
        let kinesis = self.client().await?;
        // Some emulators check the rights only of a call that names the stream; on AWS it changes nothing.
        let stream = &self.mapping.source_arn;
        let asked = kinesis.get_records().shard_iterator(iterator).limit(most).stream_arn(stream).send();
        let answer = under(&self.mapping.role, "kinesis:GetRecords", asked).await?;
        let ended = answer.next_shard_iterator.is_none();
        Ok(record::page(answer.records, ended, &self.mapping, shard))
    }
}

impl KinesisReader {
    async fn client(&self) -> Result<aws_sdk_kinesis::Client, Trouble> {
        let clients = self.access.clients().await.map_err(|error| Trouble::Other(error.message().to_owned()))?;
        Ok(clients.kinesis)
    }

    async fn iterator(&self, shard: &str, position: Position) -> Result<String, Trouble> {
        let kinesis = self.client().await?;
        let request = kinesis.get_shard_iterator().stream_arn(&self.mapping.source_arn).shard_id(shard);
        let request = match position {
            Position::Oldest | Position::Done => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Position::Since(time) => {
                let request = request.shard_iterator_type(ShardIteratorType::AtTimestamp);
                request.timestamp(DateTime::from_millis(time))
            }
            Position::After(sequence) => {
                let request = request.shard_iterator_type(ShardIteratorType::AfterSequenceNumber);
                request.starting_sequence_number(sequence.as_str())
            }
        };
        let asked = under(&self.mapping.role, "kinesis:GetShardIterator", request.send()).await;
        let answer: GetShardIteratorOutput = asked?;
        answer.shard_iterator.ok_or_else(|| Trouble::Other("the stream gave no shard iterator".to_owned()))
    }
}
