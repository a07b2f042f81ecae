//! Keys of one's own (KMS): what a role may do with one is bound to what it encrypts there.

use serde_json::{Value, json};

use crate::aws::policy::allow;

/// A statement that allows `actions` on a key only where the call's encryption context names this resource.
pub(super) fn bound(sid: &str, actions: &[&str], key: &str, context: &str, resource: &str) -> Value {
    let mut statement = allow(sid, actions, &[key.to_owned()]);
    statement["Condition"] = json!({ "StringEquals": { format!("kms:EncryptionContext:{context}"): resource } });
    statement
}
