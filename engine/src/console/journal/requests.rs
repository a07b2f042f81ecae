//! Events where they come in: as requests, and from sources that send by themselves.

use pipe_local::seen::{Accepted, Request, Tried, is_secret};
use serde_json::Value;

use super::Journal;
use crate::console::entry::{State, record_key};
use crate::console::step::Step;

/// A larger document is not looked through for secrets, and so not shown.
const LARGEST: usize = 1024 * 1024;

impl Journal {
    /// Takes a request that was answered: its event may be on its way already.
    pub(super) fn request(&mut self, at: i64, request: Request) {
        // The fact that said so may have been left out.
        for (_, value) in request.headers.iter().filter(|(name, _)| is_secret(name)) {
            self.secrets.learn(value);
        }
        let began = at - i64::try_from(request.milliseconds).unwrap_or_default();
        let title = self.secrets.mask(&format!("{} {}", request.method, request.path));
        let record = request.location.as_ref().zip(request.record.as_ref());
        let key = record.map(|(location, id)| record_key(location, id));
        let id = record.map_or_else(
            || request.id.clone(),
            |(location, id)| location.part.as_ref().map_or_else(|| id.clone(), |shard| format!("{shard}:{id}")),
        );
        let known = key.as_ref().and_then(|key| self.number(key));
        let n =
            known.unwrap_or_else(|| self.begin(key.unwrap_or_else(|| request.id.clone()), began, title.clone(), id));
        let (steps, end) = (self.request_steps(began, &request), end(&request));
        for id in [&request.id, &request.extended_id] {
            self.known.insert(id.clone(), n);
        }
        if let Some(call) = request.call.as_ref().and_then(|id| self.calls.get_mut(id)) {
            call.events.push(n);
        }
        let why = request.reason.as_ref().map(|reason| self.secrets.mask(reason));
        self.change(n, |entry| {
            entry.summary.title = title;
            entry.summary.at = began;
            entry.ids.extend([request.id, request.extended_id]);
            entry.calls.extend(request.call);
            entry.steps.splice(0..0, steps);
            if let (Some((state, place)), None) = (end, known) {
                entry.goes(state, place, why, at);
            }
        });
    }

    fn request_steps(&self, at: i64, request: &Request) -> Vec<Step> {
        let text = |bytes: &[u8]| self.secrets.text(&String::from_utf8_lossy(&bytes[..bytes.len().min(LARGEST)]));
        let header = |(name, value): &(String, String)| format!("{name}: {}\n", self.secrets.header(name, value));
        let headers: String = request.headers.iter().map(header).collect();
        let bytes = headers.len();
        let mut step = Step::new("api", "request", at)
            .fact("status", request.status.to_string())
            .fact("request id", request.id.clone())
            .fact("extended request id", request.extended_id.clone())
            .fact("reason", request.reason.as_ref().map(|reason| self.secrets.mask(reason)))
            .body("headers", headers, bytes)
            .body("body", text(&request.body), request.body.len())
            .body("answer", text(&request.answer), request.answer.len());
        (step.ms, step.ok) = (Some(request.milliseconds), request.status < 400);
        let mut steps = vec![step];
        if request.authorizer_status.is_some() || !request.authorizer.is_null() {
            steps.push(self.authorizer(at, request));
        }
        if let Some((service, body)) = &request.mapped {
            let mut step = Step::new("api", "mapping template", at)
                .fact("for", service.clone())
                .fact("status", request.integration_status.clone())
                .body("output", text(body), body.len());
            step.ms = request.integration_latency.as_ref().and_then(|took| took.parse().ok());
            steps.push(step);
        }
        steps
    }

    fn authorizer(&self, at: i64, request: &Request) -> Step {
        let said = match &request.authorizer {
            Value::Null => String::new(),
            said => self.secrets.document(said.clone()),
        };
        let bytes = said.len();
        let step = Step::new("gate", "authorizer", at).fact("status", request.authorizer_status.clone());
        let mut step = step.body("answer", said, bytes);
        step.ok = request.authorizer_status.as_deref().is_none_or(|status| status == "200");
        step.ms = request.authorizer_latency.as_ref().and_then(|took| took.parse().ok());
        step
    }

    /// Takes an event of a source that sends by itself.
    pub(super) fn accepted(&mut self, at: i64, accepted: Accepted) {
        let Accepted { id, function, location, payload } = accepted;
        let title = match &location.name {
            Some(name) => format!("{} {name}", location.service),
            None => location.service.clone(),
        };
        let n = self.begin(id.clone(), at, title, id.clone());
        let text = self.payload(&payload);
        let step = Step::new("source", "event", at)
            .fact("service", location.service)
            .fact("from", location.name)
            .fact("for", function)
            .fact("request id", id)
            .body("event", text, payload.len());
        self.change(n, |entry| {
            entry.steps.push(step);
            entry.goes(State::Waiting, "source", None, at);
        });
    }

    /// Takes which call an event of such a source had.
    pub(super) fn tried(&mut self, at: i64, tried: Tried) {
        let Tried { id, call, failed } = tried;
        let Some(n) = self.number(&id) else { return };
        let (mut wrote, mut why) = (false, None);
        if let Some(call) = self.calls.get_mut(&call) {
            call.events.push(n);
            wrote = !call.written.is_empty();
            why = failed.then(|| said(&call.answer)).flatten();
        }
        let (state, place) = match (failed, wrote) {
            (true, _) => (State::Failed, "function"),
            (false, true) => (State::Done, "table"),
            (false, false) => (State::Done, "function"),
        };
        self.change(n, |entry| {
            entry.calls.push(call);
            if entry.summary.state != State::Letter {
                entry.goes(state, place, why, at);
            }
        });
    }

    /// The payload of a call without secrets, as far as it is kept.
    pub(super) fn payload(&self, payload: &[u8]) -> String {
        if payload.len() > LARGEST {
            return "(more than 1 MB: not shown)".to_owned();
        }
        match serde_json::from_slice(payload) {
            Ok(document) => self.secrets.document(document),
            Err(_) => self.secrets.mask(&String::from_utf8_lossy(payload)),
        }
    }
}

/// Where a request ended; nothing where its record goes on.
fn end(request: &Request) -> Option<(State, &'static str)> {
    let service = request.mapped.as_ref().map(|(service, _)| service.as_str());
    match request.status {
        500.. => Some((State::Failed, "api")),
        400.. => Some((State::Refused, "api")),
        _ if request.record.is_some() => None,
        _ if service == Some("dynamodb") => Some((State::Done, "table")),
        _ if request.call.is_some() => Some((State::Done, "function")),
        _ => Some((State::Done, "api")),
    }
}

/// What a function says of its failure.
pub(super) fn said(answer: &str) -> Option<String> {
    let document: Value = serde_json::from_str(answer).ok()?;
    document["errorMessage"].as_str().map(str::to_owned)
}
