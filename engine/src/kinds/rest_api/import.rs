//! Many routes by one call, PutRestApi, where single calls would take long.
//!
//! The import takes the place of the whole definition and makes its parts anew, under other ids. It is not atomic, and it changes
//! some parts on their way (`docs/aws.md#api-gateway-import`). So the API is read back afterwards, and the ordinary writers add
//! what is missing, before anything is deployed: both ways end in the same API, and the stage serves its snapshot meanwhile. A run
//! that is killed in between leaves an API that differs, and the next run decides again.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_apigateway::config::Builder;
use aws_sdk_apigateway::config::timeout::TimeoutConfig;
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::PutMode;

use super::document::{RestApi, split};
use super::openapi::{About, document, simplified};
use super::read::{Found, Head};
use super::slowly;
use crate::aws::Cx;
use crate::error::{Class, Error, Result};
use crate::resource::Name;

/// Single calls from which on an import is worth it: as many as API Gateway takes at once (`docs/aws.md#api-gateway-quotas`). Each
/// ten more take a second, and fewer are done about as soon as an import and its reading back.
const WORTH: usize = 40;
/// What an import takes itself: the call, a look at the API before it, and the seven reads after it.
const COST: usize = 9;
/// Bytes of a document (`docs/aws.md#api-gateway-sizes`).
const LARGEST: usize = 6_000_000;
/// AWS says nothing of how long an import takes; this is for one attempt.
const LONGEST: Duration = Duration::from_secs(180);

/// Imports the API where that takes fewer calls, and returns how it is then. Its tags are to be right before.
///
/// # Errors
/// As AWS gives them; no error where AWS does not take the document, because single calls may do it then.
pub async fn sync(cx: &Cx, desired: &RestApi, name: &Name, found: Found, is_new: bool) -> Result<Found> {
    if !pays(desired, &found.document) {
        return Ok(found);
    }
    let Some(about) = about(cx, name, &found, is_new).await? else { return Ok(found) };
    let Some(text) = document(desired, &about).map(|document| document.to_string()) else { return Ok(found) };
    if text.len() > LARGEST {
        return Ok(found);
    }
    let mut head = found.head;
    match put(cx, &head.id, text).await {
        Ok(Some(policy)) => head.security_policy = policy,
        Ok(None) => {}
        // AWS says that it has changed nothing then; emulators may not know the call at all.
        Err(error) if matches!(error.class(), Class::Fatal | Class::NotFound) => cx.again(&error),
        Err(error) => return Err(error),
    }
    again(cx, head).await
}

/// Makes the import, and returns the security policy that the API has after it, if AWS says one.
async fn put(cx: &Cx, api: &str, document: String) -> Result<Option<String>> {
    let call = cx.aws.apigateway.put_rest_api().rest_api_id(api).mode(PutMode::Overwrite).fail_on_warnings(true);
    let call = call.body(Blob::new(document));
    let patient = || Builder::new().timeout_config(TimeoutConfig::builder().operation_attempt_timeout(LONGEST).build());
    let what = "API Gateway's turn to import a REST API: it takes one a second";
    // It may be repeated: the second import of a document changes nothing.
    let send = || async { Ok(call.clone().customize().config_override(patient()).send().await?) };
    let put = slowly(cx, what, 1, send).await?;
    Ok(put.security_policy.map(|policy| policy.as_str().to_owned()))
}

/// Reads the parts of an API and their ids once more.
///
/// # Errors
/// The first call's that fails; unclear where the API is gone.
pub async fn again(cx: &Cx, head: Head) -> Result<Found> {
    Found::fetch(cx, head).await?.ok_or_else(|| Error::new(Class::Unclear, "the REST API was deleted a moment ago"))
}

/// What an import keeps of the API only if the document says it. Nothing where the API has what no document of ours says: somebody
/// has set it who knows why, and single calls do not touch it.
async fn about(cx: &Cx, name: &Name, found: &Found, is_new: bool) -> Result<Option<About>> {
    let about = About { name: name.to_string(), ..About::default() };
    if is_new {
        return Ok(Some(about));
    }
    let api = cx.aws.apigateway.get_rest_api().rest_api_id(&found.head.id).send().await?;
    let others = [api.minimum_compression_size.is_some(), api.disable_execute_api_endpoint];
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let about = About { description: text(api.description), version: text(api.version), ..about };
    Ok((!others.contains(&true)).then_some(about))
}

/// Whether an import takes fewer calls.
fn pays(desired: &RestApi, live: &RestApi) -> bool {
    let calls = single_calls(desired, live);
    calls > WORTH && calls > COST + simplified(&desired.models)
}

/// How many calls the other writers would make for what an import does.
fn single_calls(desired: &RestApi, live: &RestApi) -> usize {
    let differing = desired.routes.iter().filter(|(key, route)| live.routes.get(*key) != Some(route));
    let routes = differing.map(|(key, route)| {
        let before = usize::from(live.routes.contains_key(key));
        before + 2 + route.responses.len() + route.integration.responses.len()
    });
    let has_path = |path: &str| path == "/" || desired.paths.contains(path);
    let gone = live.routes.keys().filter(|key| !desired.routes.contains_key(*key) && has_path(split(key).1));
    routes.sum::<usize>()
        + gone.count()
        + desired.paths.symmetric_difference(&live.paths).count()
        + differences(&desired.models, &live.models)
        + differences(&desired.validators, &live.validators)
        + differences(&desired.authorizers, &live.authorizers)
        + differences(&desired.gateway_responses, &live.gateway_responses)
}

fn differences<T: PartialEq>(desired: &BTreeMap<String, T>, live: &BTreeMap<String, T>) -> usize {
    let written = desired.iter().filter(|(name, one)| live.get(*name) != Some(one)).count();
    written + live.keys().filter(|name| !desired.contains_key(*name)).count()
}

#[cfg(test)]
mod tests;
