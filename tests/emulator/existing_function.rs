//! A function that exists: fed, and neither changed nor destroyed, nor is its role.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use pipe_test_support::Kind;

use crate::cloud::Cloud;
use crate::session::{Edit, apply, in_sync, plan, sandbox, snapshot};

const SPEC: &str = "\
name: gateway-events
stream: { kinesis: { name: GatewayEventsStream } }
consumer:
  function:
    existing: theirs
    batch: { size: 10 }
dlq: { queue: { name: LambdaDeadLetterQueue } }
";

/// What somebody else has: a function with a role of its own.
fn make_theirs(cloud: &Cloud) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = cloud.run(cloud.aws.iam.create_role().role_name("theirs").assume_role_policy_document(trust).send());
    let role = role.unwrap().role.unwrap().arn;
    // An empty zip: nobody calls it.
    let zip = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    let code = FunctionCode::builder().zip_file(Blob::new(zip)).build();
    let function = cloud.aws.lambda.create_function().function_name("theirs").role(role).code(code);
    cloud.run(function.runtime(Runtime::from("python3.13")).handler("app.handler").send()).unwrap();
    let state = || cloud.run(cloud.aws.lambda.get_function_configuration().function_name("theirs").send()).unwrap();
    while state().state().is_none_or(|state| state.as_str() != "Active") {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// All that AWS says of the function, and the policies of its role.
fn theirs(cloud: &Cloud) -> String {
    let function = cloud.run(cloud.aws.lambda.get_function().function_name("theirs").send()).unwrap();
    let policies = cloud.run(cloud.aws.iam.list_role_policies().role_name("theirs").send()).unwrap();
    format!("{:?} {:?} {:?}", function.configuration, function.tags, policies.policy_names)
}

const EDITS: &[Edit] = &[
    ("batch.size", "size: 10", "size: 20"),
    ("failures.retries", "    batch", "    failures: { retries: 5 }\n    batch"),
    ("enabled", "    batch", "    enabled: false\n    batch"),
    ("by its ARN", "existing: theirs", "existing: 'arn:aws:lambda:eu-central-1:200000000045:function:theirs'"),
];

#[test]
fn only_what_feeds_it_is_made_changed_and_deleted() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000045", SPEC);
    let cloud = Cloud::of(&sandbox.account);
    let missing = sandbox.run(&["apply", "--yes"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("lambda:Function `theirs` does not exist"), "{}", missing.err);

    make_theirs(&cloud);
    let before = theirs(&cloud);
    let first = plan(&sandbox);
    assert!(first.contains("  uses lambda:Function `theirs` (consumer)"), "{first}");
    apply(&sandbox, "with a function that exists", &first);
    assert_eq!(
        cloud.inventory(),
        [
            "function theirs",
            "mapping theirs/GatewayEventsStream",
            "queue LambdaDeadLetterQueue",
            "stream GatewayEventsStream"
        ]
    );

    let mut session = String::new();
    for (title, from, to) in EDITS {
        sandbox.edit(from, to);
        if *title == "by its ARN" {
            in_sync(&sandbox, title);
            continue;
        }
        let plan = plan(&sandbox);
        session += &format!("# {title}\n{plan}\n");
        apply(&sandbox, title, &plan);
    }
    snapshot("edits_existing_function", &session);

    sandbox.edit("eu-central-1:200000000045", "us-east-1:200000000045");
    let refused = sandbox.run(&["diff"]);
    assert!(refused.err.contains("is not in region eu-central-1"), "{}", refused.err);
    sandbox.edit("us-east-1:200000000045", "eu-central-1:200000000045");
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(theirs(&cloud), before, "nothing of theirs was touched");
    assert_eq!(cloud.inventory(), ["function theirs"]);
}

/// The rights that somebody has to give its role are printed, as one policy.
#[test]
fn what_its_role_needs_is_printed() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000046", SPEC);
    let printed = sandbox.pipe(&["iam-policy", "--consumer"]);
    let policy: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let sids: Vec<_> = policy["Statement"].as_array().unwrap().iter().map(|one| one["Sid"].as_str().unwrap()).collect();
    assert_eq!(sids, ["ReadStream", "ListStreams", "SendToDlq"], "{printed}");
    assert_eq!(policy["Version"], "2012-10-17");
}

/// One that the pipeline made is not let go while it acts under a role that the pipeline would delete.
#[test]
fn an_own_one_that_becomes_existing_keeps_its_role() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000047", crate::MAIN);
    sandbox.converge();
    sandbox.edit("    handler: stream-to-table\n", "    existing: gateway-events-consumer\n");
    sandbox.edit("    memory_mb: 128\n", "");
    let spec = std::fs::read_to_string(sandbox.path().join("pipeline.yaml")).unwrap();
    let spec: String =
        spec.lines().filter(|line| !line.contains("timeout_seconds")).map(|line| format!("{line}\n")).collect();
    sandbox.write(&spec);
    sandbox.account.clear();
    let refused = sandbox.run(&["apply", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(refused.code, Some(1), "{}{}", refused.out, refused.err);
    assert!(refused.err.contains("under which it acts, deleted"), "{}", refused.err);
    assert!(sandbox.account.writes().is_empty());
}
