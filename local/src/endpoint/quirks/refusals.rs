//! What AWS refuses and MiniStack does.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::{Answering, Exchange};

/// The error of a service that speaks JSON, in its body or in method and path.
pub fn refusal(status: u16, code: &'static str, message: &str) -> Response<Bytes> {
    let body = json!({ "__type": code, "message": message, "Message": message });
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(code));
    answer
}

/// What AWS refuses while a secret is in its recovery window: all but reading its description, restoring it and deleting it at
/// once.
pub fn secret_in_window<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";
    const SCHEDULED: &str =
        "You can't create this secret because a secret with this name is already scheduled for deletion.";
    const DESCRIBE: &str = "secretsmanager.DescribeSecret";
    Box::pin(async move {
        let input = exchange.input();
        let (id, message) = match exchange.call.target.as_str() {
            "secretsmanager.CreateSecret" => (&input["Name"], SCHEDULED),
            _ => (&input["SecretId"], MARKED),
        };
        // A function may not describe what it reads, and the emulator refuses it the value.
        if exchange.root.is_some() || !exchange.call.by_role() {
            let described = exchange.ask("secretsmanager", DESCRIBE, &json!({ "SecretId": id })).await;
            if described.is_some_and(|secret| !secret["DeletedDate"].is_null()) {
                return Ok(refusal(400, "InvalidRequestException", message));
            }
        }
        exchange.forward().await
    })
}

/// The id of the call that the function has, as MiniStack's start tells it.
const CALLED: &str = "x-pipe-request";

/// Invoke with what is no JSON; an empty body is none, and taken. The answer has the id that the function has.
pub fn invoked<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let body = &exchange.body;
        match serde_json::from_slice::<serde::de::IgnoredAny>(body).err().filter(|_| !body.is_empty()) {
            Some(error) => {
                let message = format!("Could not parse request body into json: {error}");
                Ok(refusal(400, "InvalidRequestContentException", &message))
            }
            None => {
                let mut answer = exchange.forward().await?;
                if let Some(id) = answer.headers_mut().remove(CALLED) {
                    answer.headers_mut().insert("x-amzn-requestid", id);
                }
                Ok(answer)
            }
        }
    })
}

/// PutMethod on a method that is there.
pub fn method_exists<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        if exchange.get(exchange.head.uri.path()).await.is_some() {
            return Ok(refusal(409, "ConflictException", "Method already exists for this resource"));
        }
        exchange.forward().await
    })
}

/// CreateResource of a name that its parent has (recorded).
pub fn resource_exists<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        if let [_, api, _, parent] = &exchange.segments()[..] {
            let part = &exchange.input()["pathPart"];
            let resources = list(exchange, &format!("/restapis/{api}/resources?limit=500")).await;
            if resources.iter().any(|r| r["parentId"] == parent.as_str() && r["pathPart"] == *part) {
                let name = part.as_str().unwrap_or_default();
                let message = format!("Another resource with the same parent already has this name: {name}");
                return Ok(refusal(409, "ConflictException", &message));
            }
        }
        exchange.forward().await
    })
}

/// DeleteDeployment of one that a stage points to.
pub fn deployment_in_use<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    const IN_USE: &str = "Active stages pointing to this deployment must be moved or deleted";
    Box::pin(async move {
        if let [_, api, _, deployment] = &exchange.segments()[..] {
            let stages = list(exchange, &format!("/restapis/{api}/stages")).await;
            if stages.iter().any(|stage| stage["deploymentId"] == deployment.as_str()) {
                return Ok(refusal(400, "BadRequestException", IN_USE));
            }
        }
        exchange.forward().await
    })
}

/// A list of API Gateway, whose member is spelled `item`.
async fn list(exchange: &Exchange<'_>, path: &str) -> Vec<Value> {
    let body = exchange.get(path).await.unwrap_or_default();
    ["item", "items"].iter().filter_map(|member| body[*member].as_array()).flatten().cloned().collect()
}
