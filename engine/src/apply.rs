//! Carries a plan out: one loop owns all state, tasks do the calls and return results.
//!
//! A step starts the moment that what it waits for has succeeded; of the ready ones, the one with the longest chain behind it
//! goes first. A failure stops only what depends on it. There is no rollback: the way out is forward, and running it again is
//! always safe.

mod step;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::aws::{Cx, Note, Said, within};
use crate::diff;
use crate::error::{Class, Error, Result};
use crate::event::{Event, Failure, milliseconds};
use crate::owner::{APPLIED, FOLLOWS};
use crate::plan::{Change, Plan, Step, Verb, follow_tag, steps};
use crate::resource::{Id, Kind, Made, Outputs};

/// Calls for different resources at one time.
const CONCURRENCY: usize = 10;

/// A run that says nothing for so long says how far it is.
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// How a run ended.
#[derive(Debug, Default)]
pub struct Outcome {
    pub done: usize,
    pub failed: Vec<(Id, Error)>,
    pub skipped: Vec<Id>,
    pub interrupted: bool,
    /// What each resource gives, after the run; of those that it did not touch, as they were read.
    pub outputs: BTreeMap<Id, Outputs>,
}

/// What a finished step tells the loop.
struct Finished {
    result: Result<Option<Made>>,
    took: Duration,
}

struct Run<'a> {
    plan: &'a Arc<Plan>,
    steps: Vec<Step>,
    /// Per step: how many it still waits for.
    waits: Vec<usize>,
    /// Why a step will not run.
    doomed: Vec<Option<String>>,
    /// Which steps have succeeded, failed or been skipped.
    ended: Vec<bool>,
    under_way: HashMap<task::Id, usize>,
    /// Steps that no longer wait for a step which is under way: it has said that its resource is there.
    early: HashSet<(usize, usize)>,
    identities: BTreeMap<Id, String>,
    outcome: Outcome,
    events: &'a mpsc::UnboundedSender<Event>,
    start: Instant,
    /// When something was said last, but for failed calls.
    said: Instant,
}

/// Runs the plan until nothing is left that can run. `stop` turns true to begin no further step.
pub async fn run(
    cx: &Cx,
    plan: &Arc<Plan>,
    kinds: &'static [Kind],
    events: &mpsc::UnboundedSender<Event>,
    stop: watch::Receiver<bool>,
) -> Outcome {
    let (notes, mut noted) = mpsc::unbounded_channel::<Note>();
    let cx = cx.clone().with_notes(notes).with_stop(stop.clone());
    let mut run = Run::new(plan, steps(plan, kinds), events);
    let mut tasks: JoinSet<Finished> = JoinSet::new();
    let mut ready: Vec<usize> = (0..run.steps.len()).filter(|&step| run.waits[step] == 0).collect();
    loop {
        run.outcome.interrupted |= *stop.borrow();
        ready.sort_by_key(|&step| run.steps[step].chain);
        while !run.outcome.interrupted && tasks.len() < CONCURRENCY {
            let Some(step) = ready.pop() else { break };
            run.start(&cx, step, &mut tasks);
        }
        tokio::select! {
            // The messages of a step come before its end.
            biased;
            Some(note) = noted.recv() => ready.extend(run.note(note)),
            finished = tasks.join_next_with_id() => match finished {
                None => break,
                Some(finished) => ready.extend(run.finish(finished)),
            },
            () = sleep_until(run.said + HEARTBEAT) => run.progress(),
        }
    }
    run.end()
}

impl<'a> Run<'a> {
    fn new(plan: &'a Arc<Plan>, steps: Vec<Step>, events: &'a mpsc::UnboundedSender<Event>) -> Self {
        let mut outcome = Outcome::default();
        let mut identities = BTreeMap::new();
        let lives = plan
            .changes
            .iter()
            .filter(|change| !change.orphan)
            .filter_map(|change| Some((&change.id, change.live.as_ref()?)));
        for (id, live) in lives.chain(plan.uses.iter().map(|used| (&used.id, &used.live))) {
            outcome.outputs.insert(id.clone(), live.outputs.clone());
            identities.insert(id.clone(), live.identity.clone());
        }
        let waits = steps.iter().map(|step| step.after.len()).collect();
        let (doomed, ended) = (vec![None; steps.len()], vec![false; steps.len()]);
        let (under_way, early, start) = (HashMap::new(), HashSet::new(), Instant::now());
        Self { plan, steps, waits, doomed, ended, under_way, early, identities, outcome, events, start, said: start }
    }

    fn send(&mut self, event: Event) {
        // A call may fail every other second for minutes: that is not news of the run.
        if !matches!(event, Event::CallFailed { .. }) {
            self.said = Instant::now();
        }
        // Without a reader nobody wants to know; the outcome is returned all the same.
        let _ = self.events.send(event);
    }

    fn change(&self, step: usize) -> &'a Change {
        &self.plan.changes[self.steps[step].change]
    }

    /// Takes in what a step says; gives the steps that are ready now.
    fn note(&mut self, note: Note) -> Vec<usize> {
        let Some(id) = note.id else { return Vec::new() };
        match note.said {
            Said::Waiting(waiting_for) => self.send(Event::Waiting { id, waiting_for }),
            Said::Again(error) => self.send(Event::CallFailed { id, error: Failure::from(&error), again: true }),
            Said::There { outputs, identity } => return self.there(id, Made { outputs, identity }),
        }
        Vec::new()
    }

    /// Counts a step as over for those that follow its resource.
    fn there(&mut self, id: Id, made: Made) -> Vec<usize> {
        let Some(&leader) = self.under_way.values().find(|&&step| self.change(step).id == id) else {
            return Vec::new();
        };
        self.identities.insert(id.clone(), made.identity);
        self.outcome.outputs.insert(id.clone(), made.outputs);
        let follows = |step: &usize| self.change(*step).needs.iter().any(|need| need.follow && need.of == id);
        let waiting =
            |step: &usize| self.steps[*step].after.contains(&leader) && !self.early.contains(&(leader, *step));
        let followers: Vec<usize> = (0..self.steps.len()).filter(waiting).filter(follows).collect();
        for &step in &followers {
            self.early.insert((leader, step));
            self.waits[step] -= 1;
        }
        followers.into_iter().filter(|&step| self.waits[step] == 0 && self.doomed[step].is_none()).collect()
    }

    /// Says how far the run is.
    fn progress(&mut self) {
        let mut under_way: Vec<Id> = self.under_way.values().map(|&step| self.change(step).id.clone()).collect();
        under_way.sort();
        let (done, total) = (self.outcome.done, self.steps.len());
        self.send(Event::Progress { done, total, under_way, milliseconds: milliseconds(self.start.elapsed()) });
    }

    fn start(&mut self, cx: &Cx, step: usize, tasks: &mut JoinSet<Finished>) {
        let (change, verb) = (self.change(step), self.steps[step].verb);
        let (id, kind, name) = (change.id.clone(), change.kind.name, change.name.to_string());
        self.send(Event::Started { id, kind, name, verb });
        let mut tags = change.tags.clone();
        if let (Verb::Ensure, Some(meanwhile)) = (verb, &change.meanwhile) {
            tags.entry(APPLIED.into()).and_modify(|hash| *hash = diff::hash(meanwhile));
        }
        let followed: Vec<&Id> = change.needs.iter().filter(|need| need.follow).map(|need| &need.of).collect();
        if !followed.is_empty() {
            tags.insert(FOLLOWS.into(), follow_tag(&followed, &self.identities));
        }
        let cx = cx.for_resource(&change.id, tags);
        // The steps before this one have made its needs; a delete concerns what was there before.
        let resolved = if verb == Verb::Delete { Ok(None) } else { step::resolved(change, &self.outcome.outputs) };
        let (plan, index, start) = (self.plan.clone(), self.steps[step].change, Instant::now());
        let task = tasks.spawn(within(cx.clone(), async move {
            let result = match resolved {
                Ok(change) => carry_out(&cx, change.as_ref().unwrap_or(&plan.changes[index]), verb).await,
                Err(defect) => Err(defect),
            };
            Finished { result, took: start.elapsed() }
        }));
        self.under_way.insert(task.id(), step);
    }

    /// Takes the end of a task in; gives the steps that are ready now.
    fn finish(&mut self, finished: Result<(task::Id, Finished), JoinError>) -> Vec<usize> {
        let (task, Finished { result, took }) = finished.unwrap_or_else(|panic| {
            (panic.id(), Finished { result: Err(Error::defect(panic.to_string())), took: Duration::ZERO })
        });
        let Some(step) = self.under_way.remove(&task) else { return Vec::new() };
        self.ended[step] = true;
        let (id, verb) = (self.change(step).id.clone(), self.steps[step].verb);
        match result {
            Ok(made) => {
                self.outcome.done += 1;
                if let Some(made) = made
                    && !self.change(step).orphan
                {
                    self.identities.insert(id.clone(), made.identity);
                    self.outcome.outputs.insert(id.clone(), made.outputs);
                }
                let outcome = self.steps[step].outcome(self.change(step));
                self.send(Event::Done { id, verb, milliseconds: milliseconds(took), outcome });
            }
            Err(error) if error.class() == Class::Interrupted => {
                self.outcome.interrupted = true;
                self.skip(step, error.message());
                self.doomed[step] = Some(format!("`{id}` was interrupted"));
            }
            Err(error) => {
                let failure = Failure::from(&error);
                if error.failed_call().is_some() {
                    self.send(Event::CallFailed { id: id.clone(), error: failure.clone(), again: false });
                }
                self.send(Event::Failed { id: id.clone(), verb, error: failure });
                self.outcome.failed.push((id.clone(), error));
                self.doomed[step] = Some(format!("`{id}` failed"));
            }
        }
        self.release(step)
    }

    /// Counts a step as over for those that wait for it; gives those that may start.
    fn release(&mut self, over: usize) -> Vec<usize> {
        let mut ready = Vec::new();
        let mut ended = vec![over];
        while let Some(over) = ended.pop() {
            let doom = self.doomed[over].clone();
            for step in 0..self.steps.len() {
                if !self.steps[step].after.contains(&over) || self.early.contains(&(over, step)) {
                    continue;
                }
                self.waits[step] -= 1;
                if self.doomed[step].is_none() {
                    self.doomed[step] = doom.clone();
                }
                match &self.doomed[step] {
                    _ if self.waits[step] > 0 => {}
                    None => ready.push(step),
                    Some(because) => {
                        self.skip(step, &because.clone());
                        ended.push(step);
                    }
                }
            }
        }
        ready
    }

    fn skip(&mut self, step: usize, because: &str) {
        self.ended[step] = true;
        let (id, verb) = (self.change(step).id.clone(), self.steps[step].verb);
        self.send(Event::Skipped { id: id.clone(), verb, because: because.to_owned() });
        self.outcome.skipped.push(id);
    }

    /// Steps that never began because the run was interrupted are left to do as well.
    fn end(mut self) -> Outcome {
        let left: Vec<usize> = (0..self.steps.len()).filter(|&step| !self.ended[step]).collect();
        for step in left {
            let because = self.doomed[step].take().unwrap_or_else(|| "the run was stopped".to_owned());
            self.skip(step, &because);
        }
        let outcome = &self.outcome;
        let summary = Event::Summary {
            done: outcome.done,
            failed: outcome.failed.len(),
            skipped: outcome.skipped.len(),
            interrupted: outcome.interrupted,
            milliseconds: milliseconds(self.start.elapsed()),
        };
        self.send(summary);
        self.outcome
    }
}

/// Does the calls of one step.
async fn carry_out(cx: &Cx, change: &Change, verb: Verb) -> Result<Option<Made>> {
    match verb {
        Verb::Ensure => step::ensure(cx, change, change.meanwhile.as_ref()).await.map(Some),
        Verb::Finish => step::ensure(cx, change, None).await.map(Some),
        Verb::Delete => step::delete(cx, change).await.map(|()| None),
    }
}
