//! The calls of SQS: those of the poller under the role of the function, those of a session as the deployer.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_lambda::types::EventSourceMappingConfiguration;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageSystemAttributeName,
    QueueAttributeName,
};
use serde_json::Value;

use super::deletes::{Deleted, Done};
use super::poll::QueueSource;
use super::record::{Message, complete};
use super::{Mapping, Queued, Redrive};
use crate::error::{self, Error};
use crate::poller::access::{Access, denied, reason, under};
use crate::poller::mapping::Properties;
use crate::poller::rights::{allowed, missing};
use crate::poller::trouble::Trouble;
use crate::roles::Roles;

/// SQS's own default, which a queue that says nothing has.
const VISIBILITY_SECONDS: i64 = 30;

/// Reads what a mapping must know of its queue, as the deployer.
///
/// # Errors
/// There is no such queue, or SQS does not say.
pub async fn queued(
    roles: &Roles,
    answer: &EventSourceMappingConfiguration,
    arn: &str,
    timeout_seconds: i32,
) -> Result<Queued, String> {
    let sqs = aws_sdk_sqs::Client::new(roles.root());
    let mut parts = arn.split(':').skip(4);
    let (account, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let asked = sqs.get_queue_url().queue_name(name).queue_owner_aws_account_id(account).send();
    let found = asked.await.map_err(|error| format!("queue `{arn}`: {}", reason(&error)))?;
    let url = found.queue_url.ok_or_else(|| format!("queue `{arn}` has no URL"))?;
    let asked = sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::VisibilityTimeout);
    let asked = asked.attribute_names(QueueAttributeName::RedrivePolicy).send();
    let attributes = asked.await.map_err(|error| format!("queue `{arn}`: {}", reason(&error)))?.attributes;
    let get = |name| attributes.as_ref().and_then(|attributes| attributes.get(&name));
    let visibility = get(QueueAttributeName::VisibilityTimeout).and_then(|seconds| seconds.parse().ok());
    let redrive = get(QueueAttributeName::RedrivePolicy).and_then(|policy| redrive(policy));
    Ok(Queued::new(url, visibility.unwrap_or(VISIBILITY_SECONDS), redrive, answer, timeout_seconds))
}

/// The number of a redrive policy may be a text.
pub fn redrive(policy: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let count = &policy["maxReceiveCount"];
    let max_receives = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
    let queue = policy["deadLetterTargetArn"].as_str()?.rsplit(':').next()?.to_owned();
    Some(Redrive { max_receives: u32::try_from(max_receives).ok()?, queue })
}

/// Does every call that the poller will do, under the role, in a form that takes and changes nothing: rights are asked about before
/// all else, so only the answer about them counts.
///
/// # Errors
/// The role cannot be assumed, or may not do one of them: the error names role and action.
pub async fn check(access: &Access, mapping: &Properties) -> error::Result<()> {
    let Some(queue) = &mapping.queued else { return Err(unread(mapping)) };
    let (sqs, url) = (access.clients().await?.sqs, queue.url.as_str());
    refused_only("sqs:ReceiveMessage", sqs.receive_message().queue_url(url).max_number_of_messages(0).send(), mapping)
        .await?;
    refused_only("sqs:DeleteMessage", sqs.delete_message().queue_url(url).receipt_handle("pipe").send(), mapping)
        .await?;
    let attributes = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
    allowed(mapping, "sqs:GetQueueAttributes", attributes.send()).await.map(drop)
}

async fn refused_only<T, E>(
    action: &str,
    call: impl Future<Output = Result<T, SdkError<E>>>,
    mapping: &Properties,
) -> error::Result<()>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match call.await {
        Err(error) if denied(&error) => Err(missing(mapping, action)),
        _ => Ok(()),
    }
}

fn unread(mapping: &Properties) -> Error {
    Error::new(format!("run the mapping of `{}`: its queue was not read", mapping.function))
}

/// The queue of a mapping, under its role.
pub fn source(access: &Access, mapping: &Mapping) -> QueueSource {
    let reader = Reader { access: access.clone(), mapping: mapping.clone() };
    let (receive, delete, give_back) = (reader.clone(), reader.clone(), reader);
    QueueSource {
        receive: Arc::new(move |most| {
            let reader = receive.clone();
            Box::pin(async move { reader.receive(most).await })
        }),
        delete: Arc::new(move |done| {
            let reader = delete.clone();
            Box::pin(async move { reader.delete(done).await })
        }),
        give_back: Arc::new(move |receipts| {
            let reader = give_back.clone();
            Box::pin(async move { reader.give_back(receipts).await })
        }),
    }
}

#[derive(Clone)]
struct Reader {
    access: Access,
    mapping: Mapping,
}

impl Reader {
    async fn client(&self) -> Result<aws_sdk_sqs::Client, Trouble> {
        let clients = self.access.clients().await.map_err(|error| Trouble::Other(error.message().to_owned()))?;
        Ok(clients.sqs)
    }

    fn queue(&self) -> Result<&Queued, Trouble> {
        self.mapping.queued.as_ref().ok_or_else(|| Trouble::Other(unread(&self.mapping).message().to_owned()))
    }

    async fn receive(&self, most: usize) -> Result<Vec<Message>, Trouble> {
        let (sqs, queue) = (self.client().await?, self.queue()?);
        let visibility = i32::try_from(queue.visibility_ms / 1000).unwrap_or(i32::MAX);
        let asked =
            sqs.receive_message().queue_url(&queue.url).max_number_of_messages(i32::try_from(most).unwrap_or(1));
        let asked = asked.set_visibility_timeout(queue.asks_visibility.then_some(visibility)).wait_time_seconds(0);
        let asked =
            asked.message_system_attribute_names(MessageSystemAttributeName::All).message_attribute_names("All");
        let answer = under(&self.mapping.role, "sqs:ReceiveMessage", asked.send()).await?;
        Ok(answer.messages().iter().map(|message| complete(message, &self.mapping)).collect())
    }

    /// Deletes messages; what is not said to be deleted or gone is not deleted.
    async fn delete(&self, done: Vec<Done>) -> Result<Vec<(Done, Deleted)>, Trouble> {
        let (sqs, queue) = (self.client().await?, self.queue()?);
        let entries = done.iter().enumerate().map(|(n, done)| {
            DeleteMessageBatchRequestEntry::builder().id(n.to_string()).receipt_handle(&done.receipt).build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| Trouble::Other(error.to_string()))?;
        let asked = sqs.delete_message_batch().queue_url(&queue.url).set_entries(Some(entries)).send();
        let answer = under(&self.mapping.role, "sqs:DeleteMessage", asked).await?;
        let deleted: BTreeSet<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
        let gone = answer.failed().iter().filter(|entry| entry.code().contains("ReceiptHandleIsInvalid"));
        let gone: BTreeSet<&str> = gone.map(|entry| entry.id()).collect();
        let result = |n: usize| match n.to_string().as_str() {
            id if deleted.contains(id) => Deleted::Yes,
            id if gone.contains(id) => Deleted::Gone,
            _ => Deleted::No,
        };
        Ok(done.into_iter().enumerate().map(|(n, done)| (done, result(n))).collect())
    }

    /// As the deployer: AWS asks no right to change the visibility of a function's role.
    async fn give_back(&self, receipts: Vec<String>) -> Result<(), Trouble> {
        let (sqs, queue) = (aws_sdk_sqs::Client::new(self.access.roles().root()), self.queue()?);
        let entries = receipts.iter().enumerate().map(|(n, receipt)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(n.to_string()).receipt_handle(receipt);
            entry.visibility_timeout(0).build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| Trouble::Other(error.to_string()))?;
        let asked = sqs.change_message_visibility_batch().queue_url(&queue.url).set_entries(Some(entries)).send();
        asked.await.map(drop).map_err(|error| Trouble::Other(reason(&error)))
    }
}
