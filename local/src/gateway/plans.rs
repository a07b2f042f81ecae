//! Reads the usage plans of a stage with their keys.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types as aws;

use super::definition::{Key, Period, Plan, Quota, Throttle};
use super::read::{PAGE, failed};
use crate::error::Result;

/// The plans that open this stage of the API.
///
/// # Errors
/// They cannot be read.
pub async fn plans(client: &Client, api: &str, stage: &str) -> Result<Vec<Plan>> {
    let items = client.get_usage_plans().limit(PAGE).into_paginator().items().send();
    let items = items.collect::<std::result::Result<Vec<_>, _>>().await.map_err(|error| failed("the plans", &error))?;
    let opens = |one: &aws::UsagePlan| {
        one.api_stages().iter().any(|opened| opened.api_id() == Some(api) && opened.stage() == Some(stage))
    };
    let mut plans = Vec::new();
    for plan in items.into_iter().filter(opens) {
        let keys = keys(client, plan.id().unwrap_or_default()).await?;
        let throttle = plan.throttle.map(|throttle| Throttle {
            rate_per_second: throttle.rate_limit,
            burst: u32::try_from(throttle.burst_limit).unwrap_or_default(),
        });
        plans.push(Plan { id: plan.id.unwrap_or_default(), throttle, quota: plan.quota.and_then(quota), keys });
    }
    Ok(plans)
}

/// The keys of a plan: the list of them has the values, and does not say whether they are enabled.
async fn keys(client: &Client, plan: &str) -> Result<Vec<Key>> {
    let items = client.get_usage_plan_keys().usage_plan_id(plan).limit(PAGE).into_paginator().items().send();
    let items = items.collect::<std::result::Result<Vec<_>, _>>().await.map_err(|error| failed("the keys", &error))?;
    let mut keys = Vec::new();
    for id in items.into_iter().filter_map(|item| item.id) {
        let key = client.get_api_key().api_key(&id).include_value(true).send().await;
        let key = key.map_err(|error| failed("a key", &error))?;
        keys.push(Key { id, value: key.value.unwrap_or_default(), enabled: key.enabled });
    }
    Ok(keys)
}

fn quota(quota: aws::QuotaSettings) -> Option<Quota> {
    let period = match quota.period? {
        aws::QuotaPeriodType::Day => Period::Day,
        aws::QuotaPeriodType::Week => Period::Week,
        aws::QuotaPeriodType::Month => Period::Month,
        _ => return None,
    };
    Some(Quota { requests: u32::try_from(quota.limit).ok()?, period })
}
