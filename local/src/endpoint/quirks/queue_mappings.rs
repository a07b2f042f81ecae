//! Mappings of queues that AWS refuses and MiniStack makes.

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

use super::{Exchange, refusals};

/// The refusal of a mapping of a queue that is made or changed as AWS does not take it; nothing for any other.
pub async fn refused(exchange: &Exchange<'_>) -> Option<Response<Bytes>> {
    let input = exchange.input();
    let before = match exchange.head.method.as_str() {
        "POST" => json!({}),
        "PUT" => exchange.get(exchange.head.uri.path()).await?,
        _ => return None,
    };
    let said = |key: &str| Some(&input[key]).filter(|value| !value.is_null()).unwrap_or(&before[key]);
    let source = said("EventSourceArn").as_str().filter(|arn| arn.split(':').nth(2) == Some("sqs"))?;
    let message = match wrong(&input, source, said("BatchSize"), said("MaximumBatchingWindowInSeconds")) {
        Some(message) => message,
        None => {
            hidden_too_short(exchange, source, said("FunctionName").as_str().or(before["FunctionArn"].as_str())?)
                .await?
        }
    };
    Some(refusals::refusal(400, "InvalidParameterValueException", &message))
}

/// What a queue has not, and what it takes at once (recorded: the text about the window).
fn wrong(input: &Value, source: &str, size: &Value, window: &Value) -> Option<String> {
    let (size, window) = (size.as_u64().unwrap_or(10), window.as_u64().unwrap_or_default());
    if input["DestinationConfig"]["OnFailure"]["Destination"].is_string() {
        return Some("Unsupported DestinationConfig parameter for given event source mapping type.".to_owned());
    }
    let of_streams = [
        "StartingPosition",
        "ParallelizationFactor",
        "MaximumRetryAttempts",
        "MaximumRecordAgeInSeconds",
        "BisectBatchOnFunctionError",
        "TumblingWindowInSeconds",
    ];
    if let Some(key) = of_streams.into_iter().find(|key| !input[*key].is_null()) {
        return Some(format!("{key} is not valid for SQS event sources."));
    }
    if source.ends_with(".fifo") {
        let large = size > 10;
        return (large || window > 0).then(|| match large {
            true => "Batch size must be between 1 and 10 for FIFO queues".to_owned(),
            false => "Batching window is not supported for FIFO queues".to_owned(),
        });
    }
    (size > 10 && window == 0).then(|| {
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10".to_owned()
    })
}

/// Whether a message would come back while the function still works on it.
async fn hidden_too_short(exchange: &Exchange<'_>, source: &str, function: &str) -> Option<String> {
    let name = function.split(":function:").last().unwrap_or(function);
    let path = format!("/2015-03-31/functions/{name}/configuration");
    let timeout = exchange.get(&path).await?["Timeout"].as_u64()?;
    let queue = source.rsplit(':').next()?;
    let url = exchange.ask("sqs", "AmazonSQS.GetQueueUrl", &json!({ "QueueName": queue })).await?;
    let asked = json!({ "QueueUrl": url["QueueUrl"], "AttributeNames": ["VisibilityTimeout"] });
    let shown = exchange.ask("sqs", "AmazonSQS.GetQueueAttributes", &asked).await?;
    let seconds: u64 = shown["Attributes"]["VisibilityTimeout"].as_str()?.parse().ok()?;
    let short = format!("Queue visibility timeout: {seconds} seconds is less than Function timeout: {timeout} seconds");
    (seconds < timeout).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_refuses_of_a_queue_is_refused_here() {
        let (standard, fifo) = ("arn:aws:sqs:eu-west-1:1:jobs", "arn:aws:sqs:eu-west-1:1:jobs.fifo");
        let told = |input: Value, source: &str| wrong(&input, source, &input["BatchSize"], &input["Window"]);
        let rows = [
            (json!({}), standard, None),
            (json!({ "BatchSize": 10 }), fifo, None),
            (json!({ "BatchSize": 11, "Window": 1 }), standard, None),
            (json!({ "BatchSize": 11 }), standard, Some("Maximum batch window")),
            (json!({ "BatchSize": 11 }), fifo, Some("between 1 and 10")),
            (json!({ "Window": 1 }), fifo, Some("not supported for FIFO")),
            (json!({ "MaximumRetryAttempts": 2 }), standard, Some("MaximumRetryAttempts is not valid")),
            (
                json!({ "DestinationConfig": { "OnFailure": { "Destination": "d" } } }),
                standard,
                Some("DestinationConfig"),
            ),
            (json!({ "DestinationConfig": {} }), standard, None),
        ];
        for (input, source, wanted) in rows {
            let message = told(input.clone(), source);
            assert_eq!(message.is_some(), wanted.is_some(), "{input}");
            assert!(message.unwrap_or_default().contains(wanted.unwrap_or_default()), "{input}");
        }
    }
}
