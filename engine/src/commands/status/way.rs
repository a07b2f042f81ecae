//! The way of an event through a pipeline, by its stations.

use super::function::Sort;
use super::source::Next;
use super::station::Station;
use super::stream::{Patience, Pointed, Reader};
use super::{alarms, dlq, function, mapping, sink, source, stream};
use crate::commands::running::Running;
use crate::kinds;
use crate::kinds::alarm::Alarm;
use crate::kinds::function::Function;
use crate::lower::id;
use crate::resource::Resource;
use crate::spec::Stream;

/// What the source hands its events to.
pub fn next(running: &Running) -> Next {
    let (spec, place) = (&running.spec, &running.cx.aws.place);
    let named = |id: &str| running.graph().node(id).map(|node| &node.name);
    match (&spec.stream, named(id::STREAM)) {
        (Some(Stream::Kinesis(_)), Some(name)) => Next { arn: kinds::stream::arn(place, name), is_stream: true },
        (Some(Stream::Queue(_)), Some(name)) => Next { arn: kinds::queue::arn(place, name), is_stream: false },
        _ => {
            let function = named(id::CONSUMER).map(|name| kinds::function::arn(place, name));
            Next { arn: function.unwrap_or_default(), is_stream: false }
        }
    }
}

/// The stations in the order in which an event passes them.
pub fn stations<'a>(running: &'a Running, next: &'a Next, now: u64) -> Vec<Station<'a>> {
    let (cx, spec, graph) = (&running.cx, &running.spec, running.graph());
    let mut all: Vec<Station<'a>> = Vec::new();
    all.extend(spec.source.iter().filter_map(|source| source::at(running, source, next)));
    let guards =
        graph.nodes().iter().filter(|node| node.kind.name == Function::KIND && node.id.as_str() != id::CONSUMER);
    all.extend(
        guards.map(|node| {
            function::at(cx, node.id.as_str(), node.name.as_str(), Sort { guards: true, ..Sort::default() })
        }),
    );
    let consumer = graph.node(id::CONSUMER);
    let consumer_name = consumer.map(|node| node.name.as_str());
    let gives_up = u64::from(spec.max_age_hours()) * 60 * 60;
    let patience = Patience { gives_up, has_dlq: spec.queue().is_some() };
    let reader = Reader { consumer: consumer_name, patience };
    let stream = spec.stream.as_ref().zip(graph.node(id::STREAM));
    all.extend(stream.map(|(of, node)| stream::at(cx, of, (id::STREAM, &node.name), reader, now)));
    if let (Some(node), Some(function)) = (graph.node(id::MAPPING), consumer_name) {
        let table = spec.table_changes().and(graph.node(id::STREAM)).map(|node| node.name.as_str());
        let enabled = spec.function().is_some_and(|function| function.enabled);
        let wanted = mapping::Wanted { enabled, local: running.is_local(), table };
        all.push(mapping::at(cx, id::MAPPING, (&node.name, function), wanted));
    }
    all.extend(consumer.map(|node| function::at(cx, id::CONSUMER, node.name.as_str(), sort(running))));
    all.extend(graph.node(id::TABLE).map(|node| sink::at(cx, id::TABLE, node.name.as_str())));
    if let Some(node) = graph.node(id::DLQ) {
        let stream = stream.and_then(|(_, node)| Pointed::of(spec, node.name.as_str()));
        all.push(dlq::at(cx, id::DLQ, &node.name, stream, now));
    }
    let wanted = graph.nodes().iter().filter(|node| node.kind.name == Alarm::KIND).map(|node| node.name.to_string());
    all.push(alarms::at(cx, wanted.collect()));
    all
}

fn sort(running: &Running) -> Sort {
    let Some(function) = running.spec.function() else { return Sort::default() };
    let is_ours = function.existing().is_none();
    Sort {
        pushed: running.spec.is_pushed(),
        bundled: function.is_bundled(),
        timeout_seconds: is_ours.then_some(function.timeout_seconds),
        guards: false,
    }
}
