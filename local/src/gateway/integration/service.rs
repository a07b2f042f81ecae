//! A call of an AWS service's action, signed with the credentials of the integration's role.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::super::exchange::Exchange;
use super::super::mapping::header;
use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::{Answered, Call, misconfigured};
use crate::event::Location;

/// The services that take `X-Amz-Target`, with the version in it.
const TARGETS: [(&str, &str); 2] = [("kinesis", "Kinesis_20131202"), ("dynamodb", "DynamoDB_20120810")];
/// The most that an answer may have, in bytes.
const LONGEST: usize = 10 * 1024 * 1024;

type Request = hyper::Request<Full<Bytes>>;

/// An action of a service: `arn:aws:apigateway:REGION:kinesis:action/PutRecord`.
#[derive(Debug)]
pub struct Service {
    name: String,
    region: String,
    target: String,
}

/// What a stream says when it took a record, or why it did not.
#[derive(Deserialize)]
struct Taken {
    #[serde(rename = "SequenceNumber")]
    sequence_number: Option<String>,
    #[serde(rename = "ShardId")]
    shard: Option<String>,
    #[serde(rename = "__type")]
    error: Option<String>,
}

impl Service {
    pub fn parse(uri: &str) -> Option<Self> {
        let (arn, action) = uri.split_once(":action/")?;
        let mut parts = arn.rsplit(':');
        let (name, region) = (parts.next()?, parts.next()?);
        let (_, version) = TARGETS.iter().find(|(known, _)| *known == name)?;
        Some(Self { name: name.to_owned(), region: region.to_owned(), target: format!("{version}.{action}") })
    }

    pub async fn call(&self, shared: &Shared, role: &str, call: Call) -> Result<Answered, Refusal> {
        let endpoint = shared.roles.root().endpoint_url().ok_or_else(misconfigured)?;
        if role.is_empty() {
            return Err(misconfigured());
        }
        let credentials = shared.roles.credentials(role).await.map_err(|error| {
            shared.warn(format!("failed to {error}"));
            misconfigured()
        })?;
        let request = self.request(endpoint, call, credentials).ok_or_else(misconfigured)?;
        let network = || Refusal::of("INTEGRATION_FAILURE").saying("Network error communicating with endpoint");
        let response = shared.http.request(request).await.map_err(|_| network())?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LONGEST).collect().await.map_err(|_| network())?.to_bytes();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        Ok(Answered { status: parts.status.as_u16(), headers: headers.collect(), body, error: None })
    }

    /// Notes where the record is, or why it is nowhere.
    pub fn note(&self, answered: &Answered, exchange: &mut Exchange) {
        let ids = ["x-amzn-requestid", "x-amz-request-id"];
        if let Some(id) = ids.iter().find_map(|name| header(&answered.headers, name)) {
            exchange.metrics.insert("integration.requestId", id.to_owned());
        }
        let Ok(taken) = serde_json::from_slice::<Taken>(&answered.body) else { return };
        let at = |part| Location { service: self.name.clone(), name: None, part: Some(part) };
        (exchange.location, exchange.record) = (taken.shard.map(at), taken.sequence_number);
        if answered.status >= 400 {
            // `com.amazonaws.kinesis.v20131202#ValidationException`: the name is what people know.
            let error = taken.error.map(|error| error.rsplit('#').next().unwrap_or_default().to_owned());
            let error = error.unwrap_or_else(|| format!("HTTP {}", answered.status));
            exchange.metrics.insert("integration.error", error.clone());
            exchange.metrics.insert("integrationErrorMessage", error.clone());
            exchange.reason = Some(error);
        }
    }

    /// None where the mapped values make no request.
    fn request(&self, endpoint: &str, call: Call, credentials: Credentials) -> Option<Request> {
        let mut url = format!("{}/", endpoint.trim_end_matches('/'));
        if !call.query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.query).finish();
            url = format!("{url}?{query}");
        }
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = url.parse().ok()?;
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("x-amz-target", HeaderValue::try_from(&self.target).ok()?);
        for (name, value) in &call.headers {
            headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        self.sign(&mut request, &url, &call.body, credentials)?;
        Some(request)
    }

    fn sign(&self, request: &mut Request, url: &str, body: &[u8], credentials: Credentials) -> Option<()> {
        let identity: Identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let headers = request.headers().iter().map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let headers = headers.collect::<Option<Vec<_>>>()?;
        let signable = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(body)).ok()?;
        let (instructions, _) = sign(signable, &params).ok()?.into_parts();
        instructions.apply_to_request_http1x(request);
        Some(())
    }
}
