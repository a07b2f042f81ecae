//! Where events come from: one file for each kind of source.

pub(super) mod api;

use crate::error::Result;
use crate::graph::Node;
use crate::lower::Lowering;
use crate::spec::Source;

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    match &lowering.spec.source {
        Some(Source::Api(api)) => api::nodes(lowering, api),
        None => Ok(Vec::new()),
    }
}
