//! What others take away of a pipeline whose source calls its function: it is put back, or goes with the rest.

use pipe_test_support::{Emulator, Endpoint, Kind, Rule, Sandbox, copy_folder};

use crate::cloud::Cloud;
use crate::session::in_sync;

const REST: &str =
    "consumer: { function: { handler: { path: own, runtime: python3.13, entry: app.handler } } }\ndlq: { queue: {} }\n";

/// A user whose source is applied. Names of buckets are everybody's.
fn applied(source: &str) -> (Endpoint, Sandbox, Cloud) {
    let endpoint = Endpoint::start(Emulator::shared(Kind::MiniStack));
    let account = endpoint.account();
    let cloud = Cloud::of(&account);
    let spec =
        format!("name: lost\nsource: {{ {source} }}\n{REST}").replace("BUCKET", &format!("lost-{}", account.id()));
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_pipe"), account, &spec);
    let handler = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/good/python-fn");
    copy_folder(&handler, &sandbox.path().join("own"));
    (endpoint, sandbox, cloud)
}

/// The ids of the statements of the consumer's policy.
fn statements(cloud: &Cloud) -> Vec<String> {
    let policy =
        cloud.run(cloud.aws.lambda.get_policy().function_name("lost-consumer").send()).unwrap().policy.unwrap();
    let policy: serde_json::Value = serde_json::from_str(&policy).unwrap();
    let all = policy["Statement"].as_array().unwrap();
    all.iter().map(|one| one["Sid"].as_str().unwrap().to_owned()).collect()
}

/// Lambda's grant on the old role is dead, so the function is made again under its name: its policy goes with the old one.
#[test]
fn a_function_that_is_made_again_lets_its_source_in_again() {
    for source in ["topic: {}", "bucket: { name: BUCKET }", "events: { match: { source: [shop] } }"] {
        let (_endpoint, sandbox, cloud) = applied(source);
        sandbox.converge();
        let before = statements(&cloud);
        let role = "lost-consumer-role-eu-central-1";
        cloud.run(cloud.aws.iam.delete_role_policy().role_name(role).policy_name("pipe").send()).unwrap();
        cloud.run(cloud.aws.iam.delete_role().role_name(role).send()).unwrap();
        let done = sandbox.pipe(&["apply", "--yes", "--allow-widening"]);
        assert!(done.contains("kept within consumer"), "{done}");
        assert_eq!(statements(&cloud), before, "{source}");
        in_sync(&sandbox, source);
    }
}

/// SNS keeps the subscription, and nothing says any more whose it is.
#[test]
fn a_subscription_whose_function_was_deleted_by_hand_is_the_pipelines_still() {
    let (_endpoint, sandbox, cloud) = applied("topic: { existing: theirs }");
    cloud.run(cloud.aws.sns.create_topic().name("theirs").send()).unwrap();
    sandbox.converge();
    cloud.run(cloud.aws.lambda.delete_function().function_name("lost-consumer").send()).unwrap();
    sandbox.converge();
    in_sync(&sandbox, "the function is back");
    assert_eq!(cloud.subscriptions().len(), 1);
    cloud.run(cloud.aws.lambda.delete_function().function_name("lost-consumer").send()).unwrap();
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(cloud.subscriptions(), [""; 0]);
}

/// A handler may be let to what is elsewhere, or what the deployer may not read: no plan hangs on that.
#[test]
fn what_a_policy_only_mentions_keeps_no_plan_from_being_made() {
    let (_endpoint, sandbox, _cloud) = applied("topic: {}");
    let spec = std::fs::read_to_string(sandbox.path().join("pipeline.yaml")).unwrap();
    let resources = "resources: ['arn:aws:s3:::elsewhere', 'arn:aws:sns:${region}:${account}:alerts']";
    let statements =
        format!("entry: app.handler }}, statements: [{{ actions: ['s3:ListBucket', 'sns:Publish'], {resources} }}] }}");
    sandbox.write(&spec.replace("entry: app.handler } }", &statements));
    let bucket =
        sandbox.account.set(Rule::calls().containing("/elsewhere?").fail(301, "PermanentRedirect", "another endpoint"));
    let topic =
        sandbox.account.set(Rule::reads().containing("%3Aalerts").fail(403, "AuthorizationError", "not authorized"));
    sandbox.converge();
    in_sync(&sandbox, "applied");
    assert!(sandbox.account.fired(bucket) > 0 && sandbox.account.fired(topic) > 0);
    sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
}
