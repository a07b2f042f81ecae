use std::path::Path;

use crate::aws::mocked::place;
use crate::bundle::Codes;
use crate::graph::Graph;
use crate::lower::lower;

fn graph(function: &str) -> Graph {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good");
    let text = format!(
        "name: demo\nstream: {{ kinesis: {{ name: events }} }}\nconsumer: {{ function: {{ {function} }} }}\ndlq: {{ queue: {{}} }}\n"
    );
    let loaded =
        crate::spec::parse("pipeline.yaml", text.as_bytes(), &root).unwrap_or_else(|report| panic!("{report}"));
    lower(&loaded, &place(), &Codes::unbuilt()).unwrap()
}

#[test]
fn a_reader_of_its_own_is_what_the_mapping_reads() {
    let plain = graph("handler: my-handler");
    assert!(plain.node("fan-out").is_none());
    let alone = graph("handler: my-handler, fan_out: true");
    let reader = alone.node("fan-out").unwrap();
    let stream = plain.node("mapping").unwrap().desired["source"].clone();
    assert_eq!((reader.name.as_str(), &reader.desired["stream"]), ("events/demo-consumer", &stream));
    let mapping = alone.node("mapping").unwrap();
    let made = crate::resource::output_of("fan-out", "made");
    let source = format!("{}/consumer/demo-consumer:{made}", stream.as_str().unwrap());
    assert_eq!(mapping.desired["source"], source.as_str());
    assert_eq!(mapping.name, plain.node("mapping").unwrap().name, "its name holds no time");
    let statements =
        |graph: &Graph| graph.node("consumer-role").unwrap().desired["policies"]["pipe"]["Statement"].clone();
    let alone = statements(&alone);
    let read = alone.as_array().unwrap().iter().find(|one| one["Sid"] == "ReadAlone").unwrap();
    assert!(read.to_string().contains("stream/events/consumer/demo-consumer:*"), "{read}");
    assert!(!statements(&plain).to_string().contains("SubscribeToShard"));
}
