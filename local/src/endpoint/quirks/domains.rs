//! Custom domain names, which emulators make and delete, and do not change: one is made again as it is to be, and led where it was led.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response};
use serde_json::{Value, json};

use super::refusals::refusal;
use super::{Answering, Exchange, web_acls};
use crate::endpoint::upstream::{Passed, read};

/// What a patch may set, by its path.
const MEMBERS: &[&str] = &["regionalCertificateArn", "securityPolicy", "endpointAccessMode"];
/// A mapping without a path.
const ROOT: &str = "(none)";

/// UpdateDomainName.
pub fn updated<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let name = segment(exchange, 1);
        let Some(mut domain) = exchange.get(&format!("/domainnames/{name}")).await else {
            return Ok(refusal(404, "NotFoundException", "Invalid domain name identifier specified"));
        };
        for patch in exchange.input()["patchOperations"].as_array().into_iter().flatten() {
            let member = patch["path"].as_str().unwrap_or_default().trim_start_matches('/');
            if patch["op"] != "replace" || !MEMBERS.contains(&member) {
                return Ok(refusal(400, "BadRequestException", "Invalid patch path"));
            }
            domain[member] = patch["value"].clone();
        }
        made_again(exchange, &name, &domain).await
    })
}

/// TagResource and UntagResource of a domain name; all else goes to the endpoint.
pub fn tagged<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let arn = segment(exchange, 1);
        let Some((_, name)) = arn.split_once("::/domainnames/") else { return exchange.forward().await };
        let Some(mut domain) = exchange.get(&format!("/domainnames/{name}")).await else {
            return Ok(refusal(404, "NotFoundException", "Invalid domain name identifier specified"));
        };
        let mut tags = domain["tags"].as_object().cloned().unwrap_or_default();
        match exchange.head.method {
            Method::DELETE => {
                let query = exchange.head.uri.query().unwrap_or_default();
                let keys = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "tagKeys");
                keys.for_each(|(_, key)| drop(tags.remove(key.as_ref())));
            }
            _ => tags.extend(exchange.input()["tags"].as_object().cloned().unwrap_or_default()),
        }
        domain["tags"] = tags.into();
        let made = made_again(exchange, name, &domain).await?;
        Ok(if made.status().is_success() { answer(204, &Value::Null) } else { made })
    })
}

/// GetBasePathMappings.
pub fn mappings<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let found = exchange.forward().await?;
        Ok(if found.status().is_server_error() { answer(200, &json!({ "item": [] })) } else { found })
    })
}

/// CreateBasePathMapping (the refusal is reported, as in <https://github.com/aws/aws-cdk/issues/5794>).
pub fn mapped<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let input = exchange.input();
        let path = input["basePath"].as_str().filter(|path| !path.is_empty()).unwrap_or(ROOT);
        let there = of(exchange, &segment(exchange, 1)).await;
        if there.iter().any(|mapping| mapping["basePath"] == path) {
            return Ok(refusal(409, "ConflictException", "Base path already exists for this domain name"));
        }
        exchange.forward().await
    })
}

/// UpdateBasePathMapping.
pub fn remapped<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let (name, path) = (segment(exchange, 1), segment(exchange, 3));
        let there = of(exchange, &name).await.into_iter().find(|mapping| mapping["basePath"] == path.as_str());
        let Some(mut mapping) = there else {
            return Ok(refusal(404, "NotFoundException", "Invalid base path mapping identifier specified"));
        };
        for patch in exchange.input()["patchOperations"].as_array().into_iter().flatten() {
            // So AWS spells it (https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html).
            match patch["path"].as_str() {
                Some("/restapiId") => mapping["restApiId"] = patch["value"].clone(),
                Some("/stage") => mapping["stage"] = patch["value"].clone(),
                _ => return Ok(refusal(400, "BadRequestException", "Invalid patch path")),
            }
        }
        let all = format!("/domainnames/{name}/basepathmappings");
        send(exchange, Method::DELETE, &format!("{all}/{path}"), &Value::Null).await?;
        send(exchange, Method::POST, &all, &mapping).await
    })
}

/// DeleteDomainName, with its mappings.
pub fn deleted<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let name = segment(exchange, 1);
        for mapping in of(exchange, &name).await {
            let path = mapping["basePath"].as_str().unwrap_or(ROOT);
            let path = format!("/domainnames/{name}/basepathmappings/{path}");
            send(exchange, Method::DELETE, &path, &Value::Null).await?;
        }
        exchange.forward().await
    })
}

/// DeleteRestApi and DeleteStage of what a domain name leads to
/// (reported, as in <https://github.com/hashicorp/terraform-provider-aws/issues/41651>).
pub fn led_to<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let (api, stage) = (segment(exchange, 1), segment(exchange, 3));
        let mut all = exchange.get("/domainnames").await.unwrap_or_default();
        for domain in super::each(&mut all, &["item"]) {
            let name = domain["domainName"].as_str().unwrap_or_default();
            let leads = |mapping: &Value| {
                mapping["restApiId"] == api.as_str() && (stage.is_empty() || mapping["stage"] == stage.as_str())
            };
            if of(exchange, name).await.iter().any(leads) {
                let what = if stage.is_empty() { format!("RestApi {api}") } else { format!("stage {stage}") };
                let text = format!(
                    "Deleting {what} failed. Please remove all base path mappings related to it in your domains: {name}"
                );
                return Ok(refusal(400, "BadRequestException", &text));
            }
        }
        let deleted = exchange.forward().await?;
        if deleted.status().is_success() && !stage.is_empty() {
            web_acls::forget(exchange, &api, &stage);
        }
        Ok(deleted)
    })
}

fn segment(exchange: &Exchange<'_>, at: usize) -> String {
    exchange.segments().get(at).cloned().unwrap_or_default()
}

/// The mappings of a domain.
async fn of(exchange: &Exchange<'_>, name: &str) -> Vec<Value> {
    if name.is_empty() {
        return Vec::new();
    }
    let found = exchange.get(&format!("/domainnames/{name}/basepathmappings")).await.unwrap_or_default();
    found["item"].as_array().cloned().unwrap_or_default()
}

/// Puts a domain in the place of the one of its name, which leads where it did.
async fn made_again(exchange: &Exchange<'_>, name: &str, domain: &Value) -> Answering {
    let before = of(exchange, name).await;
    let made = send(exchange, Method::POST, "/domainnames", domain).await?;
    let kept = of(exchange, name).await;
    for mapping in before.iter().filter(|mapping| !kept.contains(mapping)) {
        send(exchange, Method::POST, &format!("/domainnames/{name}/basepathmappings"), mapping).await?;
    }
    Ok(made)
}

/// Makes another call in the caller's name, who must be the account's root.
async fn send(exchange: &Exchange<'_>, method: Method, path: &str, input: &Value) -> Passed<Response<Bytes>> {
    let mut head = exchange.head.clone();
    (head.method, head.uri) = (method, path.parse()?);
    for name in [CONTENT_LENGTH.as_str(), "x-amz-content-sha256"] {
        head.headers.remove(name);
    }
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = if input.is_null() { Bytes::new() } else { Bytes::from(input.to_string()) };
    read(exchange.upstream.pass(head, body).await?).await
}

fn answer(status: u16, body: &Value) -> Response<Bytes> {
    let text = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let mut answer = Response::new(text);
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
