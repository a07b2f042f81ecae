//! What AWS checks when a mapping is made: whether the function's role may read the stream and send to the destination.

use std::future::Future;

use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::types::ShardIteratorType;

use super::kinesis::{Access, denied, queue_url, reason};
use super::mapping::Properties;
use crate::error::{self, Error};
use crate::roles::Roles;

/// Does every call that the poller will do, under the role: nothing else shows what is allowed.
///
/// # Errors
/// The role cannot be assumed, or may not do one of them: the error names role and action.
pub async fn check(access: &Access, roles: &Roles, mapping: &Properties) -> error::Result<()> {
    let clients = access.clients().await?;
    let (kinesis, arn) = (&clients.kinesis, mapping.stream_arn.as_str());
    allowed(mapping, "kinesis:DescribeStream", kinesis.describe_stream().stream_arn(arn).limit(1).send()).await?;
    allowed(mapping, "kinesis:ListStreams", kinesis.list_streams().limit(1).send()).await?;
    let shards = allowed(mapping, "kinesis:ListShards", kinesis.list_shards().stream_arn(arn).send()).await?;
    // The last is an open one, where the newest place is sure to be.
    let Some(shard) = shards.shards().last() else {
        return Err(Error::new(format!("read the stream `{arn}`: it has no shards")));
    };
    let newest = kinesis.get_shard_iterator().stream_arn(arn).shard_id(shard.shard_id());
    let newest = newest.shard_iterator_type(ShardIteratorType::Latest);
    let iterator = allowed(mapping, "kinesis:GetShardIterator", newest.send()).await?.shard_iterator;
    let read = kinesis.get_records().set_shard_iterator(iterator).stream_arn(arn).limit(1);
    match read.send().await {
        // The stream's readers used up its five calls a second: so the role may read.
        Err(error) if error.code() == Some("ProvisionedThroughputExceededException") => {}
        answer => drop(allowed(mapping, "kinesis:GetRecords", std::future::ready(answer)).await?),
    }
    match &mapping.on_failure {
        Some(queue) => may_send(&clients.sqs, roles, mapping, queue).await,
        None => Ok(()),
    }
}

/// Sends a message without a body, which no queue takes: rights are asked about first, so only the answer about them counts.
async fn may_send(sqs: &aws_sdk_sqs::Client, roles: &Roles, mapping: &Properties, queue: &str) -> error::Result<()> {
    let url = queue_url(roles, queue).await;
    let url = url.map_err(|trouble| Error::new(format!("find the on-failure destination: {trouble}")))?;
    match sqs.send_message().queue_url(url).message_body("").send().await {
        Err(error) if denied(&error) => Err(missing(mapping, "sqs:SendMessage")),
        _ => Ok(()),
    }
}

async fn allowed<T, E>(
    mapping: &Properties,
    action: &str,
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> error::Result<T>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    call.await.map_err(|error| match denied(&error) {
        true => missing(mapping, action),
        false => Error::new(format!("run the mapping of `{}`: `{action}`: {}", mapping.function, reason(&error))),
    })
}

fn missing(mapping: &Properties, action: &str) -> Error {
    let Properties { function, role, .. } = mapping;
    Error::new(format!("run the mapping of `{function}`: its role `{role}` may not `{action}`"))
        .hint(format!("AWS refuses such a mapping: let the role's policy allow `{action}`"))
}
