//! The event of a `REQUEST` authorizer (version 1, REST APIs) and its answer.
//!
//! Only what is used is read: a request that is odd anywhere else must still end as a 401, not as a 500.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::authorizer::Credentials;

/// API Gateway refuses a policy whose resource is longer.
const MAX_RESOURCE_CHARS: usize = 512;

/// What API Gateway asks. It has no `Debug`: it carries credentials.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    method_arn: Option<String>,
    headers: Option<HashMap<String, Option<String>>>,
    multi_value_headers: Option<HashMap<String, Option<Vec<String>>>>,
}

impl Request {
    /// Returns the basic credentials of the `Authorization` header, whatever the case of its name.
    pub fn credentials(&self) -> Option<Credentials> {
        self.authorization().and_then(Credentials::from_header)
    }

    /// Returns the `Authorization` header, whatever the case of its name.
    pub fn authorization(&self) -> Option<&str> {
        self.header("authorization")
    }

    /// Returns a header, whatever the case of its name.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        let is_it = |name: &String| name.eq_ignore_ascii_case(wanted);
        let single = self.headers.iter().flatten().find(|(name, _)| is_it(name));
        if let Some((_, Some(value))) = single {
            return Some(value);
        }
        // API Gateway keeps the last of several under `headers`; so the same is done here.
        let several = self.multi_value_headers.iter().flatten().find(|(name, _)| is_it(name));
        several.and_then(|(_, values)| values.as_ref()?.last()).map(String::as_str)
    }

    /// Returns the ARN of every method of the called stage. `None` when the event's ARN is not
    /// `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`.
    pub fn every_route(&self) -> Option<String> {
        let arn = self.method_arn.as_deref()?;
        let mut parts = arn.splitn(3, '/');
        let (api, stage, _method) = (parts.next()?, parts.next()?, parts.next()?);
        let is_api = api.starts_with("arn:") && api.split(':').nth(2) == Some("execute-api") && !stage.is_empty();
        let resource = format!("{api}/{stage}/*/*");
        (is_api && resource.len() <= MAX_RESOURCE_CHARS).then_some(resource)
    }
}

/// What API Gateway is answered.
#[derive(Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    principal_id: String,
    policy_document: Document,
    /// For mapping templates and functions, as `$context.authorizer.NAME`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    context: BTreeMap<&'static str, String>,
    /// The value of the API key that the request counts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_identifier_key: Option<String>,
}

/// Without the key, which is a secret.
impl std::fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Policy").field("policy_document", &self.policy_document).finish_non_exhaustive()
    }
}

#[derive(Serialize, Debug, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Serialize, Debug, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

impl Policy {
    /// Allows a user to call `resource`.
    pub fn allow(username: &str, resource: String) -> Self {
        Self::of("Allow", username, resource)
    }

    /// Denies it: API Gateway answers 403.
    pub fn deny(username: &str, resource: String) -> Self {
        Self::of("Deny", username, resource)
    }

    fn of(effect: &'static str, username: &str, resource: String) -> Self {
        let statement = Statement { action: "execute-api:Invoke", effect, resource };
        let policy_document = Document { version: "2012-10-17", statement: [statement] };
        let context = BTreeMap::new();
        Policy { principal_id: username.to_owned(), policy_document, context, usage_identifier_key: None }
    }

    /// Returns whether the user is let in.
    pub fn allows(&self) -> bool {
        self.policy_document.statement[0].effect == "Allow"
    }

    /// Adds what is known of the user.
    #[must_use]
    pub fn knowing(mut self, context: BTreeMap<&'static str, String>) -> Self {
        self.context = context;
        self
    }

    /// Counts the request for the API key with this value.
    #[must_use]
    pub fn counted_for(mut self, key: Option<String>) -> Self {
        self.usage_identifier_key = key;
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/POST/submit/a/b";

    fn request(value: serde_json::Value) -> Request {
        serde_json::from_value(value).expect("request")
    }

    #[test]
    fn the_header_is_found_in_any_case_and_in_both_maps() {
        let value = "Basic YTpi";
        for event in [
            json!({ "headers": { "Authorization": value } }),
            json!({ "headers": { "authorization": value }, "multiValueHeaders": null }),
            json!({ "headers": { "AUTHORIZATION": value, "X": null } }),
            json!({ "headers": null, "multiValueHeaders": { "aUthorization": [value] } }),
            json!({ "headers": {}, "multiValueHeaders": { "Authorization": ["Basic YTpj", value] } }),
        ] {
            let found = request(event.clone()).credentials();
            assert!(found.is_some_and(|found| found.matches(&Credentials::new(b"a", b"b"))), "{event}");
        }
    }

    #[test]
    fn missing_and_null_headers_are_no_credentials() {
        for event in [
            json!({}),
            json!({ "headers": null, "multiValueHeaders": null }),
            json!({ "headers": {}, "requestContext": null, "pathParameters": 7 }),
            json!({ "headers": { "Authorization": null }, "multiValueHeaders": { "Authorization": null } }),
            json!({ "multiValueHeaders": { "Authorization": [] } }),
        ] {
            assert!(request(event.clone()).credentials().is_none(), "{event}");
        }
    }

    #[test]
    fn the_resource_covers_every_route_of_the_stage() {
        let resource = |arn: &str| request(json!({ "methodArn": arn })).every_route();
        let all = Some("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*/*".to_owned());
        assert_eq!(resource(ARN), all);
        assert_eq!(resource("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/"), all);
        let china = resource("arn:aws-cn:execute-api:cn-north-1:1:api/s/GET/x").expect("resource");
        assert_eq!(china, "arn:aws-cn:execute-api:cn-north-1:1:api/s/*/*");
    }

    #[test]
    fn an_arn_that_is_none_gives_no_resource() {
        let long = format!("arn:aws:execute-api:eu-west-1:1:{}/prod/GET/", "a".repeat(512));
        for arn in ["", "*", "arn:aws:lambda:eu-west-1:1:api/prod/GET/", "arn:aws:execute-api:eu-west-1:1:api", &long] {
            assert_eq!(request(json!({ "methodArn": arn })).every_route(), None, "{arn}");
        }
        assert_eq!(request(json!({})).every_route(), None);
    }

    #[test]
    fn the_answer_has_the_shape_that_api_gateway_reads() {
        let policy = Policy::allow("ann", "arn:x/*/*".into());
        let expected = json!({
            "principalId": "ann",
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "arn:x/*/*" }],
            },
        });
        assert_eq!(serde_json::to_value(policy).expect("json"), expected);
    }
}
