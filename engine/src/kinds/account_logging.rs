//! `apigateway:AccountLogging`: the role that API Gateway writes access logs with, one for all APIs of an account and region.
//!
//! Without it a stage with an access log is refused. It belongs to the account, not to a pipeline: it is made where the account
//! has none, then never changed and never deleted, whoever made it. The role is `pipe-apigateway-logs` under `/pipe/`;
//! being global it serves all regions. UpdateAccount takes one call per 20 s.
//!
//! IAM: apigateway:GET and PATCH on /account; iam:CreateRole, GetRole, GetRolePolicy, PutRolePolicy, TagRole and PassRole on that
//! one role.

use std::time::Duration;

use aws_sdk_apigateway::config::Builder;
use aws_sdk_apigateway::config::retry::RetryConfig;
use aws_sdk_apigateway::types::{Op, PatchOperation};
use aws_sdk_iam::types::{Role, Tag};
use serde::{Deserialize, Serialize};

use crate::aws::policy::{Policy, allow, trust};
use crate::aws::{Cx, in_turn, nothing_if_absent, patiently};
use crate::error::{Class, Error, Result};
use crate::kinds::role::{fresh, grants};
use crate::resource::{Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags};

const ROLE: &str = "pipe-apigateway-logs";
const PATH: &str = "/pipe/";
const POLICY: &str = "push-to-cloudwatch-logs";
const TAG: (&str, &str) = ("pipe:account", "apigateway");

/// UpdateAccount takes one call per 20 s (`docs/aws.md#api-gateway-quotas`), and an attempt that fails counts.
const PACE: Duration = Duration::from_secs(20);

/// How long a role that was made just now is given before the first attempt, which would be wasted, and with it 20 s: as long as
/// IAM usually takes, or as long as it takes for other roles of this run.
const SPREAD: Duration = Duration::from_secs(12);

/// What AWS's managed policy AmazonAPIGatewayPushToCloudWatchLogs allows. It is written into the role, because
/// not every endpoint knows AWS's managed policies.
const ACTIONS: &[&str] = &[
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
];

/// The fact that the account has a logging role. It may be any role, so there is nothing to compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLogging {
    /// ARN of the policy that bounds the role, should it be made; or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub permissions_boundary: String,
}

impl Resource for AccountLogging {
    const KIND: &'static str = "apigateway:AccountLogging";
    const STAMPED: bool = false;
    const OF_ACCOUNT: bool = true;

    fn grants(scope: &Scope, _name: &Name) -> Vec<Grant> {
        let account = scope.place.apigateway_arn("/account");
        let role = scope.place.global_arn("iam", &format!("role{PATH}{ROLE}"));
        let write = Grant::new(&["iam:CreateRole", "iam:PutRolePolicy"], role.clone());
        vec![
            Grant::new(&["apigateway:GET", "apigateway:PATCH"], account),
            Grant::new(&["iam:PassRole"], role.clone()).when("iam:PassedToService", "apigateway.amazonaws.com"),
            Grant::new(&["iam:GetRole", "iam:GetRolePolicy", "iam:TagRole"], role),
            grants::within(write, scope.boundary),
        ]
    }

    async fn read(cx: &Cx, _name: &Name) -> Result<Vec<Live<Self>>> {
        let role = logging_role(cx).await?;
        Ok(role.into_iter().map(|arn| live(&arn)).collect())
    }

    async fn reconcile(&self, cx: &Cx, _name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        if let Some(live) = live {
            return Ok(Made { outputs: live.outputs.clone(), identity: String::new() });
        }
        let (arn, is_new) = self.role(cx).await?;
        if is_new {
            cx.waiting("the account's logging role to be known: API Gateway looks every 20 s at most");
            cx.until_roles_are_known(SPREAD).await?;
        }
        // sync
        let arn = set(cx, &arn, PACE).await?;
        Ok(Made { outputs: outputs(&arn), identity: String::new() })
    }

    /// Leaves it: other APIs of the account log with it.
    async fn delete(_cx: &Cx, _name: &Name, _handle: &Handle) -> Result<()> {
        Ok(())
    }
}

fn live(arn: &str) -> Live<AccountLogging> {
    Live {
        handle: Handle::new(arn),
        props: AccountLogging::default(),
        outputs: outputs(arn),
        tags: Tags::new(),
        identity: String::new(),
        state: State::Live,
    }
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

/// The account's logging role, whoever set it.
async fn logging_role(cx: &Cx) -> Result<Option<String>> {
    let account = cx.aws.apigateway.get_account().send().await?;
    Ok(account.cloudwatch_role_arn.filter(|arn| !arn.is_empty()))
}

impl AccountLogging {
    /// Makes the role, or finds the one that was made from another region or by an earlier run; says whether it is new.
    async fn role(&self, cx: &Cx) -> Result<(String, bool)> {
        // No condition on the source: it is not published whether API Gateway names one when it tries the role out.
        let trust = trust("apigateway.amazonaws.com");
        let tag = Tag::builder().key(TAG.0).value(TAG.1).build().map_err(|e| Error::defect(e.to_string()))?;
        let boundary = Some(self.permissions_boundary.clone()).filter(|arn| !arn.is_empty());
        let call = cx.aws.iam.create_role().role_name(ROLE).path(PATH).tags(tag).set_permissions_boundary(boundary);
        let call = call.assume_role_policy_document(trust.text());
        let call =
            call.description("Lets API Gateway write access logs of all APIs of this account. Made once by pipe.");
        let (arn, is_new) = match call.send().await.map_err(Error::from) {
            Ok(made) => (made.role.map(|role| role.arn), true),
            Err(error) if error.class() == Class::Exists => (Some(ours(cx).await?), false),
            Err(error) => return Err(error),
        };
        // One that is finished is left alone: this deployer may only be allowed to write roles that its own boundary bounds.
        if is_new || !has_policy(cx).await? {
            let policy = Policy::new(vec![allow("Logs", ACTIONS, &["*".to_owned()])]).text();
            let call = cx.aws.iam.put_role_policy().role_name(ROLE).policy_name(POLICY).policy_document(policy);
            let put = || async { call.clone().send().await.map(drop).map_err(fresh) };
            patiently(cx, "IAM to know the new role", put).await?;
        }
        let arn = arn.ok_or_else(|| Error::new(Class::Unclear, "IAM made a role and did not say which one"))?;
        Ok((arn, is_new))
    }
}

async fn has_policy(cx: &Cx) -> Result<bool> {
    let sent = cx.aws.iam.get_role_policy().role_name(ROLE).policy_name(POLICY).send().await;
    Ok(nothing_if_absent(sent)?.is_some())
}

/// The ARN of the role that is there already, if it is the one that `pipe` makes.
async fn ours(cx: &Cx) -> Result<String> {
    let role: Option<Role> = cx.aws.iam.get_role().role_name(ROLE).send().await?.role;
    let tagged = |role: &Role| role.tags().iter().any(|tag| (tag.key(), tag.value()) == TAG);
    match role.filter(|role| role.path() == PATH && tagged(role)) {
        Some(role) => Ok(role.arn),
        None => Err(Error::fatal(format!("the role `{ROLE}` exists, but without the tag `{}={}`", TAG.0, TAG.1)).hint(
            "set a logging role in API Gateway's account settings, or rename that role, or turn off `access_log_days`",
        )),
    }
}

/// Sets the role, unless one is set by then, and gives the one that is. Waits while API Gateway does not know the new role or
/// its quota is used up.
async fn set(cx: &Cx, arn: &str, pace: Duration) -> Result<String> {
    let patch = PatchOperation::builder().op(Op::Replace).path("/cloudwatchRoleArn").value(arn).build();
    let call = cx.aws.apigateway.update_account().patch_operations(patch);
    let once = || Builder::new().retry_config(RetryConfig::disabled());
    let attempt = || async {
        // Somebody else may have set one while this waited: theirs is as good.
        if let Some(set) = logging_role(cx).await? {
            return Ok(set);
        }
        call.clone().customize().config_override(once()).send().await?;
        Ok(arn.to_owned())
    };
    let what = "API Gateway to accept the account's logging role: it looks every 20 s at most";
    in_turn(cx, what, pace, attempt).await.map_err(|error| match error.class() {
        Class::Propagating => error.hint(format!(
            "API Gateway did not accept the role `{arn}` in all that time: `sts:AssumeRole` for `apigateway.amazonaws.com`, or one \
             of `{}`, may be denied by the role, its permissions boundary, or a policy of the organization",
            ACTIONS.join("`, `")
        )),
        _ => error,
    })
}

#[cfg(test)]
mod tests;
