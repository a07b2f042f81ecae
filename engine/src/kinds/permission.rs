//! `lambda:Permission`: one statement of a function's policy, by which a service may call the function.
//!
//! A statement cannot be changed, only made and removed, and AWS gives it no tags: its Sid is the pipeline's label and a hash of what it
//! allows. So another source is another statement, which is made before the old one goes. The function may be somebody else's. AWS takes
//! changes of one policy one after another, and may lose a statement that was added at the same time as another one
//! (`docs/aws.md#lambda-policies`): it is read back, and added again. All statements of a function together have at most 20,480 bytes.
//!
//! It is made before what calls the function, and removed after it: so the next run finds what a killed one has left.
//!
//! IAM: lambda:AddPermission, RemovePermission, GetPolicy.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::policy::{Policy, texts};
use crate::aws::{Cx, nothing_if_absent, patiently};
use crate::diff::hash;
use crate::error::{Class, Error, Result};
use crate::kinds::function::{self, Function};
use crate::owner;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags, Ties};

/// A statement of a function's policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// The service, as in `sns.amazonaws.com`.
    pub principal: String,
    /// ARN of what the service must act for, with `*` where AWS assigns a part; empty where it names none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source_arn: String,
    /// Account of that, where its ARN has none; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source_account: String,
    /// Token that the service must send, an Alexa skill's id; empty where it sends none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
}

impl Resource for Permission {
    const KIND: &'static str = "lambda:Permission";
    const REPLACE_ON: &'static [&'static str] = &["principal", "source_arn", "source_account", "token"];
    const STAMPED: bool = false;
    const LABELLED: bool = true;
    const WITHIN: bool = true;

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, _)) = of.edit().filter(|(desired, live)| desired != live) else { return Advice::default() };
        let by = match (desired.token.is_empty(), desired.source_arn.is_empty()) {
            (false, _) => format!(" with the token `{}`", desired.token),
            (_, false) => format!(" for {}", desired.source_arn),
            _ => String::new(),
        };
        Advice { widens: vec![format!("`{}` may call the function{by}", desired.principal)], ..Advice::default() }
    }

    fn ties(&self) -> Ties {
        Ties { holds: vec![self.source_arn.clone()], labelled: true, ..Ties::default() }
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_FUNCTION: &[&str] = &["lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"];
        vec![Grant::new(ON_THE_FUNCTION, function::arn(scope.place, &Name::new(parts(name).0)))]
    }

    async fn children(cx: &Cx, kind: &str, parent: &Name) -> Result<Vec<Name>> {
        if kind != Function::KIND || !function::exists(cx, parent).await? {
            return Ok(Vec::new());
        }
        let all = statements(cx, parent.as_str()).await?;
        let ours = all.iter().filter_map(|one| ours(cx, one["Sid"].as_str()?));
        Ok(ours.map(|(_, hash)| Name::new(format!("{parent}/{hash}"))).collect())
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let (function, hash) = parts(name);
        let all = statements(cx, function).await?;
        let live = all.iter().filter_map(|one| {
            let sid = one["Sid"].as_str()?;
            let (tags, _) = ours(cx, sid).filter(|(_, of)| *of == hash)?;
            Some(live(name, sid, one, tags))
        });
        Ok(live.collect())
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        if live.is_none() {
            let (function, hash) = parts(name);
            let id = cx.id.clone().ok_or_else(|| Error::defect("a statement without an id"))?;
            let sid = format!("{}-{hash}", owner::label(&cx.pipeline, &id));
            let what = format!("the policy of function `{function}` to take the statement");
            patiently(cx, &what, || self.add(cx, function, &sid)).await?;
        }
        Ok(Made { outputs: outputs(name), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, handle: &Handle) -> Result<()> {
        let (function, _) = parts(name);
        let remove = || async {
            let request = cx.aws.lambda.remove_permission().function_name(function).statement_id(handle.inner());
            nothing_if_absent(request.send().await.map_err(busy))
        };
        patiently(cx, &format!("the policy of function `{function}` to let the statement go"), remove).await.map(drop)
    }
}

impl Permission {
    async fn add(&self, cx: &Cx, function: &str, sid: &str) -> Result<()> {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let request = (cx.aws.lambda.add_permission().function_name(function).statement_id(sid))
            .action("lambda:InvokeFunction")
            .principal(&self.principal)
            .set_source_arn(some(&self.source_arn))
            .set_source_account(some(&self.source_account))
            .set_event_source_token(some(&self.token));
        match request.send().await.map_err(busy) {
            Err(error) if error.class() != Class::Exists => return Err(full(error)),
            // Added, or there already.
            _ => {}
        }
        let all = statements(cx, function).await?;
        match all.iter().find(|one| one["Sid"] == sid) {
            Some(there) if props(there) == *self => Ok(()),
            Some(_) => {
                Err(Error::new(Class::Unclear, format!("the statement `{sid}` of `{function}` says something else")))
            }
            None => {
                Err(Error::new(Class::Busy, format!("the policy of `{function}` does not show the statement `{sid}`")))
            }
        }
    }

    /// The name of this statement at a function: what it allows is a part of it.
    pub fn name(&self, function: &str) -> Name {
        let all = json!([self.principal, self.source_arn, self.source_account, self.token]);
        let hash: String = hash(&all).chars().take(8).collect();
        Name::new(format!("{function}/{hash}"))
    }
}

/// The function that a statement of this name belongs to.
pub fn function_of(name: &Name) -> &str {
    parts(name).0
}

/// Statements of a function's policy; none where it has none, or is not there.
pub async fn statements(cx: &Cx, function: &str) -> Result<Vec<Value>> {
    let ask = || async {
        let sent = cx.aws.lambda.get_policy().function_name(function).send().await;
        Ok(nothing_if_absent(sent)?.and_then(|answer| answer.policy))
    };
    let text = cx.asked_once("GetPolicy", function, ask).await?;
    Ok(text
        .map(|text| Policy::parse(&text))
        .transpose()?
        .map(|policy| policy.statements().to_vec())
        .unwrap_or_default())
}

/// What the pipeline's statements of a function's policy let services act for: by these, links without tags are known to be the pipeline's.
pub(super) async fn sources(cx: &Cx, function: &str) -> Result<Vec<String>> {
    let all = statements(cx, function).await?;
    let ours = all.iter().filter(|one| one["Sid"].as_str().is_some_and(|sid| ours(cx, sid).is_some()));
    Ok(ours.map(|one| props(one).source_arn).collect())
}

/// The tags and the hash that a Sid stands for, if it is this pipeline's.
fn ours<'a>(cx: &Cx, sid: &'a str) -> Option<(Tags, &'a str)> {
    let (label, hash) = sid.rsplit_once('-')?;
    Some((owner::labelled(label, &cx.pipeline)?, hash))
}

/// What a statement allows.
pub fn props(statement: &Value) -> Permission {
    let one = |list: &Value| texts(list).next().or(list.as_str()).unwrap_or_default().to_owned();
    let conditions = statement["Condition"].as_object();
    // Operators as Lambda writes them; keys in any case (IAM's do not tell cases apart).
    let condition = |key: &str| {
        let all = conditions.into_iter().flatten().filter_map(|(_, keys)| keys.as_object()).flatten();
        all.filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| one(value)).next().unwrap_or_default()
    };
    let principal = &statement["Principal"];
    Permission {
        principal: [&principal["Service"], &principal["AWS"]]
            .into_iter()
            .map(one)
            .find(|who| !who.is_empty())
            .unwrap_or_default(),
        source_arn: condition("aws:SourceArn"),
        source_account: condition("aws:SourceAccount"),
        token: condition("lambda:EventSourceToken"),
    }
}

fn live(name: &Name, sid: &str, statement: &Value, tags: Tags) -> Live<Permission> {
    Live {
        handle: Handle::within(&Name::new(parts(name).0), sid),
        props: props(statement),
        outputs: outputs(name),
        tags,
        identity: String::new(),
        state: State::Live,
    }
}

fn outputs(name: &Name) -> Outputs {
    Outputs::from([("function".to_owned(), parts(name).0.to_owned())])
}

/// The function, and the hash of what is allowed.
fn parts(name: &Name) -> (&str, &str) {
    name.as_str().rsplit_once('/').unwrap_or((name.as_str(), ""))
}

/// A policy that others change, too, is told like a function that they do.
fn busy(error: impl Into<Error>) -> Error {
    let error: Error = error.into();
    match error.code() {
        "ResourceConflictException" if error.message().contains("already exists") => error.class_as(Class::Exists),
        "ResourceConflictException" => error.class_as(Class::Busy),
        _ => error,
    }
}

/// Says what to do where the policy has no room.
fn full(error: Error) -> Error {
    match error.code() {
        "PolicyLengthExceededException" => error.hint(
            "a function's policy has 20,480 bytes: remove statements that nothing needs (`aws lambda get-policy` shows them), or use a function \
             of the pipeline's own",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests;
