//! What every function of a pipeline has: its role, its log group and its code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::aws::Place;
use crate::aws::policy::{self, Policy, allow};
use crate::bundle::Code;
use crate::diff::hash;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::function::{self, Asynchronous, Function};
use crate::kinds::log_group::{self, LogGroup};
use crate::kinds::role::{self, Role};
use crate::lower::{Lowering, network};
use crate::resource::Name;

/// A function to be lowered: what the functions of a pipeline do not share.
pub(super) struct Lambda<'a> {
    pub id: &'a str,
    pub role_id: &'a str,
    pub log_id: &'a str,
    pub name: String,
    pub memory_mb: u32,
    pub timeout_seconds: u32,
    pub environment: BTreeMap<String, String>,
    pub xray: bool,
    pub log_days: u32,
    pub log_level: &'a str,
    pub reserved_concurrency: Option<u32>,
    pub asynchronous: Option<Asynchronous>,
    pub allows_recursion: bool,
    pub code: &'a Code,
    pub statements: Vec<Value>,
    pub mentions: Vec<&'a str>,
    /// Whether it is in the network, if the spec has one.
    pub placed: bool,
}

impl Lowering<'_> {
    /// A function with its role and its log group.
    pub(super) fn function(&self, lambda: Lambda<'_>) -> Result<Vec<Node>> {
        let group = log_name(&lambda.name);
        let joined = lambda.placed.then(|| network::joined(self, &lambda.name)).flatten();
        let (mut statements, mut environment) = (lambda.statements, lambda.environment);
        let vpc = joined.map(|joined| {
            statements.extend(joined.statements);
            // What the spec says itself stands.
            joined.environment.into_iter().for_each(|(name, value)| _ = environment.entry(name).or_insert(value));
            joined.vpc
        });
        statements.push(self.write_logs(&group));
        if lambda.xray {
            statements.push(allow("Trace", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"], &["*".into()]));
        }
        let role = self.role(policy::trust("lambda.amazonaws.com"), statements);
        let function = Function {
            role: self.role_arn(lambda.role_id),
            runtime: lambda.code.runtime.clone(),
            handler: lambda.code.entry.clone(),
            architecture: lambda.code.architecture.clone(),
            memory_mb: lambda.memory_mb,
            timeout_seconds: lambda.timeout_seconds,
            environment,
            tracing: lambda.xray,
            log_group: group.clone(),
            log_level: lambda.log_level.into(),
            reserved_concurrency: lambda.reserved_concurrency,
            code_sha256: lambda.code.sha256.clone(),
            description: format!("{} of the pipeline {}", lambda.id, self.spec.name),
            asynchronous: lambda.asynchronous,
            allows_recursion: lambda.allows_recursion,
            vpc,
        };
        let mentions = [&lambda.mentions[..], &[lambda.log_id]].concat();
        Ok(vec![
            Node::new(lambda.log_id, &group, &LogGroup { retention_days: lambda.log_days })?.adopted(),
            Node::new(lambda.role_id, self.role_name(lambda.role_id), &role)?.mentions(mentions),
            Node::new(lambda.id, &lambda.name, &function)?
                .follows(lambda.role_id)
                .needs([lambda.log_id])
                .mentions(lambda.mentions),
        ])
    }

    /// AWS's reference has the group for CreateLogStream and its streams for PutLogEvents.
    fn write_logs(&self, group: &str) -> Value {
        let own = log_group::arn(self.place, &Name::new(group));
        let streams = format!("{own}:*");
        allow("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], &[own, streams])
    }

    /// A role of the pipeline with one inline policy.
    pub(super) fn role(&self, trust: Policy, statements: Vec<Value>) -> Role {
        Role {
            path: role::path(&self.spec.name, &self.place.region),
            trust,
            policies: BTreeMap::from([("pipe".to_owned(), Policy::new(statements))]),
            managed: BTreeSet::new(),
            permissions_boundary: self.boundary(),
        }
    }

    /// ARN of the policy that bounds every role, or empty.
    pub(super) fn boundary(&self) -> String {
        self.spec.permissions_boundary.clone().unwrap_or_default()
    }

    /// ARN of a function of the pipeline.
    pub(super) fn function_arn(&self, name: &str) -> String {
        function::arn(self.place, &Name::new(name))
    }

    /// Name of the role for this id.
    pub(super) fn role_name(&self, id: &str) -> String {
        role_name(&self.spec.name, id, self.place)
    }

    /// ARN of the role for this id.
    pub(super) fn role_arn(&self, id: &str) -> String {
        let path = role::path(&self.spec.name, &self.place.region);
        role::arn(self.place, &path, &Name::new(self.role_name(id)))
    }
}

/// Roles are global, so their names hold the region.
pub(super) fn role_name(pipeline: &str, id: &str, place: &Place) -> String {
    let end = format!("-{}", place.region);
    cut(&format!("{pipeline}-{id}"), LONGEST_ROLE - end.len()) + &end
}

/// Longest name of a role.
const LONGEST_ROLE: usize = 64;

/// The name, or its beginning and a hash of all of it where AWS has no room.
pub(super) fn cut(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let hash: String = hash(&json!(name)).chars().take(8).collect();
    format!("{}-{hash}", &name[..longest - hash.len() - 1])
}

/// Name of a function's log group.
pub(super) fn log_name(function: &str) -> String {
    format!("/aws/lambda/{function}")
}
