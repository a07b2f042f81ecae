//! A function that reads a stream as a registered consumer: on a stream of others, and after others deregistered it.

use pipe_test_support::{Kind, Sandbox};

use crate::cloud::Cloud;
use crate::session::{apply, in_sync, plan, sandbox};

const THEIRS: &str = "name: demo
stream: { kinesis: { existing: their-stream } }
consumer: { function: { handler: stream-to-table, fan_out: true } }
sink: { table: { partition_key: id } }
dlq: { queue: {} }
";

/// The ARNs of the stream's consumers, and those that the function's mappings read as.
fn consumers(cloud: &Cloud, sandbox: &Sandbox) -> (Vec<String>, Vec<String>) {
    let stream = format!("arn:aws:kinesis:eu-central-1:{}:stream/their-stream", sandbox.account.id());
    let listed = cloud.run(cloud.aws.kinesis.list_stream_consumers().stream_arn(stream).send()).unwrap();
    let mappings = cloud.run(cloud.aws.lambda.list_event_source_mappings().function_name("demo-consumer").send());
    let mappings = mappings.unwrap().event_source_mappings.unwrap_or_default();
    (
        listed.consumers().iter().map(|consumer| consumer.consumer_arn().to_owned()).collect(),
        mappings.into_iter().filter_map(|mapping| mapping.event_source_arn).collect(),
    )
}

#[test]
fn a_stream_of_others_has_the_consumer_as_long_as_the_pipeline_is_there() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000205", THEIRS);
    let cloud = Cloud::of(&sandbox.account);
    cloud.run(cloud.aws.kinesis.create_stream().stream_name("their-stream").shard_count(1).send()).unwrap();
    sandbox.converge();
    let (registered, read_as) = consumers(&cloud, &sandbox);
    assert_eq!((registered.len(), &registered), (1, &read_as));
    assert!(registered[0].contains("/their-stream/consumer/demo-consumer:"), "{registered:?}");

    // An edit of something else leaves it as it is.
    sandbox.edit("fan_out: true", "fan_out: true, memory_mb: 256");
    sandbox.converge();
    assert_eq!(consumers(&cloud, &sandbox), (registered.clone(), registered.clone()));

    // Others deregister it: the mapping reads nothing then.
    cloud.run(cloud.aws.kinesis.deregister_stream_consumer().consumer_arn(&registered[0]).send()).unwrap();
    // The time in its ARN is in seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let again = plan(&sandbox);
    assert!(again.contains("+ fan-out") && again.contains("± mapping"), "{again}");
    apply(&sandbox, "deregistered by others", &again);
    let (anew, read_as) = consumers(&cloud, &sandbox);
    assert_eq!(anew, read_as);
    assert_ne!(anew, registered);

    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(consumers(&cloud, &sandbox), (Vec::new(), Vec::new()));
    let left = cloud.inventory();
    assert!(left.contains(&"stream their-stream".to_owned()), "{left:?}");
    let again = sandbox.pipe(&["destroy", "--yes"]);
    assert!(again.contains("There is nothing of"), "{again}");
}

/// Another stream under the same id: the consumer of the old one goes, and it is no other's.
#[test]
fn another_stream_has_another_consumer() {
    let spec = THEIRS.replace("existing: their-stream", "name: one");
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000206", &spec);
    sandbox.converge();
    sandbox.edit("name: one", "name: two");
    let moved = plan(&sandbox);
    apply(&sandbox, "another stream", &moved);
    in_sync(&sandbox, "with another stream");
    let cloud = Cloud::of(&sandbox.account);
    let mappings = cloud.run(cloud.aws.lambda.list_event_source_mappings().function_name("demo-consumer").send());
    let mappings = mappings.unwrap().event_source_mappings.unwrap_or_default();
    let sources: Vec<&str> = mappings.iter().filter_map(|mapping| mapping.event_source_arn()).collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources[0].contains(":stream/two/consumer/demo-consumer:"), "{sources:?}");
}
