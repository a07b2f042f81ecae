//! The consumer: its function with role and log group, and the mapping that feeds it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::aws::policy::{self, Policy, allow};
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::function::{self, Function};
use crate::kinds::log_group::{self, LogGroup};
use crate::kinds::mapping::{self, Mapping};
use crate::kinds::role::{self, Role};
use crate::kinds::{queue, stream, table};
use crate::lower::{Lowering, id, names};
use crate::resource::{Name, optional_output_of, output_of};
use crate::spec::{self, LogLevel, OwnOrExisting, Start};

/// What a mapping's poller calls. AWS tries all but the summary when the mapping is made.
const READ_STREAM: &[&str] = &[
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// What one's own handler may do with the sink. The bundled one needs PutItem alone.
const WRITE_TABLE: &[&str] =
    &["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];

/// A function to be lowered: what the two functions of a pipeline do not share.
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
    pub code: &'a crate::bundle::Code,
    pub statements: Vec<Value>,
    pub mentions: Vec<&'a str>,
}

impl Lowering<'_> {
    pub(super) fn consumer(&self) -> Result<Vec<Node>> {
        let Some(spec) = self.spec.function() else { return Ok(Vec::new()) };
        let lambda = Lambda {
            id: id::CONSUMER,
            role_id: id::CONSUMER_ROLE,
            log_id: id::CONSUMER_LOG,
            name: self.spec.consumer_name(),
            memory_mb: spec.memory_mb,
            timeout_seconds: spec.timeout_seconds,
            environment: self.environment(&spec.environment),
            xray: spec.xray,
            log_days: spec.log_days,
            log_level: level(spec.log_level),
            reserved_concurrency: spec.reserved_concurrency,
            code: self.codes.consumer(),
            statements: self.consumer_statements(spec),
            mentions: vec![id::STREAM, id::TABLE, id::DLQ],
        };
        let mut nodes = self.function(lambda)?;
        nodes.push(self.mapping(spec)?);
        Ok(nodes)
    }

    /// What the handler is told, beside what the user tells it.
    fn environment(&self, user: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut environment = user.clone();
        let mut tell = |name: &str, value: String| environment.insert(name.to_owned(), value);
        if let Some(table) = self.spec.table() {
            tell("PIPE_TABLE", self.spec.table_name());
            let (partition_key, sort_key) = match table {
                OwnOrExisting::Own(own) => (
                    own.partition_key.name.clone(),
                    own.sort_key.as_ref().map(|key| key.name.clone()).unwrap_or_default(),
                ),
                OwnOrExisting::Existing(_) => {
                    (output_of(id::TABLE, "partition_key"), optional_output_of(id::TABLE, "sort_key"))
                }
            };
            tell("PIPE_PARTITION_KEY", partition_key);
            tell("PIPE_SORT_KEY", sort_key);
            // The default is not told, so that it changes no function that is there.
            if !self.spec.overwrites() {
                tell("PIPE_OVERWRITE", "false".into());
            }
        }
        if self.spec.queue().is_some() {
            tell("PIPE_DLQ_URL", queue::url(self.place, &Name::new(self.spec.queue_name())));
        }
        environment
    }

    fn stream_arn(&self) -> String {
        stream::arn(self.place, &Name::new(self.spec.stream_name()))
    }

    fn dlq_arn(&self) -> Option<String> {
        self.spec.queue().map(|_| queue::arn(self.place, &Name::new(self.spec.queue_name())))
    }

    fn consumer_statements(&self, function: &spec::Function) -> Vec<Value> {
        let mut statements = vec![
            allow("ReadStream", READ_STREAM, &[self.stream_arn()]),
            // ListStreams has no resource to be restricted to.
            allow("ListStreams", &["kinesis:ListStreams"], &["*".into()]),
        ];
        if self.spec.table().is_some() {
            let table = table::arn(self.place, &Name::new(self.spec.table_name()));
            let actions = if function.is_bundled() { &["dynamodb:PutItem"] } else { WRITE_TABLE };
            statements.push(allow("WriteTable", actions, &[table]));
        }
        statements.extend(self.dlq_arn().map(|dlq| allow("SendToDlq", &["sqs:SendMessage"], &[dlq])));
        statements.extend(function.statements.iter().map(|own| self.own_statement(own)));
        statements
    }

    /// A statement of the spec in IAM's form.
    fn own_statement(&self, own: &spec::Statement) -> Value {
        let resources: Vec<String> = own.resources.iter().map(|resource| self.resource(resource)).collect();
        let effect = match own.effect {
            spec::Effect::Allow => "Allow",
            spec::Effect::Deny => "Deny",
        };
        let mut statement = json!({ "Effect": effect, "Action": own.actions, "Resource": resources });
        if !own.conditions.is_empty() {
            statement["Condition"] = json!(own.conditions);
        }
        statement
    }

    /// The ARN of a statement's resource: the pipeline's own by its word, or as it is written.
    fn resource(&self, written: &str) -> String {
        let (word, rest) = written.find('/').map_or((written, ""), |at| written.split_at(at));
        let own = match word {
            "sink" => Some(table::arn(self.place, &Name::new(self.spec.table_name()))),
            "stream" => Some(self.stream_arn()),
            "dlq" => self.dlq_arn(),
            _ => None,
        };
        match own {
            Some(arn) => arn + rest,
            None => written.replace("${region}", &self.place.region).replace("${account}", &self.place.account),
        }
    }

    fn mapping(&self, spec: &spec::Function) -> Result<Node> {
        let props = Mapping {
            function: self.spec.consumer_name(),
            source: self.stream_arn(),
            enabled: spec.enabled,
            batch_size: spec.batch.size,
            window_seconds: spec.batch.window_seconds,
            parallelization: spec.batch.parallelization,
            start: match &spec.batch.start {
                Start::Oldest => "oldest".into(),
                Start::Newest => "newest".into(),
                Start::At(time) => mapping::at(time)?,
            },
            retries: spec.failures.retries,
            // At most 168, says the schema: 604,800 seconds.
            max_age_seconds: i32::try_from(spec.failures.max_age_hours * 60 * 60).unwrap_or(i32::MAX),
            bisect: spec.failures.bisect,
            partial: spec.failures.partial,
            on_failure: self.dlq_arn().unwrap_or_default(),
            filters: Vec::new(),
        };
        let name = mapping::name(&props.function, &props.source);
        Ok(Node::new(id::MAPPING, name.as_str(), &props)?.needs([id::CONSUMER, id::DLQ]).follows(id::STREAM))
    }

    /// A function with its role and its log group.
    pub(super) fn function(&self, lambda: Lambda<'_>) -> Result<Vec<Node>> {
        let group = names::function_log(&lambda.name);
        let mut statements = lambda.statements;
        // AWS's reference has the group for CreateLogStream and its streams for PutLogEvents.
        let own = log_group::arn(self.place, &Name::new(&group));
        let streams = format!("{own}:*");
        statements.push(allow("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], &[own, streams]));
        if lambda.xray {
            statements.push(allow("Trace", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"], &["*".into()]));
        }
        let role = self.role(policy::trust("lambda.amazonaws.com"), statements);
        let function = Function {
            role: self.role_arn(lambda.role_id),
            runtime: "provided.al2023".into(),
            handler: "bootstrap".into(),
            architecture: lambda.code.architecture.clone(),
            memory_mb: lambda.memory_mb,
            timeout_seconds: lambda.timeout_seconds,
            environment: lambda.environment,
            tracing: lambda.xray,
            log_group: group.clone(),
            log_level: lambda.log_level.into(),
            reserved_concurrency: lambda.reserved_concurrency,
            code_sha256: lambda.code.sha256.clone(),
            description: format!("{} of the pipeline {}", lambda.id, self.spec.name),
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

    /// The ARN of a function of the pipeline.
    pub(super) fn function_arn(&self, name: &str) -> String {
        function::arn(self.place, &Name::new(name))
    }
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "trace",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
        LogLevel::Fatal => "fatal",
    }
}
