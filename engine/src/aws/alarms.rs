//! What CloudWatch has of a pipeline's alarms: within one look all of them are asked for at once.

use serde_json::{Value, json};

use crate::aws::cloudwatch::CLOUDWATCH;
use crate::aws::{Cx, Repeat};
use crate::error::Result;
use crate::names::Name;

/// Alarms of a page at most (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>).
const PAGE: u32 = 100;

/// The beginning of the names of a pipeline's alarms. No pipeline's name has a `/`, so no other pipeline's alarms begin so.
pub fn prefix(pipeline: &str) -> String {
    format!("{pipeline}/")
}

/// The pipeline's alarms by their names. Within one look at all that there is they are asked for once.
///
/// # Errors
/// As AWS gives them.
pub async fn alarms(cx: &Cx) -> Result<Vec<Value>> {
    let ask = || described(cx, json!({ "AlarmNamePrefix": prefix(&cx.pipeline), "MaxRecords": PAGE }));
    cx.asked_once("DescribeAlarms", "", ask).await
}

/// The alarm of this name.
///
/// # Errors
/// As AWS gives them.
pub async fn alarm(cx: &Cx, name: &Name) -> Result<Option<Value>> {
    let is_known = cx.look.is_some() && name.as_str().starts_with(&prefix(&cx.pipeline));
    let all =
        if is_known { alarms(cx).await? } else { described(cx, json!({ "AlarmNames": [name.as_str()] })).await? };
    Ok(all.into_iter().find(|alarm| alarm["AlarmName"] == name.as_str()))
}

async fn described(cx: &Cx, mut input: Value) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    loop {
        let mut page = cx.aws.operations.call(&CLOUDWATCH, "DescribeAlarms", &input, Repeat::AsUsual).await?;
        if let Value::Array(alarms) = page["MetricAlarms"].take() {
            all.extend(alarms);
        }
        match page["NextToken"].take() {
            Value::String(token) if !token.is_empty() => input["NextToken"] = Value::String(token),
            _ => return Ok(all),
        }
    }
}
