//! What a source finds in the account that does not fit: a plan says where, why and what to do, and nothing is written.

use std::path::Path;

use pipe::aws::Aws;
use pipe::aws::s3::Call;
use pipe::aws::xml::Element;
use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox, copy_folder};

use crate::cloud::Cloud;

const REST: &str = "consumer: { function: { handler: my-handler } }\ndlq: { queue: {} }\n";

/// What somebody else has in the account, `NAME` being a name of its own.
type Theirs = fn(&Cloud, &str);

/// A source, what others have, and what the plan says of it.
struct Row(&'static str, Theirs, &'static [&'static str]);

const ROWS: &[Row] = &[
    Row(
        "topic: { existing: 'arn:aws:sns:us-east-1:111122223333:orders' }",
        |_, _| {},
        &["`arn:aws:sns:us-east-1:111122223333:orders` is not in region eu-central-1 of account "],
    ),
    Row(
        "topic: { existing: nobodys }",
        |_, _| {},
        &["sns:Topic `nobodys` does not exist", "`topic` is used and not made"],
    ),
    Row("bucket: { existing: NAME }", |_, _| {}, &["s3:Bucket `NAME` does not exist", "create it first"]),
    Row(
        "events: { bus: { existing: nobodys }, match: { source: [shop] } }",
        |_, _| {},
        &["events:Bus `nobodys` does not exist"],
    ),
    Row(
        "logs: { group: /nobodys/log }",
        |_, _| {},
        &["logs:LogGroup `/nobodys/log` does not exist", "`source-log` is used and not made"],
    ),
    Row("logs: { group: NAME }", two_filters, &["already: `more`, `theirs`"]),
    Row(
        "bucket: { existing: NAME, via: notification, prefix: in/ }",
        |cloud, name| bucket(cloud, name, "in"),
        &["overlaps with another notification of the bucket: `theirs`", "choose another prefix"],
    ),
];

fn function(aws: &Aws) -> String {
    aws.place.arn("lambda", "function:theirs")
}

fn two_filters(cloud: &Cloud, name: &str) {
    let logs = &cloud.aws.logs;
    cloud.run(logs.create_log_group().log_group_name(name).send()).unwrap();
    for filter in ["theirs", "more"] {
        let put = logs.put_subscription_filter().log_group_name(name).filter_name(filter).filter_pattern("");
        cloud.run(put.destination_arn(function(&cloud.aws)).send()).unwrap();
    }
}

/// A bucket with an entry for these keys, whose function is not there.
fn bucket(cloud: &Cloud, name: &str, prefix: &str) {
    let region = Element::new("CreateBucketConfiguration").with("LocationConstraint", "eu-central-1");
    cloud.run(Call::new("CreateBucket", "PUT", name, "").document(&region).make(&cloud.aws)).unwrap();
    let rule = Element::new("FilterRule").with("Name", "prefix").with("Value", prefix);
    let filter = Element::new("Filter").and([Element::new("S3Key").and([rule])]);
    let entry = Element::new("CloudFunctionConfiguration")
        .with("Id", "theirs")
        .with("CloudFunction", &function(&cloud.aws))
        .with("Event", "s3:ObjectCreated:*")
        .and([filter]);
    let document = Element::new("NotificationConfiguration").and([entry]);
    let put = Call::new("PutBucketNotification", "PUT", name, "notification").document(&document);
    cloud.run(put.make(&cloud.aws)).unwrap();
}

/// A user with this source, and the name that is put for `NAME`.
fn user(endpoint: &Endpoint, source: &str) -> (Sandbox, Cloud, String) {
    let account = endpoint.account();
    // Names of buckets are everybody's.
    let name = format!("theirs-{}", account.id());
    let spec = format!("name: bad\nsource: {{ {} }}\n{REST}", source.replace("NAME", &name));
    let cloud = Cloud::of(&account);
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), account, &spec);
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good/my-handler");
    copy_folder(&handler, &sandbox.path().join("my-handler"));
    (sandbox, cloud, name)
}

#[test]
fn what_does_not_fit_is_said_in_the_plan() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    for Row(source, theirs, says) in ROWS {
        let (sandbox, cloud, name) = user(&endpoint, source);
        theirs(&cloud, &name);
        sandbox.account.clear();
        for command in [&["diff"][..], &["apply", "--yes"]] {
            let run = sandbox.run(command);
            assert_ne!(run.code, Some(0), "{source}: {run:?}");
            for text in *says {
                assert!(run.err.contains(&text.replace("NAME", &name)), "{source}: {}{}", run.out, run.err);
            }
        }
        let written: Vec<_> = sandbox.account.writes().into_iter().map(|call| call.operation).collect();
        assert_eq!(written, [""; 0], "{source}");
    }
}

/// A bucket that somebody deletes: one that the pipeline uses is missed, one of its own is made again, and neither keeps a destroy.
#[test]
fn a_bucket_that_has_vanished() {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    for (source, is_theirs) in [
        ("bucket: { existing: NAME, via: notification, prefix: in/ }", true),
        ("bucket: { name: NAME, on_destroy: delete, prefix: in/ }", false),
    ] {
        let (sandbox, cloud, name) = user(&endpoint, source);
        if is_theirs {
            bucket(&cloud, &name, "out/");
        }
        sandbox.converge();
        cloud.run(Call::new("DeleteBucket", "DELETE", &name, "").make(&cloud.aws)).unwrap();
        if is_theirs {
            let missed = sandbox.run(&["diff"]);
            assert!(missed.code == Some(1) && missed.err.contains(&name), "{missed:?}");
        } else {
            assert!(sandbox.pipe(&["diff"]).contains("+ bucket"), "it is made again");
            sandbox.converge();
            cloud.run(Call::new("DeleteBucket", "DELETE", &name, "").make(&cloud.aws)).unwrap();
        }
        sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
        assert_eq!(cloud.inventory(), [""; 0], "{source}");
    }
}
