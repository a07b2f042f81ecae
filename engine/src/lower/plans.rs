//! Usage plans, each with an API key of its own, or with keys that exist.

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
use crate::spec::{self, Plan, Spec};

const KEY: &str = "key";
const PLAN: &str = "plan";

pub(super) const FAMILIES: &[Family] = &[Family::of::<ApiKey>(KEY), Family::of::<UsagePlan>(PLAN)];

/// The id of the API key of this plan.
pub fn key(plan: &str) -> Id {
    Id::of_family(KEY, plan)
}

/// The id of an API key that exists already, by AWS's own id. No plan's name has a dot.
fn existing_key(plan: &str, id: &str) -> Id {
    Id::of_family(KEY, &format!("{plan}.{id}"))
}

/// The id of a key that opens what the plan does: its own, or the first of those that exist.
pub fn opening_key(spec: &Spec, plan: &str) -> Id {
    spec.existing_keys(plan).next().map_or_else(|| key(plan), |id| existing_key(plan, id))
}

pub(super) fn nodes(lowering: &Lowering<'_>) -> Result<Vec<Node>> {
    let spec = lowering.spec;
    let Some(api) = spec.api() else { return Ok(Vec::new()) };
    let used: BTreeSet<&str> = spec.used_plans().collect();
    let mut nodes = Vec::new();
    for (name, plan) in &spec.plans {
        let shown = format!("{}-{name}", spec.name);
        let description = format!("{name} of the pipeline {}", spec.name);
        let stage = ApiStage { api: output_of(API, "id"), stage: api.stage.clone(), ..ApiStage::default() };
        let mut keys: Vec<Node> =
            spec.existing_keys(name).map(|id| Node::existing::<ApiKey>(existing_key(name, id).as_str(), id)).collect();
        if keys.is_empty() {
            let props = ApiKey { description: description.clone(), enabled: true };
            keys.push(Node::new(key(name).as_str(), &shown, &props)?);
        }
        let usage = UsagePlan {
            description,
            throttle: throttle(plan),
            quota: plan.quota.map(quota),
            stages: if used.contains(name.as_str()) { vec![stage] } else { Vec::new() },
            keys: keys.iter().map(|key| output_of(key.id.as_str(), "id")).collect(),
        };
        nodes.extend(keys);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn keys_that_exist_take_the_place_of_the_plan_s_own() {
        let text = include_bytes!("../../../tests/specs/good/keys.yaml");
        let loaded = spec::parse("keys.yaml", text, Path::new(".")).unwrap_or_else(|report| panic!("{report}"));
        let lower = |loaded: &spec::Loaded| {
            crate::lower::lower(loaded, &crate::aws::mocked::place(), &crate::bundle::Codes::unbuilt()).unwrap()
        };
        let keys = |loaded: &spec::Loaded| -> Vec<String> {
            let graph = lower(loaded);
            let keys = graph.nodes().iter().filter(|node| node.id.family() == Some(KEY));
            let mut keys: Vec<String> =
                keys.map(|node| format!("{} {} {}", node.id, node.name, node.existing)).collect();
            keys.sort();
            keys
        };
        let theirs = ["key.free.a1b2c3d4e5 a1b2c3d4e5 true", "key.free.k1a2b3c4d5 k1a2b3c4d5 true"];
        assert_eq!(keys(&loaded), ["key.basic sample-basic false", theirs[0], theirs[1]]);
        let plan = lower(&loaded).node("plan.free").unwrap().desired.clone();
        let linked = ["a1b2c3d4e5", "k1a2b3c4d5"].map(|id| output_of(existing_key("free", id).as_str(), "id"));
        assert_eq!(plan["keys"], serde_json::json!(linked));
        assert_eq!(opening_key(&loaded.spec, "free").as_str(), "key.free.k1a2b3c4d5");
        assert_eq!(opening_key(&loaded.spec, "basic").as_str(), "key.basic");
        let local = loaded.with_stand_ins();
        assert_eq!(keys(&local), ["key.basic sample-basic false", "key.free sample-free false"]);
        assert_eq!(local.stand_ins, ["a key of its own for the plan `free`"]);
    }
}
