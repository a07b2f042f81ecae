//! The pool itself: made, changed, deleted.

use std::time::Duration;

use super::*;
use crate::aws::mocked::cx_answered_that_repeats;
use crate::resource::How;

#[tokio::test]
async fn it_is_created_with_all_that_it_is_to_have() {
    let cognito = Cognito::as_desired();
    let made = desired().reconcile(&cognito.cx(), &Name::new("people"), None).await.unwrap();
    let writes = cognito.writes.lock().unwrap();
    assert_eq!(operations(&writes), ["CreateUserPool", "CreateUserPoolClient", "CreateGroup"]);
    let pool = json!({
        "PoolName": "people", "UserPoolTags": { "pipe:pipeline": "demo" }, "UsernameAttributes": ["email"],
        "UsernameConfiguration": { "CaseSensitive": false }, "AutoVerifiedAttributes": ["email"],
        "DeletionProtection": "ACTIVE", "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false },
        "Policies": { "PasswordPolicy": {
            "MinimumLength": 12, "RequireLowercase": true, "RequireUppercase": true, "RequireNumbers": true,
            "RequireSymbols": false, "TemporaryPasswordValidityDays": 3,
        } },
    });
    assert_eq!(writes[0].1, pool);
    let client = json!({
        "UserPoolId": ID, "ClientName": "pipe-demo", "GenerateSecret": false, "AccessTokenValidity": 3600,
        "IdTokenValidity": 3600, "RefreshTokenValidity": 2_592_000,
        "TokenValidityUnits": { "AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "seconds" },
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
        "PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": true,
    });
    assert_eq!(writes[1].1, client);
    assert_eq!(writes[2].1, json!({ "UserPoolId": ID, "GroupName": "FreeTier", "Description": "pipe-demo" }));
    assert_eq!((made.identity.as_str(), made.outputs["client_id"].as_str()), (ID, "c9"));
    assert!(["arn", "id", "issuer", "name"].iter().all(|output| made.outputs.contains_key(*output)), "{made:?}");
}

/// Names are not unique: a repetition would make a second one.
#[tokio::test(start_paused = true)]
async fn neither_pool_nor_client_is_created_twice_blindly() {
    for lost in ["CreateUserPool", "CreateUserPoolClient"] {
        let (cognito, asked) = (Cognito::as_desired(), Arc::new(Mutex::new(0)));
        let counted = asked.clone();
        let cx = cx_answered_that_repeats(move |operation, input| {
            if operation != lost {
                return cognito.answer(operation, input);
            }
            *counted.lock().unwrap() += 1;
            HttpResponse::new(500.try_into().unwrap(), "".into())
        });
        let error = desired().reconcile(&cx, &Name::new("people"), None).await.unwrap_err();
        assert_eq!((error.class(), *asked.lock().unwrap()), (Class::Unclear, 1), "{lost}");
    }
}

/// A throttled call had no effect, and the SDK does not repeat this one.
#[tokio::test(start_paused = true)]
async fn a_throttled_creation_is_repeated() {
    let (cognito, mut asked) = (Cognito::as_desired(), 0);
    let cx = cx_answered(move |operation, input| {
        asked += u32::from(operation == "CreateUserPool");
        match operation {
            "CreateUserPool" if asked == 1 => refusal("TooManyRequestsException", "Too many requests"),
            _ => cognito.answer(operation, input),
        }
    });
    desired().reconcile(&cx, &Name::new("people"), None).await.unwrap();
}

#[tokio::test]
async fn where_nothing_differs_nothing_is_written() {
    assert_eq!(Cognito::as_desired().reconcile(&kept()).await, []);
}

/// AWS resets some of what an update leaves out: all goes along that the pool has, but for what AWS would refuse.
#[tokio::test]
async fn an_update_sends_all_that_the_pool_has() {
    let mut cognito = Cognito::as_desired();
    cognito.pool["VerificationMessageTemplate"] =
        json!({ "EmailMessage": "Hi {####}", "DefaultEmailOption": "CONFIRM_WITH_CODE" });
    cognito.pool["EmailVerificationMessage"] = "Hi {####}".into();
    cognito.pool["EmailVerificationSubject"] = "Only here".into();
    cognito.pool["LambdaConfig"] = json!({ "PreSignUp": "arn:aws:lambda:eu-central-1:111122223333:function:theirs" });
    cognito.pool["UserAttributeUpdateSettings"] =
        json!({ "AttributesRequireVerificationBeforeUpdate": ["email", "phone_number"] });
    let password = Password { min_length: 14, ..desired().password };
    let writes = cognito.reconcile(&UserPool { password, self_sign_up: false, ..kept() }).await;
    let [(operation, input)] = &writes[..] else { panic!("{writes:?}") };
    assert_eq!(operation, "UpdateUserPool");
    let whole = json!({
        "UserPoolId": ID, "PoolName": "people", "AutoVerifiedAttributes": ["email"], "DeletionProtection": "ACTIVE",
        "MfaConfiguration": "OFF", "UserPoolTier": "ESSENTIALS",
        "LambdaConfig": { "PreSignUp": "arn:aws:lambda:eu-central-1:111122223333:function:theirs" },
        "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true },
        "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT" },
        "VerificationMessageTemplate": { "EmailMessage": "Hi {####}", "DefaultEmailOption": "CONFIRM_WITH_CODE" },
        "EmailVerificationSubject": "Only here",
        "UserAttributeUpdateSettings": { "AttributesRequireVerificationBeforeUpdate": ["email"] },
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 14, "RequireLowercase": true, "RequireUppercase": true, "RequireNumbers": true,
                "RequireSymbols": false, "TemporaryPasswordValidityDays": 3, "PasswordHistorySize": 5,
            },
            "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD"] },
        },
        "UserPoolTags": { "pipe:pipeline": "demo" },
    });
    assert_eq!(*input, whole);
}

#[tokio::test]
async fn every_setting_and_the_name_are_changed_in_place() {
    let off = UserPool { deletion_protection: false, ..kept() };
    let unverified = UserPool { verifies: BTreeSet::new(), ..kept() };
    let cases = [
        (off, "people", "DeletionProtection", json!("INACTIVE")),
        (unverified, "people", "AutoVerifiedAttributes", json!([])),
        (kept(), "folk", "PoolName", json!("folk")),
    ];
    for (desired, name, member, value) in cases {
        let writes = Cognito::as_desired().reconcile_as(&desired, name).await;
        assert_eq!(operations(&writes), ["UpdateUserPool"], "{member}");
        assert_eq!(writes[0].1[member], value);
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_waits_for_another_one() {
    let (cognito, mut busy) = (Cognito::as_desired(), 2);
    let live = cognito.read().await;
    let cx = cx_answered(move |operation, input| {
        busy -= i32::from(operation == "UpdateUserPool");
        match operation {
            "UpdateUserPool" if busy > 0 => refusal("ConcurrentModificationException", "try again"),
            _ => cognito.answer(operation, input),
        }
    });
    let start = tokio::time::Instant::now();
    let off = UserPool { self_sign_up: false, ..kept() };
    off.reconcile(&tagged(&cx), &Name::new("people"), Some(&live)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300));
}

/// The tag of what was applied is last; an adopted pool is the pipeline's before it is changed, for rights go by that tag.
#[tokio::test]
async fn tags_are_last_unless_the_pool_is_adopted() {
    let mut cognito = Cognito::as_desired();
    let off = UserPool { self_sign_up: false, ..kept() };
    cognito.pool["UserPoolTags"] = json!({ "pipe:pipeline": "demo", "pipe:on-destroy": "retain", "team": "theirs" });
    assert_eq!(operations(&cognito.reconcile(&off).await), ["UpdateUserPool", "UntagResource"]);
    cognito.pool["UserPoolTags"] = json!({ "team": "theirs" });
    let writes = cognito.reconcile(&off).await;
    assert_eq!(operations(&writes), ["TagResource", "UpdateUserPool"]);
    let tagged = json!({ "ResourceArn": arn(&place(), ID), "Tags": { "pipe:pipeline": "demo" } });
    assert_eq!(writes[0].1, tagged);
}

async fn deleted(answer: impl Fn() -> HttpResponse + Send + 'static, domains: Vec<Value>) -> Result<()> {
    let (mut refused, mut domains) = (false, domains.into_iter());
    let cx = cx_answered(move |operation, _| match operation {
        "DeleteUserPool" if refused && domains.len() == 0 => success(&json!({})),
        "DeleteUserPool" => {
            refused = true;
            answer()
        }
        _ => success(&json!({ "UserPool": { "Id": ID, "Domain": domains.next() } })),
    });
    UserPool::delete(&cx, &Name::new("people"), &Handle::new(ID)).await
}

#[tokio::test(start_paused = true)]
async fn a_delete_says_what_is_in_its_way() {
    let refused = |text: &'static str| move || refusal("InvalidParameterException", text);
    deleted(|| refusal("ResourceNotFoundException", "no"), vec![Value::Null]).await.unwrap();
    let domain = refused("User pool cannot be deleted. It has a domain configured that should be deleted first.");
    let error = deleted(domain, vec!["login".into()]).await.unwrap_err();
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("delete-user-pool-domain --user-pool-id eu-central-1_AbCdEf123 --domain login")
    );
    // It was deleted a moment ago.
    deleted(domain, vec![Value::Null, Value::Null]).await.unwrap();
    let text = "The user pool cannot be deleted because deletion protection is activated.";
    let error = deleted(refused(text), vec![Value::Null]).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("deletion_protection: false"));
}

#[test]
fn advice_protects_users_and_tells_who_may_come_in() {
    let live = UserPool { self_sign_up: false, spare_clients: texts(&["c2"]), ..desired() };
    let how = How { replaced: true, ..How::default() };
    let ask = |desired: &UserPool, how: &How| UserPool::advice(&Changed::Edit { desired, live: &live, how });
    let replaced = ask(&UserPool { case_sensitive: true, ..desired() }, &how);
    assert_eq!(replaced.protected, Some("deletion_protection"));
    assert!(replaced.means[0].starts_with("every user has to sign up again"), "{replaced:?}");
    let open = ask(&UserPool { groups: BTreeMap::new(), ..desired() }, &How::default());
    assert_eq!(open.widens, ["anybody may become a user of the pool"]);
    assert_eq!(open.loses.unwrap(), "groups are deleted, and who is in them is forgotten: `FreeTier`");
    assert_eq!(open.means, ["an app that signs in through the client c2 can do so no more"]);
    let same = ask(&live, &How::default());
    assert_eq!((same.widens.is_empty(), same.loses, same.means.is_empty()), (true, None, true));
    let unprotected = UserPool { deletion_protection: false, ..desired() };
    let end = |live: &UserPool| UserPool::advice(&Changed::End { live, gone: &[] }).protected;
    assert_eq!((end(&live), end(&unprotected)), (Some("deletion_protection"), None));
    let keyed = ["aliases", "case_sensitive", "sign_in"];
    assert!(UserPool::HOLDS_DATA && keyed.iter().all(|property| UserPool::REPLACE_ON.contains(property)));
}
