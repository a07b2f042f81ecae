//! `pipe iam-policy`: the least policy that a deployer of this spec needs, as one managed policy.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::aws::connect;
use crate::bundle::Codes;
use crate::cli::{Global, IamPolicyArgs, exit};
use crate::commands::{Outcome, consumer_rights, walk};
use crate::error::Error;
use crate::event::Event;
use crate::graph::Graph;
use crate::kinds::KINDS;
use crate::lease;
use crate::lower::{defaults, lower, rights_of_consumer};
use crate::resource::{Condition, Grant, Scope};
use crate::term::Shell;

mod parts;
#[cfg(test)]
mod tests;

/// What one managed policy may have, white space not counted (`docs/aws.md#iam-quotas`).
const MOST_CHARACTERS: usize = 6144;

/// What a deployer does to a resource that its pipeline only uses: look at it, and take this pipeline's tags off it.
const OF_USERS: &[&str] = &["AddTags", "Describe", "Get", "List", "RemoveTags", "Tag", "Untag"];

/// What it means that nothing bounds the roles.
const UNBOUND: &str = "anyone who has this policy can become an administrator of the account: they can write the rights of the \
     pipeline's roles, and choose who may act as them; set `permissions_boundary` in the file to the ARN of a policy that \
     allows only what these roles need";

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &IamPolicyArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let aws = connect(&global.connect_options()).await?;
    if args.consumer {
        let statements = rights_of_consumer(&loaded, &aws.place);
        if statements.is_empty() {
            let error = Error::fatal("the spec has no consumer that needs rights");
            return Err(error.hint("leave `--consumer` out for the policy of the deployer").into());
        }
        return Ok(print(shell, consumer_rights::policy(&statements)));
    }
    let graph = lower(&loaded, &aws.place, &Codes::unbuilt())?;
    let boundary = loaded.spec.permissions_boundary.as_deref();
    if boundary.is_none() {
        shell.remark(UNBOUND);
    }
    let policy = policy(&graph, &Scope { place: &aws.place, pipeline: &graph.pipeline, boundary });
    if let Some(number) = args.part {
        return Ok(print(shell, parts::part(&policy, number)?));
    }
    let (length, count) = (characters(&policy), parts::parts(&policy).len());
    if length > MOST_CHARACTERS {
        shell.remark(&format!(
            "the policy has {length} characters, but a managed policy may have {MOST_CHARACTERS}: `--part 1` to `--part {count}` print it as \
             {count} policies, which the deployer needs all"
        ));
    }
    Ok(print(shell, policy))
}

fn print(shell: Shell, policy: Value) -> u8 {
    match shell.json {
        true => shell.line(&Event::Policy { policy }),
        false => shell.data(&format!("{policy:#}\n")),
    }
    exit::OK
}

fn characters(policy: &Value) -> usize {
    policy.to_string().chars().filter(|letter| !letter.is_whitespace()).count()
}

/// A statement of the policy.
struct Statement<'a> {
    actions: BTreeSet<&'a str>,
    resources: BTreeSet<String>,
    /// Values by operator and condition key; one of them is enough.
    conditions: BTreeMap<(&'static str, String), BTreeSet<String>>,
}

/// The grants of every resource, and of every default name that a plan looks at.
pub fn policy(graph: &Graph, scope: &Scope) -> Value {
    let mut actions: BTreeMap<(String, Vec<Condition>), BTreeSet<&str>> = BTreeMap::new();
    let mut allow = |grant: Grant, existing: bool| {
        let allowed = grant.actions.iter().filter(|action| !existing || of_users(action));
        actions.entry((grant.resource, grant.conditions)).or_default().extend(allowed);
    };
    for node in graph.nodes() {
        let more = (node.kind.more_grants)(scope, &node.name, &node.desired);
        (node.kind.grants)(scope, &node.name).into_iter().chain(more).for_each(|grant| allow(grant, node.existing));
    }
    for default in defaults(&graph.pipeline, scope.place) {
        (default.kind.grants)(scope, &default.name).into_iter().for_each(|grant| allow(grant, false));
    }
    KINDS.iter().for_each(|kind| allow(Grant::new(kind.looks, "*"), false));
    allow(Grant::new(&["tag:GetResources"], "*"), false);
    allow(lease::grant(scope), false);
    let mut merged: BTreeMap<(BTreeSet<&str>, Vec<Condition>), BTreeSet<String>> = BTreeMap::new();
    for ((resource, conditions), actions) in actions {
        merged.entry((actions, conditions)).or_default().insert(resource);
    }
    let mut statements: Vec<Statement> = Vec::new();
    for ((actions, conditions), resources) in merged.into_iter().filter(|((actions, _), _)| !actions.is_empty()) {
        let conditions =
            conditions.into_iter().map(|(operator, key, value)| ((operator, key), BTreeSet::from([value])));
        join(&mut statements, Statement { actions, resources, conditions: conditions.collect() });
    }
    json!({ "Version": "2012-10-17", "Statement": statements.iter().map(Statement::json).collect::<Vec<_>>() })
}

/// Adds a statement, or puts it into one that differs in the value of its condition, or is about other services only. That allows
/// no more, for an action is only ever asked for on an ARN of its own service; and a managed policy would not hold a statement
/// for each.
fn join<'a>(statements: &mut Vec<Statement<'a>>, new: Statement<'a>) {
    let differs_in_value = |old: &&mut Statement| {
        let same = old.actions == new.actions && old.resources == new.resources;
        same && new.conditions.len() == 1 && old.conditions.keys().eq(new.conditions.keys())
    };
    if let Some(old) = statements.iter_mut().find(differs_in_value) {
        old.conditions.values_mut().for_each(|values| values.extend(new.conditions.values().flatten().cloned()));
        return;
    }
    // A service asks KMS in the caller's name for what it needs and for nothing else, so the rights of several may stand together.
    let through =
        |old: &&mut Statement| old.resources == new.resources && old.is_through_services() && new.is_through_services();
    if let Some(old) = statements.iter_mut().find(through) {
        old.actions.extend(new.actions);
        old.conditions.values_mut().for_each(|values| values.extend(new.conditions.values().flatten().cloned()));
        return;
    }
    let joins = |old: &&mut Statement| {
        let everywhere = [&**old, &new].into_iter().any(|statement| statement.resources.contains("*"));
        !everywhere && old.conditions == new.conditions && old.services().is_disjoint(&new.services())
    };
    match statements.iter_mut().find(joins) {
        Some(old) => {
            old.actions.extend(new.actions);
            old.resources.extend(new.resources);
        }
        None => statements.push(new),
    }
}

impl Statement<'_> {
    fn services(&self) -> BTreeSet<&str> {
        self.actions.iter().map(|action| action.split(':').next().unwrap_or(action)).collect()
    }

    /// Whether it allows only what a service does with a key in the caller's name
    /// (<https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service>).
    fn is_through_services(&self) -> bool {
        self.conditions.len() == 1 && self.conditions.keys().all(|(_, key)| key == "kms:ViaService")
    }

    fn json(&self) -> Value {
        let mut statement = json!({ "Effect": "Allow", "Action": self.actions, "Resource": self.resources });
        for ((operator, key), values) in &self.conditions {
            let one = values.first().filter(|_| values.len() == 1);
            statement["Condition"][operator][key] = one.map_or_else(|| json!(values), |one| json!(one));
        }
        statement
    }
}

fn of_users(action: &str) -> bool {
    let operation = action.split_once(':').map_or(action, |(_, operation)| operation);
    OF_USERS.iter().any(|verb| operation.starts_with(verb))
}
