//! Whether Lambda lets the function's loops go on: PutFunctionRecursionConfig, which AWS keeps beside the function. As with asynchronous calls,
//! the function's tag says that the pipeline has set it, and only then it is read.

use aws_sdk_lambda::types::RecursiveLoop;

use super::write::told;
use crate::aws::{Cx, nothing_if_absent, patiently};
use crate::error::Result;
use crate::resource::Name;

/// What the tag says.
pub(super) const PART: &str = "recursion";

/// What it means that loops go on
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>).
pub(super) const ENDLESS: &str = "Lambda no longer ends its loops with SQS, SNS, S3 and other functions after some 16 rounds: one that goes wrong goes on, and costs, without end";

/// Reads whether loops go on.
pub(super) async fn read(cx: &Cx, name: &Name) -> Result<bool> {
    let sent = cx.aws.lambda.get_function_recursion_config().function_name(name.as_str()).send().await;
    Ok(nothing_if_absent(sent)?.and_then(|live| live.recursive_loop) == Some(RecursiveLoop::Allow))
}

pub(super) async fn write(cx: &Cx, name: &Name, allowed: bool) -> Result<()> {
    let kind = if allowed { RecursiveLoop::Allow } else { RecursiveLoop::Terminate };
    let request = cx.aws.lambda.put_function_recursion_config().function_name(name.as_str()).recursive_loop(kind);
    let put = || async { request.clone().send().await.map(drop).map_err(told) };
    patiently(cx, &format!("function `{name}` to be ready for the change"), put).await
}
