//! One request on its way: what came in, and what became known about it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::definition::{ApiAddress, Texts};
use super::params::header;
use crate::event::Location;
use crate::template::Params;

/// Headers that API Gateway drops before anybody sees them, as recorded.
const DROPPED: [&str; 12] = [
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "transfer-encoding",
    "trailer",
    "upgrade",
    "www-authenticate",
];

/// A request and its `$context`.
#[derive(Debug)]
pub struct Exchange {
    pub method: String,
    /// As sent, with the stage, without the query.
    pub path: String,
    /// As sent, without the stage; starts with one `/`, however many were sent, as recorded.
    pub resource_path: String,
    /// Header names are in lower case, as HTTP/2 sends them; `Host`, `User-Agent` and `Authorization` as API Gateway writes them.
    pub params: Params,
    pub body: Bytes,
    pub stage_variables: Arc<Texts>,
    /// `$context` as templates and functions see it.
    pub context: Value,
    /// What only the access log sees, e.g. `integration.status`.
    pub metrics: BTreeMap<&'static str, String>,
    pub request_id: String,
    pub extended_id: String,
    /// `Root=1-...`.
    pub trace: String,
    pub at: SystemTime,
    pub started: Instant,
    /// The value of the API key that an authorizer gave.
    pub usage_key: Option<String>,
    /// What the mapping template made, and the service that got it: kept for who looks at single events.
    pub mapped: Option<(&'static str, Bytes)>,
    /// The id of the call of a function that the integration made.
    pub call: Option<String>,
    /// Where the record went, and its id there.
    pub location: Option<Location>,
    pub record: Option<String>,
    /// Why the request was not done: a gateway response's type, or the integration's error code.
    pub reason: Option<String>,
}

impl Exchange {
    pub fn new(address: &ApiAddress, deployment: &str, variables: Arc<Texts>, parts: &Parts, peer: SocketAddr) -> Self {
        let at = SystemTime::now();
        let path = parts.uri.path().to_owned();
        let resource_path = path.strip_prefix('/').and_then(|path| path.strip_prefix(address.stage.as_str()));
        let resource_path = match resource_path {
            Some("") => "/".to_owned(),
            Some(rest) if rest.starts_with('/') => format!("/{}", rest.trim_start_matches('/')),
            _ => String::new(),
        };
        let mut headers = headers(&parts.headers);
        let trace = trace(&headers, at);
        arrived(&mut headers, peer, &trace);
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let mut exchange = Self {
            method: parts.method.as_str().to_owned(),
            path,
            resource_path,
            params: Params { path: Vec::new(), querystring: query, header: headers },
            body: Bytes::new(),
            stage_variables: variables,
            context: Value::Null,
            metrics: BTreeMap::new(),
            request_id: String::new(),
            extended_id: extended_id(),
            trace,
            at,
            started: Instant::now(),
            usage_key: None,
            mapped: None,
            call: None,
            location: None,
            record: None,
            reason: None,
        };
        exchange.request_id = exchange.own_id().unwrap_or_else(|| Uuid::new_v4().to_string());
        exchange.context = exchange.first_context(address, deployment, parts, peer);
        exchange
    }

    /// The client may name the request, with a UUID only.
    fn own_id(&self) -> Option<String> {
        let given = self.header("x-amzn-requestid")?;
        let uuid = Uuid::try_parse(given).ok().filter(|_| given.len() == 36)?;
        Some(uuid.to_string())
    }

    fn first_context(&self, address: &ApiAddress, deployment: &str, parts: &Parts, peer: SocketAddr) -> Value {
        let domain = self.header("host").unwrap_or_default();
        let domain = domain.rsplit_once(':').map_or(domain, |(name, _)| name);
        let epoch = self.at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        json!({
            "requestId": self.request_id,
            "extendedRequestId": self.extended_id,
            "accountId": address.account,
            "apiId": address.api,
            "stage": address.stage,
            "deploymentId": deployment,
            "httpMethod": self.method,
            "path": self.path,
            "protocol": format!("{:?}", parts.version),
            "requestTime": common_log_time(epoch),
            "requestTimeEpoch": u64::try_from(epoch.as_millis()).unwrap_or(u64::MAX),
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "identity": {
                "cognitoIdentityPoolId": null, "accountId": null, "cognitoIdentityId": null, "caller": null,
                "sourceIp": peer.ip().to_string(), "principalOrgId": null, "accessKey": null,
                "cognitoAuthenticationType": null, "cognitoAuthenticationProvider": null, "userArn": null,
                "userAgent": self.header("user-agent"), "user": null,
            },
        })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.params.header, name)
    }

    /// The caller's address.
    pub fn source(&self) -> Option<IpAddr> {
        self.variable("identity.sourceIp")?.parse().ok()
    }

    /// The ARN of the method that it calls, which an authorizer's policy is about.
    pub fn method_arn(&self, address: &ApiAddress) -> String {
        let ApiAddress { partition, region, account, api, stage } = address;
        let path = self.resource_path.strip_prefix('/').unwrap_or(&self.resource_path);
        format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{}/{path}", self.method)
    }

    /// The media type of the body without its parameters, in lower case; JSON where the client names none.
    pub fn media_type(&self) -> String {
        let given = self.header("content-type").unwrap_or_default();
        let media = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media.is_empty() { "application/json".to_owned() } else { media }
    }

    /// Sets a member of `$context`.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Value::Object(members) = &mut self.context {
            members.insert(name.to_owned(), value);
        }
    }

    /// `$context.NAME` as text, with dots between the parts of the name; none where it is not there or null.
    pub fn variable(&self, name: &str) -> Option<String> {
        if let Some(metric) = self.metrics.get(name) {
            return Some(metric.clone());
        }
        let found = name.split('.').try_fold(&self.context, |value, part| value.get(part))?;
        match found {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub fn milliseconds(&self) -> u64 {
        milliseconds(self.started)
    }

    /// `$context` as functions get it: without what API Gateway keeps for templates.
    pub fn request_context(&self) -> Map<String, Value> {
        let mut context = self.context.as_object().cloned().unwrap_or_default();
        context.remove("error");
        context
    }
}

/// Milliseconds since then.
pub fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn headers(sent: &HeaderMap) -> Vec<(String, String)> {
    let kept = sent.iter().filter(|(name, _)| !DROPPED.contains(&name.as_str()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    kept.map(|(name, value)| (spelled(name.as_str()), text(value.as_bytes()))).collect()
}

fn spelled(name: &str) -> String {
    match name {
        "host" => "Host".to_owned(),
        "user-agent" => "User-Agent".to_owned(),
        "authorization" => "Authorization".to_owned(),
        other => other.to_owned(),
    }
}

/// The headers that API Gateway adds.
fn arrived(headers: &mut Vec<(String, String)>, peer: SocketAddr, trace: &str) {
    let before = header(headers, "x-forwarded-for").map(|before| format!("{before}, ")).unwrap_or_default();
    let port = header(headers, "host").and_then(|host| host.rsplit_once(':')).map_or("80", |(_, port)| port).to_owned();
    let added = [
        ("X-Forwarded-For", format!("{before}{}", peer.ip())),
        ("X-Forwarded-Port", port),
        ("X-Forwarded-Proto", "http".to_owned()),
        ("X-Amzn-Trace-Id", trace.to_owned()),
    ];
    headers.retain(|(known, _)| !added.iter().any(|(name, _)| known.eq_ignore_ascii_case(name)));
    headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

/// The client's trace if it has a root, otherwise a new one.
fn trace(headers: &[(String, String)], at: SystemTime) -> String {
    let given = header(headers, "x-amzn-trace-id").unwrap_or_default();
    let root = given.split(';').map(str::trim).find(|part| part.starts_with("Root=1-"));
    let sane = |root: &&str| {
        root.len() == 40 && root.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=-".contains(&byte))
    };
    if let Some(root) = root.filter(sane) {
        return root.to_owned();
    }
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    format!("Root=1-{seconds:08x}-{:024x}", fastrand::u128(..) >> 32)
}

/// As AWS's: 15 characters and `=`.
fn extended_id() -> String {
    let mut bytes = [0; 11];
    fastrand::fill(&mut bytes);
    URL_SAFE.encode(bytes)
}

/// `21/Nov/2026:13:24:49 +0000`.
fn common_log_time(epoch: Duration) -> String {
    let seconds = i64::try_from(epoch.as_secs()).unwrap_or(i64::MAX);
    let text = DateTime::from_secs(seconds).fmt(Format::HttpDate).unwrap_or_default();
    let parts: Vec<&str> = text.split(' ').collect();
    match parts[..] {
        [_, day, month, year, time, _] => format!("{day}/{month}/{year}:{time} +0000"),
        _ => text,
    }
}
