//! Where results go: one file for each kind of sink.

pub(super) mod table;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::lower::Lowering;
use crate::spec::{Function, Sink};

/// What the consumer has of its sink.
pub(super) struct Access {
    /// Id of the sink.
    pub id: &'static str,
    /// The variables that name it to the handler.
    pub environment: BTreeMap<String, String>,
    /// What the consumer's role needs for it.
    pub write: Vec<Value>,
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    match &lowering.spec.sink {
        Some(Sink::Table(target)) => Ok(vec![table::node(lowering, &target.table)?]),
        None => Ok(Vec::new()),
    }
}

/// Returns how this function writes to the sink, where there is one.
pub(super) fn access(lowering: &Lowering<'_>, function: &Function) -> Option<Access> {
    match lowering.spec.sink.as_ref()? {
        Sink::Table(target) => Some(table::access(lowering, target, function)),
    }
}

/// ARN of the sink.
pub(super) fn arn(lowering: &Lowering<'_>) -> Option<String> {
    match lowering.spec.sink.as_ref()? {
        Sink::Table(_) => Some(table::arn(lowering)),
    }
}
