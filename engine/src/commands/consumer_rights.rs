//! Rights of the role of a function that exists: what it needs to be fed, and what of that it lacks.
//!
//! The pipeline never changes that role. IAM's own simulation tells what its policies allow; what else may forbid a call (a policy of
//! the organization, the key's or the queue's own) shows only when the mapping is made.

use serde_json::{Value, json};

use crate::aws::{Cx, nothing_if_absent};
use crate::error::Result;
use crate::resource::is_open;
use crate::spec::{Existing, Loaded};

/// The policy that the role needs, as `pipe iam-policy --consumer` prints it.
pub fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A function that exists, and what its role needs.
#[derive(Debug)]
pub struct Needs {
    function: Existing,
    statements: Vec<Value>,
}

impl Needs {
    /// Those of the spec's function, where it exists already.
    pub fn of(loaded: &Loaded, statements: Vec<Value>) -> Option<Self> {
        let function = loaded.spec.function()?.existing()?;
        Some(Self { function, statements })
    }

    /// What the role lacks, or why nobody knows, in words; nothing where it has all, and where there is no such function, which
    /// the plan says.
    pub async fn lacking(&self, cx: &Cx) -> Option<String> {
        let name = self.function.name();
        match self.simulated(cx).await {
            Ok(None) => None,
            Ok(Some((_, lacks))) if lacks.is_empty() => None,
            Ok(Some((role, lacks))) => Some(format!(
                "the role `{role}` of the function `{name}` may not {}: without that AWS refuses the mapping, or the function its records; \
                 `pipe iam-policy --consumer` prints what the role needs",
                lacks.join(", ")
            )),
            Err(error) => Some(format!(
                "nobody could check whether the role of the function `{name}` has the rights that it needs ({error}): \
                 `pipe iam-policy --consumer` prints them, and `iam:SimulatePrincipalPolicy` would let pipe look"
            )),
        }
    }

    /// The function's role, and each call that its policies do not allow.
    async fn simulated(&self, cx: &Cx) -> Result<Option<(String, Vec<String>)>> {
        let sent = cx.aws.lambda.get_function().function_name(self.function.name()).send().await;
        let role = nothing_if_absent(sent)?.and_then(|found| found.configuration?.role);
        let Some(role) = role else { return Ok(None) };
        let mut lacks = Vec::new();
        for statement in self.statements.iter().filter(|statement| statement["Effect"] == "Allow") {
            let (actions, resources) = (texts(&statement["Action"]), texts(&statement["Resource"]));
            // What AWS has not assigned yet cannot be asked about.
            if resources.iter().any(|resource| is_open(&json!(resource))) {
                continue;
            }
            let asked = cx.aws.iam.simulate_principal_policy().policy_source_arn(&role);
            let asked = asked.set_action_names(Some(actions)).set_resource_arns(Some(resources));
            let mut pages = asked.into_paginator().send();
            while let Some(page) = pages.next().await {
                for result in page?.evaluation_results.unwrap_or_default() {
                    if result.eval_decision.as_str() != "allowed" {
                        let on = result.eval_resource_name.filter(|name| name != "*");
                        let on = on.map(|name| format!(" on `{name}`")).unwrap_or_default();
                        lacks.push(format!("`{}`{on}", result.eval_action_name));
                    }
                }
            }
        }
        Ok(Some((role, lacks)))
    }
}

/// A text, or all of a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        other => other.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aws_sdk_iam::operation::simulate_principal_policy::SimulatePrincipalPolicyOutput;
    use aws_sdk_iam::types::{EvaluationResult, PolicyEvaluationDecisionType as Decision};
    use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
    use aws_sdk_lambda::types::FunctionConfiguration;
    use aws_smithy_mocks::{Rule, RuleMode, mock};

    use super::*;
    use crate::aws::mocked;
    use crate::lower::rights_of_consumer;

    const ROLE: &str = "arn:aws:iam::123456789012:role/theirs";

    fn needs(cx: &Cx) -> Needs {
        let text =
            "name: demo\nstream: { kinesis: {} }\nconsumer: { function: { existing: theirs } }\ndlq: { queue: {} }\n";
        let loaded = crate::spec::parse("pipeline.yaml", text.as_bytes(), Path::new(".")).unwrap();
        Needs::of(&loaded, rights_of_consumer(&loaded, &cx.aws.place)).unwrap()
    }

    fn function() -> Rule {
        mock!(aws_sdk_lambda::Client::get_function).then_output(|| {
            let configuration = FunctionConfiguration::builder().role(ROLE).build();
            GetFunctionOutput::builder().configuration(configuration).build()
        })
    }

    /// IAM, which allows all but this call.
    fn simulation(denied: &'static str) -> Rule {
        mock!(aws_sdk_iam::Client::simulate_principal_policy)
            .match_requests(|request| request.policy_source_arn() == Some(ROLE))
            .then_compute_output(move |request| {
                let result = |action: &String| {
                    let decision = if action == denied { Decision::ImplicitDeny } else { Decision::Allowed };
                    let result = EvaluationResult::builder().eval_action_name(action).eval_decision(decision);
                    result.eval_resource_name(&request.resource_arns()[0]).build().unwrap()
                };
                let results = request.action_names().iter().map(result).collect();
                SimulatePrincipalPolicyOutput::builder().set_evaluation_results(Some(results)).build()
            })
    }

    #[tokio::test]
    async fn what_the_role_of_the_function_lacks_is_named() {
        let told = async |denied| {
            let cx = mocked::cx(RuleMode::MatchAny, &[&function(), &simulation(denied)]);
            needs(&cx).lacking(&cx).await
        };
        assert_eq!(told("none").await, None);
        let lacks = told("kinesis:GetRecords").await.unwrap();
        assert!(lacks.contains("may not `kinesis:GetRecords` on `arn:aws:kinesis:"), "{lacks}");
        assert!(told("kinesis:ListStreams").await.unwrap().contains("may not `kinesis:ListStreams`:"));
        assert!(told("sqs:SendMessage").await.unwrap().contains("`sqs:SendMessage` on `arn:aws:sqs:"));
    }

    #[tokio::test]
    async fn where_nobody_may_look_that_is_said() {
        let denied = mock!(aws_sdk_iam::Client::simulate_principal_policy).then_error(|| {
            let meta = aws_sdk_iam::error::ErrorMetadata::builder().code("AccessDenied").message("no").build();
            aws_sdk_iam::operation::simulate_principal_policy::SimulatePrincipalPolicyError::generic(meta)
        });
        let cx = mocked::cx(RuleMode::MatchAny, &[&function(), &denied]);
        let told = needs(&cx).lacking(&cx).await.unwrap();
        assert!(told.contains("nobody could check") && told.contains("`iam:SimulatePrincipalPolicy`"), "{told}");
    }
}
