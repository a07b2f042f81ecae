//! User pools, whose tags moto cannot change after their creation.

use serde_json::json;

use super::{Answering, Exchange};
use crate::endpoint::message::Answer;

/// A pool with its tags as they are now.
pub fn tagged<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        if !answer.is_success() {
            return Ok(answer);
        }
        let mut body = answer.json();
        let arn = body["UserPool"]["Arn"].as_str().unwrap_or_default().to_owned();
        if let Some(tags) = exchange.memory.tags().of(&exchange.call.account, &arn) {
            body["UserPool"]["UserPoolTags"] = json!(tags);
        }
        Ok(answer.with_json(&body))
    })
}

/// Tagging of a pool that is there. The change itself is noted where all tagging is.
pub fn tagging<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let arn = exchange.request.json()["ResourceArn"].as_str().unwrap_or_default().to_owned();
        let id = arn.rsplit('/').next().unwrap_or_default();
        let target = "AWSCognitoIdentityProviderService.DescribeUserPool";
        let described = exchange.ask(target, &json!({ "UserPoolId": id })).await?;
        Ok(if described.is_success() { Answer::of_json(200, &json!({})) } else { described })
    })
}
