//! What `existing` may name: a resource of the right kind.

use super::{At, Cx, Problem, SOURCE, member};
use crate::spec::wording::short;
use crate::spec::{Bus, Existing, FIFO, OwnOrExisting};

/// What one kind of existing resource may be called.
pub(super) struct Named {
    what: &'static str,
    service: &'static str,
    prefix: &'static str,
    letters: &'static str,
    shortest: usize,
    length: usize,
}

pub(super) const KINESIS: Named =
    Named { what: "a Kinesis stream", service: "kinesis", prefix: "stream/", letters: "_.-", shortest: 1, length: 128 };
pub(super) const TABLE: Named =
    Named { what: "a DynamoDB table", service: "dynamodb", prefix: "table/", letters: "_.-", shortest: 3, length: 255 };
pub(super) const QUEUE: Named =
    Named { what: "an SQS queue", service: "sqs", prefix: "", letters: "_-", shortest: 1, length: 80 };
pub(super) const SECRET: Named = Named {
    what: "a secret of Secrets Manager",
    service: "secretsmanager",
    prefix: "secret:",
    letters: "/_+=.@-",
    shortest: 1,
    length: 512,
};

const TOPIC: Named =
    Named { what: "an SNS topic", service: "sns", prefix: "", letters: "_-", shortest: 1, length: 256 };
const BUCKET: Named =
    Named { what: "an S3 bucket", service: "s3", prefix: "", letters: "_.-", shortest: 3, length: 255 };
const BUS: Named =
    Named { what: "an event bus", service: "events", prefix: "event-bus/", letters: "_.-/", shortest: 1, length: 256 };

/// What a source names that exists.
pub(super) fn sources(cx: &Cx<'_>) -> Vec<Problem> {
    let topic = cx.topic().and_then(|topic| wrong(&topic.below("existing", topic.it.place.existing()?), &TOPIC));
    let bucket = member(SOURCE, "bucket", cx.spec.bucket());
    let bucket = bucket.and_then(|bucket| wrong(&bucket.below("existing", bucket.it.place.existing()?), &BUCKET));
    let bus = member(SOURCE, "events", cx.spec.events()).and_then(|events| match &events.it.bus {
        Some(Bus::Existing(existing)) => wrong(&events.below("bus/existing", existing), &BUS),
        _ => None,
    });
    topic.into_iter().chain(bucket).chain(bus).collect()
}

pub(super) fn existing<T>(place: &At<'_, OwnOrExisting<T>>, rule: &Named) -> Option<Problem> {
    wrong(&place.below("existing", place.it.existing()?), rule)
}

/// `existing` names a resource of the right kind, by its ARN, or by the characters of its name.
pub(super) fn wrong(existing: &At<'_, Existing>, rule: &Named) -> Option<Problem> {
    let (path, what) = (existing.path.as_str(), rule.what);
    let fits = |name: &str| {
        let name = if ["sqs", "sns"].contains(&rule.service) { name.strip_suffix(FIFO).unwrap_or(name) } else { name };
        let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || rule.letters.contains(letter));
        letters && (rule.shortest..=rule.length).contains(&name.len())
    };
    let Some(arn) = existing.arn() else {
        let name = existing.reference();
        if let Some(problem) = url(existing).filter(|_| rule.service == "sqs") {
            return Some(problem);
        }
        return (!fits(name)).then(|| {
            let problem = Problem::error(path, format!("`{}` cannot be the name of {what}", short(name)));
            problem.hint("give its name in this account and region, or its ARN")
        });
    };
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let right = match parts.as_slice() {
        [_, partition, service, region, account, resource] => {
            let name = resource.strip_prefix(rule.prefix);
            let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            // A bucket's name is everybody's: its ARN has no place.
            let placed = if rule.service == "s3" {
                region.is_empty() && account.is_empty()
            } else {
                !region.is_empty() && digits
            };
            let place = partition.starts_with("aws") && placed;
            place && *service == rule.service && name.is_some_and(fits)
        }
        _ => false,
    };
    (!right).then(|| {
        let problem = Problem::error(path, format!("`{}` is not the ARN of {what}", short(arn)));
        let place = if rule.service == "s3" { ":" } else { "eu-west-1:123456789012" };
        problem.hint(format!("it looks like `arn:aws:{}:{place}:{}NAME`", rule.service, rule.prefix))
    })
}

/// The URL of a queue says its name and all of its ARN (`https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`).
fn url(existing: &At<'_, Existing>) -> Option<Problem> {
    let (host, path) = existing.reference().strip_prefix("https://")?.split_once('/')?;
    let (account, name) = path.split_once('/')?;
    let region = host.strip_prefix("sqs.")?.split('.').next()?;
    let partition = if region.starts_with("cn-") { "aws-cn" } else { "aws" };
    let problem =
        Problem::error(existing.path.as_str(), format!("`{}` is the URL of a queue", short(existing.reference())));
    Some(problem.hint(format!("write its name, `{name}`, or its ARN, `arn:{partition}:sqs:{region}:{account}:{name}`")))
}
