//! Writes of a domain: each waits for its turn, and until the domain is available.

use std::time::Duration;

use aws_sdk_apigateway::operation::get_domain_name::GetDomainNameOutput;
use aws_sdk_apigateway::types::{
    DomainNameStatus, EndpointConfiguration, EndpointType, PatchOperation, SecurityPolicy,
};
use tokio::time::Instant;

use super::read::{self, NO_PATH};
use super::{COLLECTION, DomainName, Root};
use crate::aws::{Cx, in_turn, nothing_if_absent, patiently, poll};
use crate::error::{Class, Error, Result};
use crate::kinds::api_key::tagged_ids;
use crate::kinds::rest_api::{once, policy_patches, replace};
use crate::resource::Name;

/// AWS takes one creation, one change and one deletion each in this time (`docs/aws.md#api-gateway-domains`).
const PACE: Duration = Duration::from_secs(30);
/// Mostly seconds; AWS gives no bound.
const AVAILABLE_WITHIN: Duration = Duration::from_secs(40 * 60);
/// How long an API or a stage that exists may be unknown to mappings (`docs/aws.md#api-gateway-domains`).
const KNOWN_WITHIN: Duration = Duration::from_secs(30);
const MAPPING: &str = "API Gateway to take the mapping of the domain name";

/// Makes the domain, which leads nowhere then, and waits until it is available.
pub async fn create(cx: &Cx, desired: &DomainName, name: &Name) -> Result<GetDomainNameOutput> {
    let endpoint = EndpointConfiguration::builder().types(EndpointType::from(desired.endpoint_type.as_str()));
    let call = cx.aws.apigateway.create_domain_name().domain_name(name.as_str());
    let call = call.regional_certificate_arn(&desired.certificate).endpoint_configuration(endpoint.build());
    let call = call.security_policy(SecurityPolicy::from(desired.security_policy.as_str()));
    let call = call.set_tags((!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect()));
    let send = || async {
        let sent = call.clone().customize().config_override(once()).send().await;
        sent.map(drop).map_err(|error| taken(error.into()))
    };
    in_turn(cx, "API Gateway's turn to make a domain name: it takes one every 30 s", PACE, send).await?;
    available(cx, name).await
}

/// The domain may be there by now: made by a call whose answer was lost, or in another account.
fn taken(error: Error) -> Error {
    if !error.message().contains("already exists") {
        return error;
    }
    error.class_as(Class::Exists).hint(
        "a domain name is there once in a Region, for all accounts: delete it in the account that has it, or choose another name",
    )
}

/// Changes what differs, in one call, and waits until the domain is available.
pub async fn update(cx: &Cx, desired: &DomainName, name: &Name, live: &DomainName) -> Result<GetDomainNameOutput> {
    // AWS refuses changes while one is under way.
    let found = available(cx, name).await?;
    let mut patches: Vec<PatchOperation> = Vec::new();
    if desired.certificate != live.certificate {
        patches.push(replace("/regionalCertificateArn", &desired.certificate));
    }
    if desired.security_policy != live.security_policy {
        let mode = found.endpoint_access_mode.as_ref().map(|mode| mode.as_str());
        patches.extend(policy_patches(&desired.security_policy, mode));
    }
    if patches.is_empty() {
        return Ok(found);
    }
    let call = cx.aws.apigateway.update_domain_name().domain_name(name.as_str()).set_patch_operations(Some(patches));
    let send = || async { Ok(call.clone().customize().config_override(once()).send().await.map(drop)?) };
    in_turn(cx, "API Gateway's turn to change a domain name: it takes one change every 30 s", PACE, send).await?;
    available(cx, name).await
}

/// Waits until the domain is as it was asked for, and describes it.
async fn available(cx: &Cx, name: &Name) -> Result<GetDomainNameOutput> {
    let ask = || async {
        let gone = || Error::new(Class::Unclear, format!("the domain name `{name}` was deleted a moment ago"));
        let found = read::describe(cx, name).await?.ok_or_else(gone)?;
        let failed = |what: &str| {
            let why = found.domain_name_status_message().unwrap_or_default();
            Err(Error::fatal(format!("the domain name `{name}` {what}: {why}")))
        };
        match found.domain_name_status() {
            Some(DomainNameStatus::Pending | DomainNameStatus::Updating) => Ok(None),
            Some(DomainNameStatus::Failed) => failed("failed"),
            Some(DomainNameStatus::PendingCertificateReimport) => {
                failed("waits for its certificate to be imported again")
            }
            Some(DomainNameStatus::PendingOwnershipVerification) => failed("waits for its ownership to be verified"),
            _ => Ok(Some(found)),
        }
    };
    let what = format!("API Gateway to make the domain name `{name}` available: mostly seconds, at times minutes");
    poll(cx, &what, AVAILABLE_WITHIN, ask).await
}

/// Leads the domain's root where it is to go.
pub async fn lead(cx: &Cx, name: &Name, desired: Option<&Root>, live: Option<&Root>) -> Result<()> {
    match (desired, live) {
        (desired, live) if desired == live => Ok(()),
        (None, _) => unlead(cx, name).await,
        (Some(desired), None) => first(cx, name, desired).await,
        (Some(desired), Some(live)) => {
            let mut patches = Vec::new();
            if desired.api != live.api {
                patches.push(replace("/restapiId", &desired.api));
            }
            if desired.stage != live.stage {
                patches.push(replace("/stage", &desired.stage));
            }
            again(cx, name, patches).await
        }
    }
}

async fn first(cx: &Cx, name: &Name, to: &Root) -> Result<()> {
    let call = cx.aws.apigateway.create_base_path_mapping().domain_name(name.as_str()).base_path(NO_PATH);
    let call = call.rest_api_id(&to.api).stage(&to.stage);
    let start = Instant::now();
    let send = || async { call.clone().send().await.map(drop).map_err(|error| unknown(error.into(), start)) };
    match patiently(cx, MAPPING, send).await {
        // By an attempt before, whose answer was lost.
        Err(error)
            if error.code() == "ConflictException" && read::mappings(cx, name).await?.root.as_ref() == Some(to) =>
        {
            Ok(())
        }
        sent => sent,
    }
}

async fn again(cx: &Cx, name: &Name, patches: Vec<PatchOperation>) -> Result<()> {
    let call = cx.aws.apigateway.update_base_path_mapping().domain_name(name.as_str()).base_path(NO_PATH);
    let call = call.set_patch_operations(Some(patches));
    let start = Instant::now();
    let send = || async { call.clone().send().await.map(drop).map_err(|error| unknown(error.into(), start)) };
    patiently(cx, MAPPING, send).await
}

/// For a moment a new API or stage may be unknown to mappings; the code is the same as for one that there is not.
fn unknown(error: Error, start: Instant) -> Error {
    let is_new = error.code() == "BadRequestException" && start.elapsed() < KNOWN_WITHIN;
    if is_new { error.class_as(Class::Propagating) } else { error }
}

async fn unlead(cx: &Cx, name: &Name) -> Result<()> {
    let call = cx.aws.apigateway.delete_base_path_mapping().domain_name(name.as_str()).base_path(NO_PATH);
    patiently(cx, MAPPING, || async { nothing_if_absent(call.clone().send().await).map(drop) }).await
}

/// Leads the pipeline's domains on that lead to this stage, before it is deleted: AWS refuses that as long as one does.
///
/// # Errors
/// As AWS gives them.
pub async fn lead_on(cx: &Cx, api: &str, from: &str, to: &str) -> Result<()> {
    for name in tagged_ids(cx, COLLECTION).await?.into_iter().map(Name::new) {
        let here = read::mappings(cx, &name).await?.root.is_some_and(|root| root.api == api && root.stage == from);
        if here {
            again(cx, &name, vec![replace("/stage", to)]).await?;
        }
    }
    Ok(())
}

/// Deletes the domain with its mapping. Others' mappings would go with it, so it stays where there are some.
pub async fn delete(cx: &Cx, name: &Name) -> Result<()> {
    if let Some(path) = read::mappings(cx, name).await?.others.first() {
        let error = Error::fatal(format!("somebody leads `{name}/{path}` elsewhere"));
        return Err(error.hint("take that mapping away first, if nobody needs it"));
    }
    match remove(cx, name).await {
        // AWS's reference does not say whether the mapping goes with it.
        Err(error) if error.message().to_lowercase().contains("mapping") => {
            unlead(cx, name).await?;
            remove(cx, name).await
        }
        removed => removed,
    }
}

async fn remove(cx: &Cx, name: &Name) -> Result<()> {
    let call = cx.aws.apigateway.delete_domain_name().domain_name(name.as_str());
    let send = || async { nothing_if_absent(call.clone().customize().config_override(once()).send().await).map(drop) };
    in_turn(cx, "API Gateway's turn to delete a domain name: it takes one every 30 s", PACE, send).await
}
