//! `iam:Role`: what a function or an API may do, and which service may act as it.
//!
//! The path is immutable. All policies of a role are the pipeline's: an inline or attached one that the spec does not give is
//! drift, and is removed. Writes to one role are made one after another, because IAM refuses concurrent ones. A role that is
//! made again under its name has the same ARN but another RoleId, which followers must know. A role of a function that was in a VPC stays until
//! Lambda has taken the function's network interfaces away (`role/interfaces.rs`). A trust policy holds 2,048
//! characters, all inline policies together 10,240 (`docs/aws.md#iam-quotas`).
//!
//! IAM: iam:CreateRole, GetRole, DeleteRole, UpdateAssumeRolePolicy, ListRolePolicies, Get-, Put-, DeleteRolePolicy,
//! ListAttachedRolePolicies, DetachRolePolicy, Put-, DeleteRolePermissionsBoundary, TagRole, UntagRole, ListRoles, and PassRole to
//! the service that it trusts.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Role as Described;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::policy::{Policy, texts};
use crate::aws::{Cx, Place, named_in, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Ties};

pub mod grants;
mod interfaces;
mod read;
mod tag;
mod widens;

use read::{attached, describe, inline, inline_names};
use tag::{sync_tags, tag_list};

const WAIT: &str = "IAM to take the change of the role";

/// An IAM role with all its policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Begins and ends with `/`; the engine's is that of [`path`].
    pub path: String,
    /// Who may act as the role.
    pub trust: Policy,
    /// Inline policies by name (at most 128 characters).
    pub policies: BTreeMap<String, Policy>,
    /// ARNs of the attached managed policies: a pipeline has none, so whatever is attached is drift.
    pub managed: BTreeSet<String>,
    /// ARN of the policy that bounds all others, or empty.
    pub permissions_boundary: String,
}

impl Resource for Role {
    const KIND: &'static str = "iam:Role";
    const INTERNAL: &'static [&'static str] = &["path"];
    const REPLACE_ON: &'static [&'static str] = &["path"];
    /// By the path, which no role changes.
    const LISTED: bool = true;

    /// Puts what its policies name into the order of ARNs, which is not that of the marks for them.
    fn sealed(mut self) -> Result<Self> {
        self.policies.values_mut().for_each(|policy| *policy = policy.in_order());
        Ok(self)
    }

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let widens = of.edit().map(|(desired, live)| widens::widens(desired, live));
        Advice { widens: widens.unwrap_or_default(), ..Advice::default() }
    }

    fn meanwhile(&self, live: &Self) -> Option<Self> {
        let policies = self.policies.iter().map(|(name, own)| {
            let both = live.policies.get(name).map_or_else(|| own.clone(), |live| own.with(live));
            (name.clone(), both)
        });
        // A source that is replaced sends until its link is gone.
        let bound = |one: &&Value| !one["Condition"]["ArnEquals"]["aws:SourceArn"].is_null();
        let former = live.trust.statements().iter().filter(bound).cloned().collect();
        let trust = self.trust.with(&Policy::new(former));
        let wider = Self { policies: policies.collect(), trust, ..self.clone() };
        (wider != *self).then_some(wider)
    }

    fn ties(&self) -> Ties {
        let statements = self.policies.values().flat_map(|policy| policy.statements());
        let resources = statements.filter_map(|statement| statement["Resource"].as_array()).flatten();
        let trusted =
            self.trust.statements().iter().flat_map(|one| texts(&one["Condition"]["ArnEquals"]["aws:SourceArn"]));
        let holds = resources.filter_map(|resource| resource.as_str()).chain(trusted).map(str::to_owned).collect();
        Ties { holds, ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        let path = named_in(arn, "iam", ":role/pipe/")?;
        path.rsplit('/').next().map(Name::new)
    }

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        const ON_THE_ROLE: &[&str] = &[
            "iam:DeleteRole",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:TagRole",
            "iam:UntagRole",
        ];
        let Scope { place, pipeline, boundary } = *scope;
        // Every role of this path is the pipeline's, and a user who may write all may pass all: one pattern keeps the policy
        // short.
        let all = arn(place, &path(pipeline, &place.region), &Name::new("*"));
        vec![Grant::new(&["iam:ListRoles"], "*"), Grant::new(ON_THE_ROLE, all.clone()), grants::writing(all, boundary)]
    }

    fn more_grants(&self, scope: &Scope, _name: &Name) -> Vec<Grant> {
        let all = arn(scope.place, &path(scope.pipeline, &scope.place.region), &Name::new("*"));
        let trusted = self.trust.statements().iter().flat_map(|statement| texts(&statement["Principal"]["Service"]));
        let passes =
            trusted.map(|service| Grant::new(&["iam:PassRole"], all.clone()).when("iam:PassedToService", service));
        passes.chain(interfaces::grants(&self.policies)).collect()
    }

    async fn owned(cx: &Cx) -> Result<Vec<Name>> {
        let prefix = path(&cx.pipeline, &cx.aws.place.region);
        let mut roles = cx.aws.iam.list_roles().path_prefix(prefix).into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(role) = roles.next().await {
            names.push(Name::new(role?.role_name));
        }
        Ok(names)
    }

    async fn pipelines(cx: &Cx) -> Result<Vec<String>> {
        let mut roles = cx.aws.iam.list_roles().path_prefix("/pipe/").into_paginator().items().send();
        let mut pipelines = BTreeSet::new();
        while let Some(role) = roles.next().await {
            // `/pipe/<pipeline>/<region>/`; another region's are not asked for.
            let path = role?.path;
            let parts: Vec<&str> = path.split('/').collect();
            if let ["", "pipe", pipeline, region, ""] = parts[..]
                && region == cx.aws.place.region
            {
                pipelines.insert(pipeline.to_owned());
            }
        }
        Ok(pipelines.into_iter().collect())
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let (role, policies, managed) = tokio::try_join!(describe(cx, name), inline(cx, name), attached(cx, name))?;
        let (Some(role), Some(policies), Some(managed)) = (role, policies, managed) else {
            return Ok(Vec::new());
        };
        let boundary = role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn);
        let tags = role.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
        let trust = Policy::parse_encoded(&role.assume_role_policy_document.unwrap_or_default())?;
        let permissions_boundary = boundary.unwrap_or_default();
        Ok(vec![Live {
            handle: Handle::new(&role.arn),
            props: Self { path: role.path, trust, policies, managed, permissions_boundary },
            outputs: outputs(&role.arn),
            tags: tags.collect(),
            identity: role.role_id,
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        let Some(live) = live else {
            let role =
                patiently(cx, "IAM to know the principals of the trust policy", || self.create(cx, name)).await?;
            let bare = Self { policies: BTreeMap::new(), managed: BTreeSet::new(), ..self.clone() };
            self.sync(cx, name, &bare).await?;
            return Ok(Made { outputs: outputs(&role.arn), identity: role.role_id });
        };
        // sync
        self.sync(cx, name, &live.props).await?;
        sync_tags(cx, name, &live.tags).await?;
        Ok(Made { outputs: live.outputs.clone(), identity: live.identity.clone() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let policies = inline(cx, name).await?.unwrap_or_default();
        interfaces::released(cx, name, &policies, &BTreeMap::new()).await?;
        let delete = || async {
            let (Some(policies), Some(managed)) = tokio::try_join!(inline_names(cx, name), attached(cx, name))? else {
                return Ok(());
            };
            strip(cx, name, policies, managed).await?;
            let sent = cx.aws.iam.delete_role().role_name(name.as_str()).send().await;
            nothing_if_absent(sent).map(drop).map_err(in_a_profile)
        };
        // Detaching is eventual like all of IAM, so "must detach all policies first" may still come.
        patiently(cx, "IAM to forget the role's policies", delete).await
    }
}

impl Role {
    async fn create(&self, cx: &Cx, name: &Name) -> Result<Described> {
        let boundary = Some(self.permissions_boundary.clone()).filter(|arn| !arn.is_empty());
        let request = cx.aws.iam.create_role().role_name(name.as_str()).path(&self.path);
        let request = request.assume_role_policy_document(self.trust.text()).set_permissions_boundary(boundary);
        let sent = request.set_tags((!cx.tags.is_empty()).then(|| tag_list(&cx.tags)).transpose()?).send().await;
        match sent.map_err(Error::from) {
            Ok(made) => {
                made.role.ok_or_else(|| Error::new(Class::Unclear, "IAM made a role and did not say which one"))
            }
            // Somebody was faster, perhaps our own first attempt: whose it is must be looked at.
            Err(error) if error.class() == Class::Exists => Err(error.class_as(Class::Unclear)),
            Err(error) => Err(error),
        }
    }

    /// Changes what differs, the bounds before the rights, one call after another.
    async fn sync(&self, cx: &Cx, name: &Name, live: &Self) -> Result<()> {
        let iam = &cx.aws.iam;
        if self.permissions_boundary != live.permissions_boundary {
            patiently(cx, WAIT, || self.bound(cx, name)).await?;
        }
        if self.trust != live.trust {
            let trust =
                || iam.update_assume_role_policy().role_name(name.as_str()).policy_document(self.trust.text()).send();
            patiently(cx, WAIT, || async { trust().await.map(drop).map_err(fresh) }).await?;
        }
        interfaces::released(cx, name, &live.policies, &self.policies).await?;
        for (policy, document) in self.policies.iter().filter(|(policy, own)| live.policies.get(*policy) != Some(own)) {
            let put =
                || iam.put_role_policy().role_name(name.as_str()).policy_name(policy).policy_document(document.text());
            patiently(cx, WAIT, || async { put().send().await.map(drop).map_err(fresh) }).await?;
        }
        let policies = live.policies.keys().filter(|policy| !self.policies.contains_key(*policy));
        let managed = live.managed.difference(&self.managed);
        strip(cx, name, policies.cloned().collect(), managed.cloned().collect()).await
    }

    async fn bound(&self, cx: &Cx, name: &Name) -> Result<()> {
        if self.permissions_boundary.is_empty() {
            let sent = cx.aws.iam.delete_role_permissions_boundary().role_name(name.as_str()).send().await;
            return nothing_if_absent(sent).map(drop);
        }
        let request = cx.aws.iam.put_role_permissions_boundary().role_name(name.as_str());
        request.permissions_boundary(&self.permissions_boundary).send().await.map(drop).map_err(fresh)
    }
}

/// The path of a pipeline's roles in one region: roles are global.
pub fn path(pipeline: &str, region: &str) -> String {
    format!("/pipe/{pipeline}/{region}/")
}

/// The ARN of a role; `path` begins and ends with `/`.
pub fn arn(place: &Place, path: &str, name: &Name) -> String {
    place.global_arn("iam", &format!("role{path}{name}"))
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

/// A role that was made a moment ago may not be found yet; a managed policy that is not found never will be.
pub fn fresh(error: impl Into<Error>) -> Error {
    let error = error.into();
    let role_is_missing = error.class() == Class::NotFound && error.message().starts_with("The role with name");
    if role_is_missing { error.class_as(Class::Propagating) } else { error }
}

/// An instance profile holds the role until somebody takes it out: waiting does not help.
fn in_a_profile(error: Error) -> Error {
    if error.code() != "DeleteConflict" || !error.message().contains("instance profile") {
        return error;
    }
    error
        .class_as(Class::Fatal)
        .hint("somebody put the role into an instance profile: take it out, then run this again")
}

/// Takes policies away; one that is gone already is not a failure.
async fn strip(cx: &Cx, name: &Name, policies: Vec<String>, managed: BTreeSet<String>) -> Result<()> {
    for arn in managed {
        let detach = || cx.aws.iam.detach_role_policy().role_name(name.as_str()).policy_arn(&arn).send();
        patiently(cx, WAIT, || async { nothing_if_absent(detach().await) }).await?;
    }
    for policy in policies {
        let delete = || cx.aws.iam.delete_role_policy().role_name(name.as_str()).policy_name(&policy).send();
        patiently(cx, WAIT, || async { nothing_if_absent(delete().await) }).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
