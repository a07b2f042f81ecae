//! The KMS key of a secret: what a deployer needs for it, and what another one means.
//!
//! With another key Secrets Manager encrypts the value anew, where it may decrypt it with the key before in the deployer's name; what
//! was encrypted with that one stays readable by it
//! (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html>).

use super::Secret;
use crate::aws::Place;
use crate::resource::{Advice, Changed, Grant};

/// AWS's own key in this account.
const AWS_MANAGED_KEY: &str = "alias/aws/secretsmanager";

/// The key as Secrets Manager has it, which gives back what was set; empty for AWS's own.
pub fn read(place: &Place, given: Option<&str>) -> String {
    place.key_arn(given.filter(|key| !key.ends_with(AWS_MANAGED_KEY)).unwrap_or_default())
}

impl Secret {
    /// What a deployer needs who makes the secret with this key, or gives it this key
    /// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html>).
    pub(super) fn grant_of_key(&self, place: &Place) -> Option<Grant> {
        const WITH_THE_KEY: &[&str] = &["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"];
        let grant = (!self.key.is_empty()).then(|| Grant::new(WITH_THE_KEY, &self.key))?;
        Some(grant.when("kms:ViaService", place.host("secretsmanager")))
    }
}

/// What another key means to those who read it.
pub fn advice(of: &Changed<'_, Secret>) -> Advice {
    let Some((desired, live)) = of.edit() else { return Advice::default() };
    let old = &live.key;
    if old.is_empty() || *old == desired.key {
        return Advice::default();
    }
    let mut told = Advice::default();
    if desired.key.is_empty() {
        told.widens = vec![format!("the key policy of `{old}` no longer bounds who reads the credentials")];
        told.means = vec![format!(
            "the deployer needs `kms:Decrypt` with the key `{old}`: without it the credentials stay encrypted with it, and the \
             authorizer may no longer decrypt them"
        )];
    } else {
        told.means = vec![format!(
            "the credentials stay encrypted with the key `{old}` where the deployer may not `kms:Decrypt` with it: keep it until others are set"
        )];
    }
    told
}
