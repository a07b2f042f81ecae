//! From what AWS has to the plan.

use std::collections::BTreeSet;

use aws_sdk_apigateway::operation::get_usage_plan::GetUsagePlanOutput;
use aws_sdk_apigateway::types::{ApiStage as AwsStage, QuotaPeriodType, QuotaSettings, ThrottleSettings};
use futures_util::future::try_join_all;

use super::{ApiStage, COLLECTION, Period, Quota, UsagePlan, outputs, tagged_ids};
use crate::aws::{Cx, nothing_if_absent};
use crate::error::{Error, Result};
use crate::kinds::rest_api::Throttle;
use crate::resource::{Handle, Live, Name, Resource, State};

/// The ids of the plans of this name: AWS has no look-up by name or tag.
pub async fn ids(cx: &Cx, name: &Name) -> Result<Vec<String>> {
    let ask = || async {
        let plans = cx.aws.apigateway.get_usage_plans().limit(500).into_paginator().items().send();
        Ok(plans.collect::<Result<Vec<_>, _>>().await?)
    };
    let plans = cx.asked_once("GetUsagePlans", "", ask).await?.into_iter();
    Ok(plans.filter(|plan| plan.name.as_deref() == Some(name.as_str())).filter_map(|plan| plan.id).collect())
}

/// Reads one plan and its links. Nothing if it is gone.
pub async fn fetch(cx: &Cx, id: &str) -> Result<Option<Live<UsagePlan>>> {
    let (plan, keys) = tokio::try_join!(describe(cx, id), keys(cx, id))?;
    let Some(plan) = plan else { return Ok(None) };
    let quota = plan.quota.map(quota).transpose()?.flatten();
    let props = UsagePlan {
        description: plan.description.unwrap_or_default(),
        throttle: plan.throttle.map(throttle),
        quota,
        stages: plan.api_stages.unwrap_or_default().into_iter().map(stage).collect(),
        keys,
    };
    Ok(Some(Live {
        handle: Handle::new(id),
        outputs: outputs(&cx.aws.place, id, &plan.name.unwrap_or_default()),
        props: props.sealed()?,
        tags: plan.tags.unwrap_or_default().into_iter().collect(),
        identity: id.to_owned(),
        state: State::Live,
    }))
}

/// Reads one plan without its links.
pub async fn describe(cx: &Cx, id: &str) -> Result<Option<GetUsagePlanOutput>> {
    let ask = || async { nothing_if_absent(cx.aws.apigateway.get_usage_plan().usage_plan_id(id).send().await) };
    cx.asked_once("GetUsagePlan", id, ask).await
}

/// The ids of a plan's keys.
pub async fn keys(cx: &Cx, id: &str) -> Result<BTreeSet<String>> {
    Ok(linked(cx, id).await?.into_iter().map(|(key, _)| key).collect())
}

/// The names of the keys of all plans of this name.
pub async fn key_names(cx: &Cx, plan: &Name) -> Result<Vec<Name>> {
    let mut names = Vec::new();
    for id in ids(cx, plan).await? {
        names.extend(linked(cx, &id).await?.into_iter().filter_map(|(_, name)| name.map(Name::new)));
    }
    Ok(names)
}

/// Ids and names of a plan's keys. The answer has their values in clear, and they end here.
async fn linked(cx: &Cx, id: &str) -> Result<Vec<(String, Option<String>)>> {
    let ask = || async {
        let pages = cx.aws.apigateway.get_usage_plan_keys().usage_plan_id(id).limit(500).into_paginator();
        let keys = nothing_if_absent(pages.items().send().collect::<Result<Vec<_>, _>>().await)?.unwrap_or_default();
        Ok(keys.into_iter().filter_map(|key| Some((key.id?, key.name))).collect())
    };
    cx.asked_once("GetUsagePlanKeys", id, ask).await
}

/// The names of this pipeline's plans that open a stage of the API of this name.
pub async fn of_api(cx: &Cx, api: &Name) -> Result<Vec<Name>> {
    let ids = tagged_ids(cx, COLLECTION).await?;
    let of_plan = async |id: &String| {
        let Some(plan) = describe(cx, id).await? else { return Ok(Vec::new()) };
        let apis: BTreeSet<String> = plan.api_stages.into_iter().flatten().filter_map(|stage| stage.api_id).collect();
        let found = try_join_all(apis.iter().map(|id| is_called(cx, id, api))).await?;
        Ok::<_, Error>(plan.name.filter(|_| found.contains(&true)).map(Name::new).into_iter().collect())
    };
    Ok(try_join_all(ids.iter().map(of_plan)).await?.concat())
}

/// Whether the API of this id has this name.
pub async fn is_called(cx: &Cx, id: &str, name: &Name) -> Result<bool> {
    let ask = || async {
        let found = nothing_if_absent(cx.aws.apigateway.get_rest_api().rest_api_id(id).send().await)?;
        Ok(found.and_then(|api| api.name))
    };
    Ok(cx.asked_once("GetRestApi", id, ask).await?.as_deref() == Some(name.as_str()))
}

fn stage(stage: AwsStage) -> ApiStage {
    ApiStage {
        api: stage.api_id.unwrap_or_default(),
        stage: stage.stage.unwrap_or_default(),
        methods: stage.throttle.into_iter().flatten().map(|(method, limit)| (method, throttle(limit))).collect(),
    }
}

fn throttle(limit: ThrottleSettings) -> Throttle {
    Throttle { rate_per_second: limit.rate_limit, burst: u32::try_from(limit.burst_limit).unwrap_or_default() }
}

/// A quota without a period is none.
fn quota(quota: QuotaSettings) -> Result<Option<Quota>> {
    let per = match quota.period {
        None => return Ok(None),
        Some(QuotaPeriodType::Day) => Period::Day,
        Some(QuotaPeriodType::Week) => Period::Week,
        Some(QuotaPeriodType::Month) => Period::Month,
        Some(other) => return Err(Error::fatal(format!("API Gateway gave `{other}` as the period of a quota"))),
    };
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    Ok(Some(Quota { requests: number(quota.limit), per, offset: number(quota.offset) }))
}
