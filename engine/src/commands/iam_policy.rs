//! `pipe iam-policy`: the least policy that a deployer of this spec needs, as one managed policy.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::aws::connect;
use crate::bundle::Codes;
use crate::cli::{FileArgs, Global, exit};
use crate::commands::{Outcome, walk};
use crate::graph::Graph;
use crate::lower::{defaults, lower};
use crate::resource::Grant;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &FileArgs) -> Outcome {
    let loaded = walk::spec(shell, &args.file)?;
    let aws = connect(&global.connect_options()).await?;
    let graph = lower(&loaded, &aws.place, &Codes::unbuilt())?;
    let policy = policy(&graph, &aws.place);
    // One object either way; people get it indented.
    match shell.json {
        true => shell.line(&policy),
        false => shell.data(&format!("{policy:#}\n")),
    }
    Ok(exit::OK)
}

/// The grants of every resource, and of every default name that a plan looks at, merged.
pub fn policy(graph: &Graph, place: &crate::aws::Place) -> Value {
    let own = graph.nodes().iter().map(|node| (node.kind, node.name.clone()));
    let grants = own.chain(defaults(&graph.pipeline, place)).flat_map(|(kind, name)| (kind.grants)(place, &name));
    let grants = grants.chain([Grant::new(&["tag:GetResources"], "*")]);
    let mut merged: BTreeMap<(Vec<&str>, Option<&str>), BTreeSet<String>> = BTreeMap::new();
    for grant in grants {
        merged.entry((grant.actions.to_vec(), grant.passed_to)).or_default().insert(grant.resource);
    }
    let statements: Vec<Value> =
        merged.into_iter().map(|((actions, passed_to), on)| statement(&actions, &on, passed_to)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statement(actions: &[&str], resources: &BTreeSet<String>, passed_to: Option<&str>) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resources });
    if let Some(service) = passed_to {
        statement["Condition"] = json!({ "StringEquals": { "iam:PassedToService": service } });
    }
    statement
}
