//! `pipe send`: posts events to the API with the pipeline's own credentials, or puts them into another source, or without a source where
//! the consumer reads them, and follows them to where they end.

mod data;
mod event;
mod example;
mod follow;
pub mod form;
mod pass;
mod rows;
mod signer;
mod tally;
mod to;

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cli::{Global, SendArgs, exit};
use crate::commands::halt::Halt;
use crate::commands::running::Running;
use crate::commands::{Outcome, Stop, walk};
use crate::error::{Class, Error, Result};
use crate::kinds;
use crate::resource::Resource;
use crate::session;
use crate::spec::{Function, Loaded, Route};
use crate::term::{Progress, Shell};
use event::Maker;
pub use example::{Example, example_data, example_requests};
use follow::{Follow, Places, Sent, Taker};
use tally::Tally;
use to::{How, Target, push};

/// What is said on Ctrl-C.
const STOPPING: &str = "interrupted: nothing more is sent; the events that were sent are on their way";

/// Runs the command.
pub async fn run(shell: Shell, global: &Global, args: &SendArgs) -> Outcome {
    let loaded = walk::spec(global, &args.spec.file)?;
    let route = route(&loaded, args.route.as_deref())?;
    let data = args.data.as_deref().map(data::read).transpose()?;
    let count = data::count(data.as_ref(), args.count)?;
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
    let maker = Maker { loaded: &loaded, route, keys, needs, data, count, run };

    let start = Instant::now();
    let mut tally = Tally::default();
    let (sent, failed) = send(shell, &target, &maker, &stopped, &mut tally).await;
    shell.line(&tally.event(count, start.elapsed()));
    shell.out(&tally.text(&target.told(), start.elapsed()));

    let taken = if tells { Some(sent.len()) } else { None };
    let failed = failed.map(|error| unanswered(error, global, route)).or_else(|| refused(&tally, &target, taken));
    let missing = match args.follow && !sent.is_empty() {
        true => follow(shell, &running, &places, sent, args, &stopped).await?,
        false => 0,
    };
    match failed {
        _ if *stopped.borrow() => Ok(exit::INTERRUPTED),
        Some(error) => Err(error.into()),
        None => Ok(if missing > 0 { exit::FAILED } else { exit::OK }),
    }
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
fn refused(tally: &Tally, target: &Target, taken: Option<usize>) -> Option<Error> {
    let placeless = || {
        let error = Error::fatal("the API answers 200, but does not say where the stream has the record");
        error.hint("is it the API of this spec? `pipe diff` shows what differs")
    };
    let strange = taken.is_some_and(|taken| usize::try_from(tally.accepted()) != Ok(taken));
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

/// Sends all events, some at once. Returns what the stream took, and the error that ended it early.
async fn send(
    shell: Shell,
    target: &Target,
    maker: &Maker<'_>,
    stopped: &watch::Receiver<bool>,
    tally: &mut Tally,
) -> (Vec<Sent>, Option<Error>) {
    let (mut sent, mut failed, mut hopeless) = (Vec::new(), None, false);
    let mut progress = Progress::new(shell);
    let mut under_way = JoinSet::new();
    let mut events = (1..=maker.count).map(|n| maker.event(n)).peekable();
    loop {
        while under_way.len() < target.at_once() && failed.is_none() && !hopeless && !*stopped.borrow() {
            let some = target.most().next(&mut events);
            if some.is_empty() {
                break;
            }
            under_way.spawn(target.clone().send(some));
        }
        match under_way.join_next().await {
            None => break,
            Some(Ok(Ok(answers))) => {
                for answer in answers {
                    tally.add(answer.status, answer.message.as_deref());
                    hopeless |= tally::is_hopeless(answer.status);
                    shell.line(&tally::event(&answer));
                    if maker.count == 1 {
                        progress.out(&tally::line(&answer));
                    }
                    sent.extend(Sent::of(answer));
                }
            }
            Some(Ok(Err(error))) => failed = failed.or(Some(error)),
            Some(Err(error)) => failed = failed.or(Some(Error::defect(error.to_string()))),
        }
        progress.tell(&tally.progress(maker.count));
    }
    sent.sort_by_key(|sent: &Sent| sent.n);
    (sent, failed)
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
fn unanswered(error: Error, global: &Global, route: Option<&Route>) -> Error {
    match (error.class(), global.session.is_some()) {
        (Class::Unclear, true) => error.hint("is `pipe dev` still running?"),
        (Class::Unclear, false) if route.is_some() => {
            error.hint("check the network and proxy; the name of a new API takes a moment to resolve")
        }
        _ => error,
    }
}
