//! Web ACLs of stages, which AWS shows with the stage.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Answering, Exchange, each, mended};

/// Web ACLs by the ARN of what they filter, which no other gets: an API's id is in it.
pub type Associations = Mutex<HashMap<String, String>>;

/// Notes what a stage's web ACL is from now on.
pub fn set<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let input = exchange.input();
        if let (true, Some(arn)) = (answer.status().is_success(), input["ResourceArn"].as_str()) {
            let mut known = exchange.memory.web_acls.lock().unwrap_or_else(PoisonError::into_inner);
            match input["WebACLArn"].as_str() {
                Some(acl) => _ = known.insert(arn.to_owned(), acl.to_owned()),
                None => _ = known.remove(arn),
            }
        }
        Ok(answer)
    })
}

/// Shows stages with their web ACLs.
pub fn shown<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let answer = exchange.forward().await?;
        let api = exchange.segments().get(1).cloned().unwrap_or_default();
        Ok(mended(answer, |body| {
            let known = exchange.memory.web_acls.lock().unwrap_or_else(PoisonError::into_inner);
            for stage in each(body, &["item"]) {
                let name = stage["stageName"].as_str().unwrap_or_default();
                if let Some(acl) = known.get(&arn(exchange, &api, name)) {
                    stage["webAclArn"] = Value::from(acl.as_str());
                }
            }
        }))
    })
}

/// Forgets the web ACL of a stage that is gone.
pub fn forget(exchange: &Exchange<'_>, api: &str, stage: &str) {
    let mut known = exchange.memory.web_acls.lock().unwrap_or_else(PoisonError::into_inner);
    known.remove(&arn(exchange, api, stage));
}

fn arn(exchange: &Exchange<'_>, api: &str, stage: &str) -> String {
    format!("arn:aws:apigateway:{}::/restapis/{api}/stages/{stage}", exchange.call.region)
}
