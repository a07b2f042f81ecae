//! What authorizers and integrations serve a request with.

use super::callers::Callers;
use super::definition::{ApiAddress, BinaryTypes};
use super::permits::Permits;
use super::reach::Reach;

/// The ways out, and what is known of the API that is served. Cheap to make, for one request.
#[derive(Clone, Copy)]
pub struct Serving<'a> {
    pub reach: &'a Reach,
    pub permits: &'a Permits,
    pub callers: &'a Callers,
    pub address: &'a ApiAddress,
    pub binary: &'a BinaryTypes,
}
