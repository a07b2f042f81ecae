//! Records of a stream that wait for the consumer's function.

use super::{Figure, Limit, Watch, run, spoken};
use crate::lower::Lowering;
use crate::lower::consumer::MAPPING;

/// Watches how old the records are that the function has just handled: they must not wait for longer than a third of the time until the
/// stream forgets them, or two thirds of that until the mapping gives them up
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>).
pub(super) fn waits(lowering: &Lowering<'_>, kept_seconds: u32) -> Watch {
    let given_up = lowering.spec.max_age_hours() * 60 * 60;
    let (third, patience) = (kept_seconds / 3, given_up / 3 * 2);
    let (seconds, of) = match patience < third {
        true => (patience, format!("two thirds of the {} after which the mapping gives records up", spoken(given_up))),
        false => (third, format!("a third of the {} that the stream keeps records", spoken(kept_seconds))),
    };
    let dimensions = [("FunctionName", lowering.spec.consumer_name())];
    let figure = Figure::sum("AWS/Lambda", "IteratorAge", dimensions).maximum().time();
    let text = format!(
        "The function handles records that are older than {}, {of}: it is too slow, or repeats a batch that fails. {} shows which shard is \
         behind and until when its records can be read; {} shows why the function fails. More shards, a larger `parallelization` or \
         more memory make it faster.",
        spoken(seconds),
        run("status"),
        run("logs")
    );
    Watch::new("records-wait", MAPPING, figure, Limit::Once(f64::from(seconds) * 1000.0), text)
}
