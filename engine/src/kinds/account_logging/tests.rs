use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::get_account::GetAccountOutput;
use aws_sdk_apigateway::operation::update_account::{UpdateAccountError, UpdateAccountOutput};
use aws_sdk_apigateway::types::error::{BadRequestException, TooManyRequestsException};
use aws_sdk_iam::operation::create_role::CreateRoleOutput;
use aws_sdk_iam::operation::get_role::GetRoleOutput;
use aws_sdk_iam::operation::get_role_policy::GetRolePolicyOutput;
use aws_sdk_iam::operation::put_role_policy::PutRolePolicyOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::DateTime;
use aws_smithy_types::error::ErrorMetadata;

use super::*;
use crate::aws::mocked;

/// A context whose API Gateway answers by these rules, one after another; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx_that_repeats(RuleMode::Sequential, rules)
}

fn account(role: Option<&'static str>) -> Rule {
    mock!(Client::get_account)
        .then_output(move || GetAccountOutput::builder().set_cloudwatch_role_arn(role.map(str::to_owned)).build())
}

#[tokio::test]
async fn a_role_that_is_set_is_never_overwritten() {
    let foreign = "arn:aws:iam::111122223333:role/theirs";
    let cx = cx(&[&account(Some(foreign))]);
    let lives = AccountLogging::read(&cx, &Name::new("account")).await.unwrap();
    assert_eq!(lives[0].outputs["arn"], foreign);
    // Any further call would find no rule and fail.
    let made = AccountLogging::default().reconcile(&cx, &Name::new("account"), lives.first()).await.unwrap();
    assert_eq!(made.outputs["arn"], foreign);
    AccountLogging::delete(&cx, &Name::new("account"), &lives[0].handle).await.unwrap();
}

#[tokio::test]
async fn one_that_was_set_meanwhile_is_kept() {
    let theirs = "arn:aws:iam::111122223333:role/theirs";
    let cx = cx(&[&account(Some(theirs))]);
    assert_eq!(set(&cx, "ours", Duration::ZERO).await.unwrap(), theirs);
}

#[tokio::test]
async fn a_role_that_api_gateway_does_not_know_yet_is_tried_again() {
    let fresh = || {
        let text = "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway \
                    and add the required role policy.";
        let meta = ErrorMetadata::builder().code("BadRequestException").message(text).build();
        UpdateAccountError::BadRequestException(BadRequestException::builder().message(text).meta(meta).build())
    };
    let too_many = || {
        let meta = ErrorMetadata::builder().code("TooManyRequestsException").message("Too Many Requests").build();
        UpdateAccountError::TooManyRequestsException(TooManyRequestsException::builder().meta(meta).build())
    };
    let looks = [account(None), account(None), account(Some(""))];
    let first = mock!(Client::update_account).then_error(fresh);
    let second = mock!(Client::update_account).then_error(too_many);
    let third = mock!(Client::update_account)
        .match_requests(|call| call.patch_operations()[0].value() == Some("ours"))
        .then_output(|| UpdateAccountOutput::builder().build());
    let cx = cx(&[&looks[0], &first, &looks[1], &second, &looks[2], &third]);
    assert_eq!(set(&cx, "ours", Duration::ZERO).await.unwrap(), "ours");
    assert_eq!([&first, &second, &third].map(Rule::num_calls), [1, 1, 1]);
}

#[test]
fn the_document_is_empty() {
    assert_eq!(crate::resource::json(&AccountLogging::default()).unwrap(), serde_json::json!({}));
}

fn iam_role() -> Role {
    let tag = Tag::builder().key(TAG.0).value(TAG.1).build().unwrap();
    let role = Role::builder().role_name(ROLE).role_id("AROAEXAMPLE").arn("ours").path(PATH).tags(tag);
    role.create_date(DateTime::from_secs(0)).build().unwrap()
}

/// A user who may make a role without the boundary may make any role.
#[tokio::test]
async fn a_role_that_is_made_is_bounded_like_the_pipelines() {
    let create = mock!(aws_sdk_iam::Client::create_role)
        .match_requests(|call| call.permissions_boundary() == Some("boundary"))
        .then_output(|| CreateRoleOutput::builder().role(iam_role()).build());
    let put = mock!(aws_sdk_iam::Client::put_role_policy).then_output(|| PutRolePolicyOutput::builder().build());
    let bounded = AccountLogging { permissions_boundary: "boundary".into() };
    assert_eq!(bounded.role(&cx(&[&create, &put])).await.unwrap(), ("ours".to_owned(), true));
}

#[tokio::test]
async fn one_that_is_finished_is_not_written_again() {
    let text = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
                <Code>EntityAlreadyExists</Code><Message>Role exists.</Message></Error></ErrorResponse>";
    let create = mock!(aws_sdk_iam::Client::create_role).sequence().http_status(409, Some(text.to_owned())).build();
    let get = mock!(aws_sdk_iam::Client::get_role).then_output(|| GetRoleOutput::builder().role(iam_role()).build());
    let policy = mock!(aws_sdk_iam::Client::get_role_policy).then_output(|| {
        let policy = GetRolePolicyOutput::builder().role_name(ROLE).policy_name(POLICY);
        policy.policy_document("%7B%7D").build().unwrap()
    });
    // A write would find no rule and fail.
    let found = AccountLogging::default().role(&cx(&[&create, &get, &policy])).await.unwrap();
    assert_eq!(found, ("ours".to_owned(), false));
}
