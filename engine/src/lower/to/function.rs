//! The consumer's function as what a route calls: it gets the whole request, and its answer is the client's
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>).

use super::{To, invocations};
use crate::aws::policy::allow;
use crate::kinds::rest_api::Integration;
use crate::lower::Lowering;
use crate::lower::consumer::CONSUMER;
use crate::lower::source::api::ROLE;

/// A route that the function answers.
pub(super) fn to(lowering: &Lowering<'_>) -> To {
    let function = lowering.function_arn(&lowering.spec.consumer_name());
    let integration = Integration {
        kind: "AWS_PROXY".to_owned(),
        http_method: "POST".to_owned(),
        uri: invocations(lowering.place, &function),
        credentials: lowering.role_arn(ROLE),
        passthrough: "WHEN_NO_MATCH".to_owned(),
        timeout_ms: 29_000,
        ..Integration::default()
    };
    let statements = vec![allow("Invoke", &["lambda:InvokeFunction"], &[function])];
    To { integration, statuses: &[], statements, mentions: vec![CONSUMER.to_owned()] }
}
