//! `lambda:Function`: a function of one program, `bootstrap`, on `provided.al2023`, or of code for another of AWS's runtimes, that logs JSON into a
//! log group of its own.
//!
//! Only the name is immutable. Configuration and code are two calls that Lambda takes one after another, never while the last one
//! is under way; concurrency and tags are calls of their own. The architecture goes with the code. A new
//! function is Pending for a second or two, and refuses mappings and most changes until it is Active. Between the calls for
//! configuration and code, the function runs a mixture.
//!
//! Everything is read by one GetFunction, which has a quota of its own (`docs/aws.md#lambda-quotas`). A
//! function in a VPC leaves it before it is deleted. Layers and storage are not managed.
//!
//! IAM: lambda:CreateFunction, GetFunction, ListTags (for GetFunction's tags), UpdateFunctionCode, UpdateFunctionConfiguration,
//! PutFunctionConcurrency, DeleteFunctionConcurrency, Put-, Get-, DeleteFunctionEventInvokeConfig,
//! Put- and GetFunctionRecursionConfig, TagResource, UntagResource, DeleteFunction.
//! Passing the role is the role's; in a VPC what `aws/vpc.rs` lists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Cx, Place, nothing_if_absent, patiently, vpc};
use crate::error::{Error, Result};
use crate::kinds::log_group::LogGroup;
use crate::kinds::mapping::Mapping;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags, Ties};

pub mod admits;
mod asynchronous;
mod network;
mod parts;
mod read;
mod recursion;
pub mod steers;
mod tag;
#[cfg(test)]
mod tests;
mod write;

pub use asynchronous::Asynchronous;
pub use network::Vpc;
pub(super) use read::exists;
pub use tag::sync_tags;

/// What the names of functions' log groups begin with.
pub const LOG_GROUPS: &str = "/aws/lambda/";

/// A Lambda function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// ARN of the role that it runs under.
    pub role: String,
    /// `provided.al2023`, or what AWS calls another runtime.
    pub runtime: String,
    /// What the runtime calls. `bootstrap` for a program, to which it says nothing, but Lambda wants one.
    pub handler: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// 128 to 10240.
    pub memory_mb: u32,
    /// Seconds that one invocation may last, 1 to 900.
    pub timeout_seconds: u32,
    /// At most 4 KB together.
    pub environment: BTreeMap<String, String>,
    /// X-Ray traces it (`Active`, else `PassThrough`).
    pub tracing: bool,
    /// Name of the log group that it logs into.
    pub log_group: String,
    /// Lowest level of its own log lines, in lower case: `info`. Lambda's own lines (`system`) are always `INFO`, and the format
    /// JSON; live settings that differ in that show here, as `text` or `info (system: warn)`.
    pub log_level: String,
    /// Invocations at a time that are kept for it, and no more; none: it shares what the account has unreserved.
    pub reserved_concurrency: Option<u32>,
    /// Base64 of the zip's SHA-256. Empty where the last update failed, so that the next one sends the code again.
    pub code_sha256: String,
    /// At most 256 characters.
    pub description: String,
    /// How asynchronous calls end that fail; none where nothing calls it so, or others have set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asynchronous: Option<Asynchronous>,
    /// Whether Lambda lets its loops with SQS, SNS, S3 and other functions go on; else it ends them after some 16 rounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allows_recursion: bool,
    /// The network that it lives in; none: Lambda's own, which has no way into a VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc: Option<Vpc>,
}

impl Resource for Function {
    const KIND: &'static str = "lambda:Function";
    const INTERNAL: &'static [&'static str] = &["code_sha256", "description", "handler", "runtime"];

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        Advice { widens: desired.widens(live), means: desired.means(live), ..Advice::default() }
    }

    fn records(&self) -> Tags {
        parts::records(self)
    }

    fn ties(&self) -> Ties {
        Ties { acts_as: vec![self.role.clone()], ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        let parts: Vec<&str> = arn.split(':').collect();
        // One part more is a version or an alias.
        (parts.len() == 7 && parts[2] == "lambda" && parts[5] == "function").then(|| Name::new(parts[6]))
    }

    async fn children(_cx: &Cx, kind: &str, parent: &Name) -> Result<Vec<Name>> {
        // A log group's name tells whose it is.
        let named = parent.as_str().strip_prefix(LOG_GROUPS).filter(|_| kind == LogGroup::KIND);
        Ok(named.map(Name::new).into_iter().collect())
    }

    async fn leads(_cx: &Cx, kind: &str, from: &Name, _props: &Value) -> Result<Vec<Name>> {
        let of = (kind == Mapping::KIND).then(|| from.as_str().split('/').next()).flatten();
        // One with a qualifier is a version or an alias, which no mapping of a pipeline reads for.
        Ok(of.filter(|name| !name.contains(':')).map(Name::new).into_iter().collect())
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_THE_FUNCTION: &[&str] = &[
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            // The function itself and who may call it: a managed policy has no room for all names.
            "lambda:Get*",
            "lambda:ListTags",
            // To set, to read and to take away: a managed policy has no room for all names.
            "lambda:*FunctionConcurrency",
            "lambda:*Resource",
            // Its code and its configuration: a managed policy has no room for all names.
            "lambda:UpdateFunctionCo*",
        ];
        vec![Grant::new(ON_THE_FUNCTION, arn(scope.place, name))]
    }

    fn more_grants(&self, scope: &Scope, name: &Name) -> Vec<Grant> {
        const OF_CALLS: &[&str] = &["lambda:*FunctionEventInvokeConfig"];
        let calls = self.asynchronous.iter().map(|_| Grant::new(OF_CALLS, arn(scope.place, name)));
        let loops =
            self.allows_recursion.then(|| Grant::new(&["lambda:PutFunctionRecursionConfig"], arn(scope.place, name)));
        calls.chain(loops).chain(self.vpc.iter().map(|_| Grant::new(vpc::READS, "*"))).collect()
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let Some(found) = read::found(cx, name).await? else {
            return Ok(Vec::new());
        };
        if let Some(error) = &found.tags_error {
            let text = error.message();
            return Err(Error::fatal(format!("the tags of function `{name}` cannot be read: {text}")).hint(
                "allow `lambda:ListTags` on it for the deploying identity; without its tags nobody knows who owns it",
            ));
        }
        let Some(configuration) = &found.configuration else {
            return Ok(Vec::new());
        };
        let tags: Tags = found.tags.clone().unwrap_or_default().into_iter().collect();
        let mut props = read::props(configuration, found.concurrency.as_ref(), name);
        if parts::has(&tags, asynchronous::PART) {
            props.asynchronous = asynchronous::read(cx, name).await?;
        }
        if parts::has(&tags, recursion::PART) {
            props.allows_recursion = recursion::read(cx, name).await?;
        }
        Ok(vec![Live {
            handle: Handle::new(arn(&cx.aws.place, name)),
            props,
            outputs: outputs(cx, name),
            tags,
            identity: String::new(),
            state: read::state(configuration),
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        // ensure
        let (props, tags) = match live {
            Some(live) if live.state == State::Live => (live.props.clone(), live.tags.clone()),
            leaving => {
                if leaving.is_some() {
                    read::gone(cx, name).await?;
                }
                self.create(cx, name).await?;
                read::settled(cx, name).await?;
                let beside =
                    Self { reserved_concurrency: None, asynchronous: None, allows_recursion: false, ..self.clone() };
                (beside, cx.tags.clone())
            }
        };
        // sync
        if self.differs_in_configuration(&props) {
            self.configure(cx, name, &props).await?;
            read::settled(cx, name).await?;
        }
        if (&self.code_sha256, &self.architecture) != (&props.code_sha256, &props.architecture) {
            self.replace_code(cx, name).await?;
            // Until then the old code answers.
            read::settled(cx, name).await?;
        }
        if self.reserved_concurrency != props.reserved_concurrency {
            self.reserve(cx, name).await?;
        }
        if self.asynchronous != props.asynchronous {
            asynchronous::write(cx, name, self.asynchronous.as_ref()).await?;
        }
        if self.allows_recursion != props.allows_recursion {
            recursion::write(cx, name, self.allows_recursion).await?;
        }
        let what = format!("function `{name}` to be ready for its tags");
        sync_tags(cx, &arn(&cx.aws.place, name), &what, &tags).await?;
        Ok(Made { outputs: outputs(cx, name), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        network::detach(cx, name).await?;
        let what = format!("function `{name}` to be deletable");
        let delete = || async {
            let sent = cx.aws.lambda.delete_function().function_name(name.as_str()).send().await;
            sent.map(drop).map_err(write::told)
        };
        // Lambda refuses while the function is Pending. Nothing waits for the end: its name can be taken again at once, and
        // where it cannot, the create says so and the function is read again.
        nothing_if_absent(patiently(cx, &what, delete).await).map(drop)
    }
}

impl Function {
    fn means(&self, live: &Self) -> Vec<String> {
        let stops = self.reserved_concurrency == Some(0) && live.reserved_concurrency != Some(0);
        // Throttles use up none of a mapping's retries: only age ends the waiting.
        let told = "it is no longer invoked: records wait, and are given up when they are older than `max_age_hours`, \
                    or lost when the stream's retention ends";
        // Two calls of Lambda, of which the second one needs the first to have ended.
        let mixes =
            (&self.runtime, &self.handler) != (&live.runtime, &live.handler) && self.code_sha256 != live.code_sha256;
        let mixed = "for a second or two the old code runs with the new `runtime` or `entry`: calls that fail meanwhile are retried";
        let moves = self.vpc != live.vpc;
        let loops = self.allows_recursion && !live.allows_recursion;
        [(stops, told), (mixes, mixed), (moves, network::MOVES), (loops, recursion::ENDLESS)]
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, told)| told.to_owned())
            .collect()
    }

    fn widens(&self, live: &Self) -> Vec<String> {
        let stopped = live.reserved_concurrency == Some(0) && self.reserved_concurrency != Some(0);
        let stopped =
            stopped.then(|| "it is stopped now (`reserved_concurrency: 0`), and runs again after this".to_owned());
        let (now, then) = (&self.environment, &live.environment);
        steers::changed(now, then)
            .into_iter()
            .chain(admits::widens(now, then))
            .chain(stopped)
            .chain(network::widens(self, live))
            .collect()
    }
}

/// The ARN of the function of this name.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("lambda", &format!("function:{name}"))
}

fn outputs(cx: &Cx, name: &Name) -> Outputs {
    Outputs::from([("arn".to_owned(), arn(&cx.aws.place, name)), ("name".to_owned(), name.to_string())])
}
