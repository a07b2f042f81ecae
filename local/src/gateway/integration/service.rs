//! A call of an AWS service, signed with the credentials of the integration's role.

use aws_credential_types::Credentials;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::super::exchange::Exchange;
use super::super::reach::Reach;
use super::super::refusal::Refusal;
use super::super::sign::{Request, sign};
use super::messages::{BackendAnswer, MappedRequest};
use super::protocols::ServiceCall;

/// The most that an answer may have, in bytes.
const LONGEST: usize = 10 * 1024 * 1024;

/// Makes the call.
///
/// # Errors
/// The gateway response to answer with: there is no role or request, or no answer.
pub async fn call(
    reach: &Reach,
    role: &str,
    service: &ServiceCall,
    mapped: MappedRequest,
) -> Result<BackendAnswer, Refusal> {
    let endpoint = reach.roles.root().endpoint_url().ok_or_else(Refusal::misconfigured)?;
    if role.is_empty() {
        return Err(Refusal::misconfigured());
    }
    let credentials = reach.roles.credentials(role).await.map_err(|error| {
        reach.warn(format!("failed to {error}"));
        Refusal::misconfigured()
    })?;
    let request = request(service, endpoint, mapped, credentials).ok_or_else(Refusal::misconfigured)?;
    let network = || Refusal::of("INTEGRATION_FAILURE").saying("Network error communicating with endpoint");
    let response = reach.http.request(request).await.map_err(|_| network())?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_err(|_| network())?.to_bytes();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    Ok(BackendAnswer { status: parts.status.as_u16(), headers: headers.collect(), body, error: None })
}

/// Notes where the record is, or why it is nowhere.
pub fn note(service: &ServiceCall, sent: &[u8], answered: &BackendAnswer, exchange: &mut Exchange) {
    let answer: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    if answered.status < 400 {
        (exchange.location, exchange.record) = service.taken(sent, &answer).unzip();
        return;
    }
    // `com.amazonaws.kinesis.v20131202#ValidationException`: the name is what people know.
    let error = answer["__type"].as_str().map(|error| error.rsplit('#').next().unwrap_or_default().to_owned());
    let error = error.unwrap_or_else(|| format!("HTTP {}", answered.status));
    exchange.metrics.insert("integration.error", error.clone());
    exchange.metrics.insert("integrationErrorMessage", error.clone());
    exchange.reason = Some(error);
}

/// None where the mapped values make no request.
fn request(service: &ServiceCall, endpoint: &str, mapped: MappedRequest, credentials: Credentials) -> Option<Request> {
    let mut url = format!("{}/{}", endpoint.trim_end_matches('/'), service.path);
    if !(service.query.is_empty() && mapped.query.is_empty()) {
        let query = service.query.iter().chain(&mapped.query);
        url = format!("{url}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish());
    }
    let mut request = Request::new(Full::new(mapped.body.clone()));
    *request.method_mut() = service.method.parse().ok()?;
    *request.uri_mut() = url.parse().ok()?;
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in &service.headers {
        headers.insert(*name, HeaderValue::try_from(value).ok()?);
    }
    for (name, value) in &mapped.headers {
        headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    sign(&mut request, (service.protocol.service, &service.region), &mapped.body, credentials)?;
    Some(request)
}
