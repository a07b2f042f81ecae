//! The desired resources and their needs: a graph without cycles.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction::Incoming;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Name, OUTPUT, Refusal, Resource, Tags, json, outputs_in};

/// What must exist in AWS before a resource can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub of: Id,
    /// Replacing the other resource replaces this one: AWS ties it to what it assigned, not to the name.
    pub follow: bool,
}

/// One resource as the spec wants it.
#[derive(Clone, Debug)]
pub struct Node {
    pub id: Id,
    pub kind: &'static Kind,
    pub name: Name,
    /// The kind's properties as JSON.
    pub desired: Value,
    pub needs: Vec<Need>,
    /// Those whose names stand in this one's properties: drawn, but they order nothing.
    pub mentions: Vec<Id>,
    /// `existing:` in the spec: used, never changed.
    pub existing: bool,
    /// Release instead of delete when the pipeline no longer has it.
    pub retain: bool,
    /// Taken over without asking, because its name follows from something of the pipeline.
    pub adopt: bool,
    /// What must hold between others, of which the pipeline may only use one, for this one to work.
    pub checks: Vec<Check>,
}

/// What must hold between two resources, as they are to be: what only AWS knows of one that exists cannot be checked sooner.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The one that the refusal is about, and the other one.
    pub between: [&'static str; 2],
    /// Says what does not hold, for the properties of the two.
    pub refuses: fn(&Value, &Value) -> Option<Refusal>,
}

impl Node {
    /// A resource of the pipeline's own.
    ///
    /// # Errors
    /// Only a kind whose properties cannot be JSON, which is a defect.
    pub fn new<R: Resource>(id: &str, name: impl Into<String>, props: &R) -> Result<Self> {
        Ok(Self { desired: json(props)?, existing: false, ..Self::existing::<R>(id, name) })
    }

    /// A resource that the pipeline uses and never changes.
    pub fn existing<R: Resource>(id: &str, name: impl Into<String>) -> Self {
        Self {
            id: Id::new(id),
            kind: const { &Kind::of::<R>() },
            name: Name::new(name),
            desired: Value::Null,
            needs: Vec::new(),
            mentions: Vec::new(),
            existing: true,
            retain: false,
            adopt: false,
            checks: Vec::new(),
        }
    }

    /// Adds needs, in the order given.
    #[must_use]
    pub fn needs<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        self.needs.extend(ids.into_iter().map(|id| Need { of: Id::new(id), follow: false }));
        self
    }

    /// Adds a need whose replacement replaces this one.
    #[must_use]
    pub fn follows(mut self, id: &str) -> Self {
        self.needs.push(Need { of: Id::new(id), follow: true });
        self
    }

    /// Adds mentions.
    #[must_use]
    pub fn mentions<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        self.mentions.extend(ids.into_iter().map(Id::new));
        self
    }

    /// Chooses release instead of delete.
    #[must_use]
    pub fn retained(mut self, retain: bool) -> Self {
        self.retain = retain;
        self
    }

    /// Adds what must hold between two others.
    #[must_use]
    pub fn checked(mut self, between: [&'static str; 2], refuses: fn(&Value, &Value) -> Option<Refusal>) -> Self {
        self.checks.push(Check { between, refuses });
        self
    }

    /// Takes it over without asking if AWS has it already.
    #[must_use]
    pub fn adopted(mut self) -> Self {
        self.adopt = true;
        self
    }
}

/// A pipeline's resources, what needs is before what needs it.
#[derive(Debug)]
pub struct Graph {
    pub pipeline: String,
    /// The user's own tags, on everything.
    pub tags: Tags,
    nodes: Vec<Node>,
}

impl Graph {
    /// Orders the nodes. A mark for an output is a need of its resource. Needs and mentions of what is not there are dropped: their
    /// section is absent from the spec.
    ///
    /// # Errors
    /// Defects: two nodes with one id, needs that go round in a circle, named as a path, a mark that no resource can resolve.
    pub fn new(pipeline: impl Into<String>, tags: Tags, mut nodes: Vec<Node>) -> Result<Self> {
        need_outputs(&mut nodes)?;
        let mut graph = DiGraph::<usize, ()>::new();
        let mut index: BTreeMap<Id, NodeIndex> = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            if index.insert(node.id.clone(), graph.add_node(at)).is_some() {
                return Err(Error::defect(format!("two resources have the id `{}`", node.id)));
            }
        }
        for node in &nodes {
            for need in node.needs.iter().filter_map(|need| index.get(&need.of)) {
                graph.add_edge(*need, index[&node.id], ());
            }
        }
        let order = in_order(&graph);
        if order.len() < nodes.len() {
            return Err(Error::defect(format!("needs go round in a circle: {}", circle(&graph, &nodes))));
        }
        let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
        let mut nodes: Vec<Node> = order.into_iter().filter_map(|at| nodes[at].take()).collect();
        for node in &mut nodes {
            node.needs.retain(|need| index.contains_key(&need.of));
            node.mentions.retain(|id| index.contains_key(id));
        }
        Ok(Self { pipeline: pipeline.into(), tags, nodes })
    }

    /// The graph of a pipeline that is to be gone.
    pub fn empty(pipeline: impl Into<String>) -> Self {
        Self { pipeline: pipeline.into(), tags: Tags::new(), nodes: Vec::new() }
    }

    /// The nodes, what is needed first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of this id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id.as_str() == id)
    }
}

/// Adds to each node the needs that follow from its marks.
fn need_outputs(nodes: &mut [Node]) -> Result<()> {
    let ids: BTreeSet<Id> = nodes.iter().map(|node| node.id.clone()).collect();
    for node in nodes {
        let (id, defect) = (&node.id, |what: String| Err(Error::defect(what)));
        if node.name.as_str().contains(OUTPUT) {
            return defect(format!("the name of `{id}` holds an output, so nothing could find it again"));
        }
        for output in outputs_in(&node.desired) {
            if !ids.contains(&output.of) {
                return defect(format!("`{id}` needs an output of `{}`, which is not there", output.of));
            }
            if node.needs.iter().all(|need| need.of != output.of) {
                node.needs.push(Need { of: output.of, follow: false });
            }
        }
    }
    Ok(())
}

/// What is needed first, and otherwise as given, so that plans read like the spec.
fn in_order(graph: &DiGraph<usize, ()>) -> Vec<usize> {
    let mut waits: Vec<usize> = graph.node_indices().map(|at| graph.edges_directed(at, Incoming).count()).collect();
    let mut ready: BTreeSet<NodeIndex> = graph.node_indices().filter(|at| waits[at.index()] == 0).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(at) = ready.pop_first() {
        order.push(graph[at]);
        for later in graph.neighbors(at) {
            waits[later.index()] -= 1;
            if waits[later.index()] == 0 {
                ready.insert(later);
            }
        }
    }
    order
}

fn circle(graph: &DiGraph<usize, ()>, nodes: &[Node]) -> String {
    let knot = tarjan_scc(graph).into_iter().find(|knot| knot.len() > 1 || graph.contains_edge(knot[0], knot[0]));
    let mut ids: Vec<&str> = knot.iter().flatten().map(|at| nodes[graph[*at]].id.as_str()).collect();
    ids.push(ids.first().copied().unwrap_or_default());
    ids.join(" -> ")
}
