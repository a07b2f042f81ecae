//! A function that exists: the pipeline makes only what feeds it, and says which rights its role needs for that.

use serde_json::Value;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::function;
use crate::lower::existing::used;
use crate::lower::stream::{self, Feed};
use crate::lower::{Lowering, sink};
use crate::spec::{Existing, Function};

use super::{CONSUMER, mapping, statements};

/// The function as it is, and the mapping.
pub(super) fn nodes(lowering: &Lowering<'_>, spec: &Function, existing: &Existing) -> Result<Vec<Node>> {
    let mut nodes = vec![used::<function::Function>(CONSUMER, existing, "lambda", lowering.place)?];
    if let Some(Feed::Poll { id, arn, .. }) = fed(lowering) {
        nodes.push(mapping(lowering, spec, id, arn)?);
    }
    Ok(nodes)
}

/// What the role of the consumer's function needs to be fed, to write to the sink and the dlq, and by its own statements: as the
/// pipeline gives it to a function of its own, but for its log and its traces.
pub(in crate::lower) fn rights(lowering: &Lowering<'_>, spec: &Function) -> Vec<Value> {
    let read = fed(lowering).map(|Feed::Poll { read, .. }| read);
    statements(lowering, spec, read.unwrap_or_default(), sink::access(lowering, spec))
}

fn fed(lowering: &Lowering<'_>) -> Option<Feed> {
    lowering.spec.stream.as_ref().map(|stream| stream::feed(lowering, stream))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::aws::mocked::place;
    use crate::bundle::Codes;
    use crate::bundle::Use;
    use crate::lower::{lower, rights_of_consumer};
    use crate::spec::Loaded;

    fn loaded(function: &str) -> Loaded {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good");
        let text = format!(
            "name: demo\nstream: {{ kinesis: {{}} }}\nconsumer: {{ function: {{ {function} }} }}\ndlq: {{ queue: {{}} }}\n"
        );
        crate::spec::parse("pipeline.yaml", text.as_bytes(), &root).unwrap_or_else(|report| panic!("{report}"))
    }

    #[test]
    fn of_a_function_that_exists_only_what_feeds_it_is_made() {
        let existing = loaded("existing: theirs, batch: { size: 7 }");
        let graph = lower(&existing, &place(), &Codes::unbuilt()).unwrap();
        let made: Vec<_> = graph.nodes().iter().map(|node| (node.id.as_str(), node.existing)).collect();
        assert_eq!(made.len(), 4, "{made:?}");
        assert_eq!(graph.node("consumer").map(|node| (node.name.as_str(), node.existing)), Some(("theirs", true)));
        let mapping = graph.node("mapping").unwrap();
        assert_eq!((mapping.name.as_str(), &mapping.desired["function"]), ("theirs/demo-stream", &"theirs".into()));
        assert_eq!((&mapping.desired["batch_size"], mapping.existing), (&7.into(), false));
        let elsewhere = loaded("existing: 'arn:aws:lambda:eu-west-1:999999999999:function:theirs'");
        let refused = lower(&elsewhere, &place(), &Codes::unbuilt()).unwrap_err();
        assert!(refused.message().contains("is not in region"), "{refused}");
    }

    #[test]
    fn its_role_needs_what_a_role_of_the_pipeline_gets() {
        let rights = rights_of_consumer(&loaded("existing: theirs"), &place());
        let ids: Vec<_> = rights.iter().map(|statement| statement["Sid"].as_str().unwrap_or_default()).collect();
        assert_eq!(ids, ["ReadStream", "ListStreams", "SendToDlq"]);
        let own = loaded("handler: my-handler");
        let graph = lower(&own, &place(), &Codes::unbuilt()).unwrap();
        let given = graph.node("consumer-role").unwrap().desired["policies"]["pipe"]["Statement"].clone();
        let needed = rights_of_consumer(&own, &place());
        assert!(needed.iter().all(|one| given.to_string().contains(one["Sid"].as_str().unwrap())), "{given}");
    }

    #[test]
    fn code_of_a_runtime_is_lowered_with_its_runtime_and_its_entry() {
        let python = loaded("handler: { path: python-fn, runtime: python3.13, entry: app.handler }");
        let codes = Codes::load(&python, Use::RunHere).unwrap();
        let graph = lower(&python, &place(), &codes).unwrap();
        let function = &graph.node("consumer").unwrap().desired;
        assert_eq!((&function["runtime"], &function["handler"]), (&"python3.13".into(), &"app.handler".into()));
        assert_eq!(function["architecture"], "x86_64");
        assert_eq!(function["code_sha256"], codes.consumer().sha256.as_str());
    }
}
