//! What IAM says of a role and its policies; nothing where there is no such role.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Role as Described;

use crate::aws::policy::Policy;
use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::resource::Name;

pub async fn describe(cx: &Cx, name: &Name) -> Result<Option<Described>> {
    let sent = cx.aws.iam.get_role().role_name(name.as_str()).send().await;
    Ok(nothing_if_absent(sent)?.and_then(|answer| answer.role))
}

pub async fn inline_names(cx: &Cx, name: &Name) -> Result<Option<Vec<String>>> {
    let pages = cx.aws.iam.list_role_policies().role_name(name.as_str()).into_paginator().items().send();
    nothing_if_absent(pages.collect::<Result<Vec<_>, _>>().await)
}

/// The inline policies with their documents; one that goes away meanwhile is left out.
pub async fn inline(cx: &Cx, name: &Name) -> Result<Option<BTreeMap<String, Policy>>> {
    let Some(names) = inline_names(cx, name).await? else {
        return Ok(None);
    };
    let mut policies = BTreeMap::new();
    for policy in names {
        let sent = cx.aws.iam.get_role_policy().role_name(name.as_str()).policy_name(&policy).send().await;
        if let Some(answer) = nothing_if_absent(sent)? {
            policies.insert(policy, Policy::parse_encoded(&answer.policy_document)?);
        }
    }
    Ok(Some(policies))
}

pub async fn attached(cx: &Cx, name: &Name) -> Result<Option<BTreeSet<String>>> {
    let pages = cx.aws.iam.list_attached_role_policies().role_name(name.as_str()).into_paginator().items().send();
    let all = nothing_if_absent(pages.collect::<Result<Vec<_>, _>>().await)?;
    Ok(all.map(|all| all.into_iter().filter_map(|policy| policy.policy_arn).collect()))
}
