//! `pipe list`: the pipelines of this account and region.

use std::collections::BTreeMap;

use crate::aws::{Cx, connect, tagged};
use crate::cli::{Global, exit};
use crate::commands::Outcome;
use crate::kinds::KINDS;
use crate::owner::PIPELINE;
use crate::term::Shell;

/// Runs the command.
pub async fn run(shell: Shell, global: &Global) -> Outcome {
    let cx = Cx::new(std::sync::Arc::new(connect(&global.connect_options()).await?), "");
    let mut pipelines: BTreeMap<String, usize> = BTreeMap::new();
    for (_, tags) in tagged(&cx.aws, PIPELINE, None).await? {
        if let Some(pipeline) = tags.get(PIPELINE) {
            *pipelines.entry(pipeline.clone()).or_default() += 1;
        }
    }
    // The tagging API lags by minutes: what a kind can list by itself shows a pipeline at once.
    for kind in KINDS {
        for pipeline in (kind.pipelines)(&cx).await? {
            *pipelines.entry(pipeline).or_default() += 1;
        }
    }
    shell.line(&serde_json::json!({ "event": "pipelines", "pipelines": pipelines.keys().collect::<Vec<_>>() }));
    for (pipeline, resources) in &pipelines {
        shell.out(&format!("{pipeline:<32} {resources} resources\n"));
    }
    if pipelines.is_empty() {
        let place = &cx.aws.place;
        shell.out(&format!("no pipelines in {} of account {}\n", place.region, place.account));
    }
    Ok(exit::OK)
}
