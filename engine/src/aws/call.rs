//! From an SDK error to ours: by code and message, never by `Display`.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::operation::elsewhere;
use crate::aws::words::{self, Words};
use crate::error::{Call, Class, Error, Result};

const DENIED: &[&str] = &["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"];

const BAD_CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
];

impl<E> From<SdkError<E, HttpResponse>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        failed(operation(std::any::type_name::<E>()), error)
    }
}

/// Puts a failed call of the operation of this name into its class.
pub(super) fn failed<E>(operation: String, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let meta = refusal.err().meta();
            let request_id = meta.extra("aws_request_id").unwrap_or_default().to_owned();
            refused(operation, meta.code().unwrap_or_default(), meta.message().unwrap_or_default(), status, request_id)
        }
        _ => no_answer(operation, &error),
    }
}

/// Puts an answer that refused into its class.
pub(super) fn refused(operation: String, code: &str, message: &str, status: u16, request_id: String) -> Error {
    let words = words::of(&operation);
    let coded = |list: fn(&Words) -> &[&str]| words.iter().any(|words| list(words).contains(&code));
    let says = |list: fn(&Words) -> &[&str]| words.iter().flat_map(list).any(|part| message.contains(part));
    let class = match () {
        () if coded(|words| words.not_found) => Class::NotFound,
        () if coded(|words| words.exists) => Class::Exists,
        () if says(|words| words.propagating) => Class::Propagating,
        () if coded(|words| words.busy_codes) || says(|words| words.busy) => Class::Busy,
        () if coded(|words| words.throttled) || status == 429 => Class::Throttled,
        // "Not implemented", which emulators say: asking again is in vain, and nothing took effect.
        () if status == 501 => Class::Fatal,
        // A success whose answer the SDK cannot read took effect, most likely.
        () if !(300..500).contains(&status) => Class::Unclear,
        () => Class::Fatal,
    };
    let text = match message {
        "" if status < 300 => format!("AWS answered {status}, and the answer cannot be read"),
        "" => format!("AWS answered {status} without a message"),
        message => message.to_owned(),
    };
    let error = Error::new(class, text).call(Call { operation: operation.clone(), code: code.to_owned(), request_id });
    match () {
        () if DENIED.contains(&code) => error.hint(format!(
            "allow `{}` on this resource for the deploying identity; `pipe iam-policy` prints all that it needs",
            missing(&operation, message)
        )),
        () if BAD_CREDENTIALS.contains(&code) => {
            error.hint(
                "check the AWS credentials in use: `aws sts get-caller-identity` shows whose they are. AWS answers the same for a \
                 region that the account has not enabled",
            )
        }
        () => error,
    }
}

/// Puts a call without an answer into its class: it may have taken effect, unless it was never sent.
fn no_answer<E: std::error::Error + 'static>(operation: String, error: &SdkError<E, HttpResponse>) -> Error {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        // The deepest says the most, but for those that say one word, such as "Error".
        let said = error.to_string();
        text = if said.contains(' ') { said } else { text };
        cause = error.source();
    }
    let class = if matches!(error, SdkError::ConstructionFailure(_)) { Class::Fatal } else { Class::Unclear };
    let message = match error {
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        _ if text.is_empty() => "no answer".to_owned(),
        _ => text,
    };
    let error = Error::new(class, message).call(Call { operation, ..Call::default() });
    match class {
        Class::Unclear => {
            error.hint("check the network, the region and `--endpoint-url`; running the command again is safe")
        }
        _ => error,
    }
}

/// `aws_sdk_kinesis::operation::create_stream::CreateStreamError` is `kinesis:CreateStream`.
fn operation(error_type: &str) -> String {
    let service = error_type.strip_prefix("aws_sdk_").and_then(|rest| rest.split("::").next()).unwrap_or("aws");
    let operation = error_type.rsplit("::").next().unwrap_or(error_type);
    named(service, operation.strip_suffix("Error").unwrap_or(operation))
}

/// An operation as IAM names it, by the service's name in the SDK.
pub(super) fn named(service: &str, operation: &str) -> String {
    let service = match service {
        "cloudwatchlogs" => "logs",
        "eventbridge" => "events",
        "monitoring" => "cloudwatch",
        "resourcegroupstagging" | "resourcegroupstaggingapi" => "tag",
        other => other,
    };
    format!("{service}:{operation}")
}

/// The IAM action that was missing. AWS names it, and it is another than the call's where a call needs more than one: PassRole,
/// tags.
fn missing(operation: &str, message: &str) -> String {
    let named = message.split_once("not authorized to perform: ").and_then(|(_, rest)| rest.split_whitespace().next());
    named.map_or_else(|| action(operation), str::to_owned)
}

/// The IAM action of an operation. They have one name, but for API Gateway, whose actions are HTTP's.
fn action(operation: &str) -> String {
    const METHODS: &[(&str, &str)] = &[
        ("Get", "GET"),
        ("Create", "POST"),
        ("Put", "PUT"),
        ("Tag", "PUT"),
        ("Update", "PATCH"),
        ("Delete", "DELETE"),
        ("Untag", "DELETE"),
    ];
    let named = operation.strip_prefix("apigateway:").unwrap_or_default();
    match METHODS.iter().find(|(verb, _)| named.starts_with(verb)) {
        Some((_, method)) => format!("apigateway:{method}"),
        None => operation.to_owned(),
    }
}

/// The IAM action without which AWS refused a call; nothing where it failed for another reason.
pub fn denied(error: &Error) -> Option<String> {
    let call = error.failed_call().filter(|call| DENIED.contains(&call.code.as_str()))?;
    Some(missing(&call.operation, error.message()))
}

/// Whether the caller may not look at what it asked for, or not from this region.
pub fn out_of_reach(error: &Error) -> bool {
    denied(error).is_some() || elsewhere(error.code())
}

/// Turns "not found" into nothing.
///
/// # Errors
/// Every other error, as it came.
pub fn nothing_if_absent<T>(result: Result<T, impl Into<Error>>) -> Result<Option<T>> {
    match result.map_err(Into::into) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.class() == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_comes_from_the_error_type() {
        assert_eq!(operation("aws_sdk_kinesis::operation::create_stream::CreateStreamError"), "kinesis:CreateStream");
        assert_eq!(
            operation(std::any::type_name::<aws_sdk_cloudwatchlogs::operation::create_log_group::CreateLogGroupError>()),
            "logs:CreateLogGroup"
        );
    }

    #[test]
    fn propagation_is_told_by_message() {
        let texts = [
            "The role defined for the function cannot be assumed by Lambda.",
            "Cannot access stream arn:aws:kinesis:us-east-1:1:stream/s. Please ensure the role can perform the GetRecords, \
             GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in IAM.",
            "The provided execution role does not have permissions to call SendMessage on SQS",
        ];
        for text in texts {
            let error = refused("lambda:X".into(), "InvalidParameterValueException", text, 400, String::new());
            assert_eq!(error.class(), Class::Propagating, "{text}");
        }
    }

    #[test]
    fn two_writers_of_one_parameter_are_throttled() {
        let error = refused("ssm:PutParameter".into(), "TooManyUpdates", "", 400, String::new());
        assert_eq!(error.class(), Class::Throttled);
    }

    #[test]
    fn a_server_error_without_a_body_is_unclear() {
        assert_eq!(refused("sqs:X".into(), "InternalFailure", "", 500, String::new()).class(), Class::Unclear);
        assert_eq!(refused("ssm:X".into(), "InternalFailure", "", 501, String::new()).class(), Class::Fatal);
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_unclear() {
        let error = refused("apigateway:X".into(), "", "", 200, String::new());
        assert_eq!(error.class(), Class::Unclear);
        assert_eq!(error.message(), "AWS answered 200, and the answer cannot be read");
    }

    #[test]
    fn a_denial_names_the_action() {
        let error = refused("kinesis:CreateStream".into(), "AccessDeniedException", "no", 400, String::new());
        assert!(error.hint_text().is_some_and(|hint| hint.contains("`kinesis:CreateStream`")));
        let text =
            "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r";
        let error = refused("lambda:CreateFunction".into(), "AccessDeniedException", text, 403, String::new());
        assert!(error.hint_text().is_some_and(|hint| hint.starts_with("allow `iam:PassRole` on this resource")));
        let error = refused("apigateway:CreateResource".into(), "AccessDeniedException", "no", 403, String::new());
        assert!(error.hint_text().is_some_and(|hint| hint.contains("`apigateway:POST`")));
    }
}
