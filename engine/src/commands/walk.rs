//! The walk that the commands share: spec, graph, live, plan, run.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::aws::{Aws, Cx, Note, Said, carriers, connect, vpc};
use crate::bundle::Codes;
use crate::cli::Global;
use crate::commands::consumer_rights::Needs;
use crate::commands::halt::Halt;
use crate::commands::{Stop, building};
use crate::error::Error;
use crate::event::Event;
use crate::evidence::Wanted;
use crate::graph::Graph;
use crate::kinds::KINDS;
use crate::live::{self, Found};
use crate::lower::{asked, defaults, families, fits, lower, notes, rights_of_consumer};
use crate::owner::PIPELINE;
use crate::plan::{Action, Plan, plan};
use crate::spec::{self, Loaded};
use crate::term::{Shell, View, render_plan, report};
use crate::{apply, aws::Place};

/// Reads and checks the spec; in a `pipe dev`, nothing stands in front of the API, and what is `existing` is a stand-in in its own cloud.
pub fn spec(global: &Global, file: &Path) -> Result<Loaded, Stop> {
    let loaded = spec::load(file).map_err(Stop::Report)?;
    Ok(match &global.session {
        Some(session) if session.keys.is_some() => loaded.with_stand_ins(),
        Some(_) => loaded.without_front(),
        None => loaded,
    })
}

/// The spec's warnings as people read them, for the commands that act on what they are about; `validate --json` has them as data.
pub fn warnings(loaded: &Loaded) -> String {
    let warnings = loaded.notes.clone().without_notes();
    if warnings.problems.is_empty() { String::new() } else { warnings.render(true) }
}

/// What a pipeline is to be, and the way to its account.
pub struct Desired {
    pub cx: Cx,
    pub graph: Graph,
    /// What the role of the consumer's function needs.
    needs: Option<Needs>,
    /// What a plan is to say of what lies around the pipeline.
    notes: Vec<String>,
}

impl Desired {
    /// Lowers a spec for the account that the options lead to, or for the running `pipe dev`.
    pub async fn of(shell: Shell, global: &Global, loaded: &Loaded) -> Result<Self, Stop> {
        // Building a handler's crate takes as long as cargo does; the caller's identity is found out meanwhile.
        let options = global.connect_options();
        let connecting = tokio::spawn(async move { connect(&options).await });
        let local = global.session.is_some();
        let codes = building::codes(shell, loaded, local).await?;
        let aws = connecting.await.map_err(|error| Error::defect(error.to_string()))??;
        let looked = looked(&aws, loaded).await?;
        let loaded: &Loaded = &looked;
        let graph = match local {
            true => lower(&loaded.clone().local(), &aws.place, &codes)?,
            false => lower(loaded, &aws.place, &codes)?,
        };
        let notes = notes(loaded, &aws.place, &graph);
        let cx = Cx::new(Arc::new(aws), &loaded.spec.name).with_bundle(Arc::new(codes.bundle()));
        let needs = Needs::of(loaded, rights_of_consumer(loaded, &cx.aws.place));
        Ok(Self { cx, graph, needs, notes })
    }

    /// The same without the code of functions, for those who only read: nothing is built.
    pub async fn unbuilt(global: &Global, loaded: &Loaded) -> Result<Self, Stop> {
        let aws = connect(&global.connect_options()).await?;
        let loaded = looked(&aws, loaded).await?;
        let graph = lower(&loaded, &aws.place, &Codes::unbuilt())?;
        Ok(Self { cx: Cx::new(Arc::new(aws), &loaded.spec.name), graph, needs: None, notes: Vec::new() })
    }

    /// A pipeline that is to be gone: nothing is desired.
    pub async fn gone(global: &Global, pipeline: &str) -> Result<Self, Stop> {
        let aws = connect(&global.connect_options()).await?;
        Ok(Self { cx: Cx::new(Arc::new(aws), pipeline), graph: Graph::empty(pipeline), needs: None, notes: Vec::new() })
    }

    /// The account and region.
    pub fn place(&self) -> &Place {
        &self.cx.aws.place
    }

    /// Reads what AWS has: the graph's names, those of `more`, and whatever else the pipeline owns.
    ///
    /// # Errors
    /// A read that fails.
    pub async fn live(&self, shell: Shell, more: Vec<Wanted>) -> Result<Found, Stop> {
        let mut wanted: Vec<Wanted> = self.graph.nodes().iter().map(Wanted::from).collect();
        wanted.extend(more);
        wanted.extend(defaults(&self.graph.pipeline, self.place()));
        let (notes, mut noted) = mpsc::unbounded_channel();
        let cx = self.cx.clone().with_notes(notes).for_one_look();
        let same = cx.clone();
        let arns = async move { Ok(carriers(&same, PIPELINE).await?.into_iter().map(|(arn, _)| arn).collect()) };
        let mut reading = std::pin::pin!(live::read(&cx, KINDS, wanted, arns));
        loop {
            tokio::select! {
                found = &mut reading => {
                    let mut found = found?;
                    found.evidence.families = families();
                    return Ok(found);
                }
                Some(note) = noted.recv() => {
                    if let Note { said: Said::Waiting(what), .. } = note {
                        shell.err(&format!("waiting for {what}\n"));
                    }
                }
            }
        }
    }

    /// Plans, and stops where the plan must not be run.
    pub fn plan(&self, found: &Found, adopt: bool) -> Result<Plan, Stop> {
        let mut plan = plan(&self.graph, found, KINDS, adopt);
        plan.notes.extend(self.notes.iter().cloned());
        match plan.refusals.is_empty() {
            true => Ok(plan),
            false => Err(Stop::Errors(std::mem::take(&mut plan.refusals))),
        }
    }

    /// Reads what AWS has, plans and prints.
    ///
    /// # Errors
    /// A read that fails; a plan that must not be run.
    pub async fn planned(&self, shell: Shell, more: Vec<Wanted>, adopt: bool) -> Result<Plan, Stop> {
        let found = self.live(shell, more).await?;
        let mut plan = self.plan(&found, adopt)?;
        self.find_out(&mut plan).await;
        shell.line(&Event::plan(&plan));
        shell.out(&title(self));
        shell.out(&render_plan(&plan, &View::new(self.place(), shell.full)));
        if let Some(needs) = &self.needs {
            needs.lacking(&self.cx, &plan).await.iter().for_each(|lacking| shell.warn(lacking));
        }
        Ok(plan)
    }

    /// Adds what only AWS can tell of the updates; without the right to ask, the plan says that nobody knows.
    async fn find_out(&self, plan: &mut Plan) {
        for change in plan.changes.iter_mut().filter(|change| change.action == Action::Update && !change.orphan) {
            let Some(live) = &change.live else { continue };
            match (change.kind.finds)(&self.cx, &change.desired, &live.props).await {
                Ok(told) => change.means.extend(told),
                Err(error) => change.means.push(format!("nobody could look up all that this means ({error})")),
            }
        }
    }

    /// Runs a plan and shows what happens. When `stopped` turns true, nothing new begins.
    pub async fn run(&self, shell: Shell, plan: &Arc<Plan>, stopped: watch::Receiver<bool>) -> apply::Outcome {
        let (events, receiver) = mpsc::unbounded_channel();
        let reporter = tokio::spawn(report(shell, receiver));
        let outcome = apply::run(&self.cx, plan, KINDS, &events, stopped).await;
        drop(events);
        // The reporter ends when the last event is shown.
        let _ = reporter.await;
        outcome
    }
}

/// The exit code of a run that `halt` may have ended, after saying what is left.
pub fn conclude(shell: Shell, outcome: &apply::Outcome, halt: &Halt) -> u8 {
    use crate::cli::{exit, exit_code};
    for (id, error) in &outcome.failed {
        shell.err(&format!("\n`{id}`: {}", crate::term::render_error(error)));
    }
    if !outcome.skipped.is_empty() {
        // A replacement has two steps, and counts as one thing to do.
        let mut seen = BTreeSet::new();
        let ids: Vec<&str> = outcome.skipped.iter().map(|id| id.as_str()).filter(|id| seen.insert(*id)).collect();
        shell.err(&format!("left to do: {}; run it again to go on from here\n", ids.join(", ")));
    }
    if !outcome.failed.is_empty() || !outcome.skipped.is_empty() {
        let (done, failed, left) = (outcome.done, outcome.failed.len(), outcome.skipped.len());
        shell.err(&format!("{done} done, {failed} failed, {left} not begun or not finished\n"));
    }
    match outcome.failed.first() {
        _ if outcome.interrupted => halt.exit_code(),
        Some((_, error)) => exit_code(error.class()),
        None => exit::OK,
    }
}

/// The spec with what is in the VPC of its network, on which its resources depend.
async fn looked<'a>(aws: &Aws, loaded: &'a Loaded) -> Result<Cow<'a, Loaded>, Error> {
    let asked = asked(&loaded.spec);
    match vpc::look_if(aws, asked.as_ref()).await? {
        Some(vpc) => {
            let looked = Loaded { vpc: Some(vpc), ..loaded.clone() };
            fits(&looked, &aws.place)?;
            Ok(Cow::Owned(looked))
        }
        None => Ok(Cow::Borrowed(loaded)),
    }
}

/// Says whose account a plan is for.
fn title(desired: &Desired) -> String {
    let place = desired.place();
    format!("{} in {} ({})\n", desired.graph.pipeline, place.region, place.account)
}

/// The names that a spec gives its resources, for a destroy that must find them without tags.
pub async fn names(loaded: &Loaded, aws: &Aws) -> Result<Vec<Wanted>, Stop> {
    // What is left of a network is destroyed without its subnets, too.
    let looked = looked(aws, loaded).await;
    let graph = lower(looked.as_deref().unwrap_or(loaded), &aws.place, &Codes::unbuilt())?;
    Ok(graph.nodes().iter().map(Wanted::from).collect())
}
