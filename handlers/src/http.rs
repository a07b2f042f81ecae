//! Plain GET requests, for what no SDK is needed for.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// As the SDK's in `aws`.
const CONNECTED_WITHIN: Duration = Duration::from_secs(3);
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// No answer that is asked for is longer.
const LONGEST: usize = 1024 * 1024;

/// Why there is no answer: never a part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

impl Failed {
    /// Whether the next try may have an answer: the other side was busy, broken or not there.
    pub fn passes(&self) -> bool {
        let passing = ["status 429", "timeout", "connection failed", "the answer broke off"];
        passing.contains(&self.0.as_str()) || self.0.starts_with("status 5")
    }
}

/// A client that keeps its connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http(SharedHttpConnector);

/// Who signs a request, and for what.
pub struct Signer<'a> {
    pub credentials: &'a Credentials,
    pub region: &'a str,
    pub service: &'a str,
}

impl Default for Http {
    fn default() -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECTED_WITHIN).read_timeout(ANSWERED_WITHIN);
        let connector = Connector::builder().connector_settings(settings.build());
        Self(SharedHttpConnector::new(connector.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()))
    }
}

impl Http {
    /// Returns the body of what is under the URL. Only this machine is asked without TLS.
    ///
    /// # Errors
    /// No answer, or one that is not 200.
    pub async fn get(&self, url: &str, signer: Option<Signer<'_>>) -> Result<Vec<u8>, Failed> {
        let failed = |what: &str| Failed(what.to_owned());
        if !(url.starts_with("https://") || is_of_this_machine(url)) {
            return Err(failed("the URL is not one of https"));
        }
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).map_err(|_| failed("the URL is none"))?;
        // API Gateway answers with another form (HAL) where this is not asked for; the SDKs ask for it, too.
        request.headers_mut().insert("accept", "application/json");
        if let Some(signer) = signer {
            let signed = signed(url, &signer).map_err(|_| failed("the request cannot be signed"))?;
            for (name, value) in signed {
                request.headers_mut().try_insert(name, value).map_err(|_| failed("a header cannot be sent"))?;
            }
        }
        let answer = self.0.call(request).await;
        let answer =
            answer.map_err(|error| failed(if error.is_timeout() { "timeout" } else { "connection failed" }))?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(Failed(format!("status {status}")));
        }
        let (mut body, mut all) = (ByteStream::new(answer.into_body()), Vec::new());
        // An answer in chunks does not say how long it is.
        while let Some(part) = body.try_next().await.map_err(|_| failed("the answer broke off"))? {
            if all.len() + part.len() > LONGEST {
                return Err(failed("the answer is too long"));
            }
            all.extend_from_slice(&part);
        }
        Ok(all)
    }
}

/// `http://127.0.0.1:PORT/...`, where `pipe dev` is.
fn is_of_this_machine(url: &str) -> bool {
    url.strip_prefix("http://127.0.0.1:").is_some_and(|rest| !rest.contains('@'))
}

fn signed(url: &str, signer: &Signer<'_>) -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let identity = signer.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(signer.region)
        .name(signer.service)
        .time(std::time::SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign(request, &params)?.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
