//! `pipe iam-policy` prints what a deployer needs: a user with nothing else applies, edits, lists and destroys.
//!
//! What MiniStack cannot show, because it does not check it: every condition but `iam:PassedToService`, so that a right is tried
//! here without its conditions, and `commands/iam_policy/tests.rs` decides these; `iam:PassRole`; the right to tag of a call that creates with tags
//! (TagRole, TagQueue, TagResource, AddTagsToStream); `lambda:UpdateEventSourceMapping` and `DeleteEventSourceMapping`;
//! `lambda:GetEventSourceMapping` and `DeleteFunctionConcurrency` (taken for another action); `iam:CreateServiceLinkedRole`; and
//! `tag:GetResources`, which the endpoint answers in its place.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iam::Client;
use pipe_test_support::{Account, Kind, Run, Sandbox};
use serde_json::{Value, json};

use super::cloud::{root, sandbox};

/// What a managed policy may have, white space not counted (IAM quotas).
const MOST_CHARACTERS: usize = 6144;

/// An IAM user whose only policy is this one, as key id and secret.
pub struct Deployer {
    key: String,
    secret: String,
}

impl Deployer {
    /// Makes the user, as the account's root.
    pub async fn new(account: &Account, name: &str, policy: &Value) -> Self {
        let iam = Client::new(&root(account).await);
        let text = as_ministack_asks(policy).to_string();
        let made = iam.create_policy().policy_name(name).policy_document(text).send().await.unwrap();
        let arn = made.policy().unwrap().arn().unwrap().to_owned();
        iam.create_user().user_name(name).send().await.unwrap();
        iam.attach_user_policy().user_name(name).policy_arn(arn).send().await.unwrap();
        let made = iam.create_access_key().user_name(name).send().await.unwrap();
        let key = made.access_key().unwrap();
        Self { key: key.access_key_id().to_owned(), secret: key.secret_access_key().to_owned() }
    }

    /// Runs `pipe` as this user.
    pub fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> Run {
        let mut command = sandbox.command(arguments);
        command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", &self.secret);
        Run::of(command.output().unwrap())
    }

    /// The SDK as this user.
    pub async fn sdk(&self, sandbox: &Sandbox) -> SdkConfig {
        let own = Credentials::new(&self.key, &self.secret, None, None, "test");
        let root = root(&sandbox.account).await.into_builder();
        root.credentials_provider(SharedCredentialsProvider::new(own)).build()
    }

    /// Runs `pipe` as this user, which must succeed.
    pub fn pipe(&self, sandbox: &Sandbox, arguments: &[&str]) -> String {
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
/// made without the six characters of its ARN, and five actions under `*`. Conditions whose keys it does not know are left out:
/// to it they never hold.
fn as_ministack_asks(policy: &Value) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    const ANYWHERE: [&str; 5] = [
        "dynamodb:ListTagsOfResource",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "lambda:CreateFunction",
        "logs:DescribeLogGroups",
    ];
    let mut anywhere = Vec::new();
    for statement in statements.iter_mut() {
        let actions: Vec<String> = texts(&statement["Action"]);
        anywhere.extend(actions.into_iter().filter(|action| ANYWHERE.contains(&action.as_str())));
        let resources = statement["Resource"].as_array_mut().unwrap();
        let more: Vec<Value> = resources.iter().filter_map(|arn| elsewhere(arn.as_str().unwrap())).collect();
        resources.extend(more);
        if statement["Condition"]["StringEquals"]["iam:PassedToService"].is_null() {
            statement.as_object_mut().unwrap().remove("Condition");
        }
    }
    if !anywhere.is_empty() {
        statements.push(json!({ "Effect": "Allow", "Action": anywhere, "Resource": "*" }));
    }
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

pub fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// A policy of which this action was taken away, wherever it stood.
pub fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    let mut found = false;
    for statement in statements.iter_mut() {
        let actions = statement["Action"].as_array_mut().unwrap();
        let before = actions.len();
        actions.retain(|one| one != action);
        found |= actions.len() < before;
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    assert!(found, "`{action}` is not in the policy");
    policy
}

/// Edits that change every kind in place, then one that replaces the stream and with it the mapping.
fn edits() -> [Vec<(&'static str, &'static str)>; 3] {
    [
        vec![
            ("name: gateway-events\n", "name: gateway-events\ntags: { team: a }\n"),
            ("memory_mb: 128", "memory_mb: 256"),
            ("shards: 1", "shards: 2"),
        ],
        vec![
            ("tags: { team: a }\n", ""),
            ("retention_hours: 24", "retention_hours: 48"),
            ("access_log_days: 1", "access_log_days: 3"),
            ("write: 10", "write: 20"),
            ("retention_days: 14", "retention_days: 7"),
            ("size: 10", "size: 20"),
            ("partition_key: path.eventId", "partition_key: random"),
        ],
        vec![("name: GatewayEventsStream", "name: OtherStream"), ("timeout_seconds: 30", "timeout_seconds: 20")],
    ]
}

#[tokio::test]
async fn user_with_the_printed_policy_can_do_it_all() {
    can_do_it_all(&sandbox(Kind::MiniStackWithAuth)).await;
}

/// Applies, edits, lists and destroys with nothing but the printed policy.
pub async fn can_do_it_all(sandbox: &Sandbox) {
    let policy = printed(sandbox);
    assert!(characters(&policy) <= MOST_CHARACTERS, "{} characters", characters(&policy));
    let deployer = Deployer::new(&sandbox.account, "deployer", &policy).await;

    deployer.pipe(sandbox, &["apply", "--yes"]);
    unchanged(sandbox, &deployer);
    for (number, edits) in edits().into_iter().enumerate() {
        edits.into_iter().for_each(|(from, to)| sandbox.edit(from, to));
        let rights = both(&policy, &printed(sandbox));
        let deployer = Deployer::new(&sandbox.account, &format!("editor-{number}"), &rights).await;
        deployer.pipe(sandbox, &["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
        unchanged(sandbox, &deployer);
    }
    let deployer = Deployer::new(&sandbox.account, "owner", &printed(sandbox)).await;
    let outputs = deployer.pipe(sandbox, &["outputs"]);
    assert!(outputs.contains("stream.name = OtherStream") && !outputs.contains("credentials ="), "{outputs}");
    assert!(deployer.pipe(sandbox, &["list"]).contains("gateway-events"));
    let refused = deployer.run(sandbox, &["outputs", "--reveal"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("secretsmanager:GetSecretValue"), "deploying is not reading secrets: {}", refused.err);
    deployer.pipe(sandbox, &["destroy", "--yes", "--allow-data-loss", "all"]);
    assert!(sandbox.pipe(&["list"]).contains("no pipelines"));
}

fn unchanged(sandbox: &Sandbox, deployer: &Deployer) {
    let again = deployer.run(sandbox, &["diff", "--exit-code"]);
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
}

/// One policy with the statements of two: what a deployer needs whose edit renames something is what both specs need.
fn both(before: &Value, after: &Value) -> Value {
    let statements = [before, after].into_iter().flat_map(|policy| policy["Statement"].as_array().unwrap().clone());
    json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() })
}

fn characters(policy: &Value) -> usize {
    policy.to_string().chars().filter(|letter| !letter.is_whitespace()).count()
}

/// The actions of a service that a policy allows on what an ARN ends with.
fn on(policy: &Value, service: &str, end: &str) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let here = statements.filter(|statement| texts(&statement["Resource"]).iter().any(|arn| arn.ends_with(end)));
    here.flat_map(|statement| texts(&statement["Action"])).filter(|action| action.starts_with(service)).collect()
}

#[test]
fn roles_are_passed_to_lambda_and_api_gateway_only() {
    let policy = printed(&sandbox(Kind::MiniStackWithAuth));
    let passing =
        policy["Statement"].as_array().unwrap().iter().filter(|one| texts(&one["Action"]) == ["iam:PassRole"]);
    let mut passed = Vec::new();
    for statement in passing {
        let service = statement["Condition"]["StringEquals"]["iam:PassedToService"].as_str().unwrap();
        let path = |arn: String| arn.split_once(":role").unwrap().1.to_owned();
        passed.extend(texts(&statement["Resource"]).into_iter().map(|arn| (service.to_owned(), path(arn))));
    }
    let passed: Vec<(&str, &str)> = passed.iter().map(|(service, role)| (service.as_str(), role.as_str())).collect();
    assert_eq!(
        passed,
        [
            ("apigateway.amazonaws.com", "/pipe/gateway-events/eu-central-1/*"),
            ("apigateway.amazonaws.com", "/pipe/pipe-apigateway-logs"),
            ("lambda.amazonaws.com", "/pipe/gateway-events/eu-central-1/*"),
        ]
    );
}

#[test]
fn what_is_only_used_is_not_made_changed_or_deleted() {
    let sandbox = sandbox(Kind::MiniStackWithAuth);
    sandbox.edit("    secret: gateway/credentials", "    secret: { existing: other/credentials }");
    let queue = "    name: LambdaDeadLetterQueue\n    retention_days: 14";
    sandbox.edit(queue, "    existing: TheirQueue");
    let policy = printed(&sandbox);
    let queue = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags", "sqs:TagQueue", "sqs:UntagQueue"];
    assert_eq!(on(&policy, "sqs:", ":TheirQueue"), queue);
    let secret = ["secretsmanager:TagResource", "secretsmanager:UntagResource"];
    assert_eq!(on(&policy, "secretsmanager:", ":secret:other/credentials-??????"), secret);
}

#[test]
fn longest_names_of_a_pipeline_fit_one_policy_and_longer_ones_are_told() {
    let sandbox = sandbox(Kind::MiniStackWithAuth);
    sandbox.edit("name: gateway-events", "name: a-name-of-one-and-thirty-letter");
    sandbox.edit("GatewayEventsStream", &"Stream".repeat(8));
    sandbox.edit("EventTable", &"Table".repeat(8));
    sandbox.edit("LambdaDeadLetterQueue", &"Queue".repeat(8));
    let run = sandbox.run(&["iam-policy"]);
    let policy: Value = serde_json::from_str(&run.out).unwrap();
    assert!(characters(&policy) <= MOST_CHARACTERS, "{} characters", characters(&policy));
    assert_eq!(run.code, Some(0));
    assert!(run.err.contains("can become administrator") && !run.err.contains("characters"), "{}", run.err);

    sandbox.edit("gateway/credentials", &"secret/".repeat(70));
    let run = sandbox.run(&["iam-policy"]);
    let length = characters(&serde_json::from_str(&run.out).unwrap());
    let told = format!("the policy has {length} characters, and a managed policy may have 6144");
    assert!(run.code == Some(0) && run.err.contains(&told), "{}", run.err);
}
