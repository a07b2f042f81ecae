//! An SQS queue as what a route calls: a request becomes a message, and SQS' answer the client's.
//!
//! The call speaks SQS' JSON protocol, which it chooses by the header `X-Amz-Target`, so that a refusal says its reason in JSON
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html>).

use std::collections::BTreeMap;

use super::kinesis::{envelope, place};
use super::vtl::{any, choice, quoted, set_decoded, set_header, set_query};
use super::{STATUSES, To};
use crate::aws::policy::allow;
use crate::kinds::queue::url;
use crate::kinds::rest_api::IntegrationResponse;
use crate::kinds::rest_api::means::RANDOM;
use crate::lower::Lowering;
use crate::lower::stream::kinesis::STREAM;
use crate::lower::stream::queue::{arn, write_key};
use crate::resource::Name;
use crate::spec::{PartitionKey, Piece, Route};

const JSON_1_0: &str = "application/x-amz-json-1.0";

/// A route that sends its request's body to the queue.
pub(super) fn to(lowering: &Lowering<'_>, route: &Route) -> To {
    let spec = lowering.spec;
    let name = spec.fed_queue_name();
    let random = PartitionKey::Random;
    let order = spec.is_fifo().then(|| Order {
        group: route.message_group.as_ref().unwrap_or(&random),
        once: route.deduplication.as_ref().unwrap_or(&random),
    });
    let template = request(&url(lowering.place, &Name::new(&name)), order, &route.envelope);
    let action = format!("sqs:path/{}/{name}", lowering.place.account);
    let mut integration = super::call(lowering, &action, JSON_1_0, &template, responses(order));
    let target = ("integration.request.header.X-Amz-Target".to_owned(), "'AmazonSQS.SendMessage'".to_owned());
    integration.parameters.extend([target]);
    let mut statements = vec![allow("SendMessages", &["sqs:SendMessage"], &[arn(spec, lowering.place)])];
    statements.extend(write_key(lowering));
    To { integration, statuses: &STATUSES, statements, mentions: vec![STREAM.to_owned()] }
}

/// Where a FIFO queue's group of a message comes from, and the id that it tells a repeated one by.
#[derive(Clone, Copy)]
struct Order<'a> {
    group: &'a PartitionKey,
    once: &'a PartitionKey,
}

/// The SendMessage call. The message is the body as API Gateway has it, an empty one as `{}`.
fn request(url: &str, order: Option<Order<'_>>, envelope: &[Piece]) -> String {
    let (around, message) = match envelope {
        [] => (String::new(), "$input.body"),
        pieces => (envelope::set(pieces), "$record"),
    };
    let (mut before, mut members) = (String::new(), String::new());
    if let Some(order) = order {
        for (member, variable, from) in
            [("MessageGroupId", "group", order.group), ("MessageDeduplicationId", "once", order.once)]
        {
            before += &set(variable, from);
            members += &format!(",\n  \"{member}\": \"{}\"", value(variable, from));
        }
    }
    let message = quoted(message);
    format!("{before}{around}{{\n  \"QueueUrl\": \"{url}\",\n  \"MessageBody\": \"{message}\"{members}\n}}\n")
}

/// Sets a variable to a value of the request, empty where there is none: SQS then refuses it, and the answer is 400.
fn set(variable: &str, from: &PartitionKey) -> String {
    match from {
        PartitionKey::Query(name) => set_query(variable, name),
        PartitionKey::Header(name) => set_header(variable, name),
        // A number counts by its text.
        PartitionKey::Body(path) => format!("#set(${variable} = \"$!input.path('$.{path}')\")\n"),
        PartitionKey::Path(name) => set_decoded(variable, name),
        PartitionKey::Random => String::new(),
    }
}

/// What stands in the call for it.
fn value(variable: &str, from: &PartitionKey) -> String {
    match from {
        // AWS's own id; `$context.requestId` could be set by the client.
        PartitionKey::Random => RANDOM.to_owned(),
        _ => quoted(&format!("${variable}")),
    }
}

/// The client's answers. SQS says why it refuses in its answer, whatever the status.
fn responses(order: Option<Order<'_>>) -> BTreeMap<String, IntegrationResponse> {
    let sequence = if order.is_some() { ",\"SequenceNumber\":$input.json('$.SequenceNumber')" } else { "" };
    let taken = format!("{{\"MessageId\":$input.json('$.MessageId'){sequence}}}\n");
    super::responses(&taken, &refusal(order), NOT_TAKEN)
}

const NOT_TAKEN: &str = "The queue did not take the message";
const NO_QUEUE: &str = "No such queue";
const BUSY: &str = "Too many messages for the queue: try again later";
const TOO_LARGE: &str = "The body is too large for a message of the queue";
const CHARACTERS: &str = "The body has characters that a queue does not take";

/// Reads why SQS refused. The messages are our own: AWS's name roles and accounts.
///
/// A text that SQS quotes from the client can at most turn one refusal into another.
fn refusal(order: Option<Order<'_>>) -> String {
    let said = |what: &str, from| {
        format!("The {what} is missing or not allowed: {} must have 1 to 128 letters, digits and signs", place(from))
    };
    let (group, once) = order
        .map(|order| (said("message group", order.group), said("deduplication id", order.once)))
        .unwrap_or_default();
    // Errors of KMS other than throttling are the pipeline's fault, and no refused queue.
    let mut cases = vec![
        (any("$type", &["Throttl", "OverLimit"]), 429, BUSY),
        (any("$type", &["Kms", "KMS"]), 502, NOT_TAKEN),
        (any("$type", &["AccessDenied", "QueueDoesNotExist", "NonExistentQueue"]), 404, NO_QUEUE),
        (any("$type", &["InvalidMessageContents"]), 400, CHARACTERS),
        (format!("!({})", any("$type", &["Invalid", "Missing", "Validation"])), 502, NOT_TAKEN),
    ];
    // AWS's own id is never refused.
    let named = |from: &PartitionKey| *from != PartitionKey::Random;
    if order.is_some_and(|order| named(order.group)) {
        cases.push((any("$text", &["messagegroupid"]), 400, &group));
    }
    if order.is_some_and(|order| named(order.once)) {
        cases.push((any("$text", &["messagededuplicationid"]), 400, &once));
    }
    cases.push((any("$text", &["shorter", "bytes", "size"]), 413, TOO_LARGE));
    "#set($type = \"$!input.path('$.__type')\")\n#set($text = \"$!input.path('$.message')\")\n\
     #set($text = $text.toLowerCase())\n"
        .to_owned()
        + &choice(&cases, (502, NOT_TAKEN))
}

#[cfg(test)]
mod tests;
