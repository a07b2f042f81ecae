//! Integration responses: which one fits an answer, and what it makes of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use regex::Regex;

use super::super::definition::IntegrationResponse;
use super::super::exchange::Exchange;
use super::super::mapping::Source;
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::messages::BackendAnswer;
use super::templates::{Templates, render};

/// All integration responses of a method, in the order of their status codes.
#[derive(Debug)]
pub struct Responses {
    all: Vec<Response>,
}

#[derive(Debug)]
struct Response {
    status: u16,
    pattern: Pattern,
    headers: Vec<(String, Source)>,
    templates: Templates,
}

#[derive(Debug)]
enum Pattern {
    /// Takes what no other takes.
    Rest,
    Whole(Regex),
    /// One that could not be compiled: takes nothing.
    Broken,
}

impl Responses {
    pub fn new(definitions: &BTreeMap<String, IntegrationResponse>, problems: &mut Vec<String>) -> Self {
        let mut all = Vec::new();
        for (status, definition) in definitions {
            let header = |name: &str| name.strip_prefix("method.response.header.").map(str::to_owned);
            let headers = definition.parameters.iter();
            all.push(Response {
                status: status.parse().unwrap_or(500),
                pattern: Pattern::new(&definition.pattern, problems),
                headers: headers.filter_map(|(to, from)| Some((header(to)?, Source::parse(from)))).collect(),
                templates: Templates::new(&definition.templates, problems),
            });
        }
        Self { all }
    }

    /// Makes the answer to the client.
    pub fn reply(&self, answered: &BackendAnswer, exchange: &Exchange) -> Result<Reply, Refusal> {
        let status = answered.status.to_string();
        let text = answered.error.as_deref().unwrap_or(&status);
        let fits = |response: &&Response| matches!(&response.pattern, Pattern::Whole(regex) if regex.is_match(text));
        let rest = || self.all.iter().find(|response| matches!(response.pattern, Pattern::Rest));
        let response = self.all.iter().find(fits).or_else(rest).ok_or_else(Refusal::misconfigured)?;
        response.reply(answered, exchange)
    }
}

impl Response {
    fn reply(&self, answered: &BackendAnswer, exchange: &Exchange) -> Result<Reply, Refusal> {
        let mut reply = Reply::new(self.status);
        for (name, source) in &self.headers {
            if let Some(value) = source.value(exchange, &answered.headers) {
                reply.header(name, &value);
            }
        }
        let accept = exchange.header("accept").unwrap_or("application/json");
        let Some((media, template)) = self.templates.nearest(accept) else {
            reply.body = answered.body.clone();
            reply.remap(false);
            return Ok(reply);
        };
        let (text, overrides) = render(template, &answered.body, exchange)?;
        reply.body = Bytes::from(text);
        if !reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            reply.header("Content-Type", media);
        }
        for (name, value) in overrides.response_headers {
            reply.header(&name, &value);
        }
        // AWS ignores a value that is not a status.
        reply.status = overrides.response_status.filter(|status| (100..600).contains(status)).unwrap_or(reply.status);
        reply.remap(false);
        Ok(reply)
    }
}

impl Pattern {
    fn new(pattern: &str, problems: &mut Vec<String>) -> Self {
        if pattern.is_empty() {
            return Self::Rest;
        }
        // The whole text must match.
        match Regex::new(&format!("^(?:{pattern})$")) {
            Ok(regex) => Self::Whole(regex),
            Err(_) => {
                problems.push(format!("the pattern `{pattern}` cannot be compiled"));
                Self::Broken
            }
        }
    }
}
