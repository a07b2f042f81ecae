//! The commands that use what runs.

use clap::{Args, Subcommand};

use super::FileArgs;

#[derive(Debug, Args)]
pub struct OutputsArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Print one value, e.g. `api.endpoint`, `endpoint` or, with --reveal, `credentials`
    #[arg(long, value_name = "NAME")]
    pub field: Option<String>,
    /// Print secrets too
    #[arg(long)]
    pub reveal: bool,
}

/// What `pipe dlq` does.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// One line for each dead letter
    ///
    /// SQS shows a message only by receiving it: each look counts as a receive, and hides it from others until the look ends.
    Ls(DlqLsArgs),
    /// Everything about one dead letter, with its payload
    Show(DlqShowArgs),
}

#[derive(Debug, Args)]
pub struct DlqLsArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Show at most this many messages
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct DlqShowArgs {
    /// The message's id or the event's, or a beginning that only one has
    pub id: String,
    #[command(flatten)]
    pub spec: FileArgs,
}

/// A pipeline's name, as specs may have it.
pub(super) fn pipeline(text: &str) -> Result<String, &'static str> {
    let known = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let good = text.starts_with(|first: char| first.is_ascii_lowercase())
        && (2..=31).contains(&text.len())
        && text.chars().all(known);
    match good {
        true => Ok(text.to_owned()),
        false => Err("a lower-case letter, then 1 to 30 lower-case letters, digits or hyphens"),
    }
}
