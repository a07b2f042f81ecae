//! `pipe iam-policy`: the least policy that a deployer of this spec needs, as one managed policy.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::aws::{Place, connect};
use crate::bundle::Codes;
use crate::cli::{FileArgs, Global, exit};
use crate::commands::{Outcome, walk};
use crate::event::Event;
use crate::graph::Graph;
use crate::lease;
use crate::lower::{defaults, lower};
use crate::resource::Grant;
use crate::term::Shell;

/// What one managed policy may have, white space not counted (IAM and STS quotas).
const MOST_CHARACTERS: usize = 6144;

/// What a deployer does to a resource that its pipeline only uses: look at it, and take this pipeline's tags off it.
const OF_USERS: &[&str] = &["AddTags", "Describe", "Get", "List", "RemoveTags", "Tag", "Untag"];

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &FileArgs) -> Outcome {
    let loaded = walk::spec(shell, &args.file)?;
    let aws = connect(&global.connect_options()).await?;
    let graph = lower(&loaded, &aws.place, &Codes::unbuilt())?;
    let policy = policy(&graph, &aws.place);
    let length = policy.to_string().chars().filter(|letter| !letter.is_whitespace()).count();
    if length > MOST_CHARACTERS {
        shell.warn(&format!(
            "the policy has {length} characters, and a managed policy may have {MOST_CHARACTERS}: make two of its statements"
        ));
    }
    match shell.json {
        true => shell.line(&Event::Policy { policy }),
        false => shell.data(&format!("{policy:#}\n")),
    }
    Ok(exit::OK)
}

/// The grants of every resource, and of every default name that a plan looks at, each resource in one statement.
pub fn policy(graph: &Graph, place: &Place) -> Value {
    let mut actions: BTreeMap<(String, Option<&str>), BTreeSet<&str>> = BTreeMap::new();
    let mut allow = |grant: Grant, existing: bool| {
        let allowed = grant.actions.iter().filter(|action| !existing || of_users(action));
        actions.entry((grant.resource, grant.passed_to)).or_default().extend(allowed);
    };
    for node in graph.nodes() {
        (node.kind.grants)(place, &node.name).into_iter().for_each(|grant| allow(grant, node.existing));
    }
    for default in defaults(&graph.pipeline, place) {
        (default.kind.grants)(place, &default.name).into_iter().for_each(|grant| allow(grant, false));
    }
    allow(Grant::new(&["tag:GetResources"], "*"), false);
    allow(lease::grant(place, &graph.pipeline), false);
    let mut merged: BTreeMap<(BTreeSet<&str>, Option<&str>), BTreeSet<String>> = BTreeMap::new();
    for ((resource, passed_to), actions) in actions {
        merged.entry((actions, passed_to)).or_default().insert(resource);
    }
    let allowed = merged.into_iter().filter(|((actions, _), _)| !actions.is_empty());
    let statements: Vec<Value> = allowed.map(|((actions, to), on)| statement(&actions, &on, to)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn of_users(action: &str) -> bool {
    let operation = action.split_once(':').map_or(action, |(_, operation)| operation);
    OF_USERS.iter().any(|verb| operation.starts_with(verb))
}

fn statement(actions: &BTreeSet<&str>, resources: &BTreeSet<String>, passed_to: Option<&str>) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resources });
    if let Some(service) = passed_to {
        statement["Condition"] = json!({ "StringEquals": { "iam:PassedToService": service } });
    }
    statement
}
