//! Each right of the printed policy is needed: without it a command fails, and says which one is missing.
//!
//! A sample of what MiniStack checks; what it does not is in `least`.

use pipe_test_support::{Kind, Run, Sandbox};
use serde_json::Value;

use super::cloud::sandbox;
use super::least::{Deployer, printed, without};

/// Rights to look, of all kinds: without one, not even a plan is made.
const LOOKING: [&str; 15] = [
    "apigateway:GET",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:ListTagsOfResource",
    "iam:GetRole",
    "iam:ListRoles",
    "kinesis:DescribeStreamSummary",
    "kinesis:ListTagsForStream",
    "lambda:GetFunction",
    "lambda:ListEventSourceMappings",
    "logs:DescribeLogGroups",
    "secretsmanager:DescribeSecret",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListQueueTags",
];

/// A right to make, and one to delete.
const MAKING_AND_DELETING: [(&str, &str); 9] = [
    ("kinesis:CreateStream", "kinesis:DeleteStream"),
    ("dynamodb:CreateTable", "dynamodb:DeleteTable"),
    ("sqs:CreateQueue", "sqs:DeleteQueue"),
    ("iam:CreateRole", "iam:DeleteRole"),
    ("iam:PutRolePolicy", "iam:DeleteRolePolicy"),
    ("secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"),
    ("logs:CreateLogGroup", "logs:DeleteLogGroup"),
    ("lambda:CreateFunction", "lambda:DeleteFunction"),
    ("apigateway:POST", "apigateway:DELETE"),
];

/// Rights without which a new pipeline is not finished.
const FINISHING: [&str; 6] = [
    "apigateway:PATCH",
    "apigateway:PUT",
    "dynamodb:UpdateContinuousBackups",
    "lambda:CreateEventSourceMapping",
    "logs:PutRetentionPolicy",
    "secretsmanager:GetRandomPassword",
];

/// Runs `pipe` as a user who lacks one right.
async fn run_without(sandbox: &Sandbox, policy: &Value, action: &str, arguments: &[&str]) -> Run {
    let user = action.replace(':', "-");
    Deployer::new(&sandbox.account, &user, &without(policy, action)).await.run(sandbox, arguments)
}

fn names(run: &Run, action: &str) {
    assert_eq!(run.code, Some(1), "without `{action}`:\n{}\n{}", run.out, run.err);
    let hint = format!("allow `{action}` on this resource for the deploying identity");
    assert!(run.err.contains(&hint), "without `{action}`:\n{}", run.err);
}

#[tokio::test]
async fn every_right_to_look_is_needed() {
    let sandbox = sandbox(Kind::MiniStackWithAuth);
    let policy = printed(&sandbox);
    sandbox.pipe(&["apply", "--yes"]);
    for action in LOOKING {
        names(&run_without(&sandbox, &policy, action, &["diff"]).await, action);
    }
}

#[tokio::test]
async fn rights_to_make_and_delete_are_needed() {
    for (make, delete) in MAKING_AND_DELETING {
        let sandbox = sandbox(Kind::MiniStackWithAuth);
        let policy = printed(&sandbox);
        names(&run_without(&sandbox, &policy, make, &["apply", "--yes"]).await, make);
        sandbox.converge();
        let destroy = ["destroy", "--yes", "--allow-data-loss", "all"];
        names(&run_without(&sandbox, &policy, delete, &destroy).await, delete);
        sandbox.pipe(&destroy);
    }
}

#[tokio::test]
async fn rights_to_finish_are_needed() {
    for action in FINISHING {
        let sandbox = sandbox(Kind::MiniStackWithAuth);
        let policy = printed(&sandbox);
        names(&run_without(&sandbox, &policy, action, &["apply", "--yes"]).await, action);
        sandbox.converge();
    }
}
