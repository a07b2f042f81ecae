//! Single events by a form: what can be sent to a pipeline, an example of each, and the sending.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use pipe_local::event::Location;
use serde_json::Value;

use super::event::{Event, Maker, new_run};
use super::pass::Pass;
use super::to::api::Api;
use super::to::{How, Target, push};
use crate::commands::running::Running;
use crate::error::{Error, Result};
use crate::kinds::table::Key;
use crate::spec::{Body, Loaded, PartitionKey, Route};

/// What a segment of a path may have as it is (RFC 3986).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Headers that the request has of its own, or by which the pass shows who sends.
const KEPT: [&str; 7] =
    ["authorization", "x-api-key", "host", "content-length", "connection", "transfer-encoding", "x-amz-security-token"];

/// A way to send an event to the pipeline.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Method and path, or the word of the source.
    pub id: String,
    pub title: String,
    pub method: &'static str,
    /// From the stage on, with `{parameters}`, also of the query; empty without an API.
    pub path: String,
    /// The word of who may call.
    pub auth: &'static str,
    /// Of the path, of the query, and headers.
    pub params: Vec<String>,
    /// What the example has for those of the path.
    pub values: BTreeMap<String, String>,
    pub schema: Option<Value>,
    pub example: String,
    pub content_type: String,
}

/// What a form was filled in with.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    pub params: BTreeMap<String, String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub status: u16,
    pub body: String,
    /// The id of the request, of an API.
    pub request: Option<String>,
    /// Where the event is, where that is known.
    pub record: Option<(Location, String)>,
}

/// All ways to send to this pipeline; `keys` are the key attributes of the table that its events become rows of.
pub fn senders(loaded: &Loaded, keys: &[Key]) -> Vec<Sender> {
    if let Some(api) = loaded.spec.api() {
        return api.routes.iter().map(|route| of_route(loaded, route, keys)).collect();
    }
    let spec = &loaded.spec;
    let id = match (spec.pushing().filter(|_| !push::fills_stream(spec)), &spec.stream) {
        (Some(source), _) => source.word(),
        (None, Some(_)) => "stream",
        (None, None) => return Vec::new(),
    };
    let example = String::from_utf8_lossy(&maker(loaded, None, keys).event(1, None).body).into_owned();
    vec![Sender {
        id: id.to_owned(),
        title: format!("Send to the {id}"),
        method: "",
        path: String::new(),
        auth: "none",
        params: Vec::new(),
        values: BTreeMap::new(),
        schema: None,
        example,
        content_type: "application/json".to_owned(),
    }]
}

fn of_route(loaded: &Loaded, route: &Route, keys: &[Key]) -> Sender {
    let event = maker(loaded, Some(route), keys).event(1, None);
    let schema = match route.body() {
        Body::Schema(file) => loaded.schemas.get(file).cloned(),
        Body::Object | Body::Any => None,
    };
    let (path, headers) = (template(route), header_params(route));
    Sender {
        id: id_of(route),
        title: id_of(route),
        method: event.method,
        auth: loaded.spec.authorizer(route).map_or("none", |(_, authorizer)| authorizer.word()),
        params: params(&path).chain(headers).map(str::to_owned).collect(),
        values: values(route.path(), &event.path),
        path,
        schema,
        example: String::from_utf8_lossy(&event.body).into_owned(),
        content_type: route.types().next().unwrap_or("application/json").to_owned(),
    }
}

fn id_of(route: &Route) -> String {
    format!("{} {}", route.method().name(), route.path())
}

/// The path, with the parameters of the query that the route needs.
fn template(route: &Route) -> String {
    let names = asked(route).filter_map(|from| match from {
        PartitionKey::Query(name) => Some(name),
        _ => None,
    });
    let query: Vec<String> = names.map(|name| format!("{name}={{{name}}}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", route.path(), query.join("&"))
}

/// The headers that the route needs.
fn header_params(route: &Route) -> impl Iterator<Item = &str> {
    asked(route).filter_map(|from| match from {
        PartitionKey::Header(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Where the route takes what orders events from.
fn asked(route: &Route) -> impl Iterator<Item = &PartitionKey> {
    [Some(&route.partition_key), route.message_group.as_ref(), route.deduplication.as_ref()].into_iter().flatten()
}

fn params(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// The parameters of a template's segments, as a path has them.
fn values(template: &str, path: &str) -> BTreeMap<String, String> {
    let path = path.split('?').next().unwrap_or_default();
    let value = |(name, value): (&str, &str)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some((name.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned()))
    };
    template.split('/').zip(path.split('/')).filter_map(value).collect()
}

fn maker<'a>(loaded: &'a Loaded, route: Option<&'a Route>, keys: &[Key]) -> Maker<'a> {
    Maker { loaded, route, keys: keys.to_vec(), needs: Vec::new(), data: None, once: true, run: new_run() }
}

/// Sends one event with the pipeline's own credentials.
///
/// # Errors
/// There is no such sender; a parameter is missing; the pipeline has not what shows who sends; there was no answer. Neither credentials nor payload are
/// in an error.
pub async fn send(running: &Running, sender: &str, filled: Filled) -> Result<Outcome> {
    let routes = running.spec.api().into_iter().flat_map(|api| &api.routes);
    if let Some(route) = routes.clone().find(|route| id_of(route) == sender) {
        return to_route(running, route, filled).await;
    }
    if running.spec.api().is_some() {
        return Err(
            Error::fatal(format!("there is no route `{sender}`")).hint("the spec was edited: load the page again")
        );
    }
    let how = How { route: None, group: None, run: new_run() };
    let (target, _) = Target::of(running, &how).await?;
    let (path, key) = (String::new(), None);
    let event = Event { n: 1, method: "", path, header: None, body: filled.body, key, given_key: true, lane: None };
    let answer = target.send(vec![event]).await?.pop().ok_or_else(|| Error::defect("no answer to an event"))?;
    let record = answer.taken.map(|taken| (taken.location, taken.record));
    Ok(Outcome { status: answer.status, body: answer.message.unwrap_or_default(), request: None, record })
}

async fn to_route(running: &Running, route: &Route, filled: Filled) -> Result<Outcome> {
    let value = |name: &str| match filled.params.get(name).filter(|value| !value.is_empty()) {
        Some(value) => Ok(value.clone()),
        None if name == "streamName" => Ok(running.spec.stream_name()),
        None => Err(Error::fatal(format!("`{name}` has no value")).hint("the route needs it")),
    };
    let (template, mut path) = (template(route), String::new());
    for (n, part) in template.split('{').enumerate() {
        match part.split_once('}').filter(|_| n > 0) {
            Some((name, rest)) => path += &format!("{}{rest}", utf8_percent_encode(&value(name)?, SEGMENT)),
            None => path += part,
        }
    }
    let mut headers = filled.headers;
    headers.retain(|(name, _)| !KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept)));
    for name in header_params(route) {
        headers.push((name.to_owned(), value(name)?));
    }
    let method = if route.method().name() == "ANY" { "POST" } else { route.method().name() };
    let api = Api::new(running.endpoint().await?, Pass::of(running, route).await?, route);
    let said = api.ask(method, &path, &headers, &filled.body).await?;
    let body = String::from_utf8_lossy(&said.body).into_owned();
    Ok(Outcome { status: said.status, body, request: said.id, record: None })
}
