//! `pipe graph`: the resources as a drawing. Offline: account and region are not known, and nothing is built.

use crate::aws::Place;
use crate::bundle::Codes;
use crate::cli::{Global, GraphArgs, GraphFormat, exit};
use crate::commands::{Outcome, walk};
use crate::event::{Event, GraphNode};
use crate::graph::{Graph, Node};
use crate::lower::lower;
use crate::resource::Id;
use crate::spec::{Api, Authorizer, Existing, KmsKey, OwnOrExisting, Spec};
use crate::term::Shell;

/// Runs the command.
pub fn run(shell: Shell, global: &Global, args: &GraphArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let graph = lower(&loaded, &somewhere(&loaded.spec, global), &Codes::unbuilt())?;
    let drawn = match args.format {
        GraphFormat::Mermaid => mermaid(&graph),
        GraphFormat::Dot => dot(&graph),
    };
    match shell.json {
        true => shell.line(&told(&graph)),
        false => shell.data(&drawn),
    }
    Ok(exit::OK)
}

/// Where the pipeline could be: where something is that the spec names by its ARN, or nowhere in particular.
pub(super) fn somewhere(spec: &Spec, global: &Global) -> Place {
    let stores = [
        spec.kinesis().and_then(OwnOrExisting::existing),
        spec.existing_changing_table(),
        spec.fed_queue().and_then(OwnOrExisting::existing),
        spec.table().and_then(OwnOrExisting::existing),
        spec.queue().and_then(OwnOrExisting::existing),
        spec.existing_secret(),
        spec.topic().and_then(|topic| topic.place.existing()),
    ];
    let key = spec.kms_keys().next().map(KmsKey::arn);
    let pool = spec.authorizers().find_map(|(_, authorizer)| match authorizer {
        Authorizer::Cognito(cognito) => Some(cognito.users.as_str()).filter(|users| users.starts_with("arn:")),
        Authorizer::Basic(_) | Authorizer::Jwt(_) | Authorizer::ApiKey(_) | Authorizer::Iam(_) => None,
    });
    let front = |api: &Api| [api.domain.as_ref().map(|domain| domain.certificate.clone()), api.waf.clone()];
    let front = spec.api().and_then(|api| front(api).into_iter().flatten().next());
    let arn = stores.into_iter().flatten().find_map(Existing::arn).or(pool).or(front.as_deref()).or(key);
    let arn = arn.unwrap_or("arn:aws::region:000000000000:");
    let part = |at: usize| arn.split(':').nth(at).unwrap_or_default().to_owned();
    Place { partition: part(1), account: part(4), region: global.region.clone().unwrap_or_else(|| part(3)) }
}

/// A flowchart: what needs points to what it needs.
fn mermaid(graph: &Graph) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for node in graph.nodes() {
        text += &format!("  {}[\"{}<br/>{}\"]\n", node.id, node.kind.name, node.name);
    }
    for node in graph.nodes() {
        node.needs.iter().for_each(|need| text += &format!("  {} --> {}\n", node.id, need.of));
        unneeded(node).for_each(|id| text += &format!("  {} -.-> {id}\n", node.id));
    }
    text
}

fn dot(graph: &Graph) -> String {
    let mut text = format!("digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box];\n", graph.pipeline);
    for node in graph.nodes() {
        text += &format!("  \"{}\" [label=\"{}\\n{}\"];\n", node.id, node.kind.name, node.name);
    }
    for node in graph.nodes() {
        node.needs.iter().for_each(|need| text += &format!("  \"{}\" -> \"{}\";\n", node.id, need.of));
        unneeded(node).for_each(|id| text += &format!("  \"{}\" -> \"{id}\" [style=dotted];\n", node.id));
    }
    text + "}\n"
}

fn told(graph: &Graph) -> Event {
    let node = |node: &Node| GraphNode {
        id: node.id.clone(),
        kind: node.kind.name,
        name: node.name.to_string(),
        needs: node.needs.iter().map(|need| need.of.clone()).collect(),
        mentions: unneeded(node).map(Id::new).collect(),
    };
    Event::Graph { nodes: graph.nodes().iter().map(node).collect() }
}

/// Mentions of what is not needed anyway.
fn unneeded(node: &Node) -> impl Iterator<Item = &str> {
    node.mentions.iter().filter(|id| node.needs.iter().all(|need| need.of != **id)).map(|id| id.as_str())
}
