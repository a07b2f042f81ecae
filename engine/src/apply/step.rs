//! What one step does: look, check, reconcile; or delete.

use std::time::Duration;

use serde_json::Value;

use crate::aws::Cx;
use crate::error::{Class, Error, Result};
use crate::owner::PIPELINE;
use crate::plan::{Action, Change};
use crate::resource::{Live, Made, State, Tags};

/// How often a step looks after outcomes that nobody knows, while what it sees stays the same.
const LOOKS: u32 = 5;
/// How often in all: a REST API has many parts, and each look may show one more.
const LOOKS_IN_ALL: u32 = 50;

/// Observes, checks that nobody changed it since the plan, and lets the kind do the rest. After an outcome that nobody knows it
/// looks again: what the lost call made is found, and nothing is made twice. It gives up when several looks show the same.
pub async fn ensure(cx: &Cx, change: &Change, meanwhile: Option<&Value>) -> Result<Made> {
    let (mut looks, mut in_vain, mut last) = (0, 0, None);
    loop {
        let live = observe(cx, change).await?;
        if looks == 0 {
            unchanged(change, live.as_ref())?;
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
        Class::Exists => Some("something of this name is there by now"),
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
fn unchanged(change: &Change, live: Option<&Live<Value>>) -> Result<()> {
    let changed = |what: String| {
        Err(Error::fatal(format!("{} `{}` changed since the plan: {what}", change.kind.name, change.name))
            .hint("run the command again to see a plan for what is there now"))
    };
    let planned = change.live.as_ref().filter(|_| change.action == Action::Update);
    match (planned, live) {
        (Some(_), None) => changed("it is gone".into()),
        (None, Some(live)) if live.state == State::Live && !made_by_this_pipeline(change, live) => {
            changed("somebody else made it".into())
        }
        (Some(planned), Some(live)) => {
            let expected = [Some(&planned.props), Some(&change.desired), change.meanwhile.as_ref()];
            let moved = live.props.as_object().into_iter().flatten().find(|(property, value)| {
                expected.iter().flatten().all(|props| props.get(property.as_str()) != Some(value))
            });
            moved.map_or(Ok(()), |(property, _)| changed(format!("`{property}` is neither as planned nor as desired")))
        }
        _ => Ok(()),
    }
}

fn made_by_this_pipeline(change: &Change, live: &Live<Value>) -> bool {
    let tag = |tags: &Tags| tags.get(PIPELINE).cloned();
    change.kind.of_account || tag(&live.tags) == tag(&change.tags)
}

pub async fn delete(cx: &Cx, change: &Change) -> Result<()> {
    match change.handle() {
        Some(handle) => (change.kind.delete)(cx, change.live_name(), handle).await,
        None => Ok(()),
    }
}
