//! The network interfaces that Lambda takes away under a role.
//!
//! A function's interfaces go up to 45 minutes after it has left its VPC, and Lambda takes them away with the rights of the function's role: without
//! these they stay for ever (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>). So a role keeps its rights until none is
//! left. Which function it is about says the statement that keeps the function's own code from its interfaces.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::aws::ec2::{Answered, Input, list};
use crate::aws::policy::{Policy, texts};
use crate::aws::{Cx, poll};
use crate::error::{Class, Error, Result};
use crate::resource::{Grant, Name};

/// How long a change waits for interfaces that are about to go; mostly it takes minutes more, and the next run finishes.
const FREE_WITHIN: Duration = Duration::from_secs(120);
/// What the descriptions of Lambda's interfaces begin with; the function's name and a UUID follow.
const OF_LAMBDA: &str = "AWS Lambda VPC ENI-";
const UUID: usize = 36;

/// Waits until Lambda needs the rights no more that these policies give and those do not.
///
/// # Errors
/// There are interfaces left: they are named.
pub(super) async fn released(
    cx: &Cx,
    name: &Name,
    then: &BTreeMap<String, Policy>,
    now: &BTreeMap<String, Policy>,
) -> Result<()> {
    let left = functions(now);
    for function in functions(then).difference(&left) {
        let what = format!("Lambda to take away the network interfaces of the function `{function}`");
        let none = || async { Ok(held(cx, function).await?.is_empty().then_some(())) };
        match poll(cx, &what, FREE_WITHIN, none).await {
            // It has waited in vain; a refusal of AWS's has a call.
            Err(error) if error.class() == Class::Fatal && error.failed_call().is_none() => {
                return Err(told(name, &held(cx, function).await?));
            }
            ended => ended?,
        }
    }
    Ok(())
}

/// What it takes to look.
pub(super) fn grants(policies: &BTreeMap<String, Policy>) -> Vec<Grant> {
    const LOOK: &[&str] = &["ec2:DescribeNetworkInterfaces", "lambda:ListFunctions"];
    if functions(policies).is_empty() { Vec::new() } else { vec![Grant::new(LOOK, "*")] }
}

/// Names of the functions whose network interfaces are made under a role with these policies.
fn functions(policies: &BTreeMap<String, Policy>) -> BTreeSet<String> {
    let statements = policies.values().flat_map(Policy::statements);
    let arns = statements.flat_map(|one| texts(&one["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]));
    arns.filter_map(|arn| arn.rsplit(':').next()).map(str::to_owned).collect()
}

/// Ids of the interfaces that are there for this function, and for no other.
async fn held(cx: &Cx, function: &str) -> Result<Vec<String>> {
    let input = Input::default().filter("description", &format!("{OF_LAMBDA}{function}-*"));
    let mut found = list(&cx.aws, "DescribeNetworkInterfaces", "networkInterfaceSet", &input).await?;
    // Those of `a-b` begin like those of `a`.
    found.retain(|one| one.text("description").len() == OF_LAMBDA.len() + function.len() + 1 + UUID);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let others = places(cx, function).await?;
    let own = found.iter().filter(|one| !others.contains(&place(one)));
    Ok(own.map(|one| one.text("networkInterfaceId").to_owned()).collect())
}

/// A subnet and a set of security groups: functions that share both share an interface.
type Shared = (String, BTreeSet<String>);

fn place(interface: &Answered) -> Shared {
    let groups = interface.items("groupSet").map(|group| group.text("groupId").to_owned());
    (interface.text("subnetId").to_owned(), groups.collect())
}

/// Where the account's other functions have interfaces.
async fn places(cx: &Cx, but: &str) -> Result<BTreeSet<Shared>> {
    let mut functions = cx.aws.lambda.list_functions().into_paginator().items().send();
    let mut places = BTreeSet::new();
    while let Some(function) = functions.next().await {
        let function = function?;
        let Some(vpc) = function.vpc_config().filter(|_| function.function_name() != Some(but)) else { continue };
        let groups: BTreeSet<String> = vpc.security_group_ids().iter().cloned().collect();
        places.extend(vpc.subnet_ids().iter().map(|subnet| (subnet.clone(), groups.clone())));
    }
    Ok(places)
}

fn told(role: &Name, interfaces: &[String]) -> Error {
    let named: Vec<String> = interfaces.iter().map(|id| format!("`{id}`")).collect();
    let message = format!(
        "Lambda still needs the rights of the role `{role}`, to take away network interfaces: {}",
        named.join(", ")
    );
    Error::fatal(message).hint(
        "Lambda takes them away up to 45 minutes after a function has left the VPC. The role costs nothing; run the command again then, and \
         it goes on from here",
    )
}

#[cfg(test)]
mod tests;
