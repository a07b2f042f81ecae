//! Calls of AWS's JSON services without a crate of the service, whose build takes longer than all of this.

use std::time::Duration;

use aws_credential_types::Credentials;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::HeaderValue;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use crate::gateway::sign::{Request, sign};

/// How long an answer may take: an endpoint that hangs is asked again.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that speaks AWS JSON 1.0.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name in signatures.
    pub name: &'static str,
    /// The name before the operation's in `X-Amz-Target`.
    pub target: &'static str,
}

/// The way to a service. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    service: Service,
    endpoint: String,
    region: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Caller {
    pub fn new(service: Service, endpoint: &str, region: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Self { service, endpoint: endpoint.trim_end_matches('/').to_owned(), region: region.to_owned(), http }
    }

    /// Makes one call, and gives whether it succeeded, with the body of its answer.
    ///
    /// # Errors
    /// There is no answer: why.
    pub async fn ask(&self, operation: &str, input: &Value, who: Credentials) -> Result<(bool, Bytes), String> {
        let body = Bytes::from(input.to_string());
        let mut request = self.request(operation, body.clone()).ok_or("the endpoint's address is no address")?;
        let signed = sign(&mut request, (self.service.name, &self.region), &body, who);
        signed.ok_or("the call cannot be signed")?;
        let answered = timeout(PATIENCE, self.exchange(request)).await;
        answered.map_err(|_| "there was no answer within a minute".to_owned())?
    }

    fn request(&self, operation: &str, body: Bytes) -> Option<Request> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = format!("{}/", self.endpoint).parse().ok()?;
        let target = format!("{}.{operation}", self.service.target);
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.0"));
        headers.insert("x-amz-target", HeaderValue::try_from(target).ok()?);
        Some(request)
    }

    async fn exchange(&self, request: Request) -> Result<(bool, Bytes), String> {
        let answer = self.http.request(request).await.map_err(|error| error.to_string())?;
        let ok = answer.status().is_success();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((ok, body.to_bytes()))
    }
}
