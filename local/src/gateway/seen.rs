//! Shows requests to whoever looks at single events.

use serde_json::Value;

use super::exchange::Exchange;
use super::reply::Reply;
use crate::seen::{Lens, Request, Seen, is_secret};

/// Shows the headers that say who sends the request, before anything is done with it.
pub fn arrived(lens: &Lens, exchange: &Exchange) {
    let headers = &exchange.params.header;
    if lens.is_open() && headers.iter().any(|(name, _)| is_secret(name)) {
        let secret = headers.iter().filter(|(name, _)| is_secret(name));
        lens.show(|| Seen::Credentials(secret.map(|(_, value)| value.clone()).collect()));
    }
}

/// Shows the request with its answer.
pub fn answered(lens: &Lens, exchange: &Exchange, reply: &Reply) {
    lens.show(|| {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&exchange.params.querystring).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        let metric = |name: &str| exchange.metrics.get(name).cloned();
        Seen::Request(Box::new(Request {
            id: exchange.request_id.clone(),
            extended_id: exchange.extended_id.clone(),
            method: exchange.method.clone(),
            path: format!("{}{mark}{query}", exchange.path),
            headers: exchange.params.header.clone(),
            body: exchange.body.clone(),
            authorizer: exchange.context.get("authorizer").cloned().unwrap_or(Value::Null),
            authorizer_status: metric("authorizer.status"),
            authorizer_latency: metric("authorizer.latency"),
            mapped: exchange.mapped.as_ref().map(|(service, body)| ((*service).to_owned(), body.clone())),
            call: exchange.call.clone(),
            integration_status: metric("integration.status"),
            integration_latency: metric("integration.latency"),
            status: reply.status,
            answer: reply.body.clone(),
            milliseconds: exchange.milliseconds(),
            location: exchange.location.clone(),
            record: exchange.record.clone(),
            reason: exchange.reason.clone(),
        }))
    });
}
