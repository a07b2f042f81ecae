//! `secretsmanager:Secret`: the credentials of a pipeline's API, made once and never read back.
//!
//! Nothing that is managed is immutable but the name. A deleted secret waits 30 days in its recovery window, with its name
//! taken; until then the same pipeline takes it back with its value. `DeletedDate` tells whether it waits, not an error's
//! text. ARNs end in six characters that AWS draws, so IAM patterns end in `-??????`.
//!
//! IAM: secretsmanager:CreateSecret, DescribeSecret, UpdateSecret, DeleteSecret, RestoreSecret, TagResource, UntagResource,
//! GetRandomPassword; GetSecretValue only for [`reveal`].

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput as Described;
use aws_sdk_secretsmanager::types::Tag;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::aws::{Cx, Place, TagCall, TagDiff, named_in, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::owner::Owner;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

mod key;

const RECOVERY_DAYS: i64 = 30;
const PASSWORD_LENGTH: i64 = 32;

/// A secret whose value is JSON with `username` and `password`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// What the secret is for, up to 2048 characters. The value is not a property: nothing reads or compares it.
    pub description: String,
    /// ARN of the KMS key that encrypts it, or its alias as others gave it; empty for `alias/aws/secretsmanager`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

impl Resource for Secret {
    const KIND: &'static str = "secretsmanager:Secret";
    const INTERNAL: &'static [&'static str] = &["description"];
    const HOLDS_DATA: bool = true;
    const LINGERS: &'static str = "recoverable for 30 days, under its name";
    const DELETED: &'static str = "deleted: it is in its recovery window";

    fn advice(of: &Changed<'_, Self>) -> Advice {
        key::advice(of)
    }

    fn name_of(arn: &str) -> Option<Name> {
        let (name, suffix) = named_in(arn, "secretsmanager", ":secret:")?.rsplit_once('-')?;
        (suffix.len() == 6).then(|| Name::new(name))
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_SECRET: &[&str] = &[
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:RestoreSecret",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
            "secretsmanager:UpdateSecret",
        ];
        // A secret that does not exist has no ARN to be matched: a narrower right to describe it might end in AccessDenied where
        // `not found` is the answer.
        const ON_ANY: &[&str] = &["secretsmanager:DescribeSecret", "secretsmanager:GetRandomPassword"];
        let mut grants = vec![Grant::new(ON_ANY, "*")];
        match name.as_str().starts_with("arn:") {
            // `existing:` may give an ARN, with the six characters or without.
            true => {
                grants.extend([name.to_string(), format!("{name}-??????")].map(|arn| Grant::new(ON_THE_SECRET, arn)))
            }
            false => grants.push(Grant::new(ON_THE_SECRET, arn_pattern(scope.place, name))),
        }
        grants
    }

    fn more_grants(&self, scope: &Scope, _name: &Name) -> Vec<Grant> {
        self.grant_of_key(scope.place).into_iter().collect()
    }

    async fn reveal(cx: &Cx, name: &Name) -> Result<Outputs> {
        let (username, password) = reveal(cx, name).await?;
        Ok(Outputs::from([("credentials".to_owned(), format!("{username}:{password}"))]))
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let Some(secret) = describe(cx, name.as_str()).await? else {
            return Ok(Vec::new());
        };
        let state = if secret.deleted_date.is_some() { State::Leaving } else { State::Live };
        let arn = secret.arn.unwrap_or_default();
        let tags = secret.tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value?)));
        Ok(vec![Live {
            outputs: outputs(&arn, secret.name.as_deref().unwrap_or(name.as_str())),
            handle: Handle::new(arn),
            props: Self {
                key: key::read(&cx.aws.place, secret.kms_key_id.as_deref()),
                description: secret.description.unwrap_or_default(),
            },
            tags: tags.collect(),
            identity: String::new(),
            state,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        let Some(live) = live else {
            let arn = self.create(cx, name).await?;
            return Ok(Made { outputs: outputs(&arn, name.as_str()), identity: String::new() });
        };
        if live.state == State::Leaving {
            match Owner::of(&live.tags, &cx.pipeline) {
                Owner::Ours(_) | Owner::Released => restore(cx, &live.handle).await?,
                Owner::Other(_) | Owner::Nobody => return Err(taken(cx, name).await?),
            }
        }
        // sync
        patiently(cx, "Secrets Manager to bring the secret back", || self.sync(cx, live)).await?;
        Ok(Made { outputs: live.outputs.clone(), identity: String::new() })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        let request = cx.aws.secrets.delete_secret().secret_id(handle.as_str());
        let sent = request.recovery_window_in_days(RECOVERY_DAYS).send().await;
        match nothing_if_absent(sent) {
            Err(error) if error.code() == "InvalidRequestException" => match describe(cx, handle.as_str()).await? {
                Some(secret) if secret.deleted_date.is_none() => Err(error),
                _ => Ok(()),
            },
            other => other.map(drop),
        }
    }
}

impl Secret {
    /// Creates the secret with its value, and gives its ARN.
    async fn create(&self, cx: &Cx, name: &Name) -> Result<String> {
        let value = json!({ "username": cx.pipeline, "password": password(cx).await? }).to_string();
        let create = || async {
            let request = cx.aws.secrets.create_secret().name(name.as_str()).description(&self.description);
            let request = request.set_kms_key_id(Some(self.key.clone()).filter(|key| !key.is_empty()));
            let request = request.secret_string(&value).client_request_token(token(&cx.aws.place, name));
            let sent = request.set_tags((!cx.tags.is_empty()).then(|| tag_list(&cx.tags))).send().await;
            match sent.map_err(Error::from) {
                Ok(made) => Ok(made.arn.unwrap_or_default()),
                // Somebody was faster, perhaps our own first attempt: whose it is must be looked at.
                Err(error) if error.class() == Class::Exists => Err(error.class_as(Class::Unclear)),
                Err(error) if error.code() == "InvalidRequestException" => Err(still_leaving(cx, name, error).await?),
                Err(error) => Err(error),
            }
        };
        patiently(cx, &format!("Secrets Manager to free the name `{name}`"), create).await
    }

    async fn sync(&self, cx: &Cx, live: &Live<Self>) -> Result<()> {
        let id = live.handle.as_str();
        if *self != live.props {
            // An empty key is AWS's own.
            let other = (self.key != live.props.key).then(|| self.key.clone());
            let request = cx.aws.secrets.update_secret().secret_id(id).description(&self.description);
            let request = request.set_kms_key_id(other);
            request.send().await.map_err(restoring)?;
        }
        for call in TagDiff::of(&cx.tags, &live.tags).calls() {
            match call {
                TagCall::Set(tags) => {
                    let request = cx.aws.secrets.tag_resource().secret_id(id).set_tags(Some(tag_list(&tags)));
                    request.send().await.map(drop).map_err(restoring)?;
                }
                TagCall::Remove(keys) => {
                    let request = cx.aws.secrets.untag_resource().secret_id(id).set_tag_keys(Some(keys));
                    request.send().await.map(drop).map_err(restoring)?;
                }
            }
        }
        Ok(())
    }
}

/// Username and password, for whoever asks to see them.
///
/// # Errors
/// AWS's own, and a value that is not JSON with the two texts; the value is in no error.
async fn reveal(cx: &Cx, name: &Name) -> Result<(String, String)> {
    let sent = cx.aws.secrets.get_secret_value().secret_id(name.as_str()).send().await;
    let value = sent?.secret_string.unwrap_or_default();
    let value: Value = serde_json::from_str(&value).unwrap_or_default();
    match (value["username"].as_str(), value["password"].as_str()) {
        (Some(username), Some(password)) => Ok((username.to_owned(), password.to_owned())),
        _ => Err(Error::fatal(format!("secret `{name}` does not hold the credentials that were expected"))
            .hint("its value must be a JSON object with the texts `username` and `password`")),
    }
}

/// The ARN pattern that IAM is to use for a secret of this name: AWS draws the last six characters.
pub fn arn_pattern(place: &Place, name: &Name) -> String {
    place.arn("secretsmanager", &format!("secret:{name}-??????"))
}

fn outputs(arn: &str, name: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), ("name".to_owned(), name.to_owned())])
}

async fn describe(cx: &Cx, id: &str) -> Result<Option<Described>> {
    nothing_if_absent(cx.aws.secrets.describe_secret().secret_id(id).send().await)
}

async fn password(cx: &Cx) -> Result<String> {
    let request = cx.aws.secrets.get_random_password().password_length(PASSWORD_LENGTH).exclude_punctuation(true);
    let drawn = request.send().await?.random_password.unwrap_or_default();
    let good = drawn.len() == 32 && drawn.bytes().all(|b| b.is_ascii_alphanumeric());
    if good { Ok(drawn) } else { Err(Error::fatal("Secrets Manager did not draw 32 letters and digits")) }
}

/// The same for every attempt at the same secret, so that AWS takes a repeated call for the first one.
fn token(place: &Place, name: &Name) -> String {
    hex::encode(Sha256::digest(arn_pattern(place, name)))
}

/// Takes a secret out of its recovery window. One that is out of it already, by a call whose answer was lost, is as it should be.
async fn restore(cx: &Cx, handle: &Handle) -> Result<()> {
    let sent = cx.aws.secrets.restore_secret().secret_id(handle.as_str()).send().await;
    match sent.map_err(Error::from) {
        Err(error) if error.code() == "InvalidRequestException" => match describe(cx, handle.as_str()).await? {
            Some(secret) if secret.deleted_date.is_none() => Ok(()),
            _ => Err(error),
        },
        other => other.map(drop),
    }
}

/// After a restore, a part of AWS may still hold the secret for deleted.
fn restoring(error: impl Into<Error>) -> Error {
    let error = error.into();
    if error.message().contains("marked for deletion") { error.class_as(Class::Busy) } else { error }
}

/// Why a name that the read found free is refused: deleted for good, but not everywhere yet (busy); or in a recovery window
/// that began since then (to be looked at again); or something else.
async fn still_leaving(cx: &Cx, name: &Name, error: Error) -> Result<Error> {
    let reserved = describe(cx, name.as_str()).await?.is_some();
    let leaving = ["scheduled for deletion", "was deleted"].iter().any(|text| error.message().contains(text));
    Ok(match (reserved, leaving) {
        (true, _) => error.class_as(Class::Unclear),
        (false, true) => error.class_as(Class::Busy),
        (false, false) => error,
    })
}

/// The failure for a name that somebody else's deleted secret holds.
async fn taken(cx: &Cx, name: &Name) -> Result<Error> {
    let date = describe(cx, name.as_str()).await?.and_then(|secret| secret.deleted_date);
    let Some(date) = date else {
        return Ok(Error::new(Class::Unclear, format!("secret `{name}` changed while it was looked at")));
    };
    let text = date.fmt(Format::DateTime).unwrap_or_default();
    let day = text.split('T').next().unwrap_or_default();
    Ok(Error::fatal(format!("the name `{name}` is taken until {day} by a deleted secret of somebody else")).hint(format!(
        "choose another `secret:` name; or bring it back with `aws secretsmanager restore-secret --secret-id {name}` and use it \
         as `existing:`; or, if nobody needs it, end it with `aws secretsmanager delete-secret --secret-id {name} \
         --force-delete-without-recovery`"
    )))
}

fn tag_list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

#[cfg(test)]
mod tests;
