use std::collections::BTreeMap;

use pipe_local::template::{Params, Scope, Template};
use serde_json::json;

/// The status and message of a refusal.
fn refused(answer: &serde_json::Value) -> (Option<serde_json::Value>, serde_json::Value) {
    let (params, stage) = (Params::default(), BTreeMap::new());
    let body = answer.to_string();
    let scope = Scope { body: &body, params: &params, context: &json!({}), stage_variables: &stage };
    let rendered = Template::parse(&super::refusal()).unwrap().render(&scope).unwrap();
    (rendered.overrides.response_status.map(Into::into), serde_json::from_str(&rendered.text).unwrap())
}

#[test]
fn a_refusal_is_told_by_its_code_and_never_in_the_services_words() {
    let cases = [
        (json!({ "__type": "com.amazonaws.sqs#RequestThrottled", "message": "arn:aws:sqs:1" }), 429),
        (json!({ "__type": "ThrottlingException" }), 429),
        (json!({ "__type": "ValidationException", "message": "1 validation error" }), 400),
        (json!({ "Error": { "Code": "InvalidParameter", "Message": "TopicArn" } }), 400),
        (json!({ "__type": "AccessDeniedException", "message": "User: arn:aws:sts::1:assumed-role/x" }), 502),
        (json!({ "__type": "ResourceNotFoundException" }), 502),
        (json!({}), 502),
    ];
    for (answer, wanted) in cases {
        let (status, body) = refused(&answer);
        assert_eq!(status, Some(wanted.into()), "{answer}");
        assert!(body["message"].is_string() && !body.to_string().contains("arn:"), "{body}");
    }
}
