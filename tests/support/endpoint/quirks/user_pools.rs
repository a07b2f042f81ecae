//! User pools, whose tags moto cannot change after their creation, and of which an update forgets what is immutable.

use serde_json::{Value, json};

use super::{Answering, Exchange};
use crate::endpoint::message::Answer;

const DESCRIBE: &str = "AWSCognitoIdentityProviderService.DescribeUserPool";
const UPDATE: &str = "AWSCognitoIdentityProviderService.UpdateUserPool";

/// An update that leaves alone what AWS cannot change.
pub fn update<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    Box::pin(async move {
        let mut input = exchange.request.json();
        let described = exchange.ask(DESCRIBE, &json!({ "UserPoolId": input["UserPoolId"] })).await?;
        for member in ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration"] {
            match described.json()["UserPool"][member].take() {
                Value::Null => {}
                immutable => input[member] = immutable,
            }
        }
        let answer = exchange.forward().await?;
        if answer.is_success() { exchange.ask(UPDATE, &input).await } else { Ok(answer) }
    })
}

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
        let described = exchange.ask(DESCRIBE, &json!({ "UserPoolId": id })).await?;
        Ok(if described.is_success() { Answer::of_json(200, &json!({})) } else { described })
    })
}
