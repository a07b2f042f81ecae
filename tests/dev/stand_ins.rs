//! A spec of what exists on AWS alone runs here, and a program that reads `--json` learns where.

use std::process::Stdio;

use pipe_test_support::Run;
use serde_json::{Value, json};

use super::dev::pipe;
use super::process::Started;

/// By names and by the ARNs of an account that this machine does not know.
const SPEC: &str = "
name: guests
source: { api: { routes: [ { post: '/in/{room}', partition_key: path.room } ] } }
auth: { basic: { secret: { existing: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:doors/keys-AbCdEf' } } }
stream: { kinesis: { existing: 'arn:aws:kinesis:eu-west-1:123456789012:stream/Visits' } }
consumer: { function: { handler: stream-to-table } }
sink: { table: { existing: Guests, dev: { partition_key: room, sort_key: { name: at, type: number } } } }
dlq: { queue: { existing: 'arn:aws:sqs:eu-west-1:123456789012:lost' } }
";

fn events(out: &str) -> Vec<Value> {
    let schema = serde_json::from_str(&pipe::event::schema()).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let event = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(schema.is_valid(&event), "not as the schema says: {line}");
        event
    };
    out.lines().map(event).collect()
}

#[test]
fn what_exists_on_aws_has_stand_ins_and_a_program_learns_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pipeline.yaml"), SPEC).unwrap();
    let mut dev = Started::of(folder.path(), |command| {
        command.arg("--json");
    });
    let up = dev.until("it to be up", |dev| events(&dev.out()).into_iter().find(|event| event["event"] == "up"));
    let all = events(&dev.out());
    let outputs = &all.iter().find(|event| event["event"] == "outputs").unwrap()["outputs"];
    assert_eq!(up["endpoint"], outputs["api.endpoint"]);
    assert_eq!((&up["emulator_url"], &up["region"]), (&outputs["emulator.endpoint_url"], &outputs["emulator.region"]));
    assert_eq!(outputs["table.name"], "Guests");
    assert!(up["endpoint"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{up}");
    assert_eq!((&up["began_empty"], up["stand_ins"].as_array().unwrap().len()), (&json!(true), 4));
    assert!(
        dev.err().contains("the table `Guests` with the partition key `room` and the sort key `at`\n"),
        "{}",
        dev.err()
    );

    let here = |arguments: &[&str]| {
        let mut command = pipe(folder.path(), None);
        Run::of(command.args(arguments).arg("--local").stdin(Stdio::null()).output().unwrap())
    };
    let sent = here(&["send", "--count", "3", "--follow", "--timeout", "300"]);
    assert!(sent.out.ends_with("3 rows, 0 dead letters, 0 on the way\n"), "{sent:?}");
    assert_eq!(here(&["diff", "--exit-code"]).code, Some(0), "who looks from outside has the same stand-ins");
}
