//! Requests to the API, each once: a repeated one might be a second event.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;
use serde::Deserialize;

use super::{Answer, Taken};
use crate::commands::send::event::Event;
use crate::commands::send::pass::Pass;
use crate::error::{Class, Error, Result, deepest};
use crate::spec::Route;

/// API Gateway answers within 29 s.
const ANSWERED_WITHIN: Duration = Duration::from_secs(35);
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// The API, who is asking, and for which route.
pub struct Api {
    connector: SharedHttpConnector,
    endpoint: String,
    pass: Option<Pass>,
    route: Route,
}

/// What the API said.
pub struct Said {
    pub status: u16,
    /// The request's id.
    pub id: Option<String>,
    pub body: Bytes,
}

/// The body of a refusal. IAM's has another spelling.
#[derive(Deserialize)]
struct Refusal {
    #[serde(alias = "Message")]
    message: String,
}

/// The answer's body: where the stream, or the queue, has the event.
#[derive(Deserialize)]
#[serde(untagged)]
enum Accepted {
    #[serde(rename_all = "PascalCase")]
    Record { shard_id: String, sequence_number: String },
    Message {
        #[serde(rename = "MessageId", alias = "messageId")]
        message_id: String,
    },
}

impl From<Accepted> for Taken {
    fn from(accepted: Accepted) -> Self {
        match accepted {
            Accepted::Record { shard_id, sequence_number } => Self::record(shard_id, sequence_number),
            Accepted::Message { message_id } => Self::message(None, message_id),
        }
    }
}

impl Api {
    /// The API at this URL, and who asks it for what.
    pub fn new(endpoint: String, pass: Option<Pass>, route: &Route) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECTED_WITHIN).read_timeout(ANSWERED_WITHIN);
        // `pipe dev` is on this machine, which no proxy reaches.
        let local = endpoint.starts_with("http://");
        let proxy = if local { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
        let connector = Connector::builder().connector_settings(settings.build()).proxy_config(proxy);
        let connector = connector.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build();
        Self { connector: SharedHttpConnector::new(connector), endpoint, pass, route: route.clone() }
    }

    /// The route's URL.
    pub fn told(&self) -> String {
        format!("{}{}", self.endpoint, self.route.path())
    }

    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Posts events, one after the other.
    ///
    /// # Errors
    /// `Unclear`, where there was no answer. Neither credentials nor payload are in an error.
    pub async fn send(&self, events: Vec<Event>) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        for event in events {
            answers.push(self.post(event).await?);
        }
        Ok(answers)
    }

    async fn post(&self, event: Event) -> Result<Answer> {
        let headers = event.header.as_slice();
        let Said { status, body, .. } = self.ask(event.method, &event.path, headers, &event.body).await?;
        let taken = (status == 200).then(|| serde_json::from_slice::<Accepted>(&body).ok()).flatten().map(Taken::from);
        let refusal = (status != 200).then(|| serde_json::from_slice(&body).ok()).flatten();
        // What follows the first paragraph repeats a signed request, with its session token.
        let first = |text: String| text.split("\n\n").next().unwrap_or_default().to_owned();
        Ok(Answer { event, status, taken, message: refusal.map(|refusal: Refusal| first(refusal.message)) })
    }

    /// Makes one request; the path from the stage on. A header that shows who asks is the pass's.
    ///
    /// # Errors
    /// As [`Api::send`]; what makes no request.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Result<Said> {
        let request = self.request(method, path, headers, body)?;
        let answer = self.connector.call(request).await.map_err(|error| self.unanswered(&error))?;
        let (status, id) = (answer.status().as_u16(), answer.headers().get("x-amzn-requestid").map(str::to_owned));
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|error| self.unanswered(&error))?.into_bytes();
        Ok(Said { status, id, body })
    }

    fn request(&self, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Result<HttpRequest> {
        let url = format!("{}{path}", self.endpoint);
        let mut request = HttpRequest::new(SdkBody::from(body));
        let bad = |_| Error::fatal(format!("`{url}` is not a URL"));
        request.set_method(method).map_err(bad)?;
        request.set_uri(url.as_str()).map_err(bad)?;
        let mut all = vec![("content-type".to_owned(), "application/json".to_owned())];
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            all.retain(|(known, _)| *known != name);
            all.push((name, value.clone()));
        }
        let headers = request.headers_mut();
        match &self.pass {
            Some(Pass::Header(name, value)) => all.push(((*name).to_owned(), value.clone())),
            Some(Pass::Signature(signer)) => all.extend(signer.headers(method, &url, &all, body)?),
            None => {}
        }
        for (name, value) in all {
            // Without the value: it may be the credentials.
            let bad = format!("`{name}` cannot be a header with this value");
            headers.try_insert(name, value).map_err(|_| Error::fatal(bad))?;
        }
        Ok(request)
    }

    fn unanswered(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        Error::new(Class::Unclear, format!("`{}` did not answer: {}", self.endpoint, deepest(error)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::commands::send::signer::Signer;
    use aws_credential_types::Credentials;

    fn api(url: String, pass: Option<Pass>) -> Api {
        Api::new(url, pass, &serde_json::from_str(r#"{"post": "/a"}"#).unwrap())
    }

    fn event() -> Event {
        let header = Some(("X-Who".to_owned(), "me".to_owned()));
        Event {
            n: 1,
            method: "POST",
            path: "/a/1?b=c".into(),
            header,
            body: b"{\"secret\":1".to_vec(),
            key: None,
            given_key: true,
            lane: None,
        }
    }

    /// Answers one request with this, and gives the request.
    async fn served(status: &'static str, body: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/prod", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 4096];
            let mut request = String::new();
            while !request.ends_with("{\"secret\":1") {
                let length = stream.read(&mut read).await.unwrap();
                request += std::str::from_utf8(&read[..length]).unwrap();
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            request
        });
        (url, task)
    }

    #[tokio::test]
    async fn a_request_has_credentials_type_and_body_and_the_answer_its_place() {
        let body = r#"{"SequenceNumber":"49","ShardId":"shardId-000000000000"}"#;
        let (url, request) = served("200 OK", body).await;
        let answer = api(url, Some(Pass::basic("user:pass"))).post(event()).await.unwrap();
        assert_eq!(answer.taken, Some(Taken::record("shardId-000000000000".into(), "49".into())));
        let request = request.await.unwrap();
        assert!(request.starts_with("POST /prod/a/1?b=c HTTP/1.1\r\n"), "{request}");
        let lines =
            ["authorization: Basic dXNlcjpwYXNz", "content-type: application/json", "content-length: 11", "x-who: me"];
        assert!(lines.iter().all(|line| request.contains(&format!("{line}\r\n"))), "{request}");
    }

    #[tokio::test]
    async fn a_queue_answers_with_the_messages_id() {
        for body in [r#"{"MessageId":"m"}"#, r#"{"messageId":"m","requestId":"r"}"#] {
            let (url, _) = served("200 OK", body).await;
            let answer = api(url, None).post(event()).await.unwrap();
            assert_eq!(answer.taken, Some(Taken::message(None, "m".into())), "{body}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        for (body, message) in [("{}", None), (r#"{"message":"no"}"#, Some("no")), (r#"{"message":null}"#, None)] {
            let (url, _) = served("429 Too Many Requests", body).await;
            let answer = api(url, None).post(event()).await.unwrap();
            assert_eq!((answer.status, answer.taken, answer.message.as_deref()), (429, None, message));
        }
    }

    #[tokio::test]
    async fn a_signed_request_has_a_signature_and_a_refusal_of_it_shows_no_token() {
        let credentials = Credentials::new("ASIAME", "se/cret", Some("to/ken==".into()), None, "test");
        let pass = || Some(Pass::Signature(Signer::new(credentials.clone(), "eu-west-1")));
        let said = r#"{"message":"It does not match.\n\nThe Canonical String\nx-amz-security-token:to/ken=="}"#;
        let (url, task) = served("403 Forbidden", said).await;
        let answer = api(url, pass()).post(event()).await.unwrap();
        assert_eq!(answer.message.as_deref(), Some("It does not match."));
        let request = task.await.unwrap();
        let scope = "/eu-west-1/execute-api/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-who, Signature=";
        assert!(request.contains("authorization: AWS4-HMAC-SHA256 Credential=ASIAME/20"), "{request}");
        assert!(request.contains(scope) && request.contains("x-amz-security-token: to/ken=="), "{request}");
        assert!(!request.contains("se/cret"));
        let (url, _) = served("403 Forbidden", r#"{"Message":"no"}"#).await;
        assert_eq!(api(url, pass()).post(event()).await.unwrap().message.as_deref(), Some("no"));
    }

    #[tokio::test]
    async fn no_answer_is_an_error_without_credentials_and_payload() {
        let url = "http://127.0.0.1:1/prod".to_owned();
        let error = api(url, Some(Pass::basic("user:pass"))).post(event()).await.unwrap_err();
        assert_eq!(error.class(), Class::Unclear);
        let text = format!("{error:?}");
        assert!(
            text.contains("did not answer") && !text.contains("dXNlcjpwYXNz") && !text.contains("secret"),
            "{text}"
        );
    }
}
