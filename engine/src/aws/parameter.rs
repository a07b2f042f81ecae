//! One parameter of Systems Manager's Parameter Store, by name: small, shared, and with a version that every write raises.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws::operation::{Repeat, Service};
use crate::aws::{Aws, nothing_if_absent};
use crate::error::{Class, Error, Result};

const PARAMETER_STORE: Service = Service { name: "ssm", target: "AmazonSSM" };

/// A parameter as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub value: String,
    pub version: i64,
    /// When it was written last, by AWS's clock.
    pub modified: Option<SystemTime>,
}

/// A parameter in an answer (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Parameter.html>).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    value: String,
    version: i64,
    /// Seconds since 1970, with a fraction.
    #[serde(default)]
    last_modified_date: Option<f64>,
}

/// Reads a parameter; nothing where there is none.
pub async fn read(aws: &Aws, name: &str) -> Result<Option<Parameter>> {
    let answer = aws.operations.call(&PARAMETER_STORE, "GetParameter", &json!({ "Name": name }), Repeat::AsUsual).await;
    let Some(answer) = nothing_if_absent(answer)? else { return Ok(None) };
    let Answer { value, version, last_modified_date } = understood(&answer["Parameter"])?;
    let since = last_modified_date.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let modified = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    Ok(Some(Parameter { value, version, modified }))
}

/// Writes a parameter and returns its new version; nothing where it exists and may not be overwritten.
///
/// The call is not repeated: a repetition would raise the version twice.
pub async fn write(aws: &Aws, name: &str, value: &str, overwrite: bool) -> Result<Option<i64>> {
    let input = json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": overwrite });
    match aws.operations.call(&PARAMETER_STORE, "PutParameter", &input, Repeat::Never).await {
        Ok(answer) => understood(&answer["Version"]).map(Some),
        Err(error) if error.class() == Class::Exists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes a parameter; absent is success.
pub async fn delete(aws: &Aws, name: &str) -> Result<()> {
    let input = json!({ "Name": name });
    nothing_if_absent(aws.operations.call(&PARAMETER_STORE, "DeleteParameter", &input, Repeat::AsUsual).await).map(drop)
}

fn understood<T: for<'de> Deserialize<'de>>(answer: &Value) -> Result<T> {
    let unclear = |error| Error::new(Class::Unclear, format!("Parameter Store's answer cannot be read: {error}"));
    T::deserialize(answer).map_err(unclear)
}
