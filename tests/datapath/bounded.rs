//! The printed policy where the spec names a permissions boundary: it still does all, and its holder does not become administrator.
//!
//! MiniStack evaluates no condition on a boundary: what hangs on one is decided in `commands/iam_policy/tests.rs`.

use aws_sdk_iam::Client;
use aws_sdk_iam::error::ProvideErrorMetadata;
use pipe_test_support::{Kind, Sandbox};

use super::cloud::{root, sandbox};
use super::least::{Deployer, can_do_it_all, printed};

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Makes a policy that bounds roles, has the spec name it, and gives its ARN.
async fn bound(sandbox: &Sandbox) -> String {
    let iam = Client::new(&root(&sandbox.account).await);
    let made = iam.create_policy().policy_name("boundary").policy_document(ALL).send().await.unwrap();
    let arn = made.policy().unwrap().arn().unwrap().to_owned();
    sandbox.edit("name: gateway-events\n", &format!("name: gateway-events\npermissions_boundary: {arn}\n"));
    arn
}

#[tokio::test]
async fn user_with_the_printed_policy_can_do_it_all_within_a_boundary() {
    let sandbox = sandbox(Kind::MiniStackWithAuth);
    bound(&sandbox).await;
    can_do_it_all(&sandbox).await;
}

/// What needs no condition to be refused: these rights are not given at all.
#[tokio::test]
async fn user_with_the_printed_policy_does_not_become_administrator() {
    let sandbox = sandbox(Kind::MiniStackWithAuth);
    let boundary = bound(&sandbox).await;
    let deployer = Deployer::new(&sandbox.account, "deployer", &printed(&sandbox)).await;
    deployer.pipe(&sandbox, &["apply", "--yes"]);
    let root = Client::new(&root(&sandbox.account).await);
    let roles =
        ["gateway-events-consumer-role-eu-central-1", "gateway-events-api-role-eu-central-1", "pipe-apigateway-logs"];
    for role in roles {
        let found = root.get_role().role_name(role).send().await.unwrap().role.unwrap();
        let bound_by = found.permissions_boundary().and_then(|bound| bound.permissions_boundary_arn());
        assert_eq!(bound_by, Some(boundary.as_str()), "{role}");
    }
    let iam = Client::new(&deployer.sdk(&sandbox).await);
    let (role, all) = (roles[0], "arn:aws:iam::aws:policy/AdministratorAccess");
    refused(iam.attach_role_policy().role_name(role).policy_arn(all).send().await, "AttachRolePolicy");
    refused(iam.delete_role_permissions_boundary().role_name(role).send().await, "DeleteRolePermissionsBoundary");
    let version = iam.create_policy_version().policy_arn(&boundary).policy_document(ALL).set_as_default(true);
    refused(version.send().await, "CreatePolicyVersion");
    refused(iam.attach_user_policy().user_name("deployer").policy_arn(all).send().await, "AttachUserPolicy");
    let own = iam.put_user_policy().user_name("deployer").policy_name("all").policy_document(ALL);
    refused(own.send().await, "PutUserPolicy");
    let foreign = iam.put_role_policy().role_name("Admin").policy_name("all").policy_document(ALL);
    refused(foreign.send().await, "PutRolePolicy");
}

fn refused<T: std::fmt::Debug, E: ProvideErrorMetadata>(sent: Result<T, E>, what: &str) {
    assert_eq!(sent.unwrap_err().code(), Some("AccessDenied"), "{what}");
}
