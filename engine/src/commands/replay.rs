//! `pipe replay`: sends a part of the stream to the consumer's function once more, in order, and leaves the mapping's checkpoint alone.

mod run;
mod shards;

use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pipe_local::event::Location;

use crate::cli::{Global, ReplayArgs, exit};
use crate::commands::consent::agree;
use crate::commands::dlq::records::{keeps_since, now, time};
use crate::commands::dlq::redrive::remarks;
use crate::commands::halt::Halt;
use crate::commands::hand::{Consumer, Mapping, Pace, calls};
use crate::commands::moment::rfc3339;
use crate::commands::running::Running;
use crate::commands::{Outcome, Stop, walk};
use crate::error::{Class, Error, Result};
use crate::event::{Event, milliseconds, redrive};
use crate::names::quoted;
use crate::spec::Spec;
use crate::tame::tame;
use crate::term::{Shell, some};
use run::{Replay, Went};
use shards::{From, Order};

/// What is said on Ctrl-C.
const STOPPING: &str = "interrupted: no more records are sent; the batches under way are finished";
/// Shards that are read at the same time: each calls the function.
const AT_ONCE: usize = 16;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &ReplayArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    is_kept(&loaded.spec)?;
    let now = now();
    let (since_ms, until_ms) = (args.since.millis(now), args.until.map_or(now, |until| until.millis(now)));
    if since_ms > until_ms {
        return Err(Error::fatal(format!("--since {} is after --until {}", time(since_ms), time(until_ms))).into());
    }
    let from: Vec<From> = args.from.iter().map(|text| From::read(text)).collect::<Result<_>>()?;
    let running = Running::of(global, &loaded).await?;
    let consumer = Consumer::of(&running.cx, &running.spec.consumer_name()).await?;
    let mapping = mapping(&consumer, &running.stream()?.1)?;
    let stopped = Halt::on_interrupt(shell, STOPPING).told();
    let listed = shards::list(&running.cx, &mapping.stream_arn).await?;
    let order = Order::of(listed, args.shard.as_deref(), &from, since_ms)?;
    if let Some(oldest) = keeps_since(&running.cx, &mapping.stream_arn, now).await?.filter(|oldest| *oldest > since_ms)
    {
        shell.warn(&format!("the stream has forgotten what came before {}: the replay begins there", time(oldest)));
    }
    if !args.dry_run {
        remarks(&running.spec, &consumer, global.session.is_some()).iter().for_each(|text| shell.warn(text));
        agreed(shell, args, &consumer, order.len(), (since_ms, until_ms))?;
    }
    let replay = Replay {
        cx: &running.cx,
        stream_arn: &mapping.stream_arn,
        mapping: &mapping.properties,
        call: (!args.dry_run).then(|| calls(&running.cx, &consumer)),
        pace: Pace::new(args.rate),
        since_ms,
        until_ms,
        stopped,
    };
    let start = Instant::now();
    let (records, left, failed) = all(shell, &replay, order).await;
    conclude(shell, global, args, &replay, (records, left, failed), start)
}

/// Sends all shards, some at once. Returns how many records the function took, where to go on, and whether one failed.
async fn all(shell: Shell, replay: &Replay<'_>, mut order: Order) -> (usize, Vec<From>, bool) {
    let (mut records, mut left, mut failed) = (0, Vec::new(), false);
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < AT_ONCE && !*replay.stopped.borrow() {
            let Some((shard, begin)) = order.next() else { break };
            under_way.push(replay.shard(shard, begin));
        }
        let Some(went) = under_way.next().await else { break };
        told(shell, &went);
        records += went.records;
        failed |= went.why.is_some();
        match went.from {
            None => order.ended(&went.shard),
            Some(from) => left.push(from),
        }
    }
    left.extend(order.left());
    (records, left, failed)
}

fn told(shell: Shell, went: &Went) {
    let Went { shard, records, from, why } = went;
    shell.line(&Event::Replayed(redrive::Replayed {
        shard: shard.clone(),
        records: *records,
        from: from.as_ref().map(From::text),
        why: why.as_ref().map(ToString::to_string),
    }));
    let ended = match (from, why) {
        (None, _) => String::new(),
        (Some(_), Some(why)) => format!(", then it stopped: {}", tame(&why.to_string())),
        (Some(_), None) => ", then it was interrupted".to_owned(),
    };
    shell.out(&format!("{}: {records} records{ended}\n", tame(shard)));
}

fn conclude(
    shell: Shell,
    global: &Global,
    args: &ReplayArgs,
    replay: &Replay<'_>,
    (records, left, failed): (usize, Vec<From>, bool),
    start: Instant,
) -> Outcome {
    let interrupted = *replay.stopped.borrow();
    shell.line(&Event::ReplayedAll(redrive::ReplayedAll {
        records,
        from: left.iter().map(From::text).collect(),
        interrupted,
        milliseconds: milliseconds(start.elapsed()),
    }));
    let word = match (args.dry_run, records) {
        (true, _) => "would be sent",
        (false, 1) => "was taken",
        (false, _) => "were taken",
    };
    shell.out(&format!("{} {word}\n", some(records, "record")));
    if !left.is_empty() && !args.dry_run {
        let from: String = left.iter().map(|from| format!(" --from {}", quoted(&from.text()))).collect();
        let file = args.spec.file.display().to_string();
        let (since, until) = (quoted(&rfc3339(replay.since_ms)), quoted(&rfc3339(replay.until_ms)));
        shell.err(&format!(
            "to go on from there: pipe replay {} --since {since} --until {until}{from}{}\n",
            quoted(&file),
            global.way()
        ));
    }
    Ok(match (interrupted, failed) {
        (true, _) => exit::INTERRUPTED,
        (false, true) => exit::FAILED,
        (false, false) => exit::OK,
    })
}

/// Refuses a pipeline whose events nobody keeps after they were handled.
fn is_kept(spec: &Spec) -> Result<()> {
    let refused = |why: &str, hint: &str| Err(Error::fatal(why.to_owned()).hint(hint));
    match &spec.stream {
        _ if spec.function().is_none() => {
            refused("the pipeline has no consumer that could take a record", "`consumer.function` makes one")
        }
        _ if spec.fed_queue().is_some() => refused(
            "a queue cannot be replayed: a message that was handled is deleted from it",
            "`pipe dlq redrive` sends what could not be handled once more",
        ),
        Some(_) => Ok(()),
        None => refused(
            "there is no stream to replay: the source calls the function itself, and nobody keeps its events",
            "`pipe dlq redrive` sends what could not be handled once more",
        ),
    }
}

/// The mapping that reads the stream; of a table's streams the newest.
fn mapping<'a>(consumer: &'a Consumer, stream: &str) -> Result<&'a Mapping> {
    let is_of = |mapping: &&Mapping| Location::of(&mapping.stream_arn, None).name.as_deref() == Some(stream);
    let streams = consumer.mappings.iter().filter(is_of);
    streams.max_by(|a, b| a.stream_arn.cmp(&b.stream_arn)).ok_or_else(|| {
        Error::new(Class::NotFound, format!("no mapping reads `{stream}` for the function `{}`", consumer.name))
            .hint("`pipe diff` shows what is missing")
    })
}

fn agreed(shell: Shell, args: &ReplayArgs, consumer: &Consumer, shards: usize, span: (i64, i64)) -> Result<(), Stop> {
    if args.yes {
        return Ok(());
    }
    let (since, until, function) = (time(span.0), time(span.1), tame(&consumer.name));
    let question = format!("Send the records of {shards} shards from {since} to {until} to `{function}` once more?");
    Ok(agree(shell, &question, "nothing was sent", "pass --yes, or --dry-run to count the records")?)
}
