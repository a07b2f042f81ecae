//! What a method does: the call that a request is made into, and the answer that comes of it.

mod function;
mod proxy;
mod responses;
mod service;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use self::responses::Responses;
use self::service::Service;
use super::definition::{self, Texts};
use super::exchange::{Exchange, milliseconds};
use super::live::Live;
use super::mapping::Source;
use super::refusal::Refusal;
use super::reply::Reply;
use super::shared::Shared;
use crate::template::{Overrides, Scope, Template};

/// The longest that an integration may take, in milliseconds.
const LONGEST_MS: u64 = 29_000;

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
    Service(Service),
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

/// What is called with.
#[derive(Debug, Default)]
pub struct Call {
    pub headers: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
}

/// What the called service answered.
#[derive(Debug, Default)]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What patterns are matched against instead of the status: the message of a function's error.
    pub error: Option<String>,
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
    pub async fn run(&self, shared: &Shared, live: &Live, exchange: &mut Exchange) -> Result<Reply, Refusal> {
        if let Target::Proxy(function) = &self.target {
            let event = proxy::event(exchange, &live.snapshot);
            let answered =
                self.timed(exchange, function::invoke(shared, live, &self.credentials, function, event)).await?;
            return proxy::reply(&answered, exchange, &live.snapshot);
        }
        let call = self.call(exchange)?;
        let answered = match &self.target {
            Target::Service(service) => {
                let answered = self.timed(exchange, service.call(shared, &self.credentials, call)).await?;
                service.note(&answered, exchange);
                answered
            }
            Target::Function(function) => {
                let invoked = function::invoke(shared, live, &self.credentials, function, call.body);
                self.timed(exchange, invoked).await?
            }
            Target::Mock => mock(&call)?,
            Target::Proxy(_) | Target::Unknown => return Err(misconfigured()),
        };
        let mut reply = self.responses.reply(&answered, exchange)?;
        reply.traced = !matches!(self.target, Target::Mock);
        Ok(reply)
    }

    /// Waits for an answer as long as the integration may take, and notes what came.
    async fn timed(
        &self,
        exchange: &mut Exchange,
        answer: impl Future<Output = Result<Answered, Refusal>>,
    ) -> Result<Answered, Refusal> {
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
    fn call(&self, exchange: &mut Exchange) -> Result<Call, Refusal> {
        let mapped = |sources: &[(String, Source)]| {
            let value = |(name, source): &(String, Source)| Some((name.clone(), source.value(exchange, &[])?));
            sources.iter().filter_map(value).collect::<Vec<_>>()
        };
        let mut call = Call { headers: mapped(&self.headers), query: mapped(&self.query), body: Bytes::new() };
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
            None => Service::parse(&definition.uri).map_or(Target::Unknown, Target::Service),
        },
        _ => Target::Unknown,
    }
}

/// The function's ARN in `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`.
pub fn function_of(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once(":lambda:path/2015-03-31/functions/")?;
    rest.strip_suffix("/invocations").map(str::to_owned)
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
fn mock(call: &Call) -> Result<Answered, Refusal> {
    let rendered: Value = serde_json::from_slice(&call.body).map_err(|_| misconfigured())?;
    let status = rendered["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    Ok(Answered { status: status.ok_or_else(misconfigured)?, ..Answered::default() })
}

pub fn misconfigured() -> Refusal {
    Refusal::of("API_CONFIGURATION_ERROR")
}

/// Mapping templates by content type, parsed once.
#[derive(Debug)]
pub struct Templates(Vec<(String, Option<Template>)>);

impl Templates {
    pub fn new(texts: &Texts, problems: &mut Vec<String>) -> Self {
        let mut parse = |media: &String, text: &String| match Template::parse(text) {
            Ok(template) => (media.to_ascii_lowercase(), Some(template)),
            Err(reason) => {
                problems.push(format!("the mapping template for `{media}` cannot be parsed: {reason}"));
                (media.to_ascii_lowercase(), None)
            }
        };
        Self(texts.iter().map(|(media, text)| parse(media, text)).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The template of a content type. The inner none is one that could not be parsed.
    pub fn get(&self, media: &str) -> Option<&Option<Template>> {
        self.0.iter().find(|(known, _)| known == media).map(|(_, template)| template)
    }

    /// The template of a content type, or that of JSON, or the first one, with its content type.
    pub fn nearest(&self, media: &str) -> Option<(&str, &Option<Template>)> {
        let of = |wanted: &str| self.0.iter().find(|(known, _)| known == wanted);
        let found = of(media).or_else(|| of("application/json")).or_else(|| self.0.first())?;
        Some((found.0.as_str(), &found.1))
    }
}

/// Renders a template over a body.
pub fn render(template: &Option<Template>, body: &[u8], exchange: &Exchange) -> Result<(String, Overrides), Refusal> {
    let template = template.as_ref().ok_or_else(misconfigured)?;
    // What is no UTF-8 is spoilt here as it is by API Gateway.
    let body = String::from_utf8_lossy(body);
    let scope = Scope {
        body: &body,
        params: &exchange.params,
        context: &exchange.context,
        stage_variables: &exchange.stage_variables,
    };
    let rendered = template.render(&scope).map_err(|_| misconfigured())?;
    Ok((rendered.text, rendered.overrides))
}
