//! `pipe send`: posts events to the API with the pipeline's own credentials, or puts them into another source, or without a source where
//! the consumer reads them, and follows them to where they end.

mod data;
mod event;
mod example;
mod follow;
pub mod form;
mod latency;
mod pace;
mod pass;
mod sending;
mod signer;
mod tally;
mod to;

use std::time::Duration;

use tokio::sync::watch;

use crate::cli::{Global, SendArgs, exit};
use crate::commands::ends::Taker;
use crate::commands::halt::Halt;
use crate::commands::running::Running;
use crate::commands::{Outcome, Stop, walk};
use crate::error::{Class, Error, Result};
use crate::kinds;
use crate::resource::Resource;
use crate::session;
use crate::spec::{Function, Loaded, Route};
use crate::term::Shell;
use data::Data;
use event::Maker;
pub use example::{Example, example_data, example_requests};
use follow::{Follow, Places, Sent};
use sending::{Events, Load, Sending};
use tally::Tally;
use to::{How, Target, push};

/// What is said on Ctrl-C.
const STOPPING: &str = "interrupted: nothing more is sent; the events that were sent are on their way";

/// Events that are followed at most: each is kept until it has arrived.
const MOST_FOLLOWED: u32 = 100_000;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &SendArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let route = route(&loaded, args.route.as_deref())?;
    let data = data::read(args.data.as_deref(), args.events.as_deref())?;
    let load = load(args, data.as_ref())?;
    let running = Running::of(global, &loaded).await?;
    let (places, keys) = places(&running, global, args).await?;
    let run = event::new_run();
    let (target, needs) = Target::of(&running, &How { route, group: args.group.as_deref(), run }).await?;
    push::remark(&loaded.spec, data.is_some()).into_iter().for_each(|text| shell.remark(&text));
    let stopped = Halt::on_interrupt(shell, STOPPING).told();
    // The answer of a table, a function or another service names no record that could be followed.
    let tells = route.is_none_or(|route| loaded.spec.calls_stream(route)) && loaded.spec.alexa().is_none();
    if args.follow
        && let Some(limits) = unfollowed(&loaded, &places, tells)
    {
        shell.remark(limits);
    }
    let (data, lines) = data::parts(data);
    let maker = Maker { loaded: &loaded, route, keys, needs, data, once: load.count == Some(1), run };
    let mut events = Events::new(&maker, lines, load.count);

    let sending::Outcome { tally, sent, taken, failed, took } =
        Sending::new(shell, &target, load, &stopped).run(&mut events).await;
    shell.line(&tally.event(load.count, took));
    shell.out(&tally.text(&target.told(), took));

    let taken = tells.then_some(taken);
    let private = loaded.spec.api().is_some_and(|api| api.private.is_some());
    let failed =
        failed.map(|error| unanswered(error, global, route, private)).or_else(|| refused(&tally, &target, taken));
    let missing = match sent.is_empty() {
        false => follow(shell, &running, &places, sent, args, &stopped).await?,
        true => 0,
    };
    match failed {
        _ if *stopped.borrow() => Ok(exit::INTERRUPTED),
        Some(error) => Err(error.into()),
        None => Ok(if missing > 0 { exit::FAILED } else { exit::OK }),
    }
}

/// How much is sent, and how fast.
fn load(args: &SendArgs, data: Option<&Data>) -> Result<Load> {
    let count = match data {
        Some(Data::Lines(_)) if args.count != 1 => {
            return Err(Error::fatal("--count does not go with a file of many events")
                .hint("each line of the file is sent once: leave --count out"));
        }
        Some(Data::Lines(lines)) => lines.count,
        _ => args.duration.is_none().then_some(args.count),
    };
    if args.follow && count.is_some_and(|count| count > MOST_FOLLOWED) {
        return Err(Error::fatal(format!("--follow follows at most {MOST_FOLLOWED} events"))
            .hint("cut the file into several, or send it without --follow"));
    }
    Ok(Load { rate: args.rate, duration: args.duration, count, follow: args.follow })
}

/// What of a run's events cannot be followed, if anything. The bundled handler makes each a row or a letter.
fn unfollowed(loaded: &Loaded, places: &Places, tells: bool) -> Option<&'static str> {
    let bundled = loaded.spec.function().is_some_and(Function::is_bundled);
    if let Some(limits) = push::unfollowed(&loaded.spec) {
        return Some(limits);
    }
    match &places.table {
        _ if !tells => Some("nothing is followed: the answers of this route name no record"),
        _ if bundled || places.taker.is_some() => None,
        Some(_) => Some(
            "an event that becomes neither a row under its key nor a dead letter cannot be followed: --follow then waits until --timeout",
        ),
        None => Some(
            "only dead letters can be followed: nobody reports which events the function took, so --follow waits until --timeout",
        ),
    }
}

/// Why not every event that was answered is in the stream.
fn refused(tally: &Tally, target: &Target, taken: Option<u32>) -> Option<Error> {
    let placeless = || {
        let error = Error::fatal("the API answers 200, but does not say where the stream has the record");
        error.hint("is it the API of this spec? `pipe diff` shows what differs")
    };
    let strange = taken.is_some_and(|taken| tally.accepted() != taken);
    tally.refusal(|status| target.hint(status)).or_else(|| strange.then(placeless))
}

/// The route that is meant; nothing where the pipeline has no API.
fn route<'a>(loaded: &'a Loaded, asked: Option<&str>) -> Result<Option<&'a Route>> {
    match (loaded.spec.api(), asked) {
        (Some(api), _) => event::route(api, asked).map(Some),
        (None, Some(_)) => Err(Error::fatal("--route is of an API, and the spec has none")
            .hint("leave it out: events go to the source or to `stream`")),
        (None, None) if loaded.spec.stream.is_none() && loaded.spec.pushing().is_none() => {
            let error = Error::fatal(format!("the pipeline `{}` has nothing to send to", loaded.spec.name));
            Err(error.hint("`pipe send` sends to `source`; without one, it puts events into `stream`"))
        }
        (None, None) => Ok(None),
    }
}

/// Where events may end, and the key attributes of the table.
async fn places(running: &Running, global: &Global, args: &SendArgs) -> Result<(Places, Vec<kinds::table::Key>), Stop> {
    let (follow, (table, keys)) = (args.follow, running.table().await?.unzip());
    let queue = if follow { running.queue().await? } else { None };
    // How far the stream is says nothing about what is still on its way from the source.
    let straight = running.spec.pushing().is_none() || push::fills_stream(&running.spec);
    let consumed = straight && running.spec.function().is_some() && global.session.is_some();
    let taker = match (follow && consumed, running.stream()) {
        (true, Ok((kind, _))) => taker(running, kind, args).await?,
        _ => None,
    };
    if follow && table.is_none() && queue.is_none() && taker.is_none() {
        let error = Error::fatal("there is nowhere to follow the events to");
        return Err(error.hint("--follow looks into `sink.table` and `dlq.queue`, and the spec has neither").into());
    }
    Ok((Places { table, queue, taker }, keys.unwrap_or_default()))
}

/// What shows in a `pipe dev` how far the consumer is. A change of a table is known by its item, and not by its place in the stream.
async fn taker(running: &Running, kind: &str, args: &SendArgs) -> Result<Option<Taker>> {
    Ok(match kind {
        kinds::queue::Queue::KIND => Some(Taker::Queue(running.stream_url().await?)),
        kinds::table::Table::KIND => None,
        _ => Some(Taker::Checkpoints(session::checkpoints(&args.spec.file)?)),
    })
}

/// Returns how many are dead letters, or still on their way.
async fn follow(
    shell: Shell,
    running: &Running,
    places: &Places,
    sent: Vec<Sent>,
    args: &SendArgs,
    stopped: &watch::Receiver<bool>,
) -> Result<usize> {
    let mut follow = Follow::new(shell, &running.cx, places, sent);
    let outcome = follow.run(Duration::from_secs(args.timeout.into()), stopped).await;
    let missing = follow.conclude();
    match outcome {
        // On Ctrl-C, everything that is known has been printed.
        Err(error) if error.class() == Class::Interrupted => Ok(0),
        outcome => outcome.map(|()| missing),
    }
}

/// Says what to do where there was no answer.
fn unanswered(error: Error, global: &Global, route: Option<&Route>, private: bool) -> Error {
    match (error.class(), global.session.is_some()) {
        (Class::Unclear, true) => error.hint("is `pipe dev` still running?"),
        (Class::Unclear, false) if private && route.is_some() => error
            .hint("the API is private: run this on a machine in the endpoint's VPC, or in a network that leads there"),
        (Class::Unclear, false) if route.is_some() => {
            error.hint("check the network and proxy; the name of a new API takes a moment to resolve")
        }
        _ => error,
    }
}
