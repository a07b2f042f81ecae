//! What API Gateway shows of authorizers and REST APIs.

use std::collections::HashMap;

use futures_util::future::{BoxFuture, join_all};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Answering, Exchange, each, mended};

/// API Gateway spells the member of a list `item`, and older emulators `items`.
const ITEMS: &[&str] = &["item", "items"];

/// An authorizer's TTL is a number.
pub fn numeric_ttl<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    const TTL: &str = "authorizerResultTtlInSeconds";
    Box::pin(async move {
        Ok(mended(exchange.forward().await?, |body| {
            for authorizer in each(body, ITEMS) {
                if let Some(seconds) = authorizer[TTL].as_str().and_then(|text| text.parse::<u32>().ok()) {
                    authorizer[TTL] = seconds.into();
                }
            }
        }))
    })
}

/// A REST API's tags are those of now.
pub fn current_tags<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let mut body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        let ids = each(&mut body, ITEMS).into_iter().map(|api| api["id"].as_str().unwrap_or_default().to_owned());
        let asked = ids.filter(|id| !id.is_empty()).map(|id| async {
            let arn = format!("arn:aws:apigateway:{}::/restapis/{id}", exchange.call.region);
            let path = format!("/tags/{}", utf8_percent_encode(&arn, NON_ALPHANUMERIC));
            Some((id, exchange.get(&path).await?.get_mut("tags")?.take()))
        });
        let tags: HashMap<String, Value> = join_all(asked).await.into_iter().flatten().collect();
        Ok(mended(answer, |body| {
            for api in each(body, ITEMS) {
                if let Some(tags) = api["id"].as_str().and_then(|id| tags.get(id)) {
                    api["tags"] = tags.clone();
                }
            }
        }))
    })
}
