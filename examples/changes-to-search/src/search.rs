//! The search service: one call, signed with Signature Version 4.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

const CONNECTED_WITHIN: Duration = Duration::from_secs(3);
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// No answer is longer: of each action it has the status and the reason.
const LONGEST: usize = 32 * 1024 * 1024;
/// Of an answer only what is read: `items.*.status,items.*.error.type,items.*.error.reason`. Signatures are of the escaped form.
const WANTED: &str = "filter_path=items.%2A.status%2Citems.%2A.error.type%2Citems.%2A.error.reason";
const TYPE: (&str, &str) = ("content-type", "application/x-ndjson");

/// An index of a search service, and who asks. Cheap to clone.
#[derive(Clone)]
pub struct Search {
    connector: SharedHttpConnector,
    url: String,
    region: String,
    credentials: SharedCredentialsProvider,
}

/// What the service answered.
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Search {
    /// The index of this name.
    ///
    /// # Errors
    /// An endpoint without TLS that is not on this machine, or a name that is none of an index.
    pub fn new(
        endpoint: &str,
        index: &str,
        region: &str,
        credentials: SharedCredentialsProvider,
    ) -> Result<Self, String> {
        let local = |host: &str| endpoint.strip_prefix(host).is_some_and(|rest| !rest.contains('@'));
        if !endpoint.starts_with("https://") && !local("http://127.0.0.1:") && !local("http://localhost:") {
            return Err(format!("SEARCH_ENDPOINT must begin with https://, and is `{endpoint}`"));
        }
        let known = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"._-".contains(&letter);
        if index.is_empty() || index.starts_with(['_', '-', '.']) || !index.bytes().all(known) {
            return Err(format!("SEARCH_INDEX must be lower-case letters, digits, `.`, `_` and `-`, and is `{index}`"));
        }
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECTED_WITHIN).read_timeout(ANSWERED_WITHIN);
        let connector = Connector::builder().connector_settings(settings.build());
        Ok(Self {
            connector: SharedHttpConnector::new(connector.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()),
            url: format!("{}/{index}/_bulk?{WANTED}", endpoint.trim_end_matches('/')),
            region: region.to_owned(),
            credentials,
        })
    }

    /// Posts actions, each on lines of its own.
    ///
    /// # Errors
    /// There was no answer. Nothing of the request is in the error.
    pub async fn bulk(&self, body: &str) -> Result<Reply, String> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|_| "the method is none")?;
        request.set_uri(self.url.as_str()).map_err(|_| "SEARCH_ENDPOINT is no URL")?;
        let (name, value) = TYPE;
        request.headers_mut().insert(name, value);
        for (name, value) in self.signature(body).await? {
            request.headers_mut().try_insert(name, value).map_err(|_| "a header cannot be sent")?;
        }
        let answer = self.connector.call(request).await;
        let answer = answer.map_err(|error| if error.is_timeout() { "timeout" } else { "connection failed" })?;
        let status = answer.status().as_u16();
        let (mut rest, mut body) = (ByteStream::new(answer.into_body()), Vec::new());
        while let Some(part) = rest.try_next().await.map_err(|_| "the answer broke off")? {
            if body.len() + part.len() > LONGEST {
                return Err("the answer is too long".to_owned());
            }
            body.extend_from_slice(&part);
        }
        Ok(Reply { status, body })
    }

    async fn signature(&self, body: &str) -> Result<Vec<(String, String)>, String> {
        let credentials = self.credentials.provide_credentials().await;
        let identity = credentials.map_err(|_| "the role's credentials cannot be loaded")?.into();
        let failed = "the request cannot be signed";
        let params = v4::SigningParams::builder().identity(&identity).region(&self.region).name("es");
        let params = params.time(SystemTime::now()).settings(SigningSettings::default()).build();
        let params = params.map_err(|_| failed)?.into();
        let body = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new("POST", self.url.as_str(), [TYPE].into_iter(), body).map_err(|_| failed)?;
        let (instructions, _) = sign(request, &params).map_err(|_| failed)?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
