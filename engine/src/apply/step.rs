//! What one step does: look, check, reconcile; or delete.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::aws::Cx;
use crate::error::{Class, Error, Result};
use crate::owner::{Owner, PIPELINE};
use crate::plan::{Action, Change, unresolved};
use crate::resource::{Id, Live, Made, Outputs, State, Tags, is_open, outputs_in, resolve};

/// How often a step looks after outcomes that nobody knows, while what it sees stays the same.
const LOOKS: u32 = 5;
/// How often in all: a REST API has many parts, and each look may show one more.
const LOOKS_IN_ALL: u32 = 50;

/// Puts what the run has made in the place of the marks that are left in a change; nothing where none are.
///
/// # Errors
/// A defect where one stays: nobody gives this output.
pub fn resolved(change: &Change, outputs: &BTreeMap<Id, Outputs>) -> Result<Option<Change>> {
    let Some(open) = &change.open else { return Ok(None) };
    let (kind, mut desired) = (change.kind, open.clone());
    resolve(&mut desired, &|output| output.among(outputs.get(&output.of)?));
    if let Some(output) = outputs_in(&desired).first() {
        return Err(unresolved(change.id.as_str(), output));
    }
    let sealed = (kind.sealed)(&desired)?;
    if is_open(&sealed) {
        return Err(Error::defect(format!("`{}` has a mark that stands for no output", change.id)));
    }
    let live = change.live.as_ref().map(|live| &live.props);
    let desired = live.and_then(|live| (kind.keeping)(&sealed, live)).unwrap_or(sealed);
    let meanwhile = live.filter(|_| change.meanwhile.is_some()).and_then(|live| (kind.meanwhile)(&desired, live));
    Ok(Some(Change { desired, open: None, meanwhile, ..change.clone() }))
}

/// Observes, checks that nobody changed it since the plan, and lets the kind do the rest. After an outcome that nobody knows it
/// looks again: what the lost call made is found, and nothing is made twice. It gives up when several looks show the same.
pub async fn ensure(cx: &Cx, change: &Change, meanwhile: Option<&Value>) -> Result<Made> {
    let (mut looks, mut in_vain, mut last) = (0, 0, None);
    loop {
        let live = observe(cx, change).await?;
        if looks == 0 {
            unchanged(cx, change, live.as_ref())?;
        }
        let desired = meanwhile.unwrap_or(&change.desired);
        let result = (change.kind.reconcile)(cx, desired, &change.name, live.as_ref()).await;
        let seen = live.map(|live| (live.handle, live.props, live.tags));
        looks += 1;
        in_vain = if looks > 1 && seen == last { in_vain + 1 } else { 1 };
        last = seen;
        match result {
            Err(error) if in_vain < LOOKS && looks < LOOKS_IN_ALL && worth_a_look(&error).is_some() => {
                cx.again(&error);
                cx.waiting(format!("another look, because {}: {error}", worth_a_look(&error).unwrap_or_default()));
                cx.pause(Duration::from_millis(200 << in_vain)).await?;
            }
            result => return result,
        }
    }
}

/// Why to look again after this error, if that may help.
fn worth_a_look(error: &Error) -> Option<&'static str> {
    match error.class() {
        Class::Unclear => Some("it is not known whether the last call took effect"),
        Class::Exists => Some("something with this name exists by now"),
        Class::NotFound => Some("AWS does not find something that this needs"),
        _ => None,
    }
}

/// The live resource that the change is about.
async fn observe(cx: &Cx, change: &Change) -> Result<Option<Live<Value>>> {
    let renamed_in_place = change.action == Action::Update && change.old_name.is_some();
    let mut lives = (change.kind.read)(cx, &change.name).await?;
    if lives.is_empty() && renamed_in_place {
        lives = (change.kind.read)(cx, change.live_name()).await?;
    }
    let planned = change.handle().filter(|_| change.action == Action::Update);
    if let Some(at) = lives.iter().position(|live| Some(&live.handle) == planned) {
        return Ok(Some(lives.swap_remove(at)));
    }
    Ok(lives.into_iter().next())
}

/// Refuses to go on where a property is neither as planned nor as desired: somebody else is at work.
fn unchanged(cx: &Cx, change: &Change, live: Option<&Live<Value>>) -> Result<()> {
    let planned = change.live.as_ref().filter(|_| change.action == Action::Update);
    match (planned, live) {
        (Some(_), None) => Err(changed(change, "it is gone")),
        (None, Some(live)) if live.state == State::Live && !made_by_this_pipeline(change, live) => {
            Err(changed(change, "somebody else made it"))
        }
        (Some(planned), Some(live)) => {
            same_one(cx, change, planned, live)?;
            let expected = [Some(&planned.props), Some(&change.desired), change.meanwhile.as_ref()];
            let moved = live.props.as_object().into_iter().flatten().find(|(property, value)| {
                expected.iter().flatten().all(|props| props.get(property.as_str()) != Some(value))
            });
            moved.map_or(Ok(()), |(property, _)| {
                Err(changed(change, &format!("`{property}` is neither as planned nor as desired")))
            })
        }
        _ => Ok(()),
    }
}

/// Refuses to go on with one that took the planned one's place, or that somebody gave away meanwhile.
fn same_one(cx: &Cx, change: &Change, planned: &Live<Value>, live: &Live<Value>) -> Result<()> {
    if live.identity != planned.identity {
        return Err(changed(change, "another resource has its name now"));
    }
    // A run that adopts has made it the pipeline's before it comes to it a second time.
    let as_planned = Owner::of(&live.tags, &cx.pipeline) == Owner::of(&planned.tags, &cx.pipeline);
    let made_ours = change.action == Action::Update && made_by_this_pipeline(change, live);
    if as_planned || made_ours { Ok(()) } else { Err(changed(change, "its tags name another owner")) }
}

fn changed(change: &Change, what: &str) -> Error {
    Error::fatal(format!("{} `{}` changed since the plan: {what}", change.kind.name, change.live_name()))
        .hint("run the command again to see a plan for what is there now")
}

fn made_by_this_pipeline(change: &Change, live: &Live<Value>) -> bool {
    let tag = |tags: &Tags| tags.get(PIPELINE).cloned();
    change.kind.of_account || tag(&live.tags) == tag(&change.tags)
}

/// Looks again, and deletes the resource if it and its owner are still the planned ones: a prompt may have stood open for an
/// hour. If it is gone by now, all is well.
pub async fn delete(cx: &Cx, change: &Change) -> Result<()> {
    let Some(planned) = &change.live else { return Ok(()) };
    let lives = (change.kind.read)(cx, change.live_name()).await?;
    let Some(live) = lives.iter().find(|live| live.handle == planned.handle) else { return Ok(()) };
    if live.state == State::Live {
        same_one(cx, change, planned, live)?;
    }
    // If somebody else deletes it, its end has to be waited for all the same.
    (change.kind.delete)(cx, change.live_name(), &planned.handle).await
}
