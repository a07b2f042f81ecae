//! AWS's own authorization, `AWS_IAM`: callers sign with Signature Version 4, and their policies let them invoke the method.
//!
//! The deployer may invoke every method. Refusals are in AWS's words (`docs/aws.md#api-gateway-signatures`).

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::super::callers::{Caller, Right};
use super::super::definition::ApiAddress;
use super::super::exchange::Exchange;
use super::super::reach::Reach;
use super::super::refusal::Refusal;
use super::super::serving::Serving;
use crate::signature::{ALGORITHM, EXECUTE_API, Signature, Wrong};

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                        Access Key and signing method. Consult the service documentation for details.";
const UNDATED: &str = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
/// What a query has where it is signed.
const IN_QUERY: [&str; 4] = ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];

/// Lets a signed request pass, whose body is `sent`, and tells `$context.identity` who its caller is.
///
/// # Errors
/// The gateway response to answer with.
pub async fn admit(serving: Serving<'_>, parts: &Parts, sent: &[u8], exchange: &mut Exchange) -> Result<(), Refusal> {
    let (reach, signature) = (serving.reach, claimed(parts)?);
    if signature.service != EXECUTE_API {
        return Err(invalid(format!("Credential should be scoped to correct service: '{EXECUTE_API}'. ")));
    }
    if signature.region != serving.address.region {
        return Err(invalid("Credential should be scoped to a valid region. "));
    }
    let root = deployer(reach).await;
    let is_root = root.as_ref().is_some_and(|root| root.access_key_id() == signature.access_key);
    let given = || (reach.keys)(&signature.access_key);
    let credentials = root.clone().filter(|_| is_root).or_else(given).ok_or_else(unrecognized)?;
    check(&signature, &credentials, parts, sent)?;
    let caller = serving.callers.who(reach, credentials).await.map_err(|why| unknown(reach, &why))?;
    tell(&caller, &signature.access_key, exchange);
    if is_root {
        return Ok(());
    }
    let root = root.ok_or_else(|| unknown(reach, "the deployer has no credentials"))?;
    let right = caller.may_invoke(reach, root, &exchange.method_arn(serving.address)).await;
    match right.map_err(|why| unknown(reach, &why))? {
        Right::Granted => Ok(()),
        right => Err(denied(&caller, right, serving.address, exchange)),
    }
}

/// Checks the session and the signature against the key's credentials.
fn check(signature: &Signature, known: &Credentials, parts: &Parts, sent: &[u8]) -> Result<(), Refusal> {
    let (now, token) = (SystemTime::now(), known.session_token().unwrap_or_default());
    if !bool::from(token.as_bytes().ct_eq(signature.token(parts).as_bytes())) {
        return Err(unrecognized());
    }
    if known.expiry().is_some_and(|end| end < now) {
        return Err(Refusal::of("EXPIRED_TOKEN"));
    }
    signature.check(parts, sent, known.secret_access_key(), now).map_err(|wrong| match wrong {
        Wrong::Undated => incomplete(UNDATED),
        Wrong::Time(text) => invalid(text),
        Wrong::Header(name) => invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")),
        Wrong::Payload => invalid(MISMATCH),
        Wrong::Mismatch { canonical, text } => invalid(format!(
            "{MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n\
             The String-to-Sign should have been\n'{text}'\n"
        )),
    })
}

async fn deployer(reach: &Reach) -> Option<Credentials> {
    reach.roles.root().credentials_provider()?.provide_credentials().await.ok()
}

/// What the request says of its signature: in the header, or else in the query.
fn claimed(parts: &Parts) -> Result<Signature, Refusal> {
    if parts.headers.get_all(AUTHORIZATION).iter().any(|value| !value.is_empty()) {
        return Signature::of(&parts.headers).ok_or_else(|| incomplete(unread(&parts.headers)));
    }
    let query = parts.uri.query().unwrap_or_default();
    let has = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(known, _)| known == name);
    if !IN_QUERY.into_iter().chain(["X-Amz-Algorithm"]).any(has) {
        return Err(Refusal::of("MISSING_AUTHENTICATION_TOKEN"));
    }
    Signature::presigned(query).ok_or_else(|| {
        let lacks = IN_QUERY.into_iter().filter(|name| !has(name));
        let lacks = lacks.map(|name| format!("AWS query-string parameters must include '{name}'. "));
        incomplete(format!("{}Re-examine the query-string parameters.", lacks.collect::<String>()))
    })
}

/// Why the header is no signature. It is not repeated: it may be the credentials of another kind.
fn unread(headers: &HeaderMap) -> String {
    let all = headers.get_all(AUTHORIZATION).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let text = all.collect::<Vec<_>>().join(", ");
    let hash = STANDARD.encode(Sha256::digest(&text));
    let (algorithm, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
    let pairs: Option<Vec<(&str, &str)>> = rest.split(',').map(|part| part.trim().split_once('=')).collect();
    let Some(pairs) = pairs else {
        return format!(
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with \
             Base64): '{hash}'."
        );
    };
    let has = |name: &str| pairs.iter().any(|(known, value)| *known == name && !value.is_empty());
    let lacks = ["Credential", "Signature", "SignedHeaders"].into_iter().filter(|name| !has(name));
    let mut why: Vec<String> = lacks.map(|name| format!("Authorization header requires '{name}' parameter.")).collect();
    if !headers.contains_key("x-amz-date") {
        why.push(UNDATED.to_owned());
    }
    match why.is_empty() {
        true if algorithm != ALGORITHM => "Unsupported AWS 'algorithm'".to_owned(),
        true => {
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term".to_owned()
        }
        false => format!("{} (Hashed with SHA-256 and encoded with Base64) Authorization={hash}", why.join(" ")),
    }
}

fn tell(caller: &Caller, access_key: &str, exchange: &mut Exchange) {
    let Some(identity) = exchange.context.get_mut("identity").and_then(|identity| identity.as_object_mut()) else {
        return;
    };
    let (arn, id, account) = (caller.arn.as_str(), caller.id.as_str(), caller.account.as_str());
    let known = [("accessKey", access_key), ("accountId", account), ("caller", id), ("user", id), ("userArn", arn)];
    identity.extend(known.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
}

/// AWS hides the account of the API but for its last digits.
fn denied(caller: &Caller, right: Right, address: &ApiAddress, exchange: &Exchange) -> Refusal {
    let account = &address.account;
    let end = account.len().checked_sub(4).and_then(|from| account.get(from..)).unwrap_or_default();
    let masked = ApiAddress { account: format!("********{end}"), ..address.clone() };
    let why = match right {
        Right::Denied => "with an explicit deny in an identity-based policy",
        Right::Granted | Right::NotGranted => "because no identity-based policy allows the execute-api:Invoke action",
    };
    let (arn, method) = (&caller.arn, exchange.method_arn(&masked));
    let text = format!("User: {arn} is not authorized to perform: execute-api:Invoke on resource: {method} {why}");
    Refusal::of("ACCESS_DENIED").saying(text).under("Message")
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::of("INVALID_SIGNATURE").saying(text)
}

fn incomplete(text: impl Into<String>) -> Refusal {
    Refusal::of("DEFAULT_4XX").status(403).typed("IncompleteSignatureException").saying(text)
}

fn unrecognized() -> Refusal {
    let text = "The security token included in the request is invalid.";
    Refusal::of("DEFAULT_4XX").status(403).typed("UnrecognizedClientException").saying(text)
}

/// The endpoint does not say who it is, or what that one may.
fn unknown(reach: &Reach, why: &str) -> Refusal {
    reach.warn(format!("failed to find out whether a signed request may pass: {why}"));
    Refusal::of("DEFAULT_5XX")
}
