//! `apigateway:ApiKey`: a key that clients send in the header `x-api-key`; AWS draws its value.
//!
//! Names are not unique and ids are random, so a key is found by its name among all (10,000 at most), or by its id where the spec only uses it, and tags say whose it is. The value
//! cannot be changed and is a secret: nothing reads, compares or keeps it, and only [`Resource::reveal`] asks for it. A key that is made
//! without `enabled` is disabled (`docs/aws.md#api-gateway-keys`). To have a new value, make a new key under another name. Limits: 5 creates
//! and 5 deletes a second. Which plans a key has is a property of the plan.
//!
//! IAM: apigateway:GET, POST, PATCH, DELETE on /apikeys and what is below; PUT and DELETE on the tags of these. Whoever may look at keys may
//! see their values: IAM does not tell the two apart.

use aws_sdk_apigateway::operation::get_api_key::GetApiKeyOutput;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::rest_api::{once, replace, sync_tags};
use super::usage_plan::{self, UsagePlan};
use crate::aws::{Cx, Place, carriers, in_turn, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::owner::{self, Owner};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State};

/// What its ARNs and its paths begin with.
const COLLECTION: &str = "/apikeys";

/// An API key, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// What the key is for; empty for none.
    pub description: String,
    /// Whether API Gateway accepts it.
    pub enabled: bool,
}

impl Resource for ApiKey {
    const KIND: &'static str = "apigateway:ApiKey";
    const INTERNAL: &'static [&'static str] = &["description", "enabled"];
    const RENAMES: bool = true;

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let (mut widens, mut means) = (Vec::new(), Vec::new());
        match *of {
            Changed::New(_) => {}
            Changed::Edit { desired, live, .. } if desired.enabled && !live.enabled => {
                widens.push("the key was disabled: whoever has it may call again".to_owned());
            }
            Changed::Edit { desired, live, .. } if !desired.enabled && live.enabled => {
                means.push("whoever uses the key is refused from now on".to_owned());
            }
            Changed::Edit { .. } => {}
            // AWS draws the value anew for each key.
            Changed::End { .. } => {
                means
                    .push("whoever uses the key is refused from now on: a key made later has another value".to_owned());
            }
        }
        Advice { widens, means, ..Advice::default() }
    }

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        grants(scope, COLLECTION)
    }

    async fn tagged(cx: &Cx) -> Result<Vec<Name>> {
        let ids = tagged_ids(cx, COLLECTION).await?;
        let keys = try_join_all(ids.iter().map(|id| describe(cx, id))).await?;
        Ok(keys.into_iter().flatten().filter_map(|key| key.name).map(Name::new).collect())
    }

    async fn children(cx: &Cx, kind: &str, parent: &Name) -> Result<Vec<Name>> {
        if kind == UsagePlan::KIND { usage_plan::key_names(cx, parent).await } else { Ok(Vec::new()) }
    }

    async fn reveal(cx: &Cx, name: &Name) -> Result<Outputs> {
        let mut lives = Self::read(cx, name).await?;
        let ours = |live: &Live<Self>| matches!(Owner::of(&live.tags, &cx.pipeline), Owner::Ours(_));
        lives.sort_by_key(|live| (!ours(live), live.handle.clone()));
        let Some(live) = lives.first() else { return Ok(Outputs::new()) };
        let call = cx.aws.apigateway.get_api_key().api_key(live.handle.as_str()).include_value(true);
        let value = nothing_if_absent(call.send().await)?.and_then(|key| key.value);
        Ok(value.map(|value| ("value".to_owned(), value)).into_iter().collect())
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        // The query is a prefix. What it finds has no tags; what is asked for alone has.
        let keys = cx.aws.apigateway.get_api_keys().name_query(name.as_str()).limit(500).into_paginator();
        let mut lives = Vec::new();
        for key in keys.items().send().collect::<Result<Vec<_>, _>>().await? {
            let Some(id) = key.id.filter(|_| key.name.as_deref() == Some(name.as_str())) else { continue };
            let found = describe(cx, &id).await?.filter(|key| key.name.as_deref() == Some(name.as_str()));
            lives.extend(found.map(|key| live(&cx.aws.place, &id, key)));
        }
        if lives.is_empty() && is_id(name.as_str()) {
            let found = describe(cx, name.as_str()).await?;
            lives.extend(found.map(|key| live(&cx.aws.place, name.as_str(), key)));
        }
        Ok(lives)
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let id = match live {
            // ensure
            None => self.create(cx, name).await?,
            // sync
            Some(live) => {
                let id = live.handle.as_str();
                sync_tags(cx, &arn(&cx.aws.place, id), &live.tags).await?;
                self.update(cx, id, name, live).await?;
                id.to_owned()
            }
        };
        Ok(Made { outputs: outputs(&cx.aws.place, &id, name.as_str()), identity: id })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        // Its links to plans go with it.
        let call = cx.aws.apigateway.delete_api_key().api_key(handle.as_str());
        patiently(cx, WAIT, || async { nothing_if_absent(call.clone().send().await).map(drop) }).await
    }
}

const WAIT: &str = "API Gateway to take the next change of the API key";

impl ApiKey {
    /// Creates the key and returns its id. The answer holds the value, too, which goes no further.
    async fn create(&self, cx: &Cx, name: &Name) -> Result<String> {
        let call = cx.aws.apigateway.create_api_key().name(name.as_str()).enabled(self.enabled);
        let call = call.set_description(Some(self.description.clone()).filter(|text| !text.is_empty()));
        let call = call.set_tags((!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect()));
        let send = || async { Ok(call.clone().customize().config_override(once()).send().await?.id) };
        let id = in_turn(cx, WAIT, std::time::Duration::from_secs(1), send).await?;
        id.ok_or_else(|| Error::new(Class::Unclear, "API Gateway made a key and did not say which"))
    }

    async fn update(&self, cx: &Cx, id: &str, name: &Name, live: &Live<Self>) -> Result<()> {
        let mut patches = Vec::new();
        if live.outputs.get("name").is_none_or(|live| live != name.as_str()) {
            patches.push(replace("/name", name));
        }
        if live.props.description != self.description {
            patches.push(replace("/description", &self.description));
        }
        if live.props.enabled != self.enabled {
            patches.push(replace("/enabled", self.enabled));
        }
        if patches.is_empty() {
            return Ok(());
        }
        let call = cx.aws.apigateway.update_api_key().api_key(id).set_patch_operations(Some(patches));
        patiently(cx, WAIT, || async { Ok(call.clone().send().await.map(drop)?) }).await
    }
}

/// What a deployer may do to the keys, or to the plans, of its pipeline.
pub(super) fn grants(scope: &Scope, collection: &str) -> Vec<Grant> {
    const MAKE: &[&str] = &["apigateway:POST", "apigateway:PUT"];
    // Keys of plans are below them, and inherit their tags
    // (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html).
    const WRITE: &[&str] = &["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"];
    let asked = format!("aws:RequestTag/{}", owner::PIPELINE);
    let has = format!("aws:ResourceTag/{}", owner::PIPELINE);
    let on = |resource: &str, actions| Grant::new(actions, scope.place.apigateway_arn(resource));
    // Tags are a resource of their own, as those of REST APIs are.
    let tags = format!("/tags/*{}*", collection.trim_start_matches('/'));
    vec![
        on(&format!("{collection}*"), &["apigateway:GET"]),
        on(collection, MAKE).when(&asked, scope.pipeline).unless_other(&has, scope.pipeline),
        on(&tags, MAKE).when(&asked, scope.pipeline).unless_other(&has, scope.pipeline),
        on(&tags, &["apigateway:DELETE"]).unless_other(&has, scope.pipeline),
        on(&format!("{collection}/*"), WRITE).when(&has, scope.pipeline),
    ]
}

/// The ids of this pipeline's keys or plans, as the tagging API knows them: their ARNs hold no name. It is asked here, and not the list
/// of all keys, because that list has no tags, and because a pipeline without keys needs no right to see it.
///
/// # Errors
/// As AWS gives them. Where it may not be asked, nothing is found; the search, which asks it as well, says so.
pub(super) async fn tagged_ids(cx: &Cx, collection: &str) -> Result<Vec<String>> {
    let found = match carriers(cx, owner::PIPELINE).await {
        Err(error) if error.class() == Class::Fatal => Vec::new(),
        found => found?,
    };
    let prefix = cx.aws.place.apigateway_arn(&format!("{collection}/"));
    Ok(found.iter().filter_map(|(arn, _)| Some(arn.strip_prefix(&prefix)?.to_owned())).collect())
}

/// Whether it can be an id: what the spec calls `existing` is named by it. No name that the pipeline gives has this form.
fn is_id(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Reads one key without its value.
async fn describe(cx: &Cx, id: &str) -> Result<Option<GetApiKeyOutput>> {
    let ask = || async { nothing_if_absent(cx.aws.apigateway.get_api_key().api_key(id).send().await) };
    cx.asked_once("GetApiKey", id, ask).await
}

fn live(place: &Place, id: &str, key: GetApiKeyOutput) -> Live<ApiKey> {
    Live {
        handle: Handle::new(id),
        outputs: outputs(place, id, &key.name.unwrap_or_default()),
        props: ApiKey { description: key.description.unwrap_or_default(), enabled: key.enabled },
        tags: key.tags.unwrap_or_default().into_iter().collect(),
        identity: id.to_owned(),
        state: State::Live,
    }
}

fn arn(place: &Place, id: &str) -> String {
    place.apigateway_arn(&format!("{COLLECTION}/{id}"))
}

fn outputs(place: &Place, id: &str, name: &str) -> Outputs {
    let outputs = [("arn", arn(place, id)), ("id", id.to_owned()), ("name", name.to_owned())];
    outputs.into_iter().map(|(attribute, value)| (attribute.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests;
