//! Which role lacks what, where waiting for IAM was in vain: AWS's refusals name neither the role nor IAM's actions.

use crate::error::{Class, Error};

/// Where a right that a policy gives can be taken away again.
const ELSEWHERE: &str = "its permissions boundary, or a policy of the organization";

/// Says, after the wait for a role was in vain, which role it is and what it lacks. All other errors stay as they are.
///
/// `service` is who acts as the role, e.g. `lambda.amazonaws.com`.
pub fn lacking(error: Error, role: &str, service: &str) -> Error {
    if error.class() != Class::Propagating {
        return error;
    }
    let actions: Vec<String> = actions(error.message()).iter().map(|action| format!("`{action}`")).collect();
    let hint = match actions.is_empty() {
        true => format!(
            "AWS did not accept the role `{role}` in all that time: `sts:AssumeRole` for `{service}` may be missing in its trust \
             policy, or be denied by {ELSEWHERE}"
        ),
        false => format!(
            "AWS did not find in all that time that the role `{role}` is allowed {}: this may be missing in its policies, or be \
             denied by {ELSEWHERE}",
            actions.join(", ")
        ),
    };
    error.hint(hint)
}

/// The actions that a refusal is about: `... can perform the GetRecords, and ListStreams Actions on your stream`,
/// `... permissions to call SendMessage on SQS`. None where the role cannot be assumed.
fn actions(message: &str) -> Vec<String> {
    let between = |from: &str, to: &str| Some(message.split_once(from)?.1.split_once(to)?.0);
    if let Some(list) = between("perform the ", " Actions") {
        let service = if message.contains(":dynamodb:") { "dynamodb" } else { "kinesis" };
        let names = list.split(", ").map(|name| name.trim_start_matches("and "));
        return names.map(|name| format!("{service}:{name}")).collect();
    }
    let Some((action, on)) = message.split_once("to call ").and_then(|(_, rest)| rest.split_once(" on ")) else {
        return Vec::new();
    };
    let service = on.split(':').nth(2).unwrap_or(on).split_whitespace().next().unwrap_or_default();
    vec![format!("{}:{action}", service.trim_end_matches('.').to_lowercase())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_actions_are_read_from_what_aws_says() {
        let stream = "Cannot access stream arn:aws:dynamodb:eu-central-1:1:table/t/stream/s. Please ensure the role can perform \
                      the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.";
        assert_eq!(
            actions(stream),
            ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
        );
        let queue = "The provided execution role does not have permissions to call SendMessage on SQS";
        assert_eq!(actions(queue), ["sqs:SendMessage"]);
        let arn = "The function's execution role does not have permissions to call SendMessage on arn:aws:sqs:eu-central-1:1:q";
        assert_eq!(actions(arn), ["sqs:SendMessage"]);
        assert!(actions("The role defined for the function cannot be assumed by Lambda.").is_empty());
    }

    #[test]
    fn other_errors_stay_as_they_are() {
        let error = Error::fatal("no such thing");
        assert_eq!(lacking(error.clone(), "r", "lambda.amazonaws.com"), error);
    }
}
