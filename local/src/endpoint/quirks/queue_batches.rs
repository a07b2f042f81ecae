//! Calls about several messages: AWS asks for the right to the call about one of them
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html>), and MiniStack for a right
//! that no policy gives. So a call about one message, which is refused for what it lacks and does nothing, shows what a role may
//! do, and the account's root then makes the call in its place.

use futures_util::future::BoxFuture;
use hyper::StatusCode;
use serde_json::json;

use super::{Answering, Exchange, message_ids};
use crate::endpoint::upstream::{Caller, read};

/// Makes a call about several messages for a role that may make it about one.
pub fn call<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        if let Some(refusal) = message_ids::refused(&exchange.input()) {
            return Ok(refusal);
        }
        let changes = &exchange.memory.changes;
        let (Some(root), Some(keys)) = (&exchange.memory.logs.root, &changes.keys) else {
            return exchange.forward().await;
        };
        let (input, target) = (exchange.input(), exchange.call.target.as_str());
        let (Some(url), Some(one), true) =
            (input["QueueUrl"].as_str(), target.strip_suffix("Batch"), exchange.call.by_role())
        else {
            return exchange.forward().await;
        };
        let right = (exchange.call.access_key.clone(), one.to_owned(), url.to_owned());
        if !changes.knows(&right) {
            let nothing = json!({ "QueueUrl": url, "ReceiptHandle": "pipe", "VisibilityTimeout": 0 });
            let Some(probe) = exchange.signed(keys, &exchange.call.service, one, &nothing) else {
                return exchange.forward().await;
            };
            let (head, ()) = probe.map(drop).into_parts();
            let answer = read(exchange.upstream.pass(head, nothing.to_string().into()).await?).await?;
            if answer.status() == StatusCode::FORBIDDEN
                || String::from_utf8_lossy(answer.body()).contains("AccessDenied")
            {
                return Ok(answer);
            }
            changes.learn(right);
        }
        let caller = Caller {
            headers: &exchange.head.headers,
            call: exchange.call,
            service: &exchange.call.service,
            root: Some(root),
        };
        exchange.upstream.call(&caller, target, "/", &input).await
    })
}
