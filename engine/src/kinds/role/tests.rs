use aws_sdk_iam::Client;
use aws_sdk_iam::operation::create_role::CreateRoleOutput;
use aws_sdk_iam::operation::delete_role::DeleteRoleOutput;
use aws_sdk_iam::operation::delete_role_policy::DeleteRolePolicyOutput;
use aws_sdk_iam::operation::detach_role_policy::DetachRolePolicyOutput;
use aws_sdk_iam::operation::get_role::GetRoleOutput;
use aws_sdk_iam::operation::get_role_policy::GetRolePolicyOutput;
use aws_sdk_iam::operation::list_attached_role_policies::ListAttachedRolePoliciesOutput;
use aws_sdk_iam::operation::list_role_policies::ListRolePoliciesOutput;
use aws_sdk_iam::operation::put_role_permissions_boundary::PutRolePermissionsBoundaryOutput;
use aws_sdk_iam::operation::put_role_policy::PutRolePolicyOutput;
use aws_sdk_iam::types::AttachedPolicy;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::DateTime;

use super::*;
use crate::aws::mocked;
use crate::aws::policy::{allow, trust};
use crate::resource::{Id, Tags};

const ARN: &str = "arn:aws:iam::111122223333:role/pipe/demo/eu-central-1/demo-role";
const FOREIGN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// A context whose IAM answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    let tags = Tags::from([("pipe:pipeline".to_owned(), "demo".to_owned())]);
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("consumer-role"), tags)
}

fn name() -> Name {
    Name::new("demo-role")
}

fn desired() -> Role {
    let write =
        Policy::new(vec![allow("Send", &["sqs:SendMessage"], &["arn:aws:sqs:eu-central-1:1:a%3Ab".to_owned()])]);
    Role {
        path: path("demo", "eu-central-1"),
        trust: trust("lambda.amazonaws.com"),
        policies: BTreeMap::from([("write".to_owned(), write)]),
        managed: BTreeSet::new(),
        permissions_boundary: String::new(),
    }
}

fn live(cx: &Cx, props: Role) -> Live<Role> {
    let (handle, tags, identity) = (Handle::new(ARN), cx.tags.clone(), "AROAEXAMPLE".into());
    Live { handle, props, outputs: outputs(ARN), tags, identity, state: State::Live }
}

fn described() -> Described {
    let role =
        Described::builder().role_name("demo-role").role_id("AROAEXAMPLE").arn(ARN).path("/pipe/demo/eu-central-1/");
    let role = role.create_date(DateTime::from_secs(0));
    role.assume_role_policy_document(encoded(&desired().trust)).build().unwrap()
}

/// As IAM gives a document: every byte of its punctuation percent-encoded.
fn encoded(policy: &Policy) -> String {
    percent_encoding::utf8_percent_encode(&policy.text(), percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn refusal(code: &str, message: &str) -> Option<String> {
    Some(format!(
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    ))
}

fn inline_list(names: &[&str]) -> ListRolePoliciesOutput {
    let names = names.iter().map(ToString::to_string).collect();
    ListRolePoliciesOutput::builder().set_policy_names(Some(names)).build().unwrap()
}

fn attached_list(arns: &[&str]) -> ListAttachedRolePoliciesOutput {
    let policy = |arn: &&str| AttachedPolicy::builder().policy_arn(*arn).build();
    ListAttachedRolePoliciesOutput::builder().set_attached_policies(Some(arns.iter().map(policy).collect())).build()
}

fn made() -> CreateRoleOutput {
    CreateRoleOutput::builder().role(described()).build()
}

#[tokio::test]
async fn documents_are_decoded_exactly_once_and_read_as_they_were_written() {
    let role = mock!(Client::get_role).then_output(|| GetRoleOutput::builder().role(described()).build());
    let names = mock!(Client::list_role_policies).then_output(|| inline_list(&["write"]));
    let document = mock!(Client::get_role_policy).then_output(|| {
        let policy = GetRolePolicyOutput::builder().role_name("demo-role").policy_name("write");
        policy.policy_document(encoded(&desired().policies["write"])).build().unwrap()
    });
    let attached = mock!(Client::list_attached_role_policies).then_output(|| attached_list(&[]));
    let read = Role::read(&cx(&[&role, &names, &document, &attached]), &name()).await.unwrap();
    assert_eq!(read[0].props, desired());
    assert_eq!((read[0].identity.as_str(), read[0].outputs["arn"].as_str()), ("AROAEXAMPLE", ARN));
}

#[tokio::test]
async fn a_principal_that_iam_does_not_know_yet_is_waited_for() {
    let unknown = refusal("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/x\"");
    let create = mock!(Client::create_role).sequence().http_status(400, unknown).output(made).build();
    let put = mock!(Client::put_role_policy).then_output(|| PutRolePolicyOutput::builder().build());
    let made = desired().reconcile(&cx(&[&create, &put]), &name(), None).await.unwrap();
    assert_eq!((made.identity.as_str(), create.num_calls()), ("AROAEXAMPLE", 2));

    let wrong = refusal("MalformedPolicyDocument", "Syntax errors in policy.");
    let create = mock!(Client::create_role).sequence().http_status(400, wrong).build();
    let error = desired().reconcile(&cx(&[&create]), &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Fatal);
}

#[tokio::test]
async fn a_new_role_that_is_not_found_is_waited_for_and_a_missing_policy_is_not() {
    let create = mock!(Client::create_role).then_output(made);
    let not_yet = refusal("NoSuchEntity", "The role with name demo-role cannot be found.");
    let put = mock!(Client::put_role_policy)
        .sequence()
        .http_status(404, not_yet)
        .output(|| PutRolePolicyOutput::builder().build())
        .build();
    desired().reconcile(&cx(&[&create, &put]), &name(), None).await.unwrap();
    assert_eq!(put.num_calls(), 2);

    let never = refusal("NoSuchEntity", "Policy arn:aws:iam::1:policy/Nope does not exist or is not attachable.");
    let bound = mock!(Client::put_role_permissions_boundary)
        .sequence()
        .http_status(404, never)
        .output(|| PutRolePermissionsBoundaryOutput::builder().build())
        .build();
    let role = Role { permissions_boundary: "arn:aws:iam::1:policy/Nope".to_owned(), ..desired() };
    let cx = cx(&[&bound]);
    let error = role.reconcile(&cx, &name(), Some(&live(&cx, desired()))).await.unwrap_err();
    assert_eq!((error.code(), bound.num_calls()), ("NoSuchEntity", 1));
}

/// A deployer may write the rights of roles that the boundary bounds, and no others.
#[tokio::test]
async fn a_role_of_before_the_boundary_is_given_it_before_anything_else() {
    let bound = mock!(Client::put_role_permissions_boundary)
        .match_requests(|request| request.permissions_boundary() == Some("boundary"))
        .then_output(|| PutRolePermissionsBoundaryOutput::builder().build());
    let put = mock!(Client::put_role_policy).then_output(|| PutRolePolicyOutput::builder().build());
    let context = mocked::cx(RuleMode::Sequential, &[&bound, &put]);
    let before = Role { policies: BTreeMap::new(), ..desired() };
    let role = Role { permissions_boundary: "boundary".to_owned(), ..desired() };
    role.reconcile(&context, &name(), Some(&live(&context, before))).await.unwrap();
    assert_eq!((bound.num_calls(), put.num_calls()), (1, 1));
}

#[tokio::test]
async fn policies_that_the_spec_does_not_give_are_taken_away() {
    let detach = mock!(Client::detach_role_policy)
        .match_requests(|request| request.policy_arn() == Some(FOREIGN))
        .then_output(|| DetachRolePolicyOutput::builder().build());
    let delete = mock!(Client::delete_role_policy)
        .match_requests(|request| request.policy_name() == Some("foreign"))
        .then_output(|| DeleteRolePolicyOutput::builder().build());
    let cx = cx(&[&detach, &delete]);
    let mut props = desired();
    props.policies.insert("foreign".into(), Policy::new(Vec::new()));
    props.managed.insert(FOREIGN.into());
    let mut live = live(&cx, props);
    desired().reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert_eq!((detach.num_calls(), delete.num_calls()), (1, 1));

    live.props = desired();
    desired().reconcile(&cx, &name(), Some(&live)).await.unwrap();
    assert_eq!((detach.num_calls(), delete.num_calls()), (1, 1), "nothing differs, nothing is written");
}

/// Neither emulator is eventual: they refuse only what still has policies.
#[tokio::test]
async fn a_delete_conflict_is_waited_for_and_the_policies_looked_at_again() {
    let names = mock!(Client::list_role_policies).then_output(|| inline_list(&[]));
    let attached = mock!(Client::list_attached_role_policies)
        .sequence()
        .output(|| attached_list(&[FOREIGN]))
        .output(|| attached_list(&[]))
        .build();
    let detach = mock!(Client::detach_role_policy).then_output(|| DetachRolePolicyOutput::builder().build());
    let conflict = refusal("DeleteConflict", "Cannot delete entity, must detach all policies first.");
    let delete = mock!(Client::delete_role)
        .sequence()
        .http_status(409, conflict)
        .output(|| DeleteRoleOutput::builder().build())
        .build();
    Role::delete(&cx(&[&names, &attached, &detach, &delete]), &name(), &Handle::new(ARN)).await.unwrap();
    assert_eq!((attached.num_calls(), detach.num_calls(), delete.num_calls()), (2, 1, 2));
}

#[tokio::test]
async fn a_role_in_an_instance_profile_is_not_waited_for() {
    let names = mock!(Client::list_role_policies).then_output(|| inline_list(&[]));
    let attached = mock!(Client::list_attached_role_policies).then_output(|| attached_list(&[]));
    let conflict = refusal("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.");
    let delete = mock!(Client::delete_role).sequence().http_status(409, conflict).build();
    let error = Role::delete(&cx(&[&names, &attached, &delete]), &name(), &Handle::new(ARN)).await.unwrap_err();
    assert_eq!(error.class(), Class::Fatal);
    assert!(error.hint_text().is_some_and(|hint| hint.contains("instance profile")));
}

#[tokio::test]
async fn absent_is_nothing_to_read_and_nothing_to_delete() {
    let gone = || refusal("NoSuchEntity", "The role with name demo-role cannot be found.");
    let role = mock!(Client::get_role).sequence().http_status(404, gone()).build();
    let names = mock!(Client::list_role_policies).sequence().http_status(404, gone()).times(3).build();
    let attached = mock!(Client::list_attached_role_policies).sequence().http_status(404, gone()).times(2).build();
    let cx = cx(&[&role, &names, &attached]);
    assert!(Role::read(&cx, &name()).await.unwrap().is_empty());
    Role::delete(&cx, &name(), &Handle::new(ARN)).await.unwrap();
}

#[test]
fn a_name_is_told_from_the_arn_of_a_role_of_ours() {
    assert_eq!(Role::name_of(ARN), Some(name()));
    assert_eq!(Role::name_of("arn:aws:iam::111122223333:role/somebody"), None);
}
