//! `pipe send` puts events into each source, and says what is not there. Who is called by them MiniStack does not show here.

use std::path::Path;

use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox, copy_folder};

use crate::cloud::Cloud;

const BUNDLED: &str = "consumer: { function: { handler: stream-to-table } }\nsink: { table: { partition_key: id } }\ndlq: { queue: {} }\n";
const OWN: &str = "consumer: { function: { handler: my-handler } }\ndlq: { queue: {} }\n";

/// A source, what is behind it, and who answers.
const ROWS: &[(&str, &str, &str)] = &[
    ("topic: { name: Orders, filter: { kind: [order] } }", BUNDLED, "the topic `Orders`"),
    ("events: { bus: shop, match: { source: [shop] }, input: { path: $.detail } }", BUNDLED, "the event bus `shop`"),
    ("bucket: { name: NAME, prefix: in/, suffix: .csv }", OWN, "the bucket `NAME`"),
    ("logs: { group: /their/log, match: ERROR }", OWN, "the log group `/their/log`"),
    ("iot: { topic: sensors/+/temp }", BUNDLED, "the topic `sensors/pipe/temp` of AWS IoT"),
];

fn sent(source: &str, behind: &str, told: &str) {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let account = endpoint.account();
    // Names of buckets are everybody's.
    let named = |text: &str| text.replace("NAME", &format!("send-{}", account.id()));
    let spec = named(&format!("name: sends\nsource: {{ {source} }}\n{behind}"));
    let (told, sandbox) = (named(told), Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), &spec));
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good/my-handler");
    copy_folder(&handler, &sandbox.path().join("my-handler"));

    let absent = sandbox.run(&["send"]);
    let silent = source.starts_with("iot");
    assert!(silent || absent.code == Some(1), "{source}: {absent:?}");
    assert!(silent || absent.err.contains("there is no "), "{source}: {absent:?}");
    if source.starts_with("logs") {
        let cloud = Cloud::of(&sandbox.account);
        cloud.run(cloud.aws.logs.create_log_group().log_group_name("/their/log").send()).unwrap();
    }
    sandbox.pipe(&["apply", "--yes"]);
    for count in ["1", "12"] {
        let sent = sandbox.pipe(&["send", "--count", count]);
        assert!(sent.contains(&format!("{count} answered by {told} in ")), "{source}: {sent}");
        assert!(sent.contains(&format!("\n  200: {count}\n")), "{source}: {sent}");
    }
    let route = sandbox.run(&["send", "--group", "g"]);
    assert!(route.code == Some(1) && route.err.contains("--group is of a queue"), "{route:?}");
}

#[test]
fn every_source_takes_what_is_sent_to_it() {
    for (source, behind, told) in ROWS {
        sent(source, behind, told);
    }
}
