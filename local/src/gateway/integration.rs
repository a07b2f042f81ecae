//! What a method does: the call that a request is made into, and the answer that comes of it.

mod function;
mod messages;
mod protocols;
mod proxy;
mod responses;
mod service;
mod templates;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use self::messages::{BackendAnswer, MappedRequest};
use self::protocols::ServiceCall;
use self::responses::Responses;
use self::templates::{Templates, render};
use super::definition::{self, Texts, function_of};
use super::exchange::{Exchange, milliseconds};
use super::mapping::Source;
use super::params::header;
use super::refusal::Refusal;
use super::reply::Reply;
use super::serving::Serving;

/// The longest that an integration may take, in milliseconds.
const LONGEST_MS: u64 = 29_000;

/// Where services put the id of a request.
const REQUEST_IDS: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];

/// An integration, parsed once.
#[derive(Debug)]
pub struct Integration {
    target: Target,
    credentials: String,
    timeout: Duration,
    passthrough: Passthrough,
    headers: Vec<(String, Source)>,
    query: Vec<(String, Source)>,
    templates: Templates,
    responses: Responses,
}

#[derive(Debug)]
enum Target {
    Service(ServiceCall),
    /// A function by its ARN, with mapping templates.
    Function(String),
    /// A function by its ARN, with the whole request.
    Proxy(String),
    Mock,
    /// What is not served here.
    Unknown,
}

/// What happens to a content type without a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passthrough {
    Never,
    NoMatch,
    NoTemplates,
}

impl Integration {
    pub fn new(definition: &definition::Integration, problems: &mut Vec<String>) -> Self {
        let target = target(definition);
        if matches!(target, Target::Unknown) {
            problems.push("its integration is not served here".to_owned());
        } else if definition.credentials.is_empty() && !matches!(target, Target::Mock) {
            problems.push("its integration has no role".to_owned());
        }
        let mapped = |prefix: &str| {
            let own = |(to, from): (&String, &String)| Some((to.strip_prefix(prefix)?.to_owned(), Source::parse(from)));
            definition.parameters.iter().filter_map(own).collect::<Vec<_>>()
        };
        Self {
            target,
            credentials: definition.credentials.clone(),
            timeout: Duration::from_millis(definition.timeout_ms.clamp(1, LONGEST_MS)),
            passthrough: match definition.passthrough.as_str() {
                "NEVER" => Passthrough::Never,
                "WHEN_NO_TEMPLATES" => Passthrough::NoTemplates,
                _ => Passthrough::NoMatch,
            },
            headers: mapped("integration.request.header."),
            query: mapped("integration.request.querystring."),
            templates: Templates::new(&definition.templates, problems),
            responses: Responses::new(&definition.responses, problems),
        }
    }

    /// Makes the call and the answer.
    ///
    /// # Errors
    /// The gateway response to answer with.
    pub async fn run(&self, serving: Serving<'_>, exchange: &mut Exchange) -> Result<Reply, Refusal> {
        if let Target::Proxy(function) = &self.target {
            let event = proxy::event(exchange, serving.binary);
            let answered = self.timed(exchange, function::invoke(serving, &self.credentials, function, event)).await?;
            note_call(&answered, exchange);
            return proxy::reply(&answered, exchange, serving.binary);
        }
        let call = self.call(exchange)?;
        let answered = match &self.target {
            Target::Service(service) => {
                let sent = call.body.clone();
                exchange.mapped = Some((service.protocol.service, sent.clone()));
                let calling = service::call(serving.reach, &self.credentials, service, call);
                let answered = self.timed(exchange, calling).await?;
                service::note(service, &sent, &answered, exchange);
                answered
            }
            Target::Function(function) => {
                exchange.mapped = Some(("lambda", call.body.clone()));
                let invoked = function::invoke(serving, &self.credentials, function, call.body);
                let answered = self.timed(exchange, invoked).await?;
                note_call(&answered, exchange);
                answered
            }
            Target::Mock => mock(&call)?,
            Target::Proxy(_) | Target::Unknown => return Err(Refusal::misconfigured()),
        };
        let mut reply = self.responses.reply(&answered, exchange)?;
        reply.traced = !matches!(self.target, Target::Mock);
        Ok(reply)
    }

    /// Makes the answer where API Gateway itself gives it, so that nobody is called; nothing where somebody would be, or on a refusal.
    pub fn mocked(&self, exchange: &mut Exchange) -> Option<Reply> {
        let Target::Mock = self.target else { return None };
        let call = self.call(exchange).ok()?;
        self.responses.reply(&mock(&call).ok()?, exchange).ok()
    }

    /// Waits for an answer as long as the integration may take, and notes what came.
    async fn timed(
        &self,
        exchange: &mut Exchange,
        answer: impl Future<Output = Result<BackendAnswer, Refusal>>,
    ) -> Result<BackendAnswer, Refusal> {
        let started = Instant::now();
        let answered = timeout(self.timeout, answer).await.unwrap_or_else(|_| Err(Refusal::of("INTEGRATION_TIMEOUT")));
        let latency = milliseconds(started).to_string();
        exchange.metrics.insert("integration.latency", latency.clone());
        exchange.metrics.insert("integrationLatency", latency);
        let status = answered.as_ref().map_or_else(|_| None, |answered| Some(answered.status.to_string()));
        if let Some(status) = status {
            exchange.metrics.insert("integration.status", status.clone());
            exchange.metrics.insert("integrationStatus", status);
        }
        let id = answered.as_ref().ok().and_then(|answered| {
            REQUEST_IDS.iter().find_map(|name| header(&answered.headers, name)).map(str::to_owned)
        });
        if let Some(id) = id {
            exchange.metrics.insert("integration.requestId", id);
        }
        let error = match &answered {
            Err(refusal) => refusal.message.clone(),
            Ok(answered) => answered.error.as_ref().map(|_| "the function failed".to_owned()),
        };
        if let Some(error) = error {
            exchange.metrics.insert("integration.error", error.clone());
            exchange.metrics.insert("integrationErrorMessage", error);
        }
        answered
    }

    /// Maps parameters and renders the template of the content type.
    fn call(&self, exchange: &mut Exchange) -> Result<MappedRequest, Refusal> {
        let mapped = |sources: &[(String, Source)]| {
            let value = |(name, source): &(String, Source)| Some((name.clone(), source.value(exchange, &[])?));
            sources.iter().filter_map(value).collect::<Vec<_>>()
        };
        let mut call = MappedRequest { headers: mapped(&self.headers), query: mapped(&self.query), body: Bytes::new() };
        if let Some(template) = self.templates.get(&exchange.media_type()) {
            let (text, overrides) = render(template, &exchange.body, exchange)?;
            call.body = Bytes::from(text);
            overwrite(&mut call.headers, overrides.request_headers);
            overwrite(&mut call.query, overrides.request_querystring);
            keep(exchange, overrides.response_status, overrides.response_headers);
            return Ok(call);
        }
        let passes = match self.passthrough {
            Passthrough::Never => false,
            Passthrough::NoTemplates => self.templates.is_empty(),
            Passthrough::NoMatch => true,
        };
        call.body = exchange.body.clone();
        if passes { Ok(call) } else { Err(Refusal::of("UNSUPPORTED_MEDIA_TYPE")) }
    }
}

fn target(definition: &definition::Integration) -> Target {
    let function = || function_of(&definition.uri);
    match definition.kind.as_str() {
        "MOCK" => Target::Mock,
        "AWS_PROXY" => function().map_or(Target::Unknown, Target::Proxy),
        "AWS" => match function() {
            Some(function) => Target::Function(function),
            None => {
                ServiceCall::parse(&definition.uri, &definition.http_method).map_or(Target::Unknown, Target::Service)
            }
        },
        _ => Target::Unknown,
    }
}

/// Notes which call of a function it was.
fn note_call(answered: &BackendAnswer, exchange: &mut Exchange) {
    exchange.call = header(&answered.headers, "x-amzn-requestid").map(str::to_owned);
}

fn overwrite(values: &mut Vec<(String, String)>, overrides: Texts) {
    for (name, value) in overrides {
        values.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        values.push((name, value));
    }
}

/// The template of the answer goes on from what that of the request set for it.
fn keep(exchange: &mut Exchange, status: Option<u16>, headers: Texts) {
    if status.is_none() && headers.is_empty() {
        return;
    }
    let mut set = json!({ "header": headers });
    if let Some(status) = status {
        set["status"] = Value::from(status);
    }
    exchange.set("responseOverride", set);
}

/// A mock answers with the status that its request template renders.
fn mock(call: &MappedRequest) -> Result<BackendAnswer, Refusal> {
    let rendered: Value = serde_json::from_slice(&call.body).map_err(|_| Refusal::misconfigured())?;
    let status = rendered["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    Ok(BackendAnswer { status: status.ok_or_else(Refusal::misconfigured)?, ..BackendAnswer::default() })
}
