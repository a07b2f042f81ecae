//! What keeps events until they are handled: one file for each kind of stream.

pub(super) mod kinesis;
pub(super) mod queue;
pub(super) mod table_changes;

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::lower::Lowering;
use crate::spec::Stream;

/// How events reach the consumer.
pub(super) enum Feed {
    /// Lambda polls the source by an event source mapping.
    Poll {
        /// Id of the source.
        id: &'static str,
        arn: String,
        /// What the consumer's role needs for it.
        read: Vec<Value>,
    },
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    match &lowering.spec.stream {
        Some(Stream::Kinesis(kinesis)) => kinesis::nodes(lowering, kinesis),
        Some(Stream::TableChanges(changes)) => Ok(vec![table_changes::node(lowering, changes)?]),
        Some(Stream::Queue(queue)) => Ok(vec![queue::node(lowering, queue)?]),
        None => Ok(Vec::new()),
    }
}

/// Returns how the stream feeds the consumer.
pub(super) fn feed(lowering: &Lowering<'_>, stream: &Stream) -> Feed {
    match stream {
        Stream::Kinesis(_) => kinesis::feed(lowering),
        Stream::TableChanges(_) => table_changes::feed(lowering),
        Stream::Queue(_) => queue::feed(lowering),
    }
}

/// ARN of the stream, where there is one; of a table's changes the table's.
pub(super) fn arn(lowering: &Lowering<'_>) -> Option<String> {
    match lowering.spec.stream.as_ref()? {
        Stream::Kinesis(_) => Some(kinesis::arn(lowering.spec, lowering.place)),
        Stream::TableChanges(_) => Some(table_changes::arn(lowering.spec, lowering.place)),
        Stream::Queue(_) => Some(queue::arn(lowering.spec, lowering.place)),
    }
}
