//! The table in DynamoDB and the queue in SQS.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::failure::{PutError, SendError, classify, classify_send};
use super::{Item, Put, Queue, Table};

/// A DynamoDB table. Its client's retries should be off: the batch has its own.
pub struct DynamoTable {
    client: aws_sdk_dynamodb::Client,
    name: String,
    unless_there: Option<String>,
}

impl DynamoTable {
    /// Makes a writer; nothing is called yet.
    pub fn new(client: aws_sdk_dynamodb::Client, name: String) -> Self {
        DynamoTable { client, name, unless_there: None }
    }

    /// The same, but no item is replaced. Takes the name of the partition key, which every item has; no permission is needed beside
    /// that to put.
    #[must_use]
    pub fn keeping(self, partition_key: String) -> Self {
        DynamoTable { unless_there: Some(partition_key), ..self }
    }
}

impl Table for DynamoTable {
    async fn put(&self, item: Item) -> Result<Put, PutError> {
        let mut call = self.client.put_item().table_name(&self.name).set_item(Some(item));
        if let Some(key) = &self.unless_there {
            call = call.condition_expression("attribute_not_exists(#key)").expression_attribute_names("#key", key);
        }
        // On the heap: the SDK's futures are large, and there is one for each key in flight.
        let Err(error) = Box::pin(call.send()).await else {
            return Ok(Put::Written);
        };
        let status = error.raw_response().map(|response| response.status().as_u16());
        match error.code().or_else(|| without_answer(&error)) {
            // By another record, or by this one in an attempt whose answer was lost.
            Some("ConditionalCheckFailedException") => Ok(Put::Kept),
            code => Err(classify(code, error.message(), status)),
        }
    }

    async fn delete(&self, key: Item) -> Result<(), PutError> {
        let call = self.client.delete_item().table_name(&self.name).set_key(Some(key));
        let Err(error) = Box::pin(call.send()).await else {
            return Ok(());
        };
        let status = error.raw_response().map(|response| response.status().as_u16());
        Err(classify(error.code().or_else(|| without_answer(&error)), error.message(), status))
    }
}

/// An SQS queue. Its client's retries should be off: the batch has its own. Nor should the client end a call whose answer is late, since a
/// repeated call is a second message: the batch ends it when its time is up.
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl SqsQueue {
    /// Makes a sender; nothing is called yet.
    pub fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        SqsQueue { client, url }
    }
}

impl Queue for SqsQueue {
    async fn send(&self, body: &str) -> Result<(), SendError> {
        let call = self.client.send_message().queue_url(&self.url).message_body(body);
        let Err(error) = Box::pin(call.send()).await else {
            return Ok(());
        };
        Err(classify_send(error.code(), without_answer(&error).unwrap_or("unknown")))
    }
}

/// Returns a word for a failure that has no answer, and so no code.
fn without_answer<E, R>(error: &SdkError<E, R>) -> Option<&'static str> {
    match error {
        SdkError::TimeoutError(_) => Some("timeout"),
        SdkError::DispatchFailure(_) => Some("connection failed"),
        SdkError::ConstructionFailure(_) => Some("request not made"),
        _ => None,
    }
}
