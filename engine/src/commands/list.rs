//! `pipe list`: the pipelines of this account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::aws::{Cx, connect, tagged};
use crate::cli::{Global, exit};
use crate::commands::Outcome;
use crate::error::Result;
use crate::event::Event;
use crate::kinds::KINDS;
use crate::owner::PIPELINE;
use crate::resource::State;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global) -> Outcome {
    let cx = Cx::new(Arc::new(connect(&global.connect_options()).await?), "");
    let pipelines = pipelines(&cx).await?;
    shell.line(&Event::Pipelines { pipelines: pipelines.iter().cloned().collect() });
    pipelines.iter().for_each(|pipeline| shell.out(&format!("{pipeline}\n")));
    if pipelines.is_empty() {
        let place = &cx.aws.place;
        shell.out(&format!("no pipelines in {} of account {}\n", place.region, place.account));
    }
    Ok(exit::OK)
}

/// The pipelines of the account and region of `cx`.
///
/// # Errors
/// Those of AWS's reads.
pub async fn pipelines(cx: &Cx) -> Result<BTreeSet<String>> {
    let mut pipelines: BTreeSet<String> = BTreeSet::new();
    // Kinds that can list their resources know what exists now.
    for kind in KINDS {
        pipelines.extend((kind.pipelines)(cx).await?);
    }
    // The tagging API is minutes late, both ways: what it alone knows is looked at.
    let mut rumoured: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (arn, mut tags) in tagged(&cx.aws, PIPELINE, None).await? {
        let pipeline = tags.remove(PIPELINE).unwrap_or_default();
        rumoured.entry(pipeline).or_default().push(arn);
    }
    for (pipeline, arns) in rumoured {
        if !pipelines.contains(&pipeline) && any_is_there(cx, &pipeline, &arns).await? {
            pipelines.insert(pipeline);
        }
    }
    Ok(pipelines)
}

/// Whether one of these is there to stay, and this pipeline's.
async fn any_is_there(cx: &Cx, pipeline: &str, arns: &[String]) -> Result<bool> {
    for arn in arns {
        for kind in KINDS {
            let Some(name) = (kind.name_of)(arn) else { continue };
            let lives = (kind.read)(cx, &name).await?;
            let ours = |tags: &crate::resource::Tags| tags.get(PIPELINE).is_some_and(|name| name == pipeline);
            if lives.iter().any(|live| live.state == State::Live && ours(&live.tags)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
