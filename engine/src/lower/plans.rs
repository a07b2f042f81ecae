//! Usage plans, each with an API key of its own.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::api_key::ApiKey;
use crate::kinds::rest_api::Throttle;
use crate::kinds::usage_plan::{ApiStage, Period, Quota, UsagePlan};
use crate::lower::Lowering;
use crate::lower::known::Family;
use crate::lower::source::api::API;
use crate::resource::{Id, output_of};
use crate::spec::{self, Plan};

const KEY: &str = "key";
const PLAN: &str = "plan";

pub(super) const FAMILIES: &[Family] = &[Family::of::<ApiKey>(KEY), Family::of::<UsagePlan>(PLAN)];

/// The id of the API key of this plan.
pub fn key(plan: &str) -> Id {
    Id::of_family(KEY, plan)
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let spec = lowering.spec;
    let Some(api) = spec.api() else { return Ok(Vec::new()) };
    let used: BTreeSet<&str> = spec.used_plans().collect();
    let mut nodes = Vec::new();
    for (name, plan) in &spec.plans {
        let (shown, key) = (format!("{}-{name}", spec.name), key(name));
        let description = format!("{name} of the pipeline {}", spec.name);
        let stage = ApiStage { api: output_of(API, "id"), stage: api.stage.clone(), ..ApiStage::default() };
        let usage = UsagePlan {
            description: description.clone(),
            throttle: throttle(plan),
            quota: plan.quota.map(quota),
            stages: if used.contains(name.as_str()) { vec![stage] } else { Vec::new() },
            keys: BTreeSet::from([output_of(key.as_str(), "id")]),
        };
        nodes.push(Node::new(key.as_str(), &shown, &ApiKey { description, enabled: true })?);
        nodes.push(Node::new(Id::of_family(PLAN, name).as_str(), &shown, &usage)?);
    }
    Ok(nodes)
}

fn throttle(plan: &Plan) -> Option<Throttle> {
    Some(Throttle { rate_per_second: plan.rate_per_second?, burst: plan.burst? })
}

fn quota(quota: spec::Quota) -> Quota {
    let per = match quota.per {
        spec::Period::Day => Period::Day,
        spec::Period::Week => Period::Week,
        spec::Period::Month => Period::Month,
    };
    Quota { requests: quota.requests, per, offset: 0 }
}
