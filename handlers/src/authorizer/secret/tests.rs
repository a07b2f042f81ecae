use aws_config::retry::RetryConfig;
use aws_sdk_secretsmanager::Config;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials as Keys, Region};
use aws_sdk_secretsmanager::error::ConnectorError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_smithy_mocks::{MockResponseInterceptor, RuleMode, create_mock_http_client, mock};
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::*;

/// Reads the secret where Secrets Manager answers with this status and body.
async fn read(status: u16, body: String) -> Result<Credentials, Unreadable> {
    let answer = move || HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.clone()));
    let rule = mock!(Client::get_secret_value).then_http_response(answer);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Keys::new("key", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(create_mock_http_client())
        .interceptor(MockResponseInterceptor::new().rule_mode(RuleMode::MatchAny).with_rule(&rule))
        .build();
    SecretsManager::new(Client::from_conf(config), "gateway/credentials".to_owned()).read().await
}

async fn refused(status: u16, code: &str, message: &str) -> Unreadable {
    read(status, json!({ "__type": code, "Message": message }).to_string()).await.err().expect(code)
}

/// Codes and statuses of "GetSecretValue" and "Common errors" in the API reference.
#[tokio::test]
async fn a_secret_that_is_gone_or_denied_is_told_from_a_service_that_is_busy() {
    for (status, code, message) in [
        (400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        (
            400,
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        ),
        (400, "AccessDeniedException", "User: arn is not authorized to perform: secretsmanager:GetSecretValue"),
        (400, "AccessDeniedException", "Access to KMS is not allowed"),
        (
            400,
            "DecryptionFailure",
            "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
        ),
        (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
        (400, "SomethingOfNextYear", ""),
    ] {
        assert_eq!(refused(status, code, message).await, Unreadable::lasting(code));
    }
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "RequestLimitExceeded"),
        (429, "TooManyRequestsException"),
        (500, "InternalServiceError"),
        (503, "ServiceUnavailable"),
    ] {
        assert_eq!(refused(status, code, "").await, Unreadable::passing(code));
    }
    assert_eq!(read(502, "<html>".into()).await.err(), Some(Unreadable::passing("no understandable answer")));
    assert_eq!(read(403, "<html>".into()).await.err(), Some(Unreadable::lasting("no understandable answer")));
}

#[test]
fn without_an_answer_it_passes() {
    let class = |error: SdkError<GetSecretValueError, HttpResponse>| classify(&error);
    let lost = || ConnectorError::io("reset".into());
    assert_eq!(class(SdkError::timeout_error("slow")), Unreadable::passing("timeout"));
    assert_eq!(class(SdkError::dispatch_failure(lost())), Unreadable::passing("connection failed"));
    let begun = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
    assert_eq!(class(SdkError::response_error("broke off", begun)), Unreadable::passing("no understandable answer"));
    assert!(!class(SdkError::construction_failure("no region")).passes());
}

#[tokio::test]
async fn a_secret_that_holds_no_credentials_is_no_outage() {
    for body in [json!({ "SecretString": "hunter2" }), json!({ "SecretBinary": "aHVudGVyMg==" })] {
        let error = read(200, body.to_string()).await.err().expect("unreadable");
        assert!(!error.passes() && !error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_secret_is_json_with_two_texts() {
    let credentials = parse(r#"{"username":"ann","password":"p","more":1}"#).expect("credentials");
    assert!(credentials.matches(&Credentials::new(b"ann", b"p")));
}

#[test]
fn another_secret_is_an_error_that_does_not_quote_it() {
    for text in [
        "hunter2",
        r#"{"username":"hunter2"}"#,
        r#"{"username":"ann","password":7}"#,
        r#"{"username":"ann","password":""}"#,
        r#"{"username":"","password":"hunter2"}"#,
    ] {
        let error = parse(text).err().expect(text).to_string();
        assert!(error.contains("`username` and `password`") && !error.contains("hunter2"), "{error}");
    }
}
