//! Rules of what holds records and secrets: each kind's own, and what `existing` may name.

use super::keys::one_encryption;
use super::{At, Cx};
use crate::spec::stream::FIFO;
use crate::spec::wording::short;
use crate::spec::{Basic, Existing, Kinesis, OwnOrExisting, Problem, Queue, QueueStream, Secret, Target};

/// KiB of a record whose event Lambda still takes: base64 makes 4 bytes of 3, and a call's event has at most 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const HANDLED_KB: u32 = 4500;

/// KiB of a record that an API can send: its request to Kinesis holds it in base64, and has at most 10 MB
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const SENT_KB: u32 = 7500;

/// Rules of a Kinesis stream.
pub(super) fn kinesis(cx: &Cx<'_>, kinesis: &At<'_, OwnOrExisting<Kinesis>>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = existing(kinesis, &KINESIS).into_iter().collect();
    let shards = kinesis.at("shards");
    if kinesis.own().is_some_and(|own| own.on_demand) && cx.has(&shards) {
        let problem = Problem::error(shards, "`shards` does not go with `on_demand: true`");
        problems.push(problem.hint("take one of the two out: AWS sizes an on-demand stream").on_key());
    }
    problems.extend(kinesis.own().and_then(|own| one_encryption(cx, &own.at("key"), &own.at("encryption"))));
    problems.extend(larger(cx, kinesis));
    problems
}

/// Records that the stream takes, but not what is behind or before it.
fn larger(cx: &Cx<'_>, kinesis: &At<'_, OwnOrExisting<Kinesis>>) -> Option<Problem> {
    let (path, most) = (kinesis.at("max_record_kb"), kinesis.own()?.max_record_kb);
    let (message, hint) = if !cx.sound(&path) {
        return None;
    } else if most > HANDLED_KB && cx.spec.function().is_some() {
        let message = format!(
            "a record of more than about {HANDLED_KB} KiB never reaches the function: Lambda's event holds it in base64, and has at \
             most 6 MB. It is given up"
        );
        (message, HANDLED_KB)
    } else if most > SENT_KB && cx.spec.api().is_some() {
        let message = format!(
            "the API sends no record of more than about {SENT_KB} KiB: its request to the stream holds it in base64, and has at most \
             10 MB"
        );
        (message, SENT_KB)
    } else {
        return None;
    };
    Some(Problem::warning(path, message).hint(format!("at most {hint}, or senders that keep below it")))
}

/// Rules of a table.
pub(super) fn table(cx: &Cx<'_>, target: &At<'_, Target>) -> Vec<Problem> {
    let table = At { path: target.path.clone(), it: &target.it.table };
    let mut problems: Vec<Problem> = existing(&table, &TABLE).into_iter().collect();
    let Some(own) = table.own() else { return problems };
    if cx.file.pointer(&target.at("dev")).is_some() {
        let message = "`dev` gives the keys of an existing table, but this one is the pipeline's own";
        problems.push(Problem::error(target.at("dev"), message).hint("take `dev` out").on_key());
    }
    let twice = own.sort_key.as_ref().is_some_and(|key| key.name == own.partition_key.name);
    if twice && cx.sound(&own.at("partition_key")) && cx.sound(&own.at("sort_key")) {
        let message = "the sort key is the same attribute as the partition key";
        problems.push(Problem::error(own.at("sort_key"), message).hint("name another attribute, or take it out"));
    }
    problems.extend(one_encryption(cx, &own.at("key"), &own.at("encryption")));
    problems
}

/// Rules of the dlq's queue: messages move to a queue of their own sort alone.
pub(super) fn queue(cx: &Cx<'_>, queue: &At<'_, OwnOrExisting<Queue>>) -> Vec<Problem> {
    let fifo = queue.it.existing().map(|existing| existing.name().ends_with(FIFO));
    let moves = cx.spec.fed_queue().is_some();
    let (message, hint) = match fifo {
        Some(false) if cx.spec.is_fifo() => {
            ("messages of a FIFO queue move to a FIFO queue alone", "name one whose name ends with `.fifo`")
        }
        Some(true) if moves && !cx.spec.is_fifo() => {
            ("messages of a standard queue move to a standard queue alone", "name a standard queue")
        }
        Some(true) if !moves => ("a FIFO queue takes no records of an event source mapping", "name a standard queue"),
        _ => return existing(queue, &QUEUE).into_iter().collect(),
    };
    vec![Problem::error(queue.at("existing"), message).hint(hint)]
}

/// The name of an existing queue that feeds the consumer.
pub(super) fn feeding(queue: &At<'_, OwnOrExisting<QueueStream>>) -> Option<Problem> {
    existing(queue, &QUEUE)
}

/// Rules of the secret of basic authentication.
pub(super) fn basic(cx: &Cx<'_>, basic: &At<'_, Basic>) -> Vec<Problem> {
    let Some(Secret::Existing(secret)) = &basic.it.secret else { return Vec::new() };
    let mut problems: Vec<Problem> = wrong(&basic.below("secret/existing", secret), &SECRET).into_iter().collect();
    if cx.has(&basic.at("on_destroy")) {
        let message = "`on_destroy` does not go with an existing secret: the pipeline never deletes it";
        problems.push(Problem::error(basic.at("on_destroy"), message).hint("take `on_destroy` out").on_key());
    }
    problems
}

/// What one kind of existing resource may be called.
struct Named {
    what: &'static str,
    service: &'static str,
    prefix: &'static str,
    letters: &'static str,
    shortest: usize,
    length: usize,
}

const KINESIS: Named =
    Named { what: "a Kinesis stream", service: "kinesis", prefix: "stream/", letters: "_.-", shortest: 1, length: 128 };
const TABLE: Named =
    Named { what: "a DynamoDB table", service: "dynamodb", prefix: "table/", letters: "_.-", shortest: 3, length: 255 };
const QUEUE: Named = Named { what: "an SQS queue", service: "sqs", prefix: "", letters: "_-", shortest: 1, length: 80 };
const SECRET: Named = Named {
    what: "a secret of Secrets Manager",
    service: "secretsmanager",
    prefix: "secret:",
    letters: "/_+=.@-",
    shortest: 1,
    length: 512,
};

fn existing<T>(place: &At<'_, OwnOrExisting<T>>, rule: &Named) -> Option<Problem> {
    wrong(&place.below("existing", place.it.existing()?), rule)
}

/// `existing` names a resource of the right kind, by its ARN, or by the characters of its name.
fn wrong(existing: &At<'_, Existing>, rule: &Named) -> Option<Problem> {
    let (path, what) = (existing.path.as_str(), rule.what);
    let fits = |name: &str| {
        let name = if rule.service == "sqs" { name.strip_suffix(FIFO).unwrap_or(name) } else { name };
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
            let place = partition.starts_with("aws") && !region.is_empty() && digits;
            place && *service == rule.service && name.is_some_and(fits)
        }
        _ => false,
    };
    (!right).then(|| {
        let problem = Problem::error(path, format!("`{}` is not the ARN of {what}", short(arn)));
        problem.hint(format!("it looks like `arn:aws:{}:eu-west-1:123456789012:{}NAME`", rule.service, rule.prefix))
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
