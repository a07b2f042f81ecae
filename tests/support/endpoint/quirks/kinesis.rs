//! Kinesis.

use serde_json::json;

use super::{Answering, Exchange};

/// Tags given to CreateStream, which both emulators drop; on AWS they are there with the stream.
pub fn tags_of_create<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let input = exchange.request.json();
        let tagged = input["Tags"].as_object().is_some_and(|tags| !tags.is_empty());
        if !answer.is_success() || !tagged {
            return Ok(answer);
        }
        let tags = json!({ "StreamName": input["StreamName"], "Tags": input["Tags"] });
        let added = exchange.ask("Kinesis_20131202.AddTagsToStream", &tags).await?;
        Ok(if added.is_success() { answer } else { added })
    })
}
