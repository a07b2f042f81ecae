//! Resources that the pipeline uses and never changes.

use crate::aws::Place;
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::resource::Resource;
use crate::spec::Existing;

/// A resource that the pipeline uses, found by its name.
///
/// # Errors
/// As [`is_here`].
pub(super) fn used<R: Resource>(id: &str, existing: &Existing, service: &str, place: &Place) -> Result<Node> {
    is_here(existing, service, place)?;
    Ok(Node::existing::<R>(id, existing.name()))
}

/// Refuses an existing resource of another account or region.
///
/// # Errors
/// Its ARN says that it is of another one.
pub(super) fn is_here(existing: &Existing, service: &str, place: &Place) -> Result<()> {
    existing.arn().map_or(Ok(()), |arn| is_of_here(arn, service, place))
}

/// The same for an ARN.
///
/// # Errors
/// As [`is_here`].
pub(super) fn is_of_here(arn: &str, service: &str, place: &Place) -> Result<()> {
    if place.resource_of(service, arn).is_none() {
        return Err(Error::fatal(format!("`{arn}` is not in region {} of account {}", place.region, place.account))
            .hint("what exists already is of the account and region that is applied to"));
    }
    Ok(())
}
