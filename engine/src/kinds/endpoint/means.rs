//! What a change of an endpoint means to others in its VPC.

use std::collections::BTreeSet;

use super::Endpoint;
use crate::resource::{Advice, Changed};

pub(super) fn advice(of: &Changed<'_, Endpoint>) -> Advice {
    let nothing = Endpoint {
        gateway: false,
        subnets: BTreeSet::new(),
        security_groups: BTreeSet::new(),
        route_tables: BTreeSet::new(),
        private_dns: false,
        policy: None,
        failed: false,
    };
    match *of {
        Changed::New(desired) => Advice { widens: widens(desired, &nothing), ..Advice::default() },
        Changed::Edit { desired, live, how } => {
            let stays = if how.replaced { &nothing } else { live };
            let all = widens(desired, stays).into_iter().chain(takes(desired, live, how.replaced));
            Advice { widens: all.collect(), ..Advice::default() }
        }
        Changed::End { live, .. } => Advice { widens: takes(&nothing, live, false), ..Advice::default() },
    }
}

fn widens(desired: &Endpoint, live: &Endpoint) -> Vec<String> {
    let mut all = Vec::new();
    let routed: Vec<&str> = desired.route_tables.difference(&live.route_tables).map(String::as_str).collect();
    if !routed.is_empty() {
        all.push(format!("all that uses {} reaches the service through it from now on", routed.join(", ")));
    }
    if desired.private_dns && !live.private_dns {
        all.push("the service's name leads to it for all that is in the VPC from now on".to_owned());
    }
    let narrow = |of: &Endpoint| of.policy.is_some() && (of.gateway || of.private_dns);
    if narrow(desired) && desired.policy != live.policy {
        all.push(
            "others reach the service no longer where it is their way: its policy is for the pipeline alone".to_owned(),
        );
    }
    let opens = desired.policy.is_none() && live.policy.is_some();
    all.extend(opens.then(|| "it lets through what every caller's own policy allows".to_owned()));
    all
}

/// What others lose who may have come to use it.
fn takes(desired: &Endpoint, live: &Endpoint, replaced: bool) -> Vec<String> {
    let kept = |table: &&String| !replaced && desired.route_tables.contains(*table);
    let routed: Vec<&str> = live.route_tables.iter().filter(|table| !kept(table)).map(String::as_str).collect();
    let mut all = Vec::new();
    if !routed.is_empty() {
        all.push(format!("whatever else uses {} reaches the service through it no longer", routed.join(", ")));
    }
    if live.private_dns && (replaced || !desired.private_dns) {
        all.push("whatever else in the VPC reaches the service by its name through it no longer does".to_owned());
    }
    all
}
