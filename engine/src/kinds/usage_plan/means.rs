//! What a change of a plan means for those who have its keys.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ApiStage, Quota, Throttle, UsagePlan};
use crate::resource::{Advice, Changed, is_open};

/// What each change comes to.
pub fn advice(of: &Changed<'_, UsagePlan>) -> Advice {
    match *of {
        Changed::New(_) => Advice::default(),
        Changed::Edit { desired, live, .. } => {
            Advice { widens: widens(desired, live), means: means(desired, live), ..Advice::default() }
        }
        Changed::End { live, .. } if live.keys.is_empty() || live.stages.is_empty() => Advice::default(),
        Changed::End { .. } => {
            let told = "requests with its keys are refused from now on, unless another plan has them";
            Advice { means: vec![told.to_owned()], ..Advice::default() }
        }
    }
}

/// Keys that open more than before. One that this plan makes opens nothing to anybody, because nobody has seen its value; and a higher limit
/// lets nobody in who was not let in, but where it was 0.
fn widens(desired: &UsagePlan, live: &UsagePlan) -> Vec<String> {
    let known = |text: &&String| !is_open(&Value::from(text.as_str()));
    let keys = desired.keys.difference(&live.keys).filter(known);
    let keys = keys.map(|key| format!("whoever has the key `{key}` may call what the plan opens"));
    let before: BTreeSet<String> = live.stages.iter().map(ApiStage::id).collect();
    let stages = desired.stages.iter().filter(|stage| known(&&stage.api) && !before.contains(&stage.id()));
    let stages = stages.filter(|_| !live.keys.is_empty());
    let stages = stages.map(|stage| format!("whoever has a key of the plan may call `{}/{}`", stage.api, stage.stage));
    let again = (stopped(live) && !stopped(desired)).then(|| "its limit was 0: its keys are let in again".to_owned());
    keys.chain(stages).chain(again).collect()
}

/// Whether no request gets through.
fn stopped(plan: &UsagePlan) -> bool {
    let none = |limit: &Throttle| limit.rate_per_second <= 0.0 || limit.burst == 0;
    plan.throttle.as_ref().is_some_and(none) || plan.quota.as_ref().is_some_and(|quota| quota.requests == 0)
}

/// Clients that are refused from now on: for good first, then beyond a limit.
fn means(desired: &UsagePlan, live: &UsagePlan) -> Vec<String> {
    let keys = live.keys.difference(&desired.keys);
    let keys = keys.map(|key| format!("requests with the key `{key}` are refused from now on"));
    let after: BTreeSet<String> = desired.stages.iter().map(ApiStage::id).collect();
    let gone = live.stages.iter().filter(|stage| !after.contains(&stage.id()));
    let gone = gone.map(|stage| {
        format!("requests to `{}/{}` with keys of the plan are refused from now on", stage.api, stage.stage)
    });
    let throttle = desired.throttle.as_ref().filter(|now| lower(now, live.throttle.as_ref())).map(|now| {
        let (rate, burst) = (now.rate_per_second, now.burst);
        format!("clients beyond {rate} requests a second, or {burst} at once, are answered 429 from now on")
    });
    let quota = desired.quota.as_ref().filter(|now| fewer(now, live.quota.as_ref())).map(|now| {
        format!("clients beyond {} requests a {} are answered 429 from now on", now.requests, now.per.word())
    });
    keys.chain(gone).chain(throttle).chain(quota).collect()
}

fn lower(now: &Throttle, then: Option<&Throttle>) -> bool {
    then.is_none_or(|then| now.rate_per_second < then.rate_per_second || now.burst < then.burst)
}

/// Of two periods nobody can say which is more.
fn fewer(now: &Quota, then: Option<&Quota>) -> bool {
    then.is_none_or(|then| now.per != then.per || now.requests < then.requests)
}
