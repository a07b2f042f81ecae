//! Whether a resource's policy lets a service of AWS do something for one of its resources.

use serde_json::Value;

use crate::gateway::authorizer::policy::matches;

/// A parsed policy; one that is not there lets nobody in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    statements: Vec<Value>,
}

/// Who wants to do what.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As in `sns.amazonaws.com`.
    pub principal: &'a str,
    /// As in `lambda:InvokeFunction`.
    pub action: &'a str,
    /// For which resource; nothing where it is not known: then any will do.
    pub source_arn: Option<&'a str>,
    pub source_account: &'a str,
}

impl Policy {
    /// Reads a policy's text. What cannot be read lets nobody in.
    pub fn parse(text: &str) -> Self {
        let mut policy: Value = serde_json::from_str(text).unwrap_or_default();
        let statements = match policy["Statement"].take() {
            Value::Array(all) => all,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        Self { statements }
    }

    /// Whether a statement allows it and none denies it.
    pub fn allows(&self, asked: &Asked<'_>) -> bool {
        let fits = |deny: bool| {
            let mut all = self.statements.iter().filter(|statement| (statement["Effect"] != "Allow") == deny);
            all.any(|statement| is_about(statement, asked, deny))
        };
        fits(false) && !fits(true)
    }
}

/// Whether a statement is about what is asked. What is not evaluated here holds for a statement that denies, and not for one that allows.
fn is_about(statement: &Value, asked: &Asked<'_>, deny: bool) -> bool {
    let principal = &statement["Principal"];
    let services = texts(&principal["Service"]);
    let anyone = principal == "*" || texts(&principal["AWS"]).contains(&"*");
    let named = anyone || services.contains(&asked.principal);
    let action = |pattern: &&str| matches(&pattern.to_ascii_lowercase(), &asked.action.to_ascii_lowercase());
    named && texts(&statement["Action"]).iter().any(action) && holds(&statement["Condition"], asked, deny)
}

fn holds(conditions: &Value, asked: &Asked<'_>, unknown: bool) -> bool {
    conditions.as_object().into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, values)| {
            let any = |fits: &dyn Fn(&str) -> bool| texts(values).into_iter().any(fits);
            match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
                ("ArnLike" | "ArnEquals", "aws:sourcearn") => {
                    asked.source_arn.is_none_or(|arn| any(&|pattern: &str| arn_like(pattern, arn)))
                }
                ("StringLike", "aws:sourcearn") => {
                    asked.source_arn.is_none_or(|arn| any(&|pattern: &str| matches(pattern, arn)))
                }
                ("StringEquals", "aws:sourcearn") => {
                    asked.source_arn.is_none_or(|arn| any(&|value: &str| value == arn))
                }
                ("StringEquals" | "StringLike", "aws:sourceaccount") => {
                    any(&|value: &str| value == asked.source_account)
                }
                // A service calls by TLS.
                ("Bool", "aws:securetransport") => texts(values) == ["true"] || values == &Value::Bool(true),
                _ => unknown,
            }
        })
    })
}

/// Each of an ARN's six parts is compared on its own: a star does not go beyond a colon.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
fn arn_like(pattern: &str, arn: &str) -> bool {
    let (pattern, arn): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    pattern.len() == arn.len() && pattern.iter().zip(&arn).all(|(pattern, part)| matches(pattern, part))
}

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    list.chain(value.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:orders";

    fn policy(condition: &Value) -> Policy {
        let statement = json!({
            "Sid": "pipe-shop-permission", "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:f",
            "Condition": condition,
        });
        Policy::parse(&json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
    }

    fn asked(source_arn: &str) -> Asked<'_> {
        Asked {
            principal: "sns.amazonaws.com",
            action: "lambda:InvokeFunction",
            source_arn: Some(source_arn),
            source_account: "111122223333",
        }
    }

    #[test]
    fn principal_source_and_account_must_be_those_of_one_statement() {
        let policy = policy(&json!({
            "ArnLike": { "AWS:SourceArn": TOPIC }, "StringEquals": { "AWS:SourceAccount": "111122223333" },
        }));
        assert!(policy.allows(&asked(TOPIC)));
        assert!(!policy.allows(&asked("arn:aws:sns:eu-west-1:111122223333:orders-2")), "names are compared whole");
        assert!(!policy.allows(&Asked { principal: "s3.amazonaws.com", ..asked(TOPIC) }));
        assert!(!policy.allows(&Asked { source_account: "444455556666", ..asked(TOPIC) }));
        assert!(!policy.allows(&Asked { action: "lambda:GetFunction", ..asked(TOPIC) }));
        assert!(policy.allows(&Asked { source_arn: None, ..asked(TOPIC) }), "of a source that nobody knows");
    }

    #[test]
    fn stars_do_not_go_beyond_a_colon() {
        let group = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/shop:*";
        let like = |pattern: &str| policy(&json!({ "ArnLike": { "AWS:SourceArn": pattern } })).allows(&asked(group));
        assert!(like(group) && like("arn:aws:logs:*:*:log-group:/aws/*"));
        assert!(!like("arn:aws:logs:*:log-group:*") && !like("*"));
    }

    #[test]
    fn what_is_not_evaluated_lets_nobody_in() {
        assert!(!policy(&json!({ "StringEquals": { "lambda:EventSourceToken": "t" } })).allows(&asked(TOPIC)));
        assert!(!Policy::default().allows(&asked(TOPIC)) && !Policy::parse("{").allows(&asked(TOPIC)));
        let both = json!({ "Statement": [
            { "Effect": "Allow", "Principal": "*", "Action": "lambda:*" },
            { "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": "lambda:InvokeFunction",
              "Condition": { "Bool": { "aws:SecureTransport": "false" } } },
        ] });
        assert!(Policy::parse(&both.to_string()).allows(&asked(TOPIC)));
        let unknown = both.to_string().replace("aws:SecureTransport", "aws:Unknown");
        assert!(!Policy::parse(&unknown).allows(&asked(TOPIC)));
    }
}
