//! The commands that change the account, and those that show what would change.

use clap::Args;

use super::using::pipeline;
use super::{ConsentArgs, FileArgs, OrphanArgs};

/// How a run that changes something goes.
#[derive(Clone, Debug, Default, Args)]
pub struct RunArgs {
    /// Wait while another run changes this pipeline
    #[arg(long)]
    pub wait: bool,
    /// Begin nothing new after this time, finish what is under way, and exit with 1
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    #[command(flatten)]
    pub consent: ConsentArgs,
    #[command(flatten)]
    pub orphans: OrphanArgs,
    #[command(flatten)]
    pub run: RunArgs,
    /// Take over resources that exist under the spec's names and that no pipeline owns
    #[arg(long)]
    pub adopt: bool,
    /// Show every property: empty ones and pipe's own too, and policies as JSON
    #[arg(long)]
    pub full: bool,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub exit_code: bool,
    /// Show what apply --adopt would do
    #[arg(long)]
    pub adopt: bool,
    /// Show every property: empty ones and pipe's own too, and policies as JSON
    #[arg(long)]
    pub full: bool,
    #[command(flatten)]
    pub orphans: OrphanArgs,
}

#[derive(Debug, Args)]
pub struct DestroyArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// The pipeline's name, if its spec is not at hand
    #[arg(long, value_name = "PIPELINE", value_parser = pipeline, conflicts_with = "file")]
    pub name: Option<String>,
    #[command(flatten)]
    pub consent: ConsentArgs,
    #[command(flatten)]
    pub orphans: OrphanArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct UnlockArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// The pipeline's name, if its spec is not at hand
    #[arg(long, value_name = "PIPELINE", value_parser = pipeline, conflicts_with = "file")]
    pub name: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}
