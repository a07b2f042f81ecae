//! `ec2:SecurityGroup`: what the functions of a pipeline may reach in a VPC, and who may reach its endpoints there.
//!
//! Name, description and VPC are immutable; the name is unique in its VPC, so the resource's is `<vpc>/<name>`. AWS gives each new group a
//! rule that lets all out, which goes away as drift does. A rule is a text, `tcp 443 pl-1234`: protocol, ports, and who or what is on the
//! other side; `self` is the group itself. So functions and endpoints share one group and no two groups need one another: Lambda's
//! interfaces take no connections (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>).
//!
//! A group cannot be deleted while a network interface has it. Lambda takes its own away up to 45 minutes after the function is gone
//! (`docs/aws.md#vpc-interfaces`): then the delete fails and names them, and the next run finishes.
//!
//! IAM: ec2:CreateSecurityGroup, DescribeSecurityGroups, Authorize- and RevokeSecurityGroupIngress and -Egress, DeleteSecurityGroup,
//! CreateTags, DeleteTags, DescribeNetworkInterfaces.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::aws::ec2::{self, Input, call, list};
use crate::aws::{Cx, Repeat, named_in, nothing_if_absent, patiently, poll, vpc};
use crate::error::{Class, Error, Result};
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State};

mod rule;

pub use rule::{SELF, everything, https};
use rule::{of_answer, to_request};

/// A new group is not everywhere at once.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);
/// How long a delete waits for interfaces that are about to go: endpoints' take seconds, a function's mostly minutes.
const FREE_WITHIN: Duration = Duration::from_secs(120);

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// At most 255 letters.
    pub description: String,
    /// Who may open connections to what has the group.
    pub ingress: BTreeSet<String>,
    /// Where what has the group may open connections to.
    pub egress: BTreeSet<String>,
}

impl Resource for SecurityGroup {
    const KIND: &'static str = "ec2:SecurityGroup";
    const REPLACE_ON: &'static [&'static str] = &["description"];
    const INTERNAL: &'static [&'static str] = &["description"];

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        let more = |verb: &str, now: &BTreeSet<String>, then: &BTreeSet<String>| {
            now.difference(then).map(|rule| format!("{verb} `{rule}`")).collect::<Vec<_>>()
        };
        let mut widens = more("it lets in", &desired.ingress, &live.ingress);
        widens.extend(more("it lets out", &desired.egress, &live.egress));
        Advice { widens, ..Advice::default() }
    }

    /// The id, by which it is found as well.
    fn name_of(arn: &str) -> Option<Name> {
        named_in(arn, "ec2", ":security-group/").map(Name::new)
    }

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        const CHANGING: &[&str] = &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:DeleteSecurityGroup",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ];
        let all = ec2::arn(scope.place, "security-group", "*");
        let mut grants = super::endpoint::tagging(scope, &all, "CreateSecurityGroup");
        grants.extend([
            Grant::new(vpc::READS, "*"),
            Grant::new(&["ec2:DescribeNetworkInterfaces"], "*"),
            Grant::new(&["ec2:CreateSecurityGroup"], ec2::arn(scope.place, "vpc", "*")),
            Grant::new(&["ec2:CreateSecurityGroup"], all.clone()).when("aws:RequestTag/pipe:pipeline", scope.pipeline),
            Grant::new(CHANGING, all).when("aws:ResourceTag/pipe:pipeline", scope.pipeline),
        ]);
        grants
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let input = match name.as_str().split_once('/') {
            Some((vpc, group)) => Input::default()
                .filter("vpc-id", vpc)
                .with("Filter.2.Name", "group-name")
                .with("Filter.2.Value.1", group),
            None => Input::default().with("GroupId.1", name.as_str()),
        };
        let found = nothing_if_absent(list(&cx.aws, "DescribeSecurityGroups", "securityGroupInfo", &input).await)?;
        let live = |of: &ec2::Answered| {
            let id = of.text("groupId");
            let rules = |name: &str| of.items(name).flat_map(|permission| of_answer(permission, id)).collect();
            Live {
                handle: Handle::new(id),
                props: Self {
                    description: of.text("groupDescription").to_owned(),
                    ingress: rules("ipPermissions"),
                    egress: rules("ipPermissionsEgress"),
                },
                outputs: outputs(cx, id),
                tags: ec2::tags(of),
                identity: id.to_owned(),
                state: State::Live,
            }
        };
        Ok(found.unwrap_or_default().iter().map(live).collect())
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let (id, rules): (String, Self) = match live {
            // ensure
            None => {
                let id = self.create(cx, name).await?;
                let what = format!("EC2 to show the new security group `{id}`");
                let shown = || async { Ok(Self::read(cx, &Name::new(&id)).await?.pop()) };
                let rules = poll(cx, &what, SHOWN_WITHIN, shown).await?.props;
                (id, rules)
            }
            Some(live) => {
                ec2::sync_tags(&cx.aws, live.handle.as_str(), &cx.tags, &live.tags).await?;
                (live.handle.as_str().to_owned(), live.props.clone())
            }
        };
        // sync: what is new comes first, so that nothing is cut off meanwhile.
        let of = Change { cx, id: &id };
        of.add("AuthorizeSecurityGroupIngress", &self.ingress, &rules.ingress).await?;
        of.add("AuthorizeSecurityGroupEgress", &self.egress, &rules.egress).await?;
        of.take_away("RevokeSecurityGroupIngress", &rules.ingress, &self.ingress).await?;
        of.take_away("RevokeSecurityGroupEgress", &rules.egress, &self.egress).await?;
        Ok(Made { outputs: outputs(cx, &id), identity: id })
    }

    async fn delete(cx: &Cx, _name: &Name, handle: &Handle) -> Result<()> {
        let id = handle.as_str();
        let what = format!("network interfaces to let go of the security group `{id}`");
        let delete = || async {
            let input = Input::default().with("GroupId", id);
            let sent = call(&cx.aws, "DeleteSecurityGroup", &input, Repeat::AsUsual).await;
            match nothing_if_absent(sent) {
                Err(error) if matches!(error.code(), "DependencyViolation" | "InvalidGroup.InUse") => {
                    cx.again(&error);
                    Ok(None)
                }
                sent => sent.map(|_| Some(())),
            }
        };
        match poll(cx, &what, FREE_WITHIN, delete).await {
            // It has waited in vain; a refusal of AWS's has a call.
            Err(error) if error.class() == Class::Fatal && error.failed_call().is_none() => Err(held(cx, id).await),
            ended => ended,
        }
    }
}

impl SecurityGroup {
    async fn create(&self, cx: &Cx, name: &Name) -> Result<String> {
        let (vpc, group) = name.as_str().split_once('/').unwrap_or_default();
        let input = Input::default()
            .with("GroupName", group)
            .with("GroupDescription", &self.description)
            .with("VpcId", vpc)
            .tagged("security-group", &cx.tags);
        let made = call(&cx.aws, "CreateSecurityGroup", &input, Repeat::AsUsual).await;
        made.map(|made| made.text("groupId").to_owned()).map_err(|error| match error.class() {
            // Somebody was faster, perhaps our own first attempt: whose it is must be looked at.
            Class::Exists => error.class_as(Class::Unclear),
            _ => error,
        })
    }
}

/// Changes of one group's rules.
struct Change<'a> {
    cx: &'a Cx,
    id: &'a str,
}

impl Change<'_> {
    async fn add(&self, operation: &'static str, now: &BTreeSet<String>, then: &BTreeSet<String>) -> Result<()> {
        self.make(operation, now.difference(then), "InvalidPermission.Duplicate").await
    }

    async fn take_away(&self, operation: &'static str, then: &BTreeSet<String>, now: &BTreeSet<String>) -> Result<()> {
        self.make(operation, then.difference(now), "InvalidPermission.NotFound").await
    }

    /// Makes one call for each rule, for one that is `done` already must not keep the others from being written.
    async fn make(
        &self,
        operation: &'static str,
        rules: impl Iterator<Item = &String>,
        done: &'static str,
    ) -> Result<()> {
        for rule in rules {
            let input = to_request(rule, self.id);
            let make = || async {
                match call(&self.cx.aws, operation, &input, Repeat::AsUsual).await {
                    Err(error) if error.code() == done => Ok(()),
                    // A group that was made just now.
                    Err(error) if error.class() == Class::NotFound => Err(error.class_as(Class::Propagating)),
                    sent => sent.map(drop),
                }
            };
            patiently(self.cx, &format!("EC2 to know the security group `{}`", self.id), make).await?;
        }
        Ok(())
    }
}

/// Says what still has the group.
async fn held(cx: &Cx, id: &str) -> Error {
    let input = Input::default().filter("group-id", id);
    let listed = list(&cx.aws, "DescribeNetworkInterfaces", "networkInterfaceSet", &input).await.unwrap_or_default();
    let named: Vec<String> = listed
        .iter()
        .map(|one| format!("`{}` ({})", one.text("networkInterfaceId"), one.text("description")))
        .collect();
    let by = if named.is_empty() { "another security group names it".to_owned() } else { named.join(", ") };
    Error::fatal(format!("the security group `{id}` is still in use: {by}")).hint(
        "Lambda takes its network interfaces away up to 45 minutes after a function has left the VPC. The group costs nothing; run the \
         command again then, and it goes on from here",
    )
}

fn outputs(cx: &Cx, id: &str) -> Outputs {
    let arn = ec2::arn(&cx.aws.place, "security-group", id);
    Outputs::from([("arn".to_owned(), arn), ("id".to_owned(), id.to_owned())])
}

#[cfg(test)]
mod tests;
