//! Rights of the role of the consumer's function that the pipeline does not give: those of a function that exists, and those on keys by which
//! what exists is encrypted.
//!
//! The pipeline never changes the role of a function that exists. IAM's own simulation tells what its policies allow; what else may forbid a
//! call (a policy of the organization, the key's or the queue's own) shows only when the mapping is made.

use serde_json::{Value, json};

use crate::aws::{Cx, nothing_if_absent};
use crate::commands::keys;
use crate::error::Result;
use crate::kinds::table::STREAM_ARN;
use crate::plan::Plan;
use crate::resource::is_open;
use crate::spec::Loaded;

/// A time that no stream of a table begins at: stands for any.
const SOME_STREAM: &str = "2000-01-01T00:00:00.000";

/// The policy that the role needs, as `pipe iam-policy --consumer` prints it.
pub fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The consumer's function, and what its role needs.
#[derive(Debug)]
pub struct Needs {
    function: String,
    exists: bool,
    statements: Vec<Value>,
}

impl Needs {
    /// Those of the spec's function.
    pub fn of(loaded: &Loaded, statements: Vec<Value>) -> Option<Self> {
        let exists = loaded.spec.function()?.existing().is_some();
        Some(Self { function: loaded.spec.consumer_name(), exists, statements })
    }

    /// What the role lacks, or why nobody knows, in words; nothing where it has all, and where there is no such function, which
    /// the plan says.
    pub async fn lacking(&self, cx: &Cx, plan: &Plan) -> Vec<String> {
        let (keys, mut told) = keys::of_customers(cx, plan).await;
        let name = &self.function;
        if !self.exists {
            let lacks = keys.iter().filter(|key| !key.is_allowed(&self.statements));
            told.extend(lacks.map(|key| {
                format!(
                    "the role of the function `{name}` may not {}: that key of `{}` is a customer's, and no policy of the pipeline names it; let \
                     the key's own policy allow it to the role, or add it to the `statements` of a handler of your own",
                    key.told(),
                    key.of
                )
            }));
            return told;
        }
        let statements: Vec<Value> =
            self.statements.iter().cloned().chain(keys.iter().map(keys::Key::statement)).collect();
        let streams = streams(plan);
        match simulated(cx, name, &statements, &streams).await {
            Ok(None) => {}
            Ok(Some((_, lacks))) if lacks.is_empty() => {}
            Ok(Some((role, lacks))) => told.push(format!(
                "the role `{role}` of the function `{name}` may not {}: without that AWS refuses the mapping, or the function its records; \
                 `pipe iam-policy --consumer` prints what the role needs, but for keys",
                lacks.join(", ")
            )),
            Err(error) => told.push(format!(
                "nobody could check whether the role of the function `{name}` has the rights that it needs ({error}): \
                 `pipe iam-policy --consumer` prints them, and `iam:SimulatePrincipalPolicy` would let pipe look"
            )),
        }
        told
    }
}

/// The streams that tables have.
fn streams(plan: &Plan) -> Vec<String> {
    let used = plan.uses.iter().map(|used| &used.live);
    let all = used.chain(plan.changes.iter().filter_map(|change| change.live.as_ref()));
    all.filter_map(|live| live.outputs.get(STREAM_ARN).cloned()).collect()
}

/// One ARN for all streams of a table: the one that it has, else one that stands for any.
fn asked(resource: &str, streams: &[String]) -> String {
    let Some(all) = resource.strip_suffix('*').filter(|all| all.ends_with("/stream/")) else {
        return resource.to_owned();
    };
    let known = streams.iter().find(|stream| stream.starts_with(all));
    known.cloned().unwrap_or_else(|| format!("{all}{SOME_STREAM}"))
}

/// The function's role, and each call that its policies do not allow.
async fn simulated(
    cx: &Cx,
    function: &str,
    statements: &[Value],
    streams: &[String],
) -> Result<Option<(String, Vec<String>)>> {
    let sent = cx.aws.lambda.get_function().function_name(function).send().await;
    let role = nothing_if_absent(sent)?.and_then(|found| found.configuration?.role);
    let Some(role) = role else { return Ok(None) };
    let mut lacks = Vec::new();
    for statement in statements.iter().filter(|statement| statement["Effect"] == "Allow") {
        let (actions, resources) = (texts(&statement["Action"]), texts(&statement["Resource"]));
        // What AWS has not assigned yet cannot be asked about.
        if resources.iter().any(|resource| is_open(&json!(resource))) {
            continue;
        }
        let resources = resources.iter().map(|resource| asked(resource, streams)).collect();
        let asked = cx.aws.iam.simulate_principal_policy().policy_source_arn(&role);
        let asked = asked.set_action_names(Some(actions)).set_resource_arns(Some(resources));
        let mut pages = asked.into_paginator().send();
        while let Some(page) = pages.next().await {
            for result in page?.evaluation_results.unwrap_or_default() {
                if result.eval_decision.as_str() != "allowed" {
                    let on = result.eval_resource_name.filter(|name| name != "*");
                    let on = on.map(|name| format!(" on `{}`", name.replace(SOME_STREAM, "*"))).unwrap_or_default();
                    lacks.push(format!("`{}`{on}", result.eval_action_name));
                }
            }
        }
    }
    Ok(Some((role, lacks)))
}

/// A text, or all of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
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
            needs(&cx).lacking(&cx, &Plan::default()).await.pop()
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
        let told = needs(&cx).lacking(&cx, &Plan::default()).await.remove(0);
        assert!(told.contains("nobody could check") && told.contains("`iam:SimulatePrincipalPolicy`"), "{told}");
    }

    #[test]
    fn the_stream_that_a_table_has_is_asked_about() {
        let table = "arn:aws:dynamodb:eu-central-1:123456789012:table/people";
        let stream = format!("{table}/stream/2026-01-01T00:00:00.000");
        let of = |streams: &[String]| asked(&format!("{table}/stream/*"), streams);
        assert_eq!(of(&[stream.replace("people", "persons"), stream.clone()]), stream);
        assert_eq!(of(&[]), format!("{table}/stream/{SOME_STREAM}"));
        assert_eq!(asked("*", &[stream]), "*");
    }
}
