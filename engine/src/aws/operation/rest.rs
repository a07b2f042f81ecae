//! Calls to services that speak REST: method, path and query say what is to be done.

use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Operations, Refused, Repeat, Service};
use crate::aws::{attempts, call};
use crate::error::Result;

/// What is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    /// From the first slash, percent-encoded.
    pub path: String,
    /// Keys and values as they are; a key of an empty value stands alone, as S3's do.
    pub query: Vec<(&'static str, String)>,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Request {
    fn uri(&self) -> String {
        let pair = |(key, value): &(&str, String)| match value.as_str() {
            "" => (*key).to_owned(),
            value => format!("{key}={}", encoded(value)),
        };
        let query: Vec<String> = self.query.iter().map(pair).collect();
        if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) }
    }
}

/// A text percent-encoded, as it is in queries and in the tags of a header: a space is `%20`.
pub fn encoded(text: &str) -> String {
    const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &RESERVED).to_string()
}

impl Operations {
    /// Makes one call and returns its answer's body.
    ///
    /// # Errors
    /// As the SDK's clients give them: a refusal with its code, message and request id; no answer.
    pub async fn rest(&self, of: &Service, operation: &'static str, sent: Request, repeat: Repeat) -> Result<Bytes> {
        self.rest_to(self.endpoint(of.name), of, operation, sent, repeat).await
    }

    /// The same at a host that AWS has told, unless another endpoint was asked for.
    ///
    /// # Errors
    /// As those of [`Self::rest`].
    pub async fn rest_at(
        &self,
        host: &str,
        of: &Service,
        operation: &'static str,
        sent: Request,
        repeat: Repeat,
    ) -> Result<Bytes> {
        let endpoint = self.asked(of.name).unwrap_or_else(|| format!("https://{host}"));
        self.rest_to(endpoint, of, operation, sent, repeat).await
    }

    async fn rest_to(
        &self,
        endpoint: String,
        of: &Service,
        operation: &'static str,
        sent: Request,
        repeat: Repeat,
    ) -> Result<Bytes> {
        let name = call::named(of.signed_as(), operation);
        let call = self
            .common(of, operation, repeat)
            .runtime_plugin(signing(of.signed_as()))
            .endpoint_url(&endpoint)
            .serializer(move |(): ()| {
                let mut request = HttpRequest::new(SdkBody::from(sent.body.as_str()));
                request.set_method(sent.method)?;
                request.set_uri(sent.uri())?;
                for (header, value) in &sent.headers {
                    request.headers_mut().insert(*header, value.clone());
                }
                Ok(request)
            })
            .deserializer(read);
        call.build().invoke(()).await.map_err(|error| call::failed(name, error))
    }
}

/// S3 signs a path as it is sent, and wants the digest of the body in a header
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>).
fn signing(service: &str) -> StaticRuntimePlugin {
    let mut options = SigningOptions::default();
    if service == "s3" {
        options.double_uri_encode = false;
        options.normalize_uri_path = false;
        options.content_sha256_header = true;
    }
    let mut config = Layer::new("signing");
    config.store_put(SigV4OperationSigningConfig { signing_options: options, ..Default::default() });
    StaticRuntimePlugin::new().with_config(config.freeze())
}

/// The body of an answer, or its refusal.
fn read(answer: &HttpResponse) -> std::result::Result<Bytes, OrchestratorError<Refused>> {
    if !answer.status().is_success() {
        return Err(OrchestratorError::operation(Refused(refusal(answer))));
    }
    Ok(Bytes::copy_from_slice(answer.body().bytes().unwrap_or_default()))
}

/// Code and message, and what S3 says elsewhere: which arguments it does not take, and where the bucket is.
fn refusal(answer: &HttpResponse) -> ErrorMetadata {
    let known = attempts::metadata(answer);
    let body = answer.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
    let argument = |number: usize| {
        let element = |name: &str| attempts::within_element(body, &format!("{name}{number}"));
        Some(format!("{} ({})", element("ArgumentValue")?, element("ArgumentName")?))
    };
    let region = answer.headers().get("x-amz-bucket-region").filter(|_| elsewhere(known.code().unwrap_or_default()));
    let region = region.map(|region| format!("the bucket is in {region}"));
    let more: Vec<String> = (1..).map_while(argument).chain(region).collect();
    if more.is_empty() {
        return known;
    }
    let message = known.message().unwrap_or_default().trim_end_matches('.');
    let told = format!("{message}{}{}", if message.is_empty() { "" } else { ": " }, more.join("; "));
    let meta = ErrorMetadata::builder().code(known.code().unwrap_or_default()).message(told);
    meta.custom("aws_request_id", known.extra("aws_request_id").unwrap_or_default().to_owned()).build()
}

/// Whether a refusal with this code is of a bucket that is in another region.
pub(in crate::aws) fn elsewhere(code: &str) -> bool {
    matches!(
        code,
        "PermanentRedirect"
            | "TemporaryRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::mocked;
    use crate::error::Class;

    const S3: Service = Service { name: "s3", target: "" };
    const IOT: Service = Service { name: "iot", target: "" };

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        headers.iter().for_each(|(name, value)| drop(answer.headers_mut().insert(*name, *value)));
        answer
    }

    fn get(path: &str, query: &[(&'static str, &str)]) -> Request {
        let query = query.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Request { method: "GET", path: path.to_owned(), query, ..Request::default() }
    }

    #[test]
    fn a_key_without_a_value_stands_alone() {
        assert_eq!(get("/a.b-c", &[("notification", "")]).uri(), "/a.b-c?notification");
        assert_eq!(get("/rules", &[]).uri(), "/rules");
        assert_eq!(get("/tags", &[("resourceArn", "arn:aws:x/y")]).uri(), "/tags?resourceArn=arn%3Aaws%3Ax%2Fy");
    }

    #[tokio::test]
    async fn s3_gets_the_digest_of_the_body_and_iot_does_not() {
        for (service, host, has) in [(&S3, "s3", true), (&IOT, "iot", false)] {
            let cx = mocked::cx_http(move |request| {
                assert_eq!(request.uri(), format!("https://{host}.eu-central-1.amazonaws.com/b?notification"));
                assert_eq!(request.headers().get("x-amz-content-sha256").is_some(), has, "{host}");
                let authorization = request.headers().get("authorization").unwrap();
                assert!(authorization.contains(&format!("/eu-central-1/{host}/aws4_request")), "{authorization}");
                answer(200, &[], "<A/>")
            });
            let sent = get("/b", &[("notification", "")]);
            let body = cx.aws.operations.rest(service, "GetBucketNotification", sent, Repeat::AsUsual).await.unwrap();
            assert_eq!(body, "<A/>");
        }
    }

    #[tokio::test]
    async fn refusals_are_read_from_headers_json_and_xml() {
        let ask = async |service: &Service, given: fn() -> HttpResponse| {
            let cx = mocked::cx_http(move |_| given());
            cx.aws.operations.rest(service, "Get", get("/b", &[]), Repeat::AsUsual).await.unwrap_err()
        };
        let error = ask(&S3, || {
            let body = "<Error><Code>PermanentRedirect</Code><Message>Another endpoint.</Message></Error>";
            answer(301, &[("x-amz-bucket-region", "eu-west-1"), ("x-amz-request-id", "r")], body)
        });
        let error = error.await;
        assert_eq!((error.code(), error.class()), ("PermanentRedirect", Class::Fatal));
        assert_eq!(error.message(), "Another endpoint: the bucket is in eu-west-1");
        assert_eq!(error.failed_call().unwrap().request_id, "r");
        let error = ask(&S3, || {
            let body = "<Error><Code>InvalidArgument</Code><Message>Unable to validate the following destination \
                        configurations</Message><ArgumentName1>arn:f, null</ArgumentName1><ArgumentValue1>Not authorized to \
                        invoke function [arn:f]</ArgumentValue1></Error>";
            answer(400, &[], body)
        });
        let told = "Unable to validate the following destination configurations: Not authorized to invoke function [arn:f] \
                    (arn:f, null)";
        assert_eq!(error.await.message(), told);
        let error = ask(&IOT, || {
            let header = [("x-amzn-errortype", "UnauthorizedException:http://internal.amazon.com/")];
            answer(401, &header, r#"{"message":"Access to topic rule 'x' was denied"}"#)
        });
        let error = error.await;
        assert_eq!((error.code(), error.message()), ("UnauthorizedException", "Access to topic rule 'x' was denied"));
    }
}
