//! A function that exists: the pipeline makes only what feeds it, and says which rights its role needs for that.

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::function;
use crate::lower::existing::used;
use crate::lower::stream::{self, Feed};
use crate::lower::{Lowering, sink};
use crate::spec::{Existing, Function};

use super::{CONSUMER, mapping, statements};

/// The function as it is, and the mapping.
pub(super) fn nodes(lowering: &Lowering<'_>, spec: &Function, existing: &Existing) -> Result<Vec<Node>> {
    let mut nodes = vec![used::<function::Function>(CONSUMER, existing, "lambda", lowering.place)?];
    if let Some(Feed::Poll { id, arn, .. }) = fed(lowering) {
        nodes.push(mapping(lowering, spec, id, arn)?);
    }
    Ok(nodes)
}

/// What the role of the consumer's function needs to be fed, to write to the sink and the dlq, and by its own statements: as the
/// pipeline gives it to a function of its own, but for its log and its traces.
pub(in crate::lower) fn rights(lowering: &Lowering<'_>, spec: &Function) -> Vec<Value> {
    let read = fed(lowering).map(|Feed::Poll { read, .. }| read);
    statements(lowering, spec, read.unwrap_or_default(), sink::access(lowering, spec))
}

fn fed(lowering: &Lowering<'_>) -> Option<Feed> {
    lowering.spec.stream.as_ref().map(|stream| stream::feed(lowering, stream))
}
