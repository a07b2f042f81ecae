//! The real stream and queue, reached under the role of the function.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kinesis::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::operation::get_shard_iterator::GetShardIteratorOutput;
use aws_sdk_kinesis::types::{Record as SdkRecord, ShardIteratorType};
use aws_smithy_types::DateTime;

use super::checkpoints::Place;
use super::mapping::Properties;
use super::record::{Record, Sequence};
use super::stream::{Page, ShardFacts, Stream, Trouble};
use crate::error::{self, Error};
use crate::roles::Roles;

/// What a role is used for. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    roles: Roles,
    role: Arc<str>,
    stream: Arc<str>,
    queue: Option<Arc<str>>,
    clients: Arc<Mutex<Option<Clients>>>,
}

#[derive(Clone)]
pub struct Clients {
    /// The credentials that these were made with, by their id.
    key: String,
    pub kinesis: aws_sdk_kinesis::Client,
    pub sqs: aws_sdk_sqs::Client,
}

impl Access {
    pub fn new(roles: Roles, mapping: &Properties) -> Self {
        let queue = mapping.on_failure.as_deref().map(Arc::from);
        let (role, stream) = (mapping.role.as_str().into(), mapping.stream_arn.as_str().into());
        Self { roles, role, stream, queue, clients: Arc::default() }
    }

    /// Clients under the role, made anew when its credentials are.
    ///
    /// # Errors
    /// The role cannot be assumed.
    pub async fn clients(&self) -> error::Result<Clients> {
        let credentials = self.roles.credentials(&self.role).await?;
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clients) = known.as_ref().filter(|clients| clients.key == credentials.access_key_id()) {
            return Ok(clients.clone());
        }
        let key = credentials.access_key_id().to_owned();
        let provider = SharedCredentialsProvider::new(credentials);
        let config = self.roles.root().to_builder().credentials_provider(provider).build();
        let clients =
            Clients { key, kinesis: aws_sdk_kinesis::Client::new(&config), sqs: aws_sdk_sqs::Client::new(&config) };
        *known = Some(clients.clone());
        Ok(clients)
    }

    /// The same as function values, for the pollers.
    pub fn stream(&self) -> Stream {
        let (list, read, send) = (self.clone(), self.clone(), self.clone());
        Stream {
            shards: Arc::new(move || {
                let access = list.clone();
                Box::pin(async move { access.shards().await })
            }),
            read: Arc::new(move |shard, place, most| {
                let access = read.clone();
                Box::pin(async move { access.read(shard, place, most).await })
            }),
            send: Arc::new(move |document| {
                let access = send.clone();
                Box::pin(async move { access.send(document).await })
            }),
        }
    }

    async fn shards(&self) -> Result<Vec<ShardFacts>, Trouble> {
        let kinesis = self.clients().await.map_err(assume)?.kinesis;
        let (mut shards, mut token) = (Vec::new(), None);
        loop {
            // AWS wants either the stream or the token.
            let stream = token.is_none().then(|| self.stream.to_string());
            let asked = kinesis.list_shards().set_stream_arn(stream).set_next_token(token).send();
            let answer = under(&self.role, "kinesis:ListShards", asked).await?;
            shards.extend(answer.shards().iter().map(|shard| {
                ShardFacts {
                    id: shard.shard_id().to_owned(),
                    parents: [shard.parent_shard_id(), shard.adjacent_parent_shard_id()]
                        .into_iter()
                        .flatten()
                        .map(str::to_owned)
                        .collect(),
                }
            }));
            token = answer.next_token;
            if token.is_none() {
                return Ok(shards);
            }
        }
    }

    async fn iterator(&self, shard: String, place: Place) -> Result<String, Trouble> {
        let kinesis = self.clients().await.map_err(assume)?.kinesis;
        let request = kinesis.get_shard_iterator().stream_arn(&*self.stream).shard_id(shard);
        let request = match place {
            Place::Oldest | Place::Done => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Place::Since(time) => {
                let request = request.shard_iterator_type(ShardIteratorType::AtTimestamp);
                request.timestamp(DateTime::from_millis(time))
            }
            Place::After(sequence) => {
                let request = request.shard_iterator_type(ShardIteratorType::AfterSequenceNumber);
                request.starting_sequence_number(sequence.as_str())
            }
        };
        let answer: GetShardIteratorOutput = under(&self.role, "kinesis:GetShardIterator", request.send()).await?;
        answer.shard_iterator.ok_or_else(|| Trouble::Other("the stream gave no shard iterator".to_owned()))
    }

    /// Each read asks for an iterator of its own, by sequence number. MiniStack's is a place in a list that loses its front when
    /// records expire, so a kept one would skip as many records as have expired since.
    async fn read(&self, shard: String, place: Place, most: i32) -> Result<Page, Trouble> {
        let iterator = self.iterator(shard, place).await?;
        let kinesis = self.clients().await.map_err(assume)?.kinesis;
        // Some emulators check the rights only of a call that names the stream; on AWS it changes nothing.
        let asked = kinesis.get_records().shard_iterator(iterator).limit(most).stream_arn(&*self.stream).send();
        let answer = under(&self.role, "kinesis:GetRecords", asked).await?;
        let ended = answer.next_shard_iterator.is_none();
        Ok(Page { records: answer.records.into_iter().map(record).collect(), ended })
    }

    /// The queue's URL is asked for as the deployer: AWS asks of the role only `sqs:SendMessage`.
    async fn send(&self, document: String) -> Result<(), Trouble> {
        let clients = self.clients().await.map_err(assume)?;
        let Some(queue) = &self.queue else { return Ok(()) };
        let url = queue_url(&self.roles, queue).await?;
        let asked = clients.sqs.send_message().queue_url(url).message_body(document).send();
        under(&self.role, "sqs:SendMessage", asked).await.map(drop)
    }
}

/// The URL of a queue by its ARN, `arn:aws:sqs:<region>:<account>:<name>`.
///
/// # Errors
/// There is no such queue.
pub async fn queue_url(roles: &Roles, arn: &str) -> Result<String, Trouble> {
    let mut parts = arn.split(':').skip(4);
    let (account, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let sqs = aws_sdk_sqs::Client::new(roles.root());
    let asked = sqs.get_queue_url().queue_name(name).queue_owner_aws_account_id(account).send();
    let answer = asked.await.map_err(|error| trouble(&error, format!("queue `{arn}`: {}", reason(&error))))?;
    answer.queue_url.ok_or_else(|| Trouble::Other(format!("queue `{arn}` has no URL")))
}

/// Does a call; what fails names the role, the action and AWS's reason.
async fn under<T, E>(role: &str, action: &str, call: impl Future<Output = Result<T, SdkError<E>>>) -> Result<T, Trouble>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    call.await.map_err(|error| {
        let message = match denied(&error) {
            true => format!("the role `{role}` may not `{action}`"),
            false => format!("`{action}` under the role `{role}`: {}", reason(&error)),
        };
        trouble(&error, message)
    })
}

/// Whether it is the role's rights that are missing.
pub fn denied<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| code.contains("AccessDenied"))
}

/// AWS's code and message, or what kept the call from an answer.
pub fn reason<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    match error.as_service_error() {
        Some(service) if service.code().is_some() => {
            let (code, message) = (service.code().unwrap_or_default(), service.message().unwrap_or_default());
            format!("{code}: {message}")
        }
        _ => DisplayErrorContext(error).to_string(),
    }
}

fn trouble<E: ProvideErrorMetadata>(error: &SdkError<E>, message: String) -> Trouble {
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ResourceNotFoundException") => Trouble::NotFound(message),
        Some("InvalidArgumentException") => Trouble::Unknown(message),
        _ => Trouble::Other(message),
    }
}

fn assume(error: Error) -> Trouble {
    Trouble::Other(error.message().to_owned())
}

fn record(record: SdkRecord) -> Record {
    let arrived = record.approximate_arrival_timestamp.and_then(|time| time.to_millis().ok());
    Record {
        sequence: Sequence::new(record.sequence_number),
        key: record.partition_key.unwrap_or_default(),
        data: record.data.into_inner(),
        arrived_ms: arrived.unwrap_or_default(),
    }
}
