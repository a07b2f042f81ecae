//! Deployments and stages: the right snapshot, the stage on it, then the old ones.

use aws_sdk_apigateway::types::PatchOperation;

use super::document::{RestApi, Stage};
use super::read::{Found, MARK};
use super::{once, remove, replace, slowly, web_acl, write};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::{Class, Error, Result};
use crate::kinds::domain_name;

/// Deployments that stay, so that a stage's history can be gone back in.
const KEPT: usize = 5;

/// Makes the stages serve the document.
pub async fn sync(cx: &Cx, desired: &RestApi, found: &Found) -> Result<()> {
    let right = |deployment: &&super::read::Deployment| deployment.hash.as_ref() == Some(&desired.deployed);
    // A changed resource or security policy takes effect with a new deployment. Whether one keeps the policy of its time nobody says,
    // so of an API that has a resource policy only the newest counts.
    let secured = desired.security_policy == found.document.security_policy;
    let most = match &desired.policy {
        policy if *policy != found.document.policy || !secured => 0,
        Some(_) => 1,
        None => found.deployments.len(),
    };
    let existing = found.deployments.iter().take(most).find(right).map(|deployment| deployment.id.clone());
    let (deployment, is_new) = match existing {
        Some(id) => (id, false),
        None => (create(cx, &found.head.id, &desired.deployed).await?, true),
    };
    for (name, stage) in &desired.stages {
        sync_stage(cx, found, name, stage, &deployment).await?;
    }
    for name in found.stages.keys().filter(|name| !desired.stages.contains_key(*name)) {
        delete_stage(cx, &found.head.id, name, desired.stages.keys().next()).await?;
    }
    for id in if is_new { superfluous(found) } else { Vec::new() } {
        let call = cx.aws.apigateway.delete_deployment().rest_api_id(&found.head.id).deployment_id(id);
        match write(cx, || async { nothing_if_absent(call.clone().send().await) }).await {
            // A canary that somebody else made keeps it.
            Err(error) if error.message().contains("pointing to this deployment") => {}
            deleted => _ = deleted?,
        }
    }
    Ok(())
}

async fn create(cx: &Cx, api: &str, hash: &str) -> Result<String> {
    let call = cx.aws.apigateway.create_deployment().rest_api_id(api).description(format!("{MARK}{hash}"));
    let send = || async { Ok(call.clone().customize().config_override(once()).send().await?) };
    let made = slowly(cx, "API Gateway's turn to deploy: it takes one deployment every 5 s", 5, send).await?;
    made.id.ok_or_else(|| Error::new(Class::Unclear, "API Gateway made a deployment and did not say which one"))
}

/// Deletes a stage. AWS refuses that as long as a domain name leads to it: the pipeline's own lead to its new stage from now on.
async fn delete_stage(cx: &Cx, api: &str, name: &str, instead: Option<&String>) -> Result<()> {
    let call = cx.aws.apigateway.delete_stage().rest_api_id(api).stage_name(name);
    let delete = || async { nothing_if_absent(call.clone().send().await).map(drop) };
    match (write(cx, delete).await, instead) {
        (Err(error), Some(instead)) if error.message().contains("base path mappings") => {
            domain_name::lead_on(cx, api, name, instead).await?;
            let hint = format!(
                "a domain name that is not the pipeline's leads to the stage `{name}`: lead it elsewhere first"
            );
            write(cx, delete).await.map_err(|error| error.hint(hint))
        }
        (deleted, _) => deleted,
    }
}

/// The old deployments beyond those that stay beside a new one. No stage points to them.
fn superfluous(found: &Found) -> Vec<&str> {
    found.deployments.iter().skip(KEPT - 1).map(|deployment| deployment.id.as_str()).collect()
}

async fn sync_stage(cx: &Cx, found: &Found, name: &str, desired: &Stage, deployment: &str) -> Result<()> {
    let api = &found.head.id;
    let bare = Stage { xray: desired.xray, ..Stage::default() };
    let (live, pointed) = match (found.document.stages.get(name), found.stages.get(name)) {
        (Some(live), Some(pointed)) => (live, pointed.as_str()),
        _ => {
            let call = cx.aws.apigateway.create_stage().rest_api_id(api).stage_name(name).deployment_id(deployment);
            let call = call.tracing_enabled(desired.xray);
            write(cx, || async { Ok(call.clone().customize().config_override(once()).send().await.map(drop)?) })
                .await?;
            (&bare, deployment)
        }
    };
    // What closes comes before what opens.
    if desired.web_acl.is_some() {
        web_acl::sync(cx, (api, name), desired.web_acl.as_ref(), live.web_acl.as_ref()).await?;
    }
    let mut patches = stage_patches(desired, live);
    if pointed != deployment {
        patches.insert(0, replace("/deploymentId", deployment));
    }
    if !patches.is_empty() {
        let call = cx.aws.apigateway.update_stage().rest_api_id(api).stage_name(name);
        let call = call.set_patch_operations(Some(patches));
        // With an access log it may be refused until the account's logging role is known: that is of the class "propagating".
        write(cx, || async { Ok(call.clone().send().await.map(drop)?) }).await?;
    }
    if desired.web_acl.is_some() {
        return Ok(());
    }
    web_acl::sync(cx, (api, name), None, live.web_acl.as_ref()).await
}

/// The patches that make the one stage's settings the other's.
pub fn stage_patches(desired: &Stage, live: &Stage) -> Vec<PatchOperation> {
    let mut patches = Vec::new();
    match &desired.throttle {
        throttle if *throttle == live.throttle => {}
        // A single leaf cannot be removed, only all settings of these methods.
        None => patches.push(remove("/*/*")),
        Some(throttle) => {
            patches.push(replace("/*/*/throttling/rateLimit", throttle.rate_per_second));
            patches.push(replace("/*/*/throttling/burstLimit", throttle.burst));
        }
    }
    if desired.xray != live.xray {
        patches.push(replace("/tracingEnabled", desired.xray));
    }
    match &desired.access_log {
        log if *log == live.access_log => {}
        None => patches.push(remove("/accessLogSettings")),
        Some(log) => {
            patches.push(replace("/accessLogSettings/destinationArn", &log.group_arn));
            patches.push(replace("/accessLogSettings/format", &log.format));
        }
    }
    patches
}
