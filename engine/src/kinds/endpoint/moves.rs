//! The way of an endpoint from some subnets to others. EC2 takes no two subnets of one zone and no endpoint without a subnet, and looks at
//! additions before removals.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::Cx;
use crate::aws::ec2::{Input, list};
use crate::error::{Error, Result};

type Subnets = BTreeSet<String>;

/// The subnets that it has in between, step by step.
///
/// # Errors
/// There is no way: its only subnet is to become another one of the same zone. And what keeps EC2 from saying which zones they are of.
pub(super) async fn steps(cx: &Cx, id: &str, desired: &Subnets, live: &Subnets) -> Result<Vec<Subnets>> {
    let kept: Subnets = desired.intersection(live).cloned().collect();
    if desired == &kept || live == &kept {
        return Ok(Vec::new());
    }
    if !kept.is_empty() {
        return Ok(vec![kept]);
    }
    let input = Input::default().with_all("SubnetId", desired.union(live));
    let listed = list(&cx.aws, "DescribeSubnets", "subnetSet", &input).await?;
    let zone =
        |one: &crate::aws::ec2::Answered| (one.text("subnetId").to_owned(), one.text("availabilityZone").to_owned());
    let zones: BTreeMap<String, String> = listed.iter().map(zone).collect();
    across(desired, live, &zones).ok_or_else(|| {
        let (from, to) = (live.first().map_or("", String::as_str), desired.first().map_or("", String::as_str));
        let message = format!("the endpoint `{id}` cannot go from `{from}` to `{to}`: both are in one zone, and it has no other subnet meanwhile");
        Error::fatal(message).hint(
            "name a subnet of another zone beside it in `network.vpc.subnets`, and apply; it may go again with the next apply",
        )
    })
}

/// The steps where no subnet stays: one stays while those of other zones come, and goes then.
fn across(desired: &Subnets, live: &Subnets, zones: &BTreeMap<String, String>) -> Option<Vec<Subnets>> {
    let elsewhere = |stays: &String| -> Subnets {
        desired.iter().filter(|new| zones.get(*new) != zones.get(stays)).cloned().collect()
    };
    let (stays, new) = live.iter().map(|stays| (stays, elsewhere(stays))).find(|(_, new)| !new.is_empty())?;
    let alone = Subnets::from([stays.clone()]);
    let both = alone.union(&new).cloned().collect();
    let first = (live.len() > 1).then_some(alone);
    let last = (new != *desired).then_some(new);
    Some(first.into_iter().chain([both]).chain(last).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subnets of zones: `a1` is in the zone `a`.
    fn told(desired: &[&str], live: &[&str]) -> Option<Vec<Vec<String>>> {
        let all = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Subnets>();
        let (desired, live) = (all(desired), all(live));
        let zones = desired.union(&live).map(|id| (id.clone(), id[..1].to_owned())).collect();
        across(&desired, &live, &zones).map(|steps| steps.into_iter().map(|step| step.into_iter().collect()).collect())
    }

    #[test]
    fn no_step_has_two_subnets_of_a_zone_or_none() {
        assert_eq!(
            told(&["a2", "b2"], &["a1", "b1"]),
            Some(vec![vec!["a1".into()], vec!["a1".into(), "b2".into()], vec!["b2".into()]])
        );
        assert_eq!(told(&["b2"], &["a1"]), Some(vec![vec!["a1".into(), "b2".into()]]));
        assert_eq!(told(&["a2", "b2"], &["a1"]), Some(vec![vec!["a1".into(), "b2".into()], vec!["b2".into()]]));
        assert_eq!(
            told(&["a2"], &["a1", "b1"]),
            Some(vec![vec!["b1".into()], vec!["a2".into(), "b1".into()]]),
            "the one of the other zone stays"
        );
    }

    #[test]
    fn there_is_no_way_within_the_only_zone() {
        assert_eq!(told(&["a2"], &["a1"]), None);
    }
}
