//! What AWS checks when a mapping is made: whether the function's role may do each call that the poller will do.

use std::future::Future;

use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};

use super::access::{denied, reason};
use super::mapping::Properties;
use crate::error::{self, Error};

/// Does a call of a check.
///
/// # Errors
/// The call's failure; a missing right names role and action.
pub async fn allowed<T, E>(
    mapping: &Properties,
    action: &str,
    call: impl Future<Output = Result<T, SdkError<E>>>,
) -> error::Result<T>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    call.await.map_err(|error| match denied(&error) {
        true => missing(mapping, action),
        false => Error::new(format!("run the mapping of `{}`: `{action}`: {}", mapping.function, reason(&error))),
    })
}

/// The error of a role that may not do this.
pub fn missing(mapping: &Properties, action: &str) -> Error {
    let Properties { function, role, .. } = mapping;
    Error::new(format!("run the mapping of `{function}`: its role `{role}` may not `{action}`"))
        .hint(format!("AWS refuses such a mapping: let the role's policy allow `{action}`"))
}
