//! `pipe console`.

use clap::Args;

use super::FileArgs;

#[derive(Debug, Args)]
pub struct ConsoleArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Port of the page, which only this machine reaches; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}
