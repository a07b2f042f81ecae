//! The stage always serves the API as it is written, and every difference shows.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_apigateway::types::{Op, PatchOperation};
use pipe_test_support::{Endpoint, Kind, Rule, Sandbox};

use crate::cloud::Cloud;
use crate::session::{apply, in_sync, plan, sandbox};

fn applied(kind: Kind, account: &str) -> (Endpoint, Sandbox, Cloud) {
    let (endpoint, sandbox) = sandbox(kind, account, crate::MAIN);
    sandbox.converge();
    let cloud = Cloud::of(&sandbox.account);
    (endpoint, sandbox, cloud)
}

/// The deployment that the stage serves.
fn served(cloud: &Cloud) -> String {
    let stage = cloud.aws.apigateway.get_stage().rest_api_id(cloud.api()).stage_name("prod");
    cloud.run(stage.send()).unwrap().deployment_id.unwrap()
}

fn deployments(cloud: &Cloud) -> Vec<String> {
    let listed = cloud.run(cloud.aws.apigateway.get_deployments().rest_api_id(cloud.api()).send()).unwrap();
    listed.items().iter().map(|one| one.id().unwrap().to_owned()).collect()
}

fn point_stage_to(cloud: &Cloud, deployment: &str) {
    let patch = PatchOperation::builder().op(Op::Replace).path("/deploymentId").value(deployment).build();
    let stage = cloud.aws.apigateway.update_stage().rest_api_id(cloud.api()).stage_name("prod");
    cloud.run(stage.patch_operations(patch).send()).unwrap();
}

/// The operations of API Gateway that changed anything since the account's calls were cleared.
fn operations(sandbox: &Sandbox) -> Vec<String> {
    let writes = sandbox.account.writes().into_iter().filter(|call| call.service == "apigateway");
    writes.map(|call| call.operation).collect()
}

#[test]
fn a_changed_template_is_deployed() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000081");
    let before = served(&cloud);
    sandbox.edit("partition_key: path.eventId", "partition_key: random");
    let plan = plan(&sandbox);
    assert!(plan.contains(".integration.templates.application/json:"), "{plan}");
    apply(&sandbox, "the template", &plan);
    assert_ne!(served(&cloud), before);
}

/// An apply that fails between the edit and its deployment: the next plan says that the stage is stale.
#[test]
fn a_stale_stage_shows_without_any_trigger() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000082");
    let before = served(&cloud);
    let failed = sandbox.account.set(Rule::on("apigateway", "CreateDeployment").fail(400, "BadRequestException", "no"));
    sandbox.edit("partition_key: path.eventId", "partition_key: random");
    let run = sandbox.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert_eq!(sandbox.account.fired(failed), 1);
    assert!(run.err.contains("CreateDeployment"), "{}", run.err);
    sandbox.account.clear_rules();
    stale(&sandbox, &cloud, &before);
}

/// The same for a process that is killed there.
#[test]
fn a_kill_before_the_deployment_leaves_a_stage_that_shows_as_stale() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000083");
    let before = served(&cloud);
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = child.clone();
    let kill = move || victim.lock().unwrap().as_mut().unwrap().kill().unwrap();
    sandbox.account.set(Rule::on("apigateway", "CreateDeployment").stop(kill));
    sandbox.edit("partition_key: path.eventId", "partition_key: random");
    // The lock is held until the process can be killed.
    let mut running = child.lock().unwrap();
    *running = Some(sandbox.command(&["apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    drop(running);
    let start = Instant::now();
    while !sandbox.account.is_stopped() {
        assert!(start.elapsed() < Duration::from_secs(300), "it came to no deployment");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.lock().unwrap().as_mut().unwrap().wait().unwrap().code(), None, "killed");
    sandbox.account.clear_rules();
    sandbox.account.resume();
    stale(&sandbox, &cloud, &before);
}

/// The routes are as they should be, and the stage alone is not: the plan says so, and applying it deploys.
fn stale(sandbox: &Sandbox, cloud: &Cloud, before: &str) {
    assert_eq!(served(cloud), before);
    let plan = plan(sandbox);
    let lines: Vec<&str> = plan.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        lines,
        ["~ api             apigateway:RestApi         gateway-events-api", "    deployed", "Plan"],
        "{plan}"
    );
    apply(sandbox, "the stage", &plan);
    assert_ne!(served(cloud), before);
}

/// A deployment by hand serves what nobody wrote down.
#[test]
fn a_deployment_by_hand_shows_and_is_taken_back() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000084");
    let ours = served(&cloud);
    let made = cloud.aws.apigateway.create_deployment().rest_api_id(cloud.api()).stage_name("prod");
    let theirs = cloud.run(made.send()).unwrap().id.unwrap();
    point_stage_to(&cloud, &theirs);
    let plan = plan(&sandbox);
    assert!(plan.contains(&format!("    deployed: \"deployment {theirs}\" → ")), "{plan}");
    apply(&sandbox, "a deployment by hand", &plan);
    assert_eq!(served(&cloud), ours, "the right deployment is still there, and is used");
}

/// A stage that was rolled back by hand is rolled forward, without a new deployment.
#[test]
fn a_rollback_by_hand_shows() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000085");
    let first = served(&cloud);
    sandbox.edit("partition_key: path.eventId", "partition_key: random");
    sandbox.converge();
    let second = served(&cloud);
    point_stage_to(&cloud, &first);
    let plan = plan(&sandbox);
    sandbox.account.clear();
    apply(&sandbox, "a rollback by hand", &plan);
    assert_eq!(operations(&sandbox), ["UpdateStage"], "{plan}");
    assert_eq!(served(&cloud), second);
}

/// A method that was changed by hand, with or without a deployment, is as stale as one of ours.
#[test]
fn a_route_changed_by_hand_is_written_anew() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000086");
    let api = cloud.api();
    let listed = cloud.run(cloud.aws.apigateway.get_resources().rest_api_id(&api).send()).unwrap();
    let resource = listed.items().iter().find(|one| one.path().is_some_and(|path| path.ends_with("{eventId}")));
    let delete = cloud.aws.apigateway.delete_method().rest_api_id(&api).http_method("POST");
    cloud.run(delete.resource_id(resource.unwrap().id().unwrap()).send()).unwrap();
    let plan = plan(&sandbox);
    assert!(plan.contains("routes.POST /submit/{streamName}/{eventId}: (none) → {"), "{plan}");
    apply(&sandbox, "a route by hand", &plan);
}

/// AWS deletes no deployment that a stage points to, and what is deleted cannot be rolled back to.
#[test]
fn the_stage_moves_before_old_deployments_go_and_five_are_kept() {
    let (_endpoint, sandbox, cloud) = applied(Kind::MiniStack, "200000000087");
    let mut history = vec![served(&cloud)];
    for _ in 0..6 {
        sandbox.edit("post: /", "post: /more/");
        sandbox.account.clear();
        sandbox.pipe(&["apply", "--yes"]);
        history.push(served(&cloud));
        // Which is older shows in whole seconds. AWS takes one deployment in five.
        std::thread::sleep(Duration::from_millis(1_100));
    }
    let deploying = ["CreateDeployment", "UpdateStage", "DeleteDeployment"];
    let mut done = operations(&sandbox);
    done.retain(|operation| deploying.contains(&operation.as_str()));
    assert_eq!(done, deploying, "the seventh deployment, the stage on it, the second one away");
    in_sync(&sandbox, "six edits");
    let (mut kept, mut last) = (deployments(&cloud), history.split_off(2));
    kept.sort();
    last.sort();
    assert_eq!(kept, last, "the last five, of seven");
}

/// The logging role of an account is the account's: one that is set already stays.
#[test]
fn a_logging_role_that_is_there_is_not_changed() {
    let (_endpoint, sandbox) = sandbox(Kind::MiniStack, "200000000089", crate::MAIN);
    let cloud = Cloud::of(&sandbox.account);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = cloud.aws.iam.create_role().role_name("their-logging").assume_role_policy_document(trust);
    let arn = cloud.run(role.send()).unwrap().role.unwrap().arn;
    let patch = PatchOperation::builder().op(Op::Replace).path("/cloudwatchRoleArn").value(&arn).build();
    cloud.run(cloud.aws.apigateway.update_account().patch_operations(patch).send()).unwrap();
    sandbox.account.clear();
    assert!(!plan(&sandbox).contains("api-logging"));
    sandbox.converge();
    let down = sandbox.pipe(&["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(down.contains(&format!("left: apigateway:AccountLogging `{arn}`: it belongs to the account")), "{down}");
    assert!(!operations(&sandbox).contains(&"UpdateAccount".to_owned()));
    let account = cloud.run(cloud.aws.apigateway.get_account().send()).unwrap();
    assert_eq!(account.cloudwatch_role_arn.as_deref(), Some(arn.as_str()));
    assert_eq!(cloud.inventory(), [""; 0], "and no role was made for nothing");
}

/// Each property that a deployment is a snapshot of makes a new one; a stage's own settings make none.
fn deployed(kind: Kind, account: &str, edits: &[(&str, &str, bool)]) {
    let (_endpoint, sandbox, cloud) = applied(kind, account);
    for (from, to, deploys) in edits {
        let before = served(&cloud);
        sandbox.edit(from, to);
        sandbox.converge();
        assert_eq!(served(&cloud) != before, *deploys, "{from} → {to}");
    }
}

#[test]
fn each_property_is_deployed() {
    let edits = [
        ("partition_key: path.eventId", "partition_key: body.id", true),
        ("partition_key: body.id", "partition_key: body.id\n        body: any", true),
        ("body: any", "auth: none", true),
        ("        auth: none\n", "", true),
        ("post: /submit", "post: /send", true),
        ("name: GatewayEventsStream", "name: events", false),
        ("{streamName}/", "", true),
        ("name: events\n", "name: more-events\n", true),
        ("    stage: prod\n", "    stage: prod\n    xray: true\n", false),
        ("    xray: true\n", "    throttle: { rate_per_second: 1, burst: 2 }\n", false),
        ("access_log_days: 1", "access_log_days: off", false),
        ("    throttle:", "    minimum_tls: tls_1_0\n    throttle:", true),
        ("    stage: prod\n", "    name: gateway\n    stage: prod\n", false),
        ("    stage: prod\n", "    stage: prod\n    allow_ips: [203.0.113.0/24]\n", true),
        ("[203.0.113.0/24]", "[198.51.100.0/24]", true),
        // And not the deployment from before there was a policy.
        ("    allow_ips: [198.51.100.0/24]\n", "", true),
    ];
    deployed(Kind::MiniStack, "200000000090", &edits);
}

/// What SST's triggers and Alchemy's digest leave out. MiniStack never shows a patched TTL as a number.
#[test]
fn an_authorizer_is_deployed() {
    deployed(Kind::Moto, "200000000091", &[("cache_seconds: 0", "cache_seconds: 60", true)]);
}
