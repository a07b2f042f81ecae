//! Writes of a plan: one update for all that differs, links one by one.

use std::time::Duration;

use aws_sdk_apigateway::types::{ApiStage as AwsStage, Op, PatchOperation, QuotaSettings, ThrottleSettings};
use serde_json::{Value, json};

use super::{ApiStage, Quota, UsagePlan, read};
use crate::aws::{Cx, in_turn, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::kinds::rest_api::{Throttle, once, remove, replace};
use crate::resource::Name;

const MAKE: &str = "API Gateway to know the stages of the usage plan";
const UPDATE: &str = "API Gateway's turn to change a usage plan: it takes one change every 20 s";
const WAIT: &str = "API Gateway to take the next change of the usage plan";

/// Makes the plan with all but its links, and returns its id: what goes with the creation needs no update, of which there is one in 20 s.
pub async fn create(cx: &Cx, desired: &UsagePlan, name: &Name) -> Result<String> {
    let call = cx.aws.apigateway.create_usage_plan().name(name.as_str());
    let call = call.set_description(Some(desired.description.clone()).filter(|text| !text.is_empty()));
    let call = call.set_throttle(desired.throttle.as_ref().map(throttle).transpose()?);
    let call = call.set_quota(desired.quota.as_ref().map(quota).transpose()?);
    let call = call.set_api_stages(Some(desired.stages.iter().map(stage).collect::<Result<_>>()?));
    let call = call.set_tags((!cx.tags.is_empty()).then(|| cx.tags.clone().into_iter().collect()));
    let send = || async {
        Ok(call.clone().customize().config_override(once()).send().await.map_err(|error| later(error.into()))?.id)
    };
    let id = in_turn(cx, MAKE, Duration::from_secs(2), send).await?;
    id.ok_or_else(|| Error::new(Class::Unclear, "API Gateway made a usage plan and did not say which"))
}

/// Sends the patches, if there are some, all in one call. The SDK does not repeat it: an attempt that comes too soon counts, and a stage
/// that is taken out twice is refused.
pub async fn update(cx: &Cx, id: &str, patches: Vec<PatchOperation>) -> Result<()> {
    if patches.is_empty() {
        return Ok(());
    }
    let call = cx.aws.apigateway.update_usage_plan().usage_plan_id(id).set_patch_operations(Some(patches));
    let send = || async {
        let sent = call.clone().customize().config_override(once()).send().await;
        sent.map(drop).map_err(|error| later(error.into()))
    };
    in_turn(cx, UPDATE, Duration::from_secs(20), send).await
}

/// A stage that was made a moment ago is unknown to some of API Gateway, and the same code means that the plan is. Both that and a
/// change that is under way are asked about again at the pace that updates have.
fn later(error: Error) -> Error {
    let is_new = error.message().contains("Invalid API Stage {");
    if is_new || error.class() == Class::Busy { error.class_as(Class::Propagating) } else { error }
}

/// Makes a key one of the plan's. The answer holds the key's value, which goes no further.
pub async fn link(cx: &Cx, id: &str, key: &str) -> Result<()> {
    let call = cx.aws.apigateway.create_usage_plan_key().usage_plan_id(id).key_id(key).key_type("API_KEY");
    let sent = patiently(cx, WAIT, || async { Ok(call.clone().send().await.map(drop)?) }).await;
    match sent {
        // The refusal has one code for a key that this plan has and for one whose other plan has the same stage.
        Err(error) if error.code() == "ConflictException" && read::keys(cx, id).await?.contains(key) => Ok(()),
        sent => sent,
    }
}

/// Takes a key out of the plan.
pub async fn unlink(cx: &Cx, id: &str, key: &str) -> Result<()> {
    let call = cx.aws.apigateway.delete_usage_plan_key().usage_plan_id(id).key_id(key);
    patiently(cx, WAIT, || async { nothing_if_absent(call.clone().send().await).map(drop) }).await
}

/// Deletes a plan: its links and stages go first, because with stages it is refused.
pub async fn delete(cx: &Cx, id: &str) -> Result<()> {
    let Some(live) = read::fetch(cx, id).await? else { return Ok(()) };
    for key in &live.props.keys {
        unlink(cx, id, key).await?;
    }
    let out = live.props.stages.iter().map(|stage| of_stage(Op::Remove, stage)).collect();
    match nothing_if_absent(update(cx, id, out).await) {
        // One is out already: by the call before, whose answer was lost, or because the stage is gone. If one is left, the delete says so.
        Err(error) if error.message().contains("Invalid API Stage specified") => {}
        sent => drop(sent?),
    }
    let call = cx.aws.apigateway.delete_usage_plan().usage_plan_id(id);
    let send = || async { nothing_if_absent(call.clone().send().await.map_err(still_in)).map(drop) };
    patiently(cx, "API Gateway to take the stages out of the usage plan", send).await
}

/// Right after its stages were taken out, a plan may still be said to have them.
fn still_in(error: impl Into<Error>) -> Error {
    let error = error.into();
    if error.message().contains("there are API Stages associated") { error.class_as(Class::Busy) } else { error }
}

/// What makes the live plan, under its name, the desired one. Of limits single leaves can be set, but only all of them taken away.
pub fn patches((name, desired): (&str, &UsagePlan), (live_name, live): (&str, &UsagePlan)) -> Vec<PatchOperation> {
    let mut patches = Vec::new();
    if name != live_name {
        patches.push(replace("/name", name));
    }
    if desired.description != live.description {
        patches.push(replace("/description", &desired.description));
    }
    match &desired.throttle {
        limit if *limit == live.throttle => {}
        None => patches.push(remove("/throttle")),
        Some(limit) => patches.extend([
            replace("/throttle/rateLimit", limit.rate_per_second),
            replace("/throttle/burstLimit", limit.burst),
        ]),
    }
    match &desired.quota {
        quota if *quota == live.quota => {}
        None => patches.push(remove("/quota")),
        Some(quota) => patches.extend(quota_patches(quota, live.quota.as_ref())),
    }
    patches.extend(stage_patches(&desired.stages, &live.stages));
    patches
}

fn quota_patches(quota: &Quota, live: Option<&Quota>) -> Vec<PatchOperation> {
    // It goes first: which offsets there are follows from the period.
    let offset = live.map_or(0, |live| live.offset) != quota.offset;
    let offset = offset.then(|| replace("/quota/offset", quota.offset));
    let rest = [replace("/quota/limit", quota.requests), replace("/quota/period", quota.per.aws().as_str())];
    offset.into_iter().chain(rest).collect()
}

/// A stage is taken out and put in by its id in the value; there is no replacing one.
fn stage_patches(desired: &[ApiStage], live: &[ApiStage]) -> Vec<PatchOperation> {
    let among = |all: &[ApiStage], stage: &ApiStage| all.iter().find(|one| one.id() == stage.id()).cloned();
    let gone = live.iter().filter(|stage| among(desired, stage).is_none());
    let mut patches: Vec<PatchOperation> = gone.map(|stage| of_stage(Op::Remove, stage)).collect();
    for stage in desired {
        let before = among(live, stage);
        if before.is_none() {
            patches.push(of_stage(Op::Add, stage));
        }
        let path = format!("/apiStages/{}/throttle", stage.id());
        match &stage.methods {
            methods if *methods == before.unwrap_or_default().methods => {}
            methods if methods.is_empty() => patches.push(remove(&path)),
            methods => {
                let limits = methods.iter().map(|(method, limit)| {
                    (method.clone(), json!({ "rateLimit": limit.rate_per_second, "burstLimit": limit.burst }))
                });
                patches.push(replace(&path, Value::Object(limits.collect())));
            }
        }
    }
    patches
}

fn of_stage(op: Op, stage: &ApiStage) -> PatchOperation {
    PatchOperation::builder().op(op).path("/apiStages").value(stage.id()).build()
}

fn stage(stage: &ApiStage) -> Result<AwsStage> {
    let methods = stage.methods.iter().map(|(method, limit)| Ok((method.clone(), throttle(limit)?)));
    let methods = Some(methods.collect::<Result<_>>()?).filter(|_| !stage.methods.is_empty());
    Ok(AwsStage::builder().api_id(&stage.api).stage(&stage.stage).set_throttle(methods).build())
}

fn throttle(limit: &Throttle) -> Result<ThrottleSettings> {
    let settings = ThrottleSettings::builder().rate_limit(limit.rate_per_second);
    Ok(settings.burst_limit(number(limit.burst)?).build())
}

fn quota(quota: &Quota) -> Result<QuotaSettings> {
    let settings = QuotaSettings::builder().limit(number(quota.requests)?).offset(number(quota.offset)?);
    Ok(settings.period(quota.per.aws()).build())
}

/// # Errors
/// A number that AWS has not; an update it refuses itself.
fn number(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(|_| Error::fatal(format!("`{number}` is more than API Gateway has numbers for")))
}
