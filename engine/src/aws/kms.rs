//! What KMS says of a key.

use serde_json::json;

use crate::aws::operation::{Repeat, Service};
use crate::aws::{Aws, nothing_if_absent};
use crate::error::Result;

const KMS: Service = Service { name: "kms", target: "TrentService" };

/// The ARN of a customer's key; nothing for one of AWS's own, and where there is no such key. `key` is an id, an ARN or an alias.
///
/// # Errors
/// Those of KMS, most likely that the caller may not `kms:DescribeKey`.
pub async fn of_customer(aws: &Aws, key: &str) -> Result<Option<String>> {
    let answer = aws.operations.call(&KMS, "DescribeKey", &json!({ "KeyId": key }), Repeat::AsUsual).await;
    let Some(answer) = nothing_if_absent(answer)? else { return Ok(None) };
    let about = &answer["KeyMetadata"];
    let arn = about["Arn"].as_str().filter(|_| about["KeyManager"] != "AWS");
    Ok(arn.map(str::to_owned))
}
