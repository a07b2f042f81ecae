//! What becomes of an event that is not delivered: it goes to the sender's own dead-letter queue or error action, or is lost.

use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use serde_json::Value;
use serde_json::value::RawValue;

use super::destination::failed;
use super::iot::Published;
use super::policy::{Asked, Policy};
use super::source::{Place, Source};
use crate::poller::access::reason;
use crate::poller::destination::queue_url;
use crate::roles::Roles;

/// Takes an event that could not be delivered to a target. Gives the ARN of the queue that has it now.
///
/// # Errors
/// It is lost: why.
pub async fn keep(roles: &Roles, source: &Source, target: &str, event: &RawValue, why: &str) -> Result<String, String> {
    let (queue, body) = match source {
        Source::Topic { subscription, .. } => (redrive(roles, subscription).await?, envelope(event)),
        Source::Rule { queue, .. } => (queue.clone(), event.get().to_owned()),
        Source::Iot(published) => return to_error_action(roles, published, target, why).await,
        Source::Bucket { .. } | Source::Logs { .. } | Source::Schedule { .. } | Source::Caller => {
            return Err("its sender has no dead-letter queue".to_owned());
        }
    };
    let queue = queue.ok_or("its sender has no dead-letter queue")?;
    let url = queue_url(roles, &queue).await.map_err(|trouble| trouble.to_string())?;
    let sqs = aws_sdk_sqs::Client::new(roles.root());
    let asked = sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::Policy).send();
    let answer = asked.await.map_err(|error| format!("the policy of `{queue}`: {}", reason(&error)))?;
    let policy = answer.attributes().and_then(|all| all.get(&QueueAttributeName::Policy));
    let (place, principal) = (Place::of(target), source.principal().unwrap_or_default());
    let arn = source.arn(&place);
    let source_arn = arn.as_deref();
    let asked = Asked { principal, action: "sqs:SendMessage", source_arn, source_account: place.account };
    if !policy.map(|policy| Policy::parse(policy)).unwrap_or_default().allows(&asked) {
        return Err(format!("the policy of `{queue}` does not let `{principal}` in"));
    }
    let mut send = sqs.send_message().queue_url(url).message_body(body);
    if let Source::Rule { arn, .. } = source {
        send =
            send.set_message_attributes(Some(attributes(arn, target, why).into_iter().filter_map(attribute).collect()));
    }
    send.send().await.map_err(|error| format!("`sqs:SendMessage` to `{queue}`: {}", reason(&error)))?;
    Ok(queue)
}

/// Runs the error action of a rule of IoT as the role that the rule names. Gives what the queue's URL ends in.
async fn to_error_action(roles: &Roles, published: &Published, target: &str, why: &str) -> Result<String, String> {
    let action = published.error.as_ref().ok_or("its rule has no error action")?;
    let (url, role) = (&action.sqs.queue_url, &action.sqs.role_arn);
    let config = roles.config_for(role, Some(&published.rule)).await.map_err(|error| error.message().to_owned())?;
    let body = published.document(target, why).to_string();
    let send = aws_sdk_sqs::Client::new(&config).send_message().queue_url(url).message_body(body);
    let sent = send.send().await.map_err(|error| failed(role, "sqs:SendMessage", &error).why().to_owned());
    sent.map(|_| url.rsplit('/').next().unwrap_or_default().to_owned())
}

/// The dead-letter queue of a subscription.
async fn redrive(roles: &Roles, subscription: &str) -> Result<Option<String>, String> {
    let sns = aws_sdk_sns::Client::new(roles.root());
    let asked = sns.get_subscription_attributes().subscription_arn(subscription).send();
    let answer = asked.await.map_err(|error| format!("the subscription `{subscription}`: {}", reason(&error)))?;
    let policy = answer.attributes().and_then(|all| all.get("RedrivePolicy"));
    let policy: Value = policy.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Ok(policy["deadLetterTargetArn"].as_str().map(str::to_owned))
}

/// A notification as queues get it: as MiniStack makes it for all of them.
fn envelope(event: &RawValue) -> String {
    let event: Value = serde_json::from_str(event.get()).unwrap_or_default();
    event["Records"][0]["Sns"].to_string()
}

/// What EventBridge says of an event that it could not deliver, and does not try again.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/rule-dlq.html>
fn attributes(rule: &str, target: &str, why: &str) -> [(&'static str, String); 4] {
    [
        ("RULE_ARN", rule.to_owned()),
        ("TARGET_ARN", target.to_owned()),
        ("ERROR_CODE", "NO_PERMISSIONS".to_owned()),
        ("ERROR_MESSAGE", why.to_owned()),
    ]
}

/// An attribute of a message.
pub fn attribute((name, value): (&str, String)) -> Option<(String, MessageAttributeValue)> {
    let value = MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()?;
    Some((name.to_owned(), value))
}
