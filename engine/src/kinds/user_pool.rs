//! `cognito-idp:UserPool`: users who sign in by themselves, their groups, and the app client that they sign in through.
//!
//! Client and groups carry no tags, and are worth nothing without their pool: so they are its properties. Theirs is a label,
//! `pipe-<pipeline>`, the name of the client and the description of a group; what has another one is somebody else's, and stays.
//!
//! Attributes to sign in with and case sensitivity are immutable, and AWS gives no user's password away: a pool that has another in
//! its place has lost its users, so it is protected. Names are not unique and ids are drawn: a pool is found by its name among all (1000
//! at most), or by its id, which is all that its ARN holds. UpdateUserPool resets some of what it is not given and keeps the rest, so it is
//! given all that the pool has (`docs/aws.md#cognito-updates`). A client with a secret is never the pipeline's.
//!
//! IAM: cognito-idp:ListUserPools, CreateUserPool, DescribeUserPool, UpdateUserPool, DeleteUserPool, TagResource, UntagResource;
//! ListUserPoolClients, CreateUserPoolClient, DescribeUserPoolClient, UpdateUserPoolClient, DeleteUserPoolClient; ListGroups,
//! GetGroup, CreateGroup, UpdateGroup, DeleteGroup.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::{Cx, Place, Repeat, Service, TagCall, TagDiff, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::owner::PIPELINE;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Resource, Scope, Ties};

mod client;
mod group;
mod means;
mod read;
#[cfg(test)]
mod tests;
mod write;

/// The service, for calls that are not about pools.
pub const COGNITO: Service = Service { name: "cognito-idp", target: "AWSCognitoIdentityProviderService" };

/// A user pool with its groups and its app client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPool {
    /// What users sign in with, `email` or `phone_number`; a name of their own where it is empty.
    pub sign_in: BTreeSet<String>,
    /// Attributes with which users may sign in beside their name. No spec can set them; a pool that somebody made may have some.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<String>,
    /// Whether `A@example.com` and `a@example.com` are two users.
    pub case_sensitive: bool,
    /// Whether anybody may become a user; otherwise administrators make all of them.
    pub self_sign_up: bool,
    /// What Cognito verifies by a code that it sends: `email`, `phone_number`.
    pub verifies: BTreeSet<String>,
    pub password: Password,
    /// AWS refuses to delete the pool.
    pub deletion_protection: bool,
    /// The groups by name, 1 to 128 characters each. Those of others stay.
    pub groups: BTreeMap<String, Whose>,
    /// The pipeline's app client, if it has one.
    pub client: Option<Client>,
    /// Ids of clients that look like the pipeline's but are younger: a lost answer left them. No spec has one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub spare_clients: BTreeSet<String>,
}

/// What a password must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    /// 6 to 99 characters.
    pub min_length: u32,
    pub lowercase: bool,
    pub uppercase: bool,
    pub numbers: bool,
    pub symbols: bool,
    /// Days that a password of an administrator's making is good for, 1 to 365.
    pub temporary_days: u32,
}

/// Who made a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    #[serde(rename = "the pipeline's")]
    ThePipelines,
    #[serde(rename = "somebody else's")]
    SomebodyElses,
}

/// An app client without a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Ways to sign in, as AWS names them: `ALLOW_USER_SRP_AUTH`. At least one.
    pub flows: BTreeSet<String>,
    /// 300 to 86400 (a day).
    pub access_token_seconds: u32,
    /// 300 to 86400 (a day).
    pub id_token_seconds: u32,
    /// 3600 to 315360000 (10 years).
    pub refresh_token_seconds: u32,
    /// Whether a refusal to sign in keeps to itself that there is no such user.
    pub hides_users: bool,
    /// Whether a refresh token can be revoked.
    pub revokes_tokens: bool,
}

impl Resource for UserPool {
    const KIND: &'static str = "cognito-idp:UserPool";
    const REPLACE_ON: &'static [&'static str] = &["aliases", "case_sensitive", "sign_in"];
    const HOLDS_DATA: bool = true;
    const RENAMES: bool = true;

    fn moves(&self, live: &Self) -> Vec<&'static str> {
        (self.client.is_some() != live.client.is_some()).then_some("client_id").into_iter().collect()
    }

    fn advice(of: &Changed<'_, Self>) -> Advice {
        means::advice(of)
    }

    fn keeping(&self, live: &Self) -> Option<Self> {
        let others = live
            .groups
            .iter()
            .filter(|(name, whose)| **whose == Whose::SomebodyElses && !self.groups.contains_key(*name));
        let others: Vec<_> = others.map(|(name, whose)| (name.clone(), *whose)).collect();
        let groups = || self.groups.clone().into_iter().chain(others.iter().cloned()).collect();
        (!others.is_empty()).then(|| Self { groups: groups(), ..self.clone() })
    }

    fn ties(&self) -> Ties {
        // Who may only tag can make no client. A pool under another name than the spec's is found by nothing else, and to make a
        // second one instead would lose all users.
        Ties { labelled: self.client.is_some(), ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        let parts: Vec<&str> = arn.split(':').collect();
        let id = parts.get(5)?.strip_prefix("userpool/")?;
        (parts.len() == 6 && parts[2] == "cognito-idp" && !id.contains('/')).then(|| Name::new(id))
    }

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        grants(scope)
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        read::lives(cx, name).await
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // Rights to change a pool go by its tags, so an adopted one gets them first; otherwise they are last, for one tells what was applied.
        let adopted = live.is_some_and(|live| live.tags.get(PIPELINE) != cx.tags.get(PIPELINE));
        let (mut outputs, had) = match live {
            // ensure
            None => (write::create(cx, self, name).await?, None),
            // sync
            Some(live) => {
                if adopted {
                    sync_tags(cx, live).await?;
                }
                write::sync(cx, self, name, live).await?;
                (live.outputs.clone(), Some(&live.props))
            }
        };
        outputs.insert("name".to_owned(), name.to_string());
        let id = outputs.get("id").cloned().unwrap_or_default();
        client::sync(cx, &id, self, had, &mut outputs).await?;
        group::sync(cx, &id, &self.groups, had.map(|had| &had.groups)).await?;
        if let Some(live) = live.filter(|_| !adopted) {
            sync_tags(cx, live).await?;
        }
        Ok(Made { outputs, identity: id })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        // Its clients and groups go with it.
        let delete = || async {
            match nothing_if_absent(call(cx, "DeleteUserPool", &json!({ "UserPoolId": handle.as_str() })).await) {
                Err(error) => Err(undeleted(cx, handle, error).await?),
                deleted => deleted.map(drop),
            }
        };
        patiently(cx, "Cognito to have done with the user pool's last change", delete).await
    }
}

fn grants(scope: &Scope) -> Vec<Grant> {
    // Of those that share a name, and before it is known whose it is.
    const LOOK: &[&str] = &[
        "cognito-idp:DescribeUserPool",
        "cognito-idp:DescribeUserPoolClient",
        "cognito-idp:GetGroup",
        "cognito-idp:ListGroups",
        "cognito-idp:ListUserPoolClients",
    ];
    const WRITE: &[&str] = &[
        "cognito-idp:CreateGroup",
        "cognito-idp:CreateUserPoolClient",
        "cognito-idp:DeleteGroup",
        "cognito-idp:DeleteUserPool",
        "cognito-idp:DeleteUserPoolClient",
        "cognito-idp:UpdateGroup",
        "cognito-idp:UpdateUserPool",
        "cognito-idp:UpdateUserPoolClient",
    ];
    // AWS draws a pool's id, so no ARN can name this one: its tag does
    // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html).
    let (asked, has) = (format!("aws:RequestTag/{PIPELINE}"), format!("aws:ResourceTag/{PIPELINE}"));
    let on = |actions| Grant::new(actions, scope.place.arn("cognito-idp", "userpool/*"));
    vec![
        Grant::new(&["cognito-idp:ListUserPools"], "*"),
        Grant::new(&["cognito-idp:CreateUserPool"], "*").when(&asked, scope.pipeline),
        on(LOOK),
        on(WRITE).when(&has, scope.pipeline),
        // One without tags can be adopted; one that is released gets its mark before it loses the pipeline's.
        on(&["cognito-idp:TagResource", "cognito-idp:UntagResource"]).unless_other(&has, scope.pipeline),
    ]
}

/// Why a pool cannot be deleted, and what to do about it. A domain that was deleted is forgotten some seconds later.
async fn undeleted(cx: &Cx, handle: &Handle, error: Error) -> Result<Error> {
    if error.message().contains("deletion protection") {
        return Ok(error.hint("set `deletion_protection: false` and apply that first"));
    }
    if !error.message().contains("domain") {
        return Ok(error);
    }
    let pool = read::describe(cx, handle.as_str()).await?.unwrap_or_default();
    let domain = ["Domain", "CustomDomain"].into_iter().find_map(|member| pool[member].as_str());
    Ok(match domain {
        None => error.class_as(Class::Busy),
        Some(domain) => error.hint(format!(
            "it is not the pipeline's; `aws cognito-idp delete-user-pool-domain --user-pool-id {handle} --domain {domain}` deletes \
             it, if nobody needs it"
        )),
    })
}

async fn sync_tags(cx: &Cx, live: &Live<UserPool>) -> Result<()> {
    let arn = arn(&cx.aws.place, live.handle.as_str());
    for tags in TagDiff::of(&cx.tags, &live.tags).calls() {
        match tags {
            TagCall::Set(tags) => write(cx, "TagResource", &json!({ "ResourceArn": arn, "Tags": tags })).await?,
            TagCall::Remove(keys) => {
                write(cx, "UntagResource", &json!({ "ResourceArn": arn, "TagKeys": keys })).await?
            }
        };
    }
    Ok(())
}

/// The ARN of the pool with this id.
pub fn arn(place: &Place, id: &str) -> String {
    place.arn("cognito-idp", &format!("userpool/{id}"))
}

/// What tells the pipeline's client and groups from those of others in its pool: compared whole, never by what it begins with.
fn label(cx: &Cx) -> String {
    format!("pipe-{}", cx.pipeline)
}

async fn call(cx: &Cx, operation: &'static str, input: &Value) -> Result<Value> {
    cx.aws.operations.call(&COGNITO, operation, input, Repeat::AsUsual).await
}

/// Changes something that is there, or has a name that is its own: waits while another change is under way.
async fn write(cx: &Cx, operation: &'static str, input: &Value) -> Result<Value> {
    patiently(cx, "Cognito to take the next change of the user pool", || call(cx, operation, input)).await
}

/// Makes what has no unique name: the SDK must not repeat it, because the first may have taken effect. The outcome is then
/// unclear, and the engine looks again. A throttled call surely had none.
async fn once(cx: &Cx, operation: &'static str, input: &Value) -> Result<Value> {
    let make = || async {
        let made = cx.aws.operations.call(&COGNITO, operation, input, Repeat::Never).await;
        made.map_err(|error| match error.class() {
            Class::Throttled => error.class_as(Class::Busy),
            _ => error,
        })
    };
    patiently(cx, "Cognito's quota to have room for the next one", make).await
}

/// A text that an answer must have.
fn text(answer: &Value, member: &str) -> Result<String> {
    let text = answer[member].as_str().map(str::to_owned);
    text.ok_or_else(|| Error::new(Class::Unclear, format!("Cognito's answer has no `{member}`")))
}

/// What AWS shows where it has nothing, in one form or another.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    }
}
