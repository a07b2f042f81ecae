//! The client and the groups, which belong to the pool.

use super::*;

fn with_client(edit: impl Fn(&mut Client)) -> UserPool {
    let mut pool = kept();
    edit(pool.client.as_mut().unwrap());
    pool
}

/// What others set of it goes along, and what AWS does not take does not.
#[tokio::test]
async fn a_client_is_changed_with_all_that_it_has() {
    let mut cognito = Cognito::as_desired();
    cognito.clients[0]["ReadAttributes"] = json!(["email"]);
    let flows = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"];
    let writes = cognito.reconcile(&with_client(|client| client.flows = texts(&flows))).await;
    let [(operation, input)] = &writes[..] else { panic!("{writes:?}") };
    assert_eq!(operation, "UpdateUserPoolClient");
    let whole = json!({
        "UserPoolId": ID, "ClientId": "c1", "ClientName": "pipe-demo", "ExplicitAuthFlows": flows,
        "AccessTokenValidity": 3600, "IdTokenValidity": 3600, "RefreshTokenValidity": 2_592_000,
        "TokenValidityUnits": { "AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "seconds" },
        "PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": true, "AuthSessionValidity": 3,
        "AllowedOAuthFlowsUserPoolClient": false, "ReadAttributes": ["email"],
    });
    assert_eq!(*input, whole);
}

#[tokio::test]
async fn each_property_of_a_client_is_changed() {
    type Edit = fn(&mut Client);
    let edits: [(Edit, &str, Value); 5] = [
        (|client| client.access_token_seconds = 300, "AccessTokenValidity", 300.into()),
        (|client| client.id_token_seconds = 600, "IdTokenValidity", 600.into()),
        (|client| client.refresh_token_seconds = 3600, "RefreshTokenValidity", 3600.into()),
        (|client| client.hides_users = false, "PreventUserExistenceErrors", "LEGACY".into()),
        (|client| client.revokes_tokens = false, "EnableTokenRevocation", false.into()),
    ];
    for (edit, member, value) in edits {
        let writes = Cognito::as_desired().reconcile(&with_client(edit)).await;
        assert_eq!((operations(&writes), &writes[0].1[member]), (vec!["UpdateUserPoolClient"], &value), "{member}");
    }
}

/// After a kill between pool and client, and after somebody deleted it: apps then need to know its new id.
#[tokio::test]
async fn a_client_that_is_not_there_is_made() {
    let none = Cognito { clients: Vec::new(), ..Cognito::as_desired() };
    let live = none.read().await;
    assert_eq!(desired().moves(&live.props), ["client_id"]);
    assert!(desired().moves(&desired()).is_empty());
    let made = kept().reconcile(&none.cx(), &Name::new("people"), Some(&live)).await.unwrap();
    assert_eq!(made.outputs["client_id"], "c9");
    assert_eq!(operations(&none.writes.lock().unwrap()), ["CreateUserPoolClient"]);
}

#[tokio::test]
async fn spare_clients_and_one_that_is_not_wanted_are_deleted() {
    let clients = vec![client("c1", "pipe-demo"), client("c2", "pipe-demo"), client("c3", "web")];
    let cognito = Cognito { clients, ..Cognito::as_desired() };
    let writes = cognito.reconcile(&kept()).await;
    assert_eq!(writes, [("DeleteUserPoolClient".to_owned(), json!({ "UserPoolId": ID, "ClientId": "c2" }))]);
    let writes = Cognito::as_desired().reconcile(&UserPool { client: None, ..kept() }).await;
    assert_eq!(writes, [("DeleteUserPoolClient".to_owned(), json!({ "UserPoolId": ID, "ClientId": "c1" }))]);
}

#[test]
fn groups_of_others_are_no_difference() {
    let live = UserPool {
        groups: [("Old".to_owned(), Whose::ThePipelines), ("Admins".to_owned(), Whose::SomebodyElses)].into(),
        ..desired()
    };
    let kept = desired().keeping(&live).unwrap();
    assert_eq!(kept.groups.keys().collect::<Vec<_>>(), ["Admins", "FreeTier"], "what was the pipeline's goes");
    let theirs = UserPool { groups: [("FreeTier".to_owned(), Whose::SomebodyElses)].into(), ..desired() };
    assert_eq!(desired().keeping(&theirs), None, "one that the spec names is taken over, and the plan says so");
}

#[tokio::test]
async fn groups_are_made_taken_over_and_deleted() {
    let mut theirs = group("Basic", "by hand");
    theirs["RoleArn"] = "arn:aws:iam::111122223333:role/theirs".into();
    let groups = vec![group("Old", "pipe-demo"), group("Admins", "pipe-demo-2"), theirs];
    let cognito = Cognito { groups, ..Cognito::as_desired() };
    let live = cognito.read().await;
    let wanted = ["Basic", "FreeTier"].map(|name| (name.to_owned(), Whose::ThePipelines)).into();
    let wanted = UserPool { groups: wanted, ..desired() };
    let kept = wanted.keeping(&live.props).unwrap();
    let whole = |name: &str| json!({ "UserPoolId": ID, "GroupName": name });
    let with = |mut input: Value, more: Value| {
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let role =
        json!({ "Description": "pipe-demo", "RoleArn": "arn:aws:iam::111122223333:role/theirs", "Precedence": 0 });
    let expected = [
        ("UpdateGroup".to_owned(), with(whole("Basic"), role)),
        ("CreateGroup".to_owned(), with(whole("FreeTier"), json!({ "Description": "pipe-demo" }))),
        ("DeleteGroup".to_owned(), whole("Old")),
    ];
    assert_eq!(cognito.reconcile(&kept).await, expected);
}

/// One that came between the look and the call: the engine looks again, and sees whose it is.
#[tokio::test]
async fn a_group_that_is_there_by_now_is_looked_at() {
    let cognito = Cognito { groups: Vec::new(), ..Cognito::as_desired() };
    let live = cognito.read().await;
    let cx = cx_answered(move |operation, input| match operation {
        "CreateGroup" => refusal("GroupExistsException", "A group already exists with the name"),
        _ => cognito.answer(operation, input),
    });
    let error = desired().reconcile(&tagged(&cx), &Name::new("people"), Some(&live)).await;
    assert_eq!(error.unwrap_err().class(), Class::Exists);
}
