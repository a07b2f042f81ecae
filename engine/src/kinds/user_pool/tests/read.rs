//! What is read, and under which names.

use super::*;

#[tokio::test]
async fn what_aws_shows_is_what_the_spec_wants() {
    let live = Cognito::as_desired().read().await;
    assert_eq!(live.props, kept());
    assert_eq!((live.handle.as_str(), live.identity.as_str(), live.state), (ID, ID, State::Live));
    let outputs = ["arn", "client_id", "id", "issuer", "name"].map(|output| live.outputs[output].as_str());
    let issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123";
    assert_eq!(outputs, [arn(&place(), ID).as_str(), "c1", ID, issuer, "people"]);
}

/// What a pool says nothing of has AWS's defaults, which are others than the pipeline's.
#[tokio::test]
async fn a_bare_pool_is_read_with_the_defaults_of_aws() {
    let pool = json!({ "Id": ID, "Name": "people" });
    let bare = Cognito {
        pool,
        clients: vec![json!({ "ClientId": "c1", "ClientName": "pipe-demo" })],
        ..Cognito::as_desired()
    };
    let live = bare.read().await.props;
    assert!(live.case_sensitive && live.self_sign_up && !live.deletion_protection);
    assert_eq!((live.password.min_length, live.password.temporary_days), (8, 7));
    let client = live.client.unwrap();
    assert_eq!(client.flows, texts(&["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]));
    assert_eq!((client.access_token_seconds, client.refresh_token_seconds), (3600, 30 * 24 * 3600));
    assert!(client.revokes_tokens && !client.hides_users);
}

#[tokio::test]
async fn validities_are_read_in_their_units() {
    let mut cognito = Cognito::as_desired();
    cognito.clients[0]["TokenValidityUnits"] =
        json!({ "AccessToken": "minutes", "IdToken": "seconds", "RefreshToken": "hours" });
    cognito.clients[0]["AccessTokenValidity"] = 10.into();
    cognito.clients[0]["IdTokenValidity"] = 900.into();
    let client = cognito.read().await.props.client.unwrap();
    let read = (client.access_token_seconds, client.id_token_seconds, client.refresh_token_seconds);
    assert_eq!(read, (600, 900, 30 * 3600));
}

/// A name that begins with the label is another one, and a client with a secret is never made by the pipeline.
#[tokio::test]
async fn clients_of_others_are_none_of_the_pipelines() {
    let mut secret = client("c2", "pipe-demo");
    secret["ClientSecret"] = "hush".into();
    let clients = vec![client("c1", "pipe-demo-2"), secret, client("c3", "web")];
    let live = Cognito { clients, ..Cognito::as_desired() }.read().await;
    assert_eq!((&live.props.client, live.outputs.get("client_id")), (&None, None));
    assert!(!format!("{live:?}").contains("hush"));
}

#[tokio::test]
async fn of_several_clients_the_oldest_is_used_and_the_rest_are_spare() {
    let mut first = client("c9", "pipe-demo");
    first["CreationDate"] = 1.6e9.into();
    let clients = vec![client("c1", "pipe-demo"), first, client("c2", "pipe-demo")];
    let live = Cognito { clients, ..Cognito::as_desired() }.read().await;
    assert_eq!(live.outputs["client_id"], "c9");
    assert_eq!(live.props.spare_clients, texts(&["c1", "c2"]));
}

#[tokio::test]
async fn a_newer_issuer_has_another_host() {
    let mut cognito = Cognito::as_desired();
    cognito.pool["IssuerConfiguration"] = json!({ "Type": "UPDATED" });
    let issuer = &cognito.read().await.outputs["issuer"];
    assert_eq!(issuer, "https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123");
}

#[tokio::test]
async fn a_pool_is_found_by_its_id_and_by_its_arn_without_a_list() {
    let cognito = Cognito::as_desired();
    for name in [ID.to_owned(), arn(&place(), ID)] {
        let cognito = cognito.clone();
        let cx = cx_answered(move |operation, input| {
            assert_ne!(operation, "ListUserPools");
            cognito.answer(operation, input)
        });
        assert_eq!(UserPool::read(&cx, &Name::new(name)).await.unwrap().len(), 1);
        assert!(UserPool::read(&cx, &Name::new("eu-central-1_Gone")).await.unwrap().is_empty());
    }
    assert_eq!(UserPool::name_of(&arn(&place(), ID)), Some(Name::new(ID)));
    assert_eq!(UserPool::name_of("arn:aws:sqs:eu-central-1:111122223333:userpool/x"), None);
}

/// Names are not unique, and lists come in pages.
#[tokio::test]
async fn all_pools_of_a_name_are_found() {
    let cognito = Cognito::as_desired();
    let cx = cx_answered(move |operation, input| match (operation, input["NextToken"].as_str()) {
        ("ListUserPools", None) => success(
            &json!({ "UserPools": [{ "Id": "a", "Name": "people-2" }, { "Id": ID, "Name": "people" }], "NextToken": "2" }),
        ),
        ("ListUserPools", Some("2")) => {
            success(&json!({ "UserPools": [{ "Id": ID, "Name": "people" }], "NextToken": null }))
        }
        _ => cognito.answer(operation, input),
    });
    assert_eq!(UserPool::read(&cx, &Name::new("people")).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_without_a_list_does_not_pass_for_an_empty_one() {
    let cx = cx_answered(|_, _| success(&json!({})));
    let error = UserPool::read(&cx, &Name::new("people")).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
}

/// Otherwise the next look would make a second pool beside a first one that is only half shown.
#[tokio::test]
async fn a_pool_whose_groups_are_not_found_is_not_absent() {
    let cognito = Cognito::as_desired();
    let cx = cx_answered(move |operation, input| match operation {
        "ListGroups" => refusal("ResourceNotFoundException", "no such pool"),
        _ => cognito.answer(operation, input),
    });
    assert!(UserPool::read(&cx, &Name::new("people")).await.is_err());
}
