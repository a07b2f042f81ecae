//! Turns a spec into the graph of its resources. Pure: names, ARNs and policies follow from the spec and the place alone.
//!
//! One file for each source, authorizer, stream, target of a route and sink; each exports the ids of its resources as data.

mod alarms;
mod auth;
mod consumer;
mod dashboard;
mod dlq;
mod existing;
mod function;
mod keys;
mod known;
mod network;
mod plans;
mod sink;
mod source;
mod statements;
mod stream;
mod to;
mod users;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::aws::Place;
use crate::aws::vpc::Vpc;
use crate::bundle::Codes;
use crate::error::Result;
use crate::graph::Graph;
use crate::spec::{Loaded, Spec};

pub use known::{defaults, families};
pub use network::{asked, fits};
pub use sink::table::key;
pub use source::schedule::input as schedule_input;
pub use to::{JSON, LIMIT};

/// The ids that commands look for in a graph.
pub mod id {
    pub use super::auth::basic::SECRET;
    pub use super::consumer::{CONSUMER, MAPPING, ROLE as CONSUMER_ROLE};
    pub use super::dlq::DLQ;
    pub use super::plans::opening_key;
    pub use super::sink::table::TABLE;
    pub use super::source::api::API;
    pub use super::source::api::domain::id as domain;
    pub use super::stream::kinesis::STREAM;
    pub use super::users::id as users;
}

/// The inputs that every part of the lowering has.
struct Lowering<'a> {
    spec: &'a Spec,
    schemas: &'a BTreeMap<PathBuf, Value>,
    templates: &'a BTreeMap<PathBuf, String>,
    place: &'a Place,
    codes: &'a Codes,
    /// What is in the VPC of the functions, if somebody looked.
    vpc: Option<&'a Vpc>,
}

impl<'a> Lowering<'a> {
    fn of(loaded: &'a Loaded, place: &'a Place, codes: &'a Codes) -> Self {
        Self {
            spec: &loaded.spec,
            schemas: &loaded.schemas,
            templates: &loaded.templates,
            place,
            codes,
            vpc: loaded.vpc.as_ref(),
        }
    }
}

/// Lowers a spec for one account and region.
///
/// # Errors
/// An ARN of another account or region, of what exists there.
pub fn lower(loaded: &Loaded, place: &Place, codes: &Codes) -> Result<Graph> {
    source::api::domain::is_here(loaded, place)?;
    alarms::is_here(loaded, place)?;
    let lowering = Lowering::of(loaded, place, codes);
    let parts = [
        network::nodes(&lowering)?,
        users::nodes(&lowering)?,
        source::nodes(&lowering)?,
        plans::nodes(&lowering)?,
        stream::nodes(&lowering)?,
        sink::nodes(&lowering)?,
        dlq::nodes(&lowering)?,
        consumer::nodes(&lowering)?,
    ];
    let mut nodes = parts.concat();
    let alarms = alarms::nodes(&lowering, &nodes)?;
    nodes.extend(dashboard::nodes(&lowering, &nodes, &alarms)?);
    nodes.extend(alarms);
    Graph::new(&loaded.spec.name, loaded.spec.tags.clone(), nodes)
}

/// Returns what a plan says beside its changes: what things cost, what is of others, and what nobody watches.
pub fn notes(loaded: &Loaded, place: &Place, graph: &Graph) -> Vec<String> {
    network::notes(loaded, place).into_iter().chain(alarms::notes(loaded, place, graph)).collect()
}

/// What the role of the consumer's function needs beside its log: IAM statements. The pipeline gives them to a function of its own; to one that
/// exists somebody else has to.
pub fn rights_of_consumer(loaded: &Loaded, place: &Place) -> Vec<Value> {
    let (codes, spec) = (Codes::unbuilt(), loaded.spec.function());
    let lowering = Lowering::of(loaded, place, &codes);
    spec.map(|spec| consumer::rights(&lowering, spec)).unwrap_or_default()
}
