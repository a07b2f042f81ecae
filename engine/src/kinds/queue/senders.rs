//! The policy of a queue: TLS alone, and who may send beside the pipeline.

use serde_json::{Value, json};

use super::arn;
use crate::aws::Place;
use crate::aws::policy::Policy;
use crate::resource::Name;

/// The policy that refuses every call on this queue that does not come by TLS.
pub fn tls_only(place: &Place, name: &Name) -> Policy {
    Policy::new(vec![by_tls(place, name)])
}

/// The same, and these may send: ARNs and accounts, and services on behalf of this account.
pub fn tls_and_senders(place: &Place, name: &Name, principals: &[String], services: &[String]) -> Policy {
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
