//! A request's way, in AWS's order: host (and, here alone, whose page sends it), size, route, throttle, resource policy,
//! authorizer, validation, integration, answer, log.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use super::access_log::LogFormat;
use super::authorizer::iam;
use super::coding::{self, LONGEST_BODY};
use super::door;
use super::exchange::Exchange;
use super::live::Live;
use super::origins;
use super::refusal::{GatewayResponses, Refusal};
use super::reply::Reply;
use super::resource_policy::{self, Verdict};
use super::seen;
use super::serving::Serving;
use super::shared::Shared;
use super::snapshot::{Guard, ServedMethod};
use crate::event::{Answered, Event};

/// The most that request line and headers may have together, in bytes (AWS's quota).
pub const LONGEST_HEAD: usize = 10_240;

/// Answers a request with what is served when it comes.
pub async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let live = shared.live();
    let (parts, body) = request.into_parts();
    let deployment = &live.snapshot.deployment;
    let mut exchange = Exchange::new(&live.address, deployment, Arc::clone(&live.variables), &parts, peer);
    seen::arrived(&shared.reach.lens, &exchange);
    let allowed = || origins::allow(&live, &parts, peer);
    if let Err(refusal) = door::pass(&shared.door, &shared.reach, &parts, allowed) {
        // Neither the gateway responses of the API nor its access log are for who does not get to it.
        let reply = refuse(&refusal, &GatewayResponses::default(), &mut exchange);
        tell(&shared, None, &mut exchange, &reply);
        return reply.into_response(&exchange);
    }
    let reply = match run(&live, live.serving(&shared.reach), &mut exchange, &parts, body).await {
        Ok(reply) => reply,
        Err(refusal) => refuse(&refusal, &live.snapshot.refusals, &mut exchange),
    };
    tell(&shared, live.access_log.as_ref(), &mut exchange, &reply);
    reply.into_response(&exchange)
}

fn refuse(refusal: &Refusal, responses: &GatewayResponses, exchange: &mut Exchange) -> Reply {
    refusal.tell(exchange);
    // Which member and which rule, for the developer; the client's own values are masked.
    let why = refusal.validation.as_deref().map(|why| format!(" {why}")).unwrap_or_default();
    exchange.reason = Some(format!("{}{why}", refusal.error_type.unwrap_or(refusal.kind)));
    responses.answer(refusal, exchange)
}

async fn run(
    live: &Live,
    serving: Serving<'_>,
    exchange: &mut Exchange,
    parts: &Parts,
    body: Body,
) -> Result<Reply, Refusal> {
    head(parts)?;
    let sent = read(parts, body).await?;
    exchange.body = coding::decoded(&parts.headers, sent.clone())?;
    let route = route(live, exchange)?;
    let path = exchange.variable("resourcePath").unwrap_or_default();
    if !live.throttles.admit(&path, &exchange.method) {
        return Err(Refusal::of("THROTTLED"));
    }
    let silent = live.snapshot.policy.as_ref().map(|policy| policy.admit(serving.address, exchange)).transpose()?;
    let silent = silent == Some(Verdict::Silent);
    match &route.guard {
        Guard::Open if silent => return Err(resource_policy::refused(serving.address, exchange, Verdict::Silent)),
        Guard::Open => {}
        Guard::Signed => iam::admit(serving, parts, &sent, exchange).await?,
        Guard::Shut(kind) => return Err(Refusal::of(kind)),
        Guard::Authorizer(id) => {
            let authorizer = live.snapshot.authorizers.get(id);
            let authorizer = authorizer.ok_or_else(|| Refusal::of("AUTHORIZER_CONFIGURATION_ERROR"))?;
            authorizer.admit(serving, &route.scopes, exchange).await?;
            if silent && authorizer.is_of_pools() {
                return Err(resource_policy::refused(serving.address, exchange, Verdict::Silent));
            }
        }
    }
    if route.api_key {
        let key = match live.snapshot.key_of_authorizer {
            true => exchange.usage_key.clone(),
            false => exchange.header("x-api-key").map(str::to_owned),
        };
        live.keys.admit(key.as_deref(), exchange)?;
    }
    route.checks.pass(exchange)?;
    let integration = route.integration.as_ref().ok_or_else(|| Refusal::of("API_CONFIGURATION_ERROR"))?;
    integration.run(serving, exchange).await
}

fn head(parts: &Parts) -> Result<(), Refusal> {
    let line = parts.method.as_str().len() + parts.uri.path_and_query().map_or(0, |uri| uri.as_str().len());
    let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if line + headers <= LONGEST_HEAD {
        return Ok(());
    }
    Err(Refusal::of("DEFAULT_4XX").status(431).saying("Request Header Fields Too Large"))
}

async fn read(parts: &Parts, body: Body) -> Result<Bytes, Refusal> {
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LONGEST_BODY as u64) {
        return Err(Refusal::of("REQUEST_TOO_LARGE"));
    }
    let read = Limited::new(body, LONGEST_BODY).collect().await;
    // A client that broke off the request does not see this answer.
    Ok(read.map_err(|_| Refusal::of("REQUEST_TOO_LARGE"))?.to_bytes())
}

/// Finds the method that serves the request, and tells `$context` which resource it is of.
fn route<'a>(live: &'a Live, exchange: &mut Exchange) -> Result<&'a ServedMethod, Refusal> {
    let unknown = || Refusal::of("MISSING_AUTHENTICATION_TOKEN");
    let found = Some(&exchange.resource_path).filter(|path| !path.is_empty());
    let (number, params) = found.and_then(|path| live.snapshot.router.find(path)).ok_or_else(unknown)?;
    let resource = live.snapshot.resources.get(number).ok_or_else(unknown)?;
    let route = resource.route(&exchange.method).ok_or_else(unknown)?;
    exchange.params.path = params;
    exchange.set("resourceId", Value::from(resource.id.as_str()));
    exchange.set("resourcePath", Value::from(resource.path.as_str()));
    Ok(route)
}

/// Reports the outcome of the request to the access log and to the listener.
fn tell(shared: &Shared, log: Option<&LogFormat>, exchange: &mut Exchange, reply: &Reply) {
    let milliseconds = exchange.milliseconds();
    exchange.metrics.insert("status", reply.status.to_string());
    exchange.metrics.insert("responseLength", reply.body.len().to_string());
    exchange.metrics.insert("responseLatency", milliseconds.to_string());
    if let Some(log) = log {
        shared.log.write(log, exchange);
    }
    seen::answered(&shared.reach.lens, exchange, reply);
    shared.reach.tell(Event::Answered(Answered {
        method: exchange.method.clone(),
        path: exchange.path.clone(),
        status: reply.status,
        milliseconds,
        location: exchange.location.take(),
        record: exchange.record.take(),
        reason: exchange.reason.take(),
    }));
}
