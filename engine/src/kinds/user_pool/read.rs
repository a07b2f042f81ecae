//! What Cognito has, in the form that the spec has.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::{Client, Password, UserPool, Whose, arn, call, client, label, text};
use crate::aws::{Cx, Place, nothing_if_absent};
use crate::error::{Class, Error, Result};
use crate::resource::{Handle, Live, Name, Outputs, State, Tags};

/// A page of a list has at most this many.
const PAGE: u32 = 60;

/// The pools of this name, or the one with this id or ARN.
pub(super) async fn lives(cx: &Cx, name: &Name) -> Result<Vec<Live<UserPool>>> {
    let ids = match id_in(&cx.aws.place, name) {
        Some(id) => vec![id.to_owned()],
        None => ids_of(cx, name).await?,
    };
    // More than one only after a crash, or because somebody made another.
    // The tagging API names it by its id, the spec by its name.
    let live = async |id: &String| cx.asked_once("DescribeUserPool", id, || live(cx, id)).await;
    Ok(try_join_all(ids.iter().map(live)).await?.into_iter().flatten().collect())
}

/// The id in a name that is one, or is an ARN. AWS gives ids the form of `eu-central-1_AbCdEf123`.
fn id_in<'a>(place: &Place, name: &'a Name) -> Option<&'a str> {
    let text = name.as_str();
    let id = text.strip_prefix(&arn(place, "")).unwrap_or(text);
    let drawn = id.strip_prefix(&place.region)?.strip_prefix('_')?;
    (!drawn.is_empty() && drawn.chars().all(|letter| letter.is_ascii_alphanumeric())).then_some(id)
}

async fn ids_of(cx: &Cx, name: &Name) -> Result<Vec<String>> {
    let all = pages(cx, "ListUserPools", json!({ "MaxResults": PAGE }), "UserPools").await?;
    all.iter().filter(|pool| pool["Name"] == name.as_str()).map(|pool| text(pool, "Id")).collect()
}

/// A pool as DescribeUserPool shows it; nothing where there is none.
pub(super) async fn describe(cx: &Cx, id: &str) -> Result<Option<Value>> {
    let answer = nothing_if_absent(call(cx, "DescribeUserPool", &json!({ "UserPoolId": id })).await)?;
    Ok(answer.map(|mut answer| answer["UserPool"].take()))
}

async fn live(cx: &Cx, id: &str) -> Result<Option<Live<UserPool>>> {
    // If there is no pool, the answers to the other two calls do not matter. If there is one, "not found" from them is an error: read as
    // an absent pool, it would make a second one.
    let (pool, clients, groups) = tokio::join!(describe(cx, id), client::all(cx, id), groups(cx, id));
    let Some(pool) = &pool? else { return Ok(None) };
    let (clients, groups) = (clients?, groups?);
    let mut ids = clients.iter().map(|client| text(client, "ClientId"));
    let (client_id, spare_clients) = (ids.next().transpose()?, ids.collect::<Result<_>>()?);
    let mut outputs = outputs(&cx.aws.place, pool)?;
    outputs.extend(client_id.map(|id| ("client_id".to_owned(), id)));
    Ok(Some(Live {
        handle: Handle::new(id),
        props: UserPool { groups, client: clients.first().map(Client::shown), spare_clients, ..UserPool::shown(pool) },
        outputs,
        tags: tags(pool),
        identity: id.to_owned(),
        state: State::Live,
    }))
}

impl UserPool {
    /// What a described pool says of itself; where it says nothing, AWS's defaults.
    fn shown(pool: &Value) -> Self {
        Self {
            sign_in: set(&pool["UsernameAttributes"]),
            aliases: set(&pool["AliasAttributes"]),
            case_sensitive: pool["UsernameConfiguration"]["CaseSensitive"].as_bool().unwrap_or(true),
            self_sign_up: pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] != true,
            verifies: set(&pool["AutoVerifiedAttributes"]),
            password: Password::shown(&pool["Policies"]["PasswordPolicy"]),
            deletion_protection: pool["DeletionProtection"] == "ACTIVE",
            groups: BTreeMap::new(),
            client: None,
            spare_clients: BTreeSet::new(),
        }
    }
}

impl Password {
    /// AWS shows all members; a number that it left out is the default's.
    fn shown(policy: &Value) -> Self {
        let requires = |what: &str| policy[format!("Require{what}")] == true;
        Self {
            min_length: number(&policy["MinimumLength"]).unwrap_or(8),
            lowercase: requires("Lowercase"),
            uppercase: requires("Uppercase"),
            numbers: requires("Numbers"),
            symbols: requires("Symbols"),
            temporary_days: number(&policy["TemporaryPasswordValidityDays"]).unwrap_or(7),
        }
    }
}

/// All groups of a pool, by whose they are.
async fn groups(cx: &Cx, id: &str) -> Result<BTreeMap<String, Whose>> {
    let all = pages(cx, "ListGroups", json!({ "UserPoolId": id, "Limit": PAGE }), "Groups").await?;
    let label = label(cx);
    let whose = |group: &Value| match group["Description"] == label.as_str() {
        true => Whose::ThePipelines,
        false => Whose::SomebodyElses,
    };
    all.iter().map(|group| Ok((text(group, "GroupName")?, whose(group)))).collect()
}

/// All members of a list that comes in pages.
pub(super) async fn pages(cx: &Cx, operation: &'static str, mut input: Value, list: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    loop {
        let mut page = call(cx, operation, &input).await?;
        match page[list].take() {
            Value::Array(some) => all.extend(some),
            // An answer without the list must not count as an empty list: another pool would be made.
            _ => return Err(Error::new(Class::Unclear, format!("Cognito's answer has no `{list}`"))),
        }
        match page["NextToken"].take() {
            Value::String(token) => input["NextToken"] = token.into(),
            _ => return Ok(all),
        }
    }
}

/// What a described pool gives to others, but for its client.
pub(super) fn outputs(place: &Place, pool: &Value) -> Result<Outputs> {
    let id = text(pool, "Id")?;
    // Whoever chose the newer issuer got another host in all tokens
    // (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html).
    let host = if pool["IssuerConfiguration"]["Type"] == "UPDATED" { "issuer-cognito-idp" } else { "cognito-idp" };
    let issuer = format!("https://{host}.{}.{}/{id}", place.region, place.domain());
    let outputs = [("arn", arn(place, &id)), ("issuer", issuer), ("name", text(pool, "Name")?), ("id", id)];
    Ok(outputs.map(|(output, value)| (output.to_owned(), value)).into())
}

fn tags(pool: &Value) -> Tags {
    let tags = pool["UserPoolTags"].as_object().into_iter().flatten();
    tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The texts of a list whose order means nothing; an absent one is empty.
pub(super) fn set(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}
