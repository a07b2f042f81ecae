//! Which key encrypts a table, and what another one means.
//!
//! DescribeTable names the key of an encrypted table by its ARN alone, which does not tell AWS's managed key from a customer's. So the
//! table's tag says that the pipeline has set a key of its own (`record.rs`); without it, every KMS key reads as `aws_managed`, and is
//! left as it is.
//!
//! DynamoDB encrypts the table's own key anew, and neither rows nor their readers notice
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html>).

use aws_sdk_dynamodb::types::{SseSpecification, SseStatus, SseType, TableDescription};

use super::write::update;
use super::{AWS_MANAGED, AWS_OWNED, Table};
use crate::aws::{Cx, Place};
use crate::error::Result;
use crate::resource::{Grant, Name};

/// AWS's own key in this account.
const AWS_MANAGED_KEY: &str = "alias/aws/dynamodb";

/// What DynamoDB says where a table has the key already: after a lost answer, or where others were faster.
const ALREADY: &str = "already encrypted with given KMSMasterKeyId";

/// `aws_owned`, or the ARN of a KMS key, AWS's or a customer's.
pub fn read(table: &TableDescription) -> String {
    let sse = table.sse_description.as_ref();
    // A state on the way counts as what it leads to. For the AWS owned key there is no description, or a disabled one.
    let kms = matches!(
        sse.and_then(|sse| sse.status.as_ref()),
        Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating)
    );
    let key = sse.filter(|_| kms).and_then(|sse| sse.kms_master_key_arn.clone());
    key.unwrap_or_else(|| if kms { AWS_MANAGED } else { AWS_OWNED }.to_owned())
}

impl Table {
    /// The key of one's own that it is encrypted with.
    pub(super) fn own_key(&self) -> Option<&str> {
        Some(self.encryption.as_str()).filter(|&key| key != AWS_MANAGED && key != AWS_OWNED)
    }

    /// The encryption as CreateTable takes it. Without a key, KMS means the AWS managed one.
    pub(super) fn encrypted(&self) -> SseSpecification {
        let on = self.encryption != AWS_OWNED;
        let sse = SseSpecification::builder().enabled(on).set_sse_type(on.then_some(SseType::Kms));
        sse.set_kms_master_key_id(self.own_key().map(str::to_owned)).build()
    }

    /// Leads the table from the key that `live` has to its own.
    pub(super) async fn sync_encryption(&self, cx: &Cx, name: &Name, live: &Self) -> Result<()> {
        let mut to = self.encrypted();
        if self.encryption == AWS_MANAGED && live.own_key().is_some() {
            // A table with a KMS key changes to another one only where that is named.
            to.kms_master_key_id = Some(AWS_MANAGED_KEY.to_owned());
        }
        let request = cx.aws.dynamodb.update_table().table_name(name.as_str()).sse_specification(to);
        let shows = |now: &Self| match self.encryption.as_str() {
            AWS_MANAGED => now.encryption != AWS_OWNED && now.encryption != live.encryption,
            wanted => now.encryption == wanted,
        };
        match update(cx, name, request, shows).await {
            Err(error) if error.message().contains(ALREADY) => Ok(()),
            done => done,
        }
    }

    /// What DynamoDB asks of whoever gives a table a key, and only through DynamoDB.
    pub(super) fn grant_of_key(&self, place: &Place) -> Option<Grant> {
        const ON_THE_KEY: &[&str] = &[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ];
        Some(Grant::new(ON_THE_KEY, self.own_key()?).when("kms:ViaService", place.host("dynamodb")))
    }
}

/// Who may do more: the key's policy is another bound of the readers.
pub fn widens(desired: &Table, live: &Table) -> Vec<String> {
    let left = live.own_key().filter(|_| desired.own_key().is_none());
    let told = left.map(|key| format!("the key policy of `{key}` no longer bounds who reads and writes its rows"));
    told.into_iter().collect()
}

/// What it means for the rows, their users and the old key.
pub fn means(desired: &Table, live: &Table) -> Vec<String> {
    let (new, old) = (desired.own_key(), live.own_key());
    let mut all = Vec::new();
    if let (Some(new), true) = (new, new != old) {
        all.push(format!("others who read or write its rows need `kms:Decrypt` with the key `{new}` from now on"));
    }
    if let (Some(old), true) = (old, new != old) {
        all.push(format!(
            "the key `{old}` is still needed until the apply is done, and to restore from the backups that were made with it"
        ));
    }
    if old.is_some() && new.is_none() {
        let refused = "until DynamoDB has left the key, which takes minutes, reads and writes of the pipeline may be refused: the \
                       consumer tries them again, and the API's clients have to";
        all.push(refused.to_owned());
    }
    all
}

#[cfg(test)]
mod tests;
