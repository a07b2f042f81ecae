//! One parameter of Systems Manager's Parameter Store, by name: small, shared, and with a version that every write raises.

use std::time::SystemTime;

use aws_sdk_ssm::config::Builder;
use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::types::ParameterType;

use crate::aws::{Aws, nothing_if_absent};
use crate::error::{Class, Error, Result};

/// A parameter as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub value: String,
    pub version: i64,
    /// When it was written last, by AWS's clock.
    pub modified: Option<SystemTime>,
}

/// Reads a parameter; nothing where there is none.
pub async fn read(aws: &Aws, name: &str) -> Result<Option<Parameter>> {
    let answer = nothing_if_absent(aws.ssm.get_parameter().name(name).send().await)?;
    let found = answer.and_then(|answer| answer.parameter);
    Ok(found.map(|found| Parameter {
        version: found.version(),
        modified: found.last_modified_date().and_then(|date| SystemTime::try_from(*date).ok()),
        value: found.value.unwrap_or_default(),
    }))
}

/// Writes a parameter and returns its new version; nothing where it exists and may not be overwritten.
///
/// The SDK does not repeat the call: a repetition would raise the version twice.
pub async fn write(aws: &Aws, name: &str, value: &str, overwrite: bool) -> Result<Option<i64>> {
    let once = Builder::new().retry_config(RetryConfig::disabled());
    let call = aws.ssm.put_parameter().name(name).value(value).r#type(ParameterType::String).overwrite(overwrite);
    match call.customize().config_override(once).send().await.map_err(Error::from) {
        Ok(answer) => Ok(Some(answer.version())),
        Err(error) if error.class() == Class::Exists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes a parameter; absent is success.
pub async fn delete(aws: &Aws, name: &str) -> Result<()> {
    nothing_if_absent(aws.ssm.delete_parameter().name(name).send().await).map(drop)
}
