//! Customers' keys by which what the pipeline only uses is encrypted: whoever reads it must be allowed to decrypt.

use serde_json::{Value, json};

use crate::aws::{Cx, kms};
use crate::commands::consumer_rights::texts;
use crate::lower::id;
use crate::plan::Plan;
use crate::resource::{Id, KMS_KEY};

/// A key of a customer.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// What it encrypts.
    pub of: Id,
    arn: String,
}

/// The customers' keys of what the plan uses, and what could not be found out, in words.
pub async fn of_customers(cx: &Cx, plan: &Plan) -> (Vec<Key>, Vec<String>) {
    let (mut keys, mut told) = (Vec::new(), Vec::new());
    for used in &plan.uses {
        let Some(key) = used.live.outputs.get(KMS_KEY) else { continue };
        match kms::of_customer(&cx.aws, key).await {
            Ok(arn) => keys.extend(arn.map(|arn| Key { of: used.id.clone(), arn })),
            Err(error) => told.push(format!(
                "nobody could tell whether the key `{key}` of `{}` is a customer's ({error}): if so, the role of the function needs \
                 `kms:Decrypt` on it; `kms:DescribeKey` would let pipe look",
                used.id
            )),
        }
    }
    (keys, told)
}

impl Key {
    /// What the consumer does with it: to send to an encrypted queue takes a data key, too
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>).
    fn actions(&self) -> &'static [&'static str] {
        if self.of.as_str() == id::DLQ { &["kms:Decrypt", "kms:GenerateDataKey"] } else { &["kms:Decrypt"] }
    }

    /// The statement that allows it.
    pub fn statement(&self) -> Value {
        json!({ "Effect": "Allow", "Action": self.actions(), "Resource": [self.arn] })
    }

    /// Says it for people.
    pub fn told(&self) -> String {
        let actions: Vec<String> = self.actions().iter().map(|action| format!("`{action}`")).collect();
        format!("{} on `{}`", actions.join(", "), self.arn)
    }

    /// Whether these statements allow all of it.
    pub fn is_allowed(&self, statements: &[Value]) -> bool {
        let fits = |pattern: &str, text: &str| match pattern.split_once('*') {
            Some((start, _)) => text.starts_with(start),
            None => pattern == text,
        };
        let allowed = statements.iter().filter(|statement| {
            statement["Effect"] == "Allow"
                && texts(&statement["Resource"]).iter().any(|resource| fits(resource, &self.arn))
        });
        let given: Vec<String> = allowed.flat_map(|statement| texts(&statement["Action"])).collect();
        self.actions().iter().all(|action| given.iter().any(|pattern| fits(pattern, action)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::mocked;
    use crate::kinds::KINDS;
    use crate::plan::Used;
    use crate::resource::{Handle, Live, Name, Outputs, State, Tags};

    const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/k";

    fn using(id: &str) -> Plan {
        let live = Live {
            handle: Handle::new("h"),
            props: Value::Null,
            outputs: Outputs::from([(KMS_KEY.to_owned(), "alias/theirs".to_owned())]),
            tags: Tags::new(),
            identity: String::new(),
            state: State::Live,
        };
        let used = Used { id: Id::new(id), kind: &KINDS[0], name: Name::new("n"), live };
        Plan { uses: vec![used], ..Plan::default() }
    }

    #[tokio::test]
    async fn a_key_of_a_customer_is_told_from_one_of_aws() {
        let found = async |manager: &'static str| {
            let cx = mocked::cx_answered(move |operation, input| {
                assert_eq!((operation, &input["KeyId"]), ("DescribeKey", &json!("alias/theirs")));
                mocked::success(&json!({ "KeyMetadata": { "Arn": ARN, "KeyManager": manager } }))
            });
            of_customers(&cx, &using("stream")).await
        };
        assert_eq!(found("AWS").await, (Vec::new(), Vec::new()));
        let key = Key { of: Id::new("stream"), arn: ARN.to_owned() };
        assert_eq!(found("CUSTOMER").await, (vec![key], Vec::new()));
        let cx = mocked::cx_answered(|_, _| mocked::refusal("AccessDeniedException", "no"));
        let (none, told) = of_customers(&cx, &using("stream")).await;
        assert!(none.is_empty() && told[0].contains("`kms:DescribeKey` would let pipe look"), "{told:?}");
    }

    #[test]
    fn what_the_role_has_is_not_asked_for() {
        let key = |id: &str| Key { of: Id::new(id), arn: ARN.to_owned() };
        let allow =
            |action: &str, resource: &str| json!({ "Effect": "Allow", "Action": [action], "Resource": [resource] });
        assert!(!key("stream").is_allowed(&[allow("kinesis:GetRecords", "*")]));
        assert!(key("stream").is_allowed(&[allow("kms:Decrypt", ARN)]));
        assert!(key("dlq").is_allowed(&[allow("kms:*", "arn:aws:kms:eu-central-1:111122223333:key/*")]));
        assert!(!key("dlq").is_allowed(&[allow("kms:Decrypt", ARN)]));
        assert_eq!(key("dlq").told(), format!("`kms:Decrypt`, `kms:GenerateDataKey` on `{ARN}`"));
    }
}
