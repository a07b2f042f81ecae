//! Where the documents about given-up records go: the mapping's on-failure destination, reached under the role of the function.

use std::sync::Arc;

use super::access::{Access, denied, reason, under};
use super::mapping::Properties;
use super::rights::missing;
use super::trouble::{Asked, Trouble};
use crate::error::{self, Error};
use crate::roles::Roles;

/// Sends a document, as a plain function value: so a poller is tested with one made up on the spot.
pub type Destination = Arc<dyn Fn(String) -> Asked<()> + Send + Sync>;

/// The destination of a mapping. One without takes every document and keeps none.
pub fn destination(access: &Access, mapping: &Arc<Properties>) -> Destination {
    let (access, mapping) = (access.clone(), mapping.clone());
    Arc::new(move |document| {
        let (access, mapping) = (access.clone(), mapping.clone());
        Box::pin(async move { send(&access, &mapping, document).await })
    })
}

/// Sends a message without a body, which no queue takes: rights are asked about first, so only the answer about them counts.
///
/// # Errors
/// The role cannot be assumed or may not send; the queue is not there.
pub async fn check(access: &Access, mapping: &Properties) -> error::Result<()> {
    let Some(queue) = &mapping.on_failure else { return Ok(()) };
    let sqs = access.clients().await?.sqs;
    let url = queue_url(access.roles(), queue).await;
    let url = url.map_err(|trouble| Error::new(format!("find the on-failure destination: {trouble}")))?;
    match sqs.send_message().queue_url(url).message_body("").send().await {
        Err(error) if denied(&error) => Err(missing(mapping, "sqs:SendMessage")),
        _ => Ok(()),
    }
}

/// The queue's URL is asked for as the deployer: AWS asks of the role only `sqs:SendMessage`.
async fn send(access: &Access, mapping: &Properties, document: String) -> Result<(), Trouble> {
    let Some(queue) = &mapping.on_failure else { return Ok(()) };
    let clients = access.clients().await.map_err(|error| Trouble::Other(error.message().to_owned()))?;
    let url = queue_url(access.roles(), queue).await?;
    let asked = clients.sqs.send_message().queue_url(url).message_body(document).send();
    under(&mapping.role, "sqs:SendMessage", asked).await.map(drop)
}

/// The URL of a queue by its ARN, `arn:aws:sqs:<region>:<account>:<name>`.
pub(crate) async fn queue_url(roles: &Roles, arn: &str) -> Result<String, Trouble> {
    let mut parts = arn.split(':').skip(4);
    let (account, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let sqs = aws_sdk_sqs::Client::new(roles.root());
    let asked = sqs.get_queue_url().queue_name(name).queue_owner_aws_account_id(account).send();
    let answer = asked.await.map_err(|error| Trouble::Other(format!("queue `{arn}`: {}", reason(&error))))?;
    answer.queue_url.ok_or_else(|| Trouble::Other(format!("queue `{arn}` has no URL")))
}
