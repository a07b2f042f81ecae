//! Keys of one's own (KMS): what a role may do with one is bound to what it encrypts there.

use serde_json::{Value, json};

use crate::aws::Place;
use crate::aws::policy::allow;
use crate::error::Result;
use crate::lower::existing::is_of_here;
use crate::spec::KmsKey;

/// The ARN of a key of one's own; empty where there is none.
///
/// # Errors
/// The key is of another account or region.
pub(super) fn arn(key: Option<&KmsKey>, place: &Place) -> Result<String> {
    let Some(key) = key else { return Ok(String::new()) };
    is_of_here(key.arn(), "kms", place)?;
    Ok(key.arn().to_owned())
}

/// A statement that allows `actions` with every key of the account and region, but only where the call's encryption context names one of
/// these resources (a pattern with `?` among them counts as one).
///
/// What is encrypted keeps its key, or AWS takes minutes to begin with another: so another key interrupts nobody.
pub(super) fn bound(place: &Place, sid: &str, actions: &[&str], context: &str, resources: &[String]) -> Value {
    let mut statement = allow(sid, actions, &[place.arn("kms", "key/*")]);
    let operator = if resources.iter().any(|one| one.contains('?')) { "StringLike" } else { "StringEquals" };
    statement["Condition"] = json!({ operator: { format!("kms:EncryptionContext:{context}"): resources } });
    statement
}

/// The same, and only where this service asks for it in the role's name.
pub(super) fn through(mut statement: Value, service: &str, place: &Place) -> Value {
    statement["Condition"]["StringEquals"]["kms:ViaService"] = json!(place.host(service));
    statement
}

#[cfg(test)]
mod tests;
