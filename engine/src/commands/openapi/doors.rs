//! Who may call: the security schemes of a spec, and what a route's authorizer answers to those whom it does not let in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::spec::{Authorizer, Cognito, Jwt, Spec, Token};

/// The schemes by the names that routes use.
pub fn schemes(spec: &Spec) -> BTreeMap<String, Value> {
    spec.authorizers().map(|(name, authorizer)| (name.to_owned(), scheme(authorizer))).collect()
}

/// Scopes stand in the description: only OAuth's schemes may have them in OpenAPI 3.0, and these want addresses that only the issuer
/// knows.
fn scheme(authorizer: &Authorizer) -> Value {
    let bearer =
        |text: String| json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": text });
    match authorizer {
        Authorizer::Basic(_) => json!({ "type": "http", "scheme": "basic" }),
        Authorizer::ApiKey(_) => json!({ "type": "apiKey", "in": "header", "name": "x-api-key" }),
        Authorizer::Cognito(cognito) => bearer(of_cognito(cognito)),
        Authorizer::Jwt(jwt) => bearer(of_jwt(jwt)),
        // OpenAPI has no word for signatures; API Gateway's own export says it so.
        Authorizer::Iam(_) => json!({
            "type": "apiKey", "in": "header", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4",
            "description": "A request signed for `execute-api` (AWS Signature Version 4).",
        }),
    }
}

fn of_cognito(cognito: &Cognito) -> String {
    match cognito.scopes.is_empty() {
        true => "An id token of the user pool.".to_owned(),
        false => format!("An access token of the user pool{}.", one_of("with the scope", &cognito.scopes)),
    }
}

fn of_jwt(jwt: &Jwt) -> String {
    let token = match (&jwt.issuer, jwt.token) {
        (Some(issuer), _) => format!("A token of {issuer}"),
        (None, Token::Id) => "An id token of the user pool".to_owned(),
        (None, Token::Access) => "An access token of the user pool".to_owned(),
    };
    let (scopes, groups) = (one_of("with the scope", &jwt.scopes), one_of("of a user in the group", &jwt.groups));
    format!("{token}{scopes}{groups}.")
}

fn one_of<'a>(what: &str, words: impl IntoIterator<Item = &'a String>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    if words.is_empty() { String::new() } else { format!(", {what} {}", words.join(" or ")) }
}

/// The statuses for those whom the authorizer does not let in.
///
/// A missing or wrong secret is 401, but of an API key 403; a token that is good and not enough is 403, but of Cognito's own authorizer 401.
pub fn refusals(authorizer: &Authorizer) -> &'static [u16] {
    match authorizer {
        Authorizer::Basic(_) | Authorizer::Cognito(_) => &[401],
        Authorizer::Jwt(_) => &[401, 403],
        Authorizer::ApiKey(_) | Authorizer::Iam(_) => &[403],
    }
}
