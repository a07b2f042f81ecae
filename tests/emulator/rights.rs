//! `pipe iam-policy` prints what a deployer needs and no more: a user with nothing else applies, edits, lists and destroys, and by
//! then has used every right but those that are listed here with a reason.
//!
//! MiniStack asks for most of the rights; for those that it does not ask for, every call that was made is looked up in the policy.
//! It evaluates no condition but `iam:PassedToService`, and looks some rights up under another ARN than AWS does: the user has them
//! without their conditions, and `commands/iam_policy/tests.rs` decides those by IAM's own rules.

use std::collections::BTreeSet;

use pipe_test_support::{Account, Call, Run, Sandbox};
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::guarded;

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Rights that no call of this test uses, each with its reason.
const UNUSED: &[(&str, &str)] = &[
    ("apigateway:UpdateRestApiPolicy", "asked for beside PATCH where `allow_ips` changes, which no call tells"),
    (
        "iam:CreateServiceLinkedRole",
        "AWS asks for it when an account's first API Gateway is made; MiniStack makes no such role",
    ),
    ("iam:DetachRolePolicy", "takes off what others attached to a role"),
    ("iam:PassRole", "no call of its own: AWS asks for it when a role is given to a function or an integration"),
    ("iam:PutRolePermissionsBoundary", "for a role from before the spec had a boundary"),
    ("iam:UpdateAssumeRolePolicy", "puts back a trust policy that others changed"),
    ("lambda:*FunctionConcurrency", "for an edit that is not made here"),
    ("secretsmanager:RestoreSecret", "for an apply after a destroy"),
    ("secretsmanager:UpdateSecret", "for a secret that others changed"),
    ("sns:SetTopicAttributes", "puts back a policy of a topic that others changed"),
];

/// An IAM user whose only policy is this one, as key id and secret.
struct Deployer {
    key: String,
    secret: String,
}

impl Deployer {
    /// Makes the user, as the account's root.
    fn new(account: &Account, name: &str, policy: &Value) -> Self {
        let cloud = Cloud::of(account);
        let iam = &cloud.aws.iam;
        let text = as_ministack_asks(policy).to_string();
        let made = cloud.run(iam.create_policy().policy_name(name).policy_document(text).send()).unwrap();
        let arn = made.policy().unwrap().arn().unwrap();
        cloud.run(iam.create_user().user_name(name).send()).unwrap();
        cloud.run(iam.attach_user_policy().user_name(name).policy_arn(arn).send()).unwrap();
        let made = cloud.run(iam.create_access_key().user_name(name).send()).unwrap();
        let key = made.access_key().unwrap();
        Self { key: key.access_key_id().to_owned(), secret: key.secret_access_key().to_owned() }
    }

    /// Runs `pipe` as this user.
    fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> Run {
        let mut command = sandbox.command(arguments);
        command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", &self.secret);
        Run::of(command.output().unwrap())
    }

    /// Runs `pipe` as this user, which must succeed.
    fn pipe(&self, sandbox: &Sandbox, arguments: &[&str]) -> String {
        let run = self.run(sandbox, arguments);
        assert_eq!(run.code, Some(0), "pipe {arguments:?}\n{}\n{}", run.out, run.err);
        run.out
    }
}

/// The policy as `pipe` prints it.
pub fn printed(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.pipe(&["iam-policy"])).unwrap()
}

/// What is to be added where MiniStack looks a right up under another ARN than AWS does: roles without their path, a secret to be
/// made without the six characters of its ARN, and fourteen actions under `*`. Conditions whose keys it does not know are left out:
/// to it they never hold.
fn as_ministack_asks(policy: &Value) -> Value {
    const ANYWHERE: [&str; 14] = [
        "cloudwatch:*Resource",
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DeleteDashboards",
        "cloudwatch:PutDashboard",
        "cloudwatch:PutMetricAlarm",
        "dynamodb:ListTagsOfResource",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "sns:ListTagsForResource",
        "sns:TagResource",
        "sns:UntagResource",
        "kinesis:*StreamConsumer",
        "lambda:CreateFunction",
        "logs:DescribeLogGroups",
    ];
    let mut policy = policy.clone();
    let anywhere: Vec<String> =
        actions(&policy).into_iter().filter(|action| ANYWHERE.contains(&action.as_str())).collect();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut() {
        let resources = statement["Resource"].as_array_mut().unwrap();
        let more: Vec<Value> = resources.iter().filter_map(|arn| elsewhere(arn.as_str().unwrap())).collect();
        resources.extend(more);
        if statement["Condition"]["StringEquals"]["iam:PassedToService"].is_null() {
            statement.as_object_mut().unwrap().remove("Condition");
        }
    }
    statements.push(json!({ "Effect": "Allow", "Action": anywhere, "Resource": "*" }));
    policy
}

fn elsewhere(arn: &str) -> Option<Value> {
    // `role/pipe/<pipeline>/<region>/*` and `role/pipe/<name>`.
    let role = || {
        let (account, path) = arn.split_once(":role/pipe/")?;
        let pipeline = path.split_once('/').map(|(pipeline, _)| format!("{pipeline}-*"));
        Some(format!("{account}:role/{}", pipeline.unwrap_or_else(|| path.to_owned())))
    };
    arn.strip_suffix("-??????").map(str::to_owned).or_else(role).map(Value::from)
}

/// Every action that a policy allows.
pub fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Whether what is granted is this action, or has a `*` for a part of it.
pub fn allows(grant: &str, action: &str) -> bool {
    match grant.split_once('*') {
        None => grant == action,
        Some((start, end)) => action.starts_with(start) && action[start.len()..].ends_with(end),
    }
}

/// The right that a call uses; asking who one is needs none.
pub fn used(call: &Call) -> Option<String> {
    let method = |operation: &str| match operation {
        "TagResource" => "PUT",
        "UntagResource" => "DELETE",
        _ => [("Get", "GET"), ("Create", "POST"), ("Put", "PUT"), ("Update", "PATCH"), ("Delete", "DELETE")]
            .into_iter()
            .find_map(|(verb, method)| operation.starts_with(verb).then_some(method))
            .unwrap_or("?"),
    };
    match call.service.as_str() {
        "sts" => None,
        "apigateway" => Some(format!("apigateway:{}", method(&call.operation))),
        "monitoring" => Some(format!("cloudwatch:{}", call.operation)),
        "tagging" => Some(format!("tag:{}", call.operation)),
        service => Some(format!("{service}:{}", call.operation)),
    }
}

/// Edits that change every kind in place, then one that replaces the stream and with it the mapping.
fn edits() -> [Vec<(&'static str, &'static str)>; 3] {
    [
        vec![
            ("name: gateway-events\n", "name: gateway-events\ntags: { team: a }\n"),
            ("memory_mb: 128", "memory_mb: 256\n    fan_out: true"),
            ("shards: 1", "shards: 2"),
        ],
        vec![
            ("tags: { team: a }\n", ""),
            ("retention_hours: 24", "retention_hours: 48"),
            ("access_log_days: 1", "access_log_days: 3"),
            ("write: 10 }", "write: 20 }\n    ttl: expires"),
            ("retention_days: 14", "retention_days: 7"),
            ("size: 10", "size: 20"),
            ("ops@example.com", "night@example.com"),
            ("partition_key: path.eventId", "partition_key: random"),
        ],
        vec![("name: GatewayEventsStream", "name: OtherStream"), ("timeout_seconds: 30", "timeout_seconds: 20")],
    ]
}

#[test]
fn a_user_with_the_printed_policy_can_do_it_all_and_needs_all_of_it() {
    let sandbox = guarded::sandbox();
    sizes_and_dangers_are_told(&sandbox);
    let boundary = bound(&sandbox);
    sandbox.edit("retention_days: 14\n", "retention_days: 14\nalarms: { email: ops@example.com }\ndashboard: true\n");
    let mut policies = vec![printed(&sandbox)];
    let deployer = Deployer::new(&sandbox.account, "deployer", &policies[0]);
    let mut keys = vec![deployer.key.clone()];

    deployer.pipe(&sandbox, &["apply", "--yes"]);
    unchanged(&sandbox, &deployer);
    roles_are_bound(&sandbox, &boundary);
    for (number, edits) in edits().into_iter().enumerate() {
        edits.into_iter().for_each(|(from, to)| sandbox.edit(from, to));
        policies.push(printed(&sandbox));
        // Whose edit renames something needs what both specs need.
        let deployer =
            Deployer::new(&sandbox.account, &format!("editor-{number}"), &both(&policies[0], &policies[1 + number]));
        deployer.pipe(&sandbox, &["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
        unchanged(&sandbox, &deployer);
        keys.push(deployer.key);
    }
    let deployer = Deployer::new(&sandbox.account, "owner", &policies[3]);
    keys.push(deployer.key.clone());
    let outputs = deployer.pipe(&sandbox, &["outputs"]);
    assert!(outputs.contains("stream.name = OtherStream") && !outputs.contains("credentials ="), "{outputs}");
    assert!(deployer.pipe(&sandbox, &["list"]).contains("gateway-events"));
    // Another user's calls, so that the refused one is not among those that deploying needs.
    let curious = Deployer::new(&sandbox.account, "curious", &policies[3]);
    let refused = curious.run(&sandbox, &["outputs", "--reveal"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("secretsmanager:GetSecretValue"), "deploying is not reading secrets: {}", refused.err);
    deployer.pipe(&sandbox, &["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
    every_right_is_used(&sandbox, &keys, &policies[0]);
}

fn every_right_is_used(sandbox: &Sandbox, keys: &[String], policy: &Value) {
    let calls = sandbox.account.calls().into_iter().filter(|call| keys.contains(&call.access_key));
    let taken = calls.filter(|call| call.status.is_some_and(|status| (200..300).contains(&status)));
    let used: BTreeSet<String> = taken.filter_map(|call| used(&call)).collect();
    let granted = actions(policy);
    let missing: Vec<_> = used.iter().filter(|action| !granted.iter().any(|grant| allows(grant, action))).collect();
    assert!(missing.is_empty(), "these were needed, and are not in the policy: {missing:?}");
    let is_used = |grant: &&String| used.iter().any(|action| allows(grant, action));
    let unused: BTreeSet<String> = granted.iter().filter(|grant| !is_used(grant)).cloned().collect();
    let listed = UNUSED.iter().map(|(action, _)| (*action).to_owned()).collect();
    assert_eq!(unused, listed, "a right that nothing uses is too much");
}

/// Says once, without a boundary, that the policy makes administrators, and where its text is too long for one policy.
fn sizes_and_dangers_are_told(sandbox: &Sandbox) {
    let run = sandbox.run(&["iam-policy"]);
    assert_eq!(run.code, Some(0));
    assert!(run.err.contains("can become an administrator") && !run.err.contains("characters"), "{}", run.err);
    let mut long = crate::MAIN.replace("gateway/credentials", &"secret/".repeat(70));
    for (name, longer) in
        [("GatewayEventsStream", "Stream"), ("EventTable", "Table"), ("LambdaDeadLetterQueue", "Queue")]
    {
        long = long.replace(name, &longer.repeat(8));
    }
    sandbox.write(&long.replace("name: gateway-events", "name: a-name-of-one-and-thirty-letter"));
    let run = sandbox.run(&["iam-policy"]);
    let policy: Value = serde_json::from_str(&run.out).unwrap();
    let length = policy.to_string().chars().filter(|letter| !letter.is_whitespace()).count();
    let told = format!("the policy has {length} characters, but a managed policy may have 6144");
    assert!(run.code == Some(0) && run.err.contains(&told), "{}", run.err);
    sandbox.write(crate::MAIN);
}

/// Makes a policy that bounds roles, has the spec name it, and gives its ARN.
fn bound(sandbox: &Sandbox) -> String {
    let cloud = Cloud::of(&sandbox.account);
    let made = cloud.run(cloud.aws.iam.create_policy().policy_name("boundary").policy_document(ALL).send()).unwrap();
    let arn = made.policy().unwrap().arn().unwrap().to_owned();
    sandbox.edit("name: gateway-events\n", &format!("name: gateway-events\npermissions_boundary: {arn}\n"));
    arn
}

fn roles_are_bound(sandbox: &Sandbox, boundary: &str) {
    let cloud = Cloud::of(&sandbox.account);
    let roles = cloud.run(cloud.aws.iam.list_roles().path_prefix("/pipe/").send()).unwrap().roles;
    assert_eq!(roles.len(), 4);
    for role in roles {
        let found = cloud.run(cloud.aws.iam.get_role().role_name(role.role_name()).send()).unwrap().role.unwrap();
        let bound_by = found.permissions_boundary().and_then(|bound| bound.permissions_boundary_arn());
        assert_eq!(bound_by, Some(boundary), "{}", role.role_name());
    }
}

fn unchanged(sandbox: &Sandbox, deployer: &Deployer) {
    let again = deployer.run(sandbox, &["diff", "--exit-code"]);
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
}

/// One policy with the statements of two.
fn both(before: &Value, after: &Value) -> Value {
    let statements = [before, after].into_iter().flat_map(|policy| policy["Statement"].as_array().unwrap().clone());
    json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() })
}
