//! Gives each attempt of a call a name in the trace, and reports a failed one that the SDK repeats.
//!
//! No caller sees the calls that the SDK repeats by itself. [`within`] reports them to the context of a step.

use std::future::Future;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::error::ErrorMetadata;
use serde_json::Value;

use crate::aws::{Cx, call, pace};
use crate::error::{Call, Class, Error, deepest};

tokio::task_local! {
    /// The step whose calls are made in this task.
    static AT: Cx;
}

/// Does the work of a step, and reports to its context each call that the SDK repeats.
pub async fn within<T>(cx: Cx, work: impl Future<Output = T>) -> T {
    AT.scope(cx, work).await
}

/// How the last attempt failed.
#[derive(Debug)]
struct Last(Error);

impl Storable for Last {
    type Storer = StoreReplace<Self>;
}

/// Looks on at the attempts of a client's calls.
#[derive(Debug)]
pub(super) struct Attempts;

#[dyn_dispatch_hint]
impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    /// Another attempt begins: the last one failed, and its pause is over.
    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Last(error)) = cfg.load::<Last>() {
            // Outside of a run nobody listens.
            let _ = AT.try_with(|cx| cx.again(error));
        }
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = cfg.load::<Metadata>() {
            context.request_mut().add_extension(pace::Operation(metadata.name().to_owned()));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Err(failed)) = context.output_or_error() else { return Ok(()) };
        let operation = cfg.load::<Metadata>().map(operation).unwrap_or_default();
        let error = match context.response() {
            Some(answer) => refusal(operation, answer),
            None => {
                let message = match failed.as_connector_error() {
                    Some(error) if !error.is_timeout() => deepest(error).to_string(),
                    _ => "no answer in time".to_owned(),
                };
                Error::new(Class::Unclear, message).call(Call { operation, ..Call::default() })
            }
        };
        cfg.interceptor_state().store_put(Last(error));
        Ok(())
    }
}

/// `kinesis:CreateStream`, as in every error.
fn operation(metadata: &Metadata) -> String {
    call::named(&metadata.service().to_lowercase().replace(' ', ""), metadata.name())
}

fn refusal(operation: String, answer: &HttpResponse) -> Error {
    let meta = metadata(answer);
    let (code, message) = (meta.code().unwrap_or_default(), meta.message().unwrap_or_default());
    call::refused(operation, code, message, answer.status().as_u16(), pace::request_id(answer).to_owned())
}

/// Returns the code, message and request id of an answer that refuses: in all of AWS's protocols the code is in a header, or code and
/// message are members of the body.
pub(super) fn metadata(answer: &HttpResponse) -> ErrorMetadata {
    let body = answer.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let member = |names: [&str; 2], element: &str| {
        let found = names.iter().find_map(|name| json.get(name)?.as_str()).or_else(|| within_element(body, element));
        found.unwrap_or_default().to_owned()
    };
    let header = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    let code = header.unwrap_or_else(|| member(["__type", "code"], "Code"));
    // `com.amazonaws.kinesis#LimitExceededException`, `TooManyRequestsException:http://internal.amazon.com/...`
    let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let meta = ErrorMetadata::builder().code(code).message(member(["message", "Message"], "Message"));
    meta.custom("aws_request_id", pace::request_id(answer).to_owned()).build()
}

/// The text of an XML element.
pub(super) fn within_element<'a>(body: &'a str, element: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{element}>"))?;
    Some(rest.split_once(&format!("</{element}>"))?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn answer(headers: &[(&'static str, &'static str)], body: &str) -> Error {
        let mut answer = HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body));
        headers.iter().for_each(|(name, value)| drop(answer.headers_mut().insert(*name, *value)));
        refusal("x:Y".to_owned(), &answer)
    }

    fn told(error: &Error) -> (&str, &str, &str) {
        (error.code(), error.message(), error.failed_call().map_or("", |call| &call.request_id))
    }

    #[test]
    fn a_refusal_is_read_in_each_protocol() {
        let json = r#"{"__type":"com.amazonaws.kinesis#LimitExceededException","message":"Rate exceeded"}"#;
        let error = answer(&[("x-amzn-requestid", "r-1")], json);
        assert_eq!(told(&error), ("LimitExceededException", "Rate exceeded", "r-1"));
        let header =
            [("x-amzn-errortype", "TooManyRequestsException:http://internal.amazon.com/"), ("x-amz-request-id", "r-2")];
        let error = answer(&header, r#"{"Message":"slow down"}"#);
        assert_eq!((told(&error), error.class()), (("TooManyRequestsException", "slow down", "r-2"), Class::Throttled));
        let xml =
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
        assert_eq!(told(&answer(&[], xml)), ("Throttling", "Rate exceeded", ""));
        assert_eq!(told(&answer(&[], "<html>")), ("", "AWS answered 400 without a message", ""));
    }

    #[test]
    fn operations_are_named_as_in_errors() {
        let name = |service: &'static str| operation(&Metadata::new("Get", service));
        let names = ["CloudWatch Logs", "Resource Groups Tagging API", "Secrets Manager", "API Gateway"].map(name);
        assert_eq!(names, ["logs:Get", "tag:Get", "secretsmanager:Get", "apigateway:Get"]);
    }
}
