//! The consumer: its function with role and log group, and the mapping that feeds it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::function::{self, Asynchronous};
use crate::kinds::log_group::LogGroup;
use crate::kinds::mapping::{self, Mapping};
use crate::kinds::role::Role;
use crate::kinds::{queue, table};
use crate::lower::function::{Lambda, log_name, role_name};
use crate::lower::known::Known;
use crate::lower::sink::{self, Access};
use crate::lower::statements::Own;
use crate::lower::stream::{self, Feed};
use crate::lower::{Lowering, dlq};
use crate::spec::{Consumer, Function, LogLevel, Recursion, Start};

mod existing;

pub(super) use existing::rights;

pub const CONSUMER: &str = "consumer";
pub const ROLE: &str = "consumer-role";
const LOG: &str = "consumer-log";
pub const MAPPING: &str = "mapping";

/// Lambda's own defaults, as at most
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html>).
const RETRIES: u32 = 2;
const MAX_AGE_MINUTES: u32 = 360;

/// The mapping's default is with what it reads.
pub(super) const IDS: &[Known] = &[
    Known::of::<LogGroup>(LOG, |spec, _| log_name(&spec.consumer_name())),
    Known::of::<Role>(ROLE, |spec, place| role_name(&spec.name, ROLE, place)),
    Known::of::<function::Function>(CONSUMER, |spec, _| spec.consumer_name()),
];

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let Some(Consumer::Function(spec)) = &lowering.spec.consumer else { return Ok(Vec::new()) };
    if let Some(existing) = spec.existing() {
        return existing::nodes(lowering, spec, &existing);
    }
    // Without a stream it only answers requests.
    let feed = lowering.spec.stream.as_ref().map(|stream| stream::feed(lowering, stream));
    let (fed, read) = feed.map(|Feed::Poll { id, arn, read }| ((id, arn), read)).unzip();
    let access = sink::access(lowering, spec);
    let sink = access.as_ref().map(|access| access.id);
    let lambda = Lambda {
        id: CONSUMER,
        role_id: ROLE,
        log_id: LOG,
        name: lowering.spec.consumer_name(),
        memory_mb: spec.memory_mb,
        timeout_seconds: spec.timeout_seconds,
        environment: environment(lowering, spec, access.as_ref()),
        xray: lowering.spec.traces_consumer(),
        log_days: spec.log_days,
        log_level: level(spec.log_level),
        reserved_concurrency: spec.reserved_concurrency,
        asynchronous: asynchronous(lowering, spec),
        allows_recursion: spec.recursion == Recursion::Allow,
        code: lowering.codes.consumer(),
        statements: statements(lowering, spec, read.unwrap_or_default(), access),
        mentions: mentions(lowering, fed.as_ref().map(|(id, _)| *id), sink),
        placed: true,
    };
    let needed = needed(lowering);
    let mapped = |node: Node| if node.id.as_str() == CONSUMER { node.needs(needed) } else { node };
    let mut nodes: Vec<Node> = lowering.function(lambda)?.into_iter().map(mapped).collect();
    if let Some((id, arn)) = fed {
        nodes.push(mapping(lowering, spec, id, arn)?);
    }
    Ok(nodes)
}

/// What its properties name.
fn mentions(lowering: &Lowering<'_>, fed: Option<&'static str>, sink: Option<&'static str>) -> Vec<&'static str> {
    // As a registered consumer it reads the stream, too.
    let stream = fed.map(|_| stream::kinesis::STREAM).filter(|stream| fed != Some(*stream));
    let dlq = dlq::sent_to(lowering).map(|_| dlq::DLQ);
    fed.into_iter().chain(stream).chain(sink).chain(dlq).collect()
}

/// What must be there before the function: AWS looks at the queue for what fails when it is named, and the queue that feeds it hides its
/// messages long enough before the function may work longer on them.
fn needed(lowering: &Lowering<'_>) -> Option<&'static str> {
    let fed = lowering.spec.fed_queue().map(|_| stream::kinesis::STREAM);
    fed.or_else(|| lowering.spec.is_pushed().then_some(dlq::DLQ))
}

/// What becomes of the calls of a source that does not wait for the answer.
fn asynchronous(lowering: &Lowering<'_>, spec: &Function) -> Option<Asynchronous> {
    lowering.spec.is_pushed().then(|| Asynchronous {
        retries: spec.failures.retries.and_then(|retries| u32::try_from(retries).ok()).unwrap_or(RETRIES),
        max_age_seconds: spec.failures.max_age_minutes.unwrap_or(MAX_AGE_MINUTES) * 60,
        on_failure: dlq::arn(lowering).unwrap_or_default(),
    })
}

/// The variables of its environment: the user's, and those that name the table and the queue.
fn environment(lowering: &Lowering<'_>, function: &Function, sink: Option<&Access>) -> BTreeMap<String, String> {
    let mut environment = function.environment.clone();
    environment.extend(sink.map(|sink| sink.environment.clone()).unwrap_or_default());
    environment.extend(dlq::url(lowering).map(|url| ("PIPE_DLQ_URL".to_owned(), url)));
    environment
}

fn statements(lowering: &Lowering<'_>, function: &Function, read: Vec<Value>, sink: Option<Access>) -> Vec<Value> {
    let own = Own::of(lowering);
    let mut statements = read;
    statements.extend(sink.map(|sink| sink.write).unwrap_or_default());
    statements.extend(dlq::send(lowering));
    statements.extend(function.statements.iter().map(|statement| own.statement(statement)));
    statements
}

fn mapping(lowering: &Lowering<'_>, spec: &Function, stream: &str, source: String) -> Result<Node> {
    let props = Mapping {
        function: lowering.spec.consumer_name(),
        source,
        enabled: spec.enabled,
        batch_size: lowering.spec.batch_size(),
        window_seconds: spec.batch.window_seconds,
        parallelization: spec.batch.parallelization,
        start: match &spec.batch.start {
            Start::Oldest => "oldest".into(),
            Start::Newest => "newest".into(),
            Start::At(time) => mapping::at(time)?,
        },
        retries: lowering.spec.retries(),
        // At most 168, says the schema: 604,800 seconds.
        max_age_seconds: i32::try_from(lowering.spec.max_age_hours() * 60 * 60).unwrap_or(i32::MAX),
        bisect: spec.failures.bisect,
        partial: spec.failures.partial,
        on_failure: dlq::arn(lowering).unwrap_or_default(),
        max_concurrency: None,
        filters: filters(spec),
        draining: BTreeMap::new(),
    };
    let props = stream::queue::mapped(props, lowering.spec);
    // Its source may be an ARN that AWS assigns; the name never is.
    let named = stream::arn(lowering).unwrap_or_else(|| props.source.clone());
    let name = mapping::name(&props.function, &named);
    let node = Node::new(MAPPING, name.as_str(), &props)?.needs([CONSUMER, dlq::DLQ]).follows(stream);
    Ok(checked(lowering, spec, node))
}

/// What must hold between the others of what feeds it: the rules of the spec see no property of what exists.
fn checked(lowering: &Lowering<'_>, function: &Function, mapping: Node) -> Node {
    let spec = lowering.spec;
    if spec.fed_queue().is_some() {
        return mapping.checked([stream::kinesis::STREAM, CONSUMER], queue::hides_too_short);
    }
    if spec.table_changes().is_none() || !function.is_bundled() {
        return mapping;
    }
    let mapping = mapping.checked([stream::kinesis::STREAM, CONSUMER], table::lacks_new_image);
    match spec.target().is_some_and(|target| target.deletes) {
        true => mapping.checked([stream::kinesis::STREAM, sink::table::TABLE], table::lacks_old_keys),
        false => mapping,
    }
}

/// As they are read back: in the order of their texts.
fn filters(spec: &Function) -> Vec<String> {
    let mut all: Vec<_> = spec.filters.iter().map(|it| mapping::pattern(Value::Object(it.0.clone()))).collect();
    all.sort();
    all
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
