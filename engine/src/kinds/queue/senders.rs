//! The policy of a queue: TLS alone, and who may send beside the pipeline.

use serde_json::{Value, json};

use super::arn;
use crate::aws::Place;
use crate::aws::policy::{Policy, texts, without};
use crate::resource::Name;

/// The policy that refuses every call on this queue that does not come by TLS.
pub fn tls_only(place: &Place, name: &Name) -> Policy {
    Policy::new(vec![by_tls(place, name)])
}

/// A service that may send on behalf of one resource alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// Name of the statement: the pipeline's label.
    pub sid: String,
    /// The service, as in `sns.amazonaws.com`.
    pub service: String,
    /// ARN of what it acts for.
    pub arn: String,
    /// Account of that where its ARN does not say it; empty otherwise.
    pub account: String,
}

/// What the label of a [`From`] ends with.
const SOURCE: &str = "-source";
/// The same of one that is on its way out.
const FORMER: &str = "-formersource";

/// ARNs of what services act for that may send by a statement with a label.
pub(super) fn sources(policy: &Policy) -> impl Iterator<Item = String> {
    let ours = |sid: &str| sid.starts_with("pipe-") && (sid.ends_with(SOURCE) || sid.ends_with(FORMER));
    let statements = policy.statements().iter().filter(move |one| one["Sid"].as_str().is_some_and(ours));
    statements.flat_map(|one| texts(&one["Condition"]["ArnEquals"]["aws:SourceArn"])).map(str::to_owned)
}

/// The policy, and the statement of the live one's source where that is another: what it sends until its link is gone is taken, and the next
/// run finds it should this one be stopped.
pub(super) fn with_former(policy: &Policy, live: &Policy) -> Policy {
    let ends =
        |one: &Value, end: &str| one["Sid"].as_str().is_some_and(|sid| sid.starts_with("pipe-") && sid.ends_with(end));
    let mut all = policy.statements().to_vec();
    for former in live.statements().iter().filter(|one| ends(one, SOURCE) || ends(one, FORMER)) {
        let sid = former["Sid"].as_str().unwrap_or_default();
        let mut kept = former.clone();
        kept["Sid"] = format!("{}{FORMER}", sid.trim_end_matches(FORMER).trim_end_matches(SOURCE)).into();
        let is_there = all.iter().any(|one| without(one, &["Sid"]) == without(former, &["Sid"]));
        if !is_there {
            all.push(kept);
        }
    }
    Policy::new(all)
}

/// The same, and these may send: ARNs and accounts, services on behalf of this account, and the source.
pub fn tls_and_senders(
    place: &Place,
    name: &Name,
    (principals, services): (&[String], &[String]),
    source: Option<&From>,
) -> Policy {
    let mut statements = vec![by_tls(place, name)];
    let mut send = |sid: &str, kind: &str, who: &[String]| {
        if !who.is_empty() {
            statements.push(json!({
                "Sid": sid,
                "Effect": "Allow",
                "Principal": { kind: who },
                "Action": "sqs:SendMessage",
                "Resource": arn(place, name),
            }));
        }
    };
    send("OthersSend", "AWS", principals);
    send("ServicesSend", "Service", services);
    // Whoever has such a service send must be of this account: else anyone's rule or topic could
    // (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
    for statement in statements.iter_mut().filter(|statement| statement["Sid"] == "ServicesSend") {
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": place.account } });
    }
    statements.extend(source.map(|from| {
        let mut condition = json!({ "ArnEquals": { "aws:SourceArn": from.arn } });
        if !from.account.is_empty() {
            condition["StringEquals"] = json!({ "aws:SourceAccount": from.account });
        }
        json!({
            "Sid": from.sid,
            "Effect": "Allow",
            "Principal": { "Service": from.service },
            "Action": "sqs:SendMessage",
            "Resource": arn(place, name),
            "Condition": condition,
        })
    }));
    Policy::new(statements)
}

fn by_tls(place: &Place, name: &Name) -> Value {
    json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn(place, name),
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}
