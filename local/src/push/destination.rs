//! Where the records of given-up events go: the function's on-failure destination, reached under the function's role.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use super::record;
use crate::poller::access::{denied, reason};
use crate::poller::destination::queue_url;
use crate::roles::Roles;

/// Why a record did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// Nothing changes that by itself: a right is missing, or nobody knows the service.
    Final(String),
    /// It may go another time.
    Other(String),
}

impl Undelivered {
    pub fn why(&self) -> &str {
        match self {
            Self::Final(why) | Self::Other(why) => why,
        }
    }
}

/// Sends a record to the destination of this ARN.
///
/// # Errors
/// The role may not, or the service does not answer.
pub async fn send(roles: &Roles, role: &str, destination: &str, record: String) -> Result<(), Undelivered> {
    let config = roles.config(role).await.map_err(|error| Undelivered::Other(error.message().to_owned()))?;
    match destination.split(':').nth(2) {
        Some("sqs") => {
            let url = queue_url(roles, destination).await.map_err(|trouble| Undelivered::Other(trouble.to_string()))?;
            let send = aws_sdk_sqs::Client::new(&config).send_message().queue_url(url).message_body(record);
            send.send().await.map(drop).map_err(|error| failed(role, "sqs:SendMessage", &error))
        }
        Some("sns") => {
            let publish = aws_sdk_sns::Client::new(&config).publish().topic_arn(destination).message(record);
            publish.send().await.map(drop).map_err(|error| failed(role, "sns:Publish", &error))
        }
        Some("events") => {
            let (source, kind, detail) = record::for_bus(record);
            let entry = PutEventsRequestEntry::builder().event_bus_name(destination).source(source).detail_type(kind);
            let put = aws_sdk_eventbridge::Client::new(&config).put_events().entries(entry.detail(detail).build());
            put.send().await.map(drop).map_err(|error| failed(role, "events:PutEvents", &error))
        }
        Some("lambda") => {
            let invoke = aws_sdk_lambda::Client::new(&config).invoke().function_name(destination);
            let invoke = invoke.invocation_type("Event".into()).payload(record.into_bytes().into());
            invoke.send().await.map(drop).map_err(|error| failed(role, "lambda:InvokeFunction", &error))
        }
        _ => Err(Undelivered::Final("a destination of this service is not known here".to_owned())),
    }
}

/// A failed call of a role.
pub fn failed<E>(role: &str, action: &str, error: &SdkError<E>) -> Undelivered
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match denied(error) {
        true => Undelivered::Final(format!("the role `{role}` may not `{action}`")),
        false => Undelivered::Other(format!("`{action}` under the role `{role}`: {}", reason(error))),
    }
}
