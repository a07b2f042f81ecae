use std::sync::{Arc, Mutex};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::create_secret::CreateSecretOutput;
use aws_sdk_secretsmanager::operation::get_random_password::GetRandomPasswordOutput;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_secretsmanager::operation::restore_secret::RestoreSecretOutput;
use aws_sdk_secretsmanager::operation::tag_resource::TagResourceOutput;
use aws_sdk_secretsmanager::operation::untag_resource::UntagResourceOutput;
use aws_sdk_secretsmanager::operation::update_secret::UpdateSecretOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock};
use aws_smithy_types::DateTime;

use super::*;
use crate::aws::mocked;
use crate::resource::Id;

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:demo/credentials-a1B2c3";
const PASSWORD: &str = "abcdefghijklmnopqrstuvwxyzABC123";
const SCHEDULED: &str =
    "You can't create this secret because a secret with this name is already scheduled for deletion.";
const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";

/// A context whose Secrets Manager answers by these rules; any other call panics.
fn cx(rules: &[&Rule]) -> Cx {
    mocked::cx(RuleMode::MatchAny, rules).for_resource(&Id::new("secret"), tags("pipe:pipeline", "demo"))
}

fn tags(key: &str, value: &str) -> Tags {
    Tags::from([(key.to_owned(), value.to_owned())])
}

fn name() -> Name {
    Name::new("demo/credentials")
}

fn desired() -> Secret {
    Secret { description: "Credentials of demo".into(), key: String::new() }
}

fn live(state: State, tags: Tags) -> Live<Secret> {
    let (handle, outputs) = (Handle::new(ARN), outputs(ARN, "demo/credentials"));
    Live { handle, props: desired(), outputs, tags, identity: String::new(), state }
}

fn refusal(code: &str, message: &str) -> Option<String> {
    Some(json!({ "__type": code, "message": message }).to_string())
}

fn described(deleted: Option<i64>) -> Described {
    let secret = Described::builder().arn(ARN).name("demo/credentials").description("Credentials of demo");
    secret.set_deleted_date(deleted.map(DateTime::from_secs)).build()
}

fn drawn() -> Rule {
    mock!(Client::get_random_password)
        .match_requests(|request| request.password_length() == Some(32) && request.exclude_punctuation() == Some(true))
        .then_output(|| GetRandomPasswordOutput::builder().random_password(PASSWORD).build())
}

/// Both emulators free a name at once: only AWS still refuses it after a forced delete.
#[tokio::test]
async fn a_name_that_is_not_free_everywhere_is_waited_for_with_one_value_and_one_token() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = sent.clone();
    let create = mock!(Client::create_secret)
        .match_requests(move |request| {
            let pair = (request.secret_string().map(str::to_owned), request.client_request_token().map(str::to_owned));
            seen.lock().unwrap().push(pair);
            true
        })
        .sequence()
        .http_status(400, refusal("InvalidRequestException", SCHEDULED))
        .output(|| CreateSecretOutput::builder().arn(ARN).build())
        .build();
    let absent = refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    let describe = mock!(Client::describe_secret).sequence().http_status(400, absent).build();
    let made = desired().reconcile(&cx(&[&drawn(), &create, &describe]), &name(), None).await.unwrap();
    assert_eq!(made.outputs["arn"], ARN);

    let sent = sent.lock().unwrap();
    assert_eq!(create.num_calls(), 2);
    assert!(sent.iter().all(|pair| *pair == sent[0]), "every attempt is the same call");
    let (value, token) = sent[0].clone();
    let value: Value = serde_json::from_str(&value.unwrap()).unwrap();
    assert_eq!(value, json!({ "username": "demo", "password": PASSWORD }));
    assert_eq!(token.unwrap().len(), 64, "AWS takes 32 to 64 characters");
}

#[tokio::test]
async fn a_recovery_window_that_began_meanwhile_must_be_looked_at_and_no_error_holds_the_value() {
    let create =
        mock!(Client::create_secret).sequence().http_status(400, refusal("InvalidRequestException", SCHEDULED)).build();
    let describe = mock!(Client::describe_secret).then_output(|| described(Some(1_800_000_000)));
    let error = desired().reconcile(&cx(&[&drawn(), &create, &describe]), &name(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unclear);
    assert!(!format!("{error} {error:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_secret_of_this_pipeline_comes_back_from_its_window() {
    let restore = mock!(Client::restore_secret)
        .match_requests(|request| request.secret_id() == Some(ARN))
        .then_output(|| RestoreSecretOutput::builder().build());
    let update = mock!(Client::update_secret)
        .match_requests(|request| request.secret_string().is_none() && request.description() == Some("new"))
        .sequence()
        .http_status(400, refusal("InvalidRequestException", MARKED))
        .output(|| UpdateSecretOutput::builder().build())
        .build();
    let tag = mock!(Client::tag_resource).then_output(|| TagResourceOutput::builder().build());
    let untag = mock!(Client::untag_resource)
        .match_requests(|request| request.tag_keys() == ["pipe:retained"])
        .then_output(|| UntagResourceOutput::builder().build());
    let secret = Secret { description: "new".into(), ..desired() };
    let leaving = live(State::Leaving, tags("pipe:retained", "demo"));
    let made = secret.reconcile(&cx(&[&restore, &update, &tag, &untag]), &name(), Some(&leaving)).await.unwrap();
    assert_eq!(made.outputs, leaving.outputs);
    assert_eq!((restore.num_calls(), update.num_calls(), tag.num_calls(), untag.num_calls()), (1, 2, 1, 1));
}

#[tokio::test]
async fn a_restore_whose_answer_was_lost_is_one() {
    let restored = |deleted: Option<i64>| async move {
        let restore = mock!(Client::restore_secret)
            .sequence()
            .http_status(400, refusal("InvalidRequestException", "Secret is not scheduled for deletion."))
            .build();
        let describe = mock!(Client::describe_secret).then_output(move || described(deleted));
        let leaving = live(State::Leaving, tags("pipe:pipeline", "demo"));
        desired().reconcile(&cx(&[&restore, &describe]), &name(), Some(&leaving)).await
    };
    assert!(restored(None).await.is_ok());
    assert_eq!(restored(Some(1_800_000_000)).await.unwrap_err().code(), "InvalidRequestException");
}

#[tokio::test]
async fn a_name_that_somebody_elses_deleted_secret_holds_is_refused_with_the_day() {
    for owner in [tags("pipe:pipeline", "other"), tags("pipe:retained", "other"), Tags::new()] {
        let describe = mock!(Client::describe_secret).then_output(|| described(Some(1_800_000_000)));
        let leaving = live(State::Leaving, owner);
        let error = desired().reconcile(&cx(&[&describe]), &name(), Some(&leaving)).await.unwrap_err();
        assert_eq!(error.class(), Class::Fatal);
        let text = "the name `demo/credentials` is taken until 2027-01-15 by a deleted secret of somebody else";
        assert_eq!(error.message(), text);
        assert!(error.hint_text().is_some_and(|hint| hint.contains("restore-secret") && hint.contains("`secret:`")));
    }
}

#[tokio::test]
async fn leaving_is_told_by_the_date() {
    let describe = mock!(Client::describe_secret).then_output(|| {
        let mut secret = described(Some(1_800_000_000));
        secret.tags = Some(tag_list(&Tags::from([("team".into(), "a".into())])));
        secret
    });
    let read = Secret::read(&cx(&[&describe]), &name()).await.unwrap();
    assert_eq!(read, vec![live(State::Leaving, tags("team", "a"))]);
}

#[tokio::test]
async fn nothing_is_called_where_nothing_differs() {
    let same = live(State::Live, tags("pipe:pipeline", "demo"));
    let made = desired().reconcile(&cx(&[]), &name(), Some(&same)).await.unwrap();
    assert_eq!(made.outputs["name"], "demo/credentials");
}

#[tokio::test]
async fn deleting_succeeds_where_it_is_absent_or_scheduled_already() {
    let delete = |code, text| {
        mock!(Client::delete_secret)
            .match_requests(|request| request.recovery_window_in_days() == Some(30))
            .sequence()
            .http_status(400, refusal(code, text))
            .build()
    };
    let absent = delete("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    Secret::delete(&cx(&[&absent]), &name(), &Handle::new(ARN)).await.unwrap();

    let scheduled = delete("InvalidRequestException", MARKED);
    let leaving = mock!(Client::describe_secret).then_output(|| described(Some(1_800_000_000)));
    Secret::delete(&cx(&[&scheduled, &leaving]), &name(), &Handle::new(ARN)).await.unwrap();

    let refused = delete("InvalidRequestException", "You can't delete a secret that still has replica regions.");
    let there = mock!(Client::describe_secret).then_output(|| described(None));
    let error = Secret::delete(&cx(&[&refused, &there]), &name(), &Handle::new(ARN)).await.unwrap_err();
    assert_eq!(error.code(), "InvalidRequestException");
}

#[tokio::test]
async fn revealing_gives_both_texts_and_no_error_holds_them() {
    let value = |text: &'static str| {
        mock!(Client::get_secret_value).then_output(move || GetSecretValueOutput::builder().secret_string(text).build())
    };
    let good = value(r#"{"username":"demo","password":"hunter2"}"#);
    assert_eq!(reveal(&cx(&[&good]), &name()).await.unwrap(), ("demo".to_owned(), "hunter2".to_owned()));
    for text in [r#"{"user":"demo","password":"hunter2"}"#, "hunter2"] {
        let error = reveal(&cx(&[&value(text)]), &name()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn a_name_is_told_from_an_arn_without_its_drawn_end() {
    assert_eq!(Secret::name_of(ARN), Some(name()));
    assert_eq!(Secret::name_of("arn:aws:sqs:eu-central-1:111122223333:q"), None);
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/one";

fn with_key() -> Secret {
    Secret { key: KEY.into(), ..desired() }
}

#[tokio::test]
async fn a_key_is_set_and_an_empty_one_is_that_of_aws() {
    let create = mock!(Client::create_secret)
        .match_requests(|request| request.kms_key_id() == Some(KEY))
        .then_output(|| CreateSecretOutput::builder().arn(ARN).build());
    with_key().reconcile(&cx(&[&drawn(), &create]), &name(), None).await.unwrap();
    let same = |props: Secret| Live { props, ..live(State::Live, tags("pipe:pipeline", "demo")) };
    for (wanted, key, before) in [(desired(), "", with_key()), (with_key(), KEY, desired())] {
        let update = mock!(Client::update_secret)
            .match_requests(move |request| request.kms_key_id() == Some(key) && request.secret_string().is_none())
            .then_output(|| UpdateSecretOutput::builder().build());
        wanted.reconcile(&cx(&[&update]), &name(), Some(&same(before))).await.unwrap();
        assert_eq!(update.num_calls(), 1);
    }
    with_key().reconcile(&cx(&[]), &name(), Some(&same(with_key()))).await.unwrap();
}

#[test]
fn a_key_is_read_as_its_arn() {
    let place = mocked::place();
    for (given, read) in [(None, ""), (Some("alias/aws/secretsmanager"), ""), (Some("one"), KEY), (Some(KEY), KEY)] {
        assert_eq!(key::read(&place, given), read);
    }
}
