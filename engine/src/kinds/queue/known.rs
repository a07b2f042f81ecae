//! What a queue names and SQS does not know yet: the principals of its policy, and the queue that takes its dead letters.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Queue;
use crate::aws::{Cx, patiently_for};
use crate::error::{Class, Error, Result};
use crate::resource::Name;

/// How long what exists may be unknown to SQS: a new role takes IAM some seconds to spread, a new queue can be used a second after it was
/// made (`docs/aws.md#sqs-names`).
const KNOWN_WITHIN: Duration = Duration::from_secs(60);

/// What SQS says of a policy that names somebody whom IAM does not know.
const POLICY: &str = "Invalid value for the parameter Policy";
const DEAD_LETTERS: &str = "Dead letter target does not exist";

impl Queue {
    /// Makes a call until SQS knows all that it names.
    ///
    /// # Errors
    /// After a minute, who or what is unknown, and what to do; any other error as it came.
    pub(super) async fn known<T, Fut>(&self, cx: &Cx, name: &Name, call: impl Fn() -> Fut) -> Result<T>
    where
        Fut: Future<Output = Result<T>>,
    {
        let start = Instant::now();
        let what = |error: &Error| match error.class() {
            Class::Propagating if error.message().contains(DEAD_LETTERS) => self.dead_letters(),
            Class::Propagating => "SQS to know the principals of the queue's policy".to_owned(),
            _ => format!("SQS to free the name `{name}`: a deleted queue's name stays taken for 60 s"),
        };
        let in_time = || async {
            call().await.map_err(|error| match error.class() {
                Class::Propagating if start.elapsed() >= KNOWN_WITHIN => self.unknown(error.class_as(Class::Fatal)),
                _ => error,
            })
        };
        patiently_for(cx, what, in_time).await
    }

    fn dead_letters(&self) -> String {
        let to = self.redrive.as_ref().map_or("", |redrive| redrive.to.as_str());
        format!("SQS to know the queue `{to}`, which takes the dead letters of this one")
    }

    /// The error with what to do: SQS names neither the principal nor the queue.
    fn unknown(&self, error: Error) -> Error {
        if let (true, Some(redrive)) = (error.message().contains(DEAD_LETTERS), &self.redrive) {
            let to = &redrive.to;
            return error.hint(format!("see that the queue `{to}` is in this account and region, and apply again"));
        }
        let named: Vec<String> = self.senders().map(|who| format!("`{who}`")).collect();
        if named.is_empty() || !error.message().contains(POLICY) {
            return error;
        }
        let one = if named.len() == 1 { "" } else { "one of " };
        error.hint(format!(
            "AWS knows no principal of this name: {one}{}; correct it in `stream.queue.allow`, or create it and apply again",
            named.join(", ")
        ))
    }

    /// Whom its policy lets send.
    fn senders(&self) -> impl Iterator<Item = &str> {
        let allowed = self.policy.statements().iter().filter(|statement| statement["Effect"] == "Allow");
        let kinds = allowed.filter_map(|statement| statement["Principal"].as_object()).flat_map(|kinds| kinds.values());
        kinds.flat_map(|who| match who {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect::<Vec<_>>(),
        })
    }
}
