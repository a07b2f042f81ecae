//! The options of `pipe graph`.

use clap::{Args, ValueEnum};

use super::FileArgs;

#[derive(Debug, Args)]
pub struct GraphArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// The language of the drawing
    #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
    pub format: GraphFormat,
}

/// A language that graphs are drawn in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum GraphFormat {
    Mermaid,
    Dot,
}
