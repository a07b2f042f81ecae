//! The dead-letter queue, and the stream once more.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::FileArgs;
use super::moment::{Moment, moment};

/// What `pipe dlq` does.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// One line for each dead letter
    ///
    /// SQS shows a message only by receiving it: each look counts as a receive, and hides it from others until the look ends.
    Ls(DlqLsArgs),
    /// Everything about one dead letter, with its payload
    Show(DlqShowArgs),
    /// Send dead letters to the consumer's function once more, and delete those that it takes
    ///
    /// Each goes as the event that it was at first; the records of a batch that was given up are read from their stream. A letter is
    /// deleted after the function took it: a run that is killed loses none, and sends at worst some twice.
    Redrive(DlqRedriveArgs),
    /// Delete the dead letters that are there now, after asking for their number
    Purge(DlqPurgeArgs),
    /// Write dead letters, one a line, as `pipe send --file` reads them; it takes nothing from the queue
    Export(DlqExportArgs),
}

impl DlqCommand {
    /// The spec that it is about.
    pub fn file(&self) -> &Path {
        match self {
            Self::Ls(args) => &args.spec.file,
            Self::Show(args) => &args.spec.file,
            Self::Redrive(args) => &args.spec.file,
            Self::Purge(args) => &args.spec.file,
            Self::Export(args) => &args.spec.file,
        }
    }
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

#[derive(Debug, Args)]
pub struct DlqRedriveArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Only the letter with this id, of the message or of the event, or a beginning that only one has; repeatable
    #[arg(long = "id", value_name = "ID", conflicts_with = "limit")]
    pub ids: Vec<String>,
    /// Only letters with this reason, as `pipe dlq ls` shows it
    #[arg(long, value_name = "REASON")]
    pub filter: Option<String>,
    /// At most this many letters
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// At most this many records a second
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: Option<u32>,
    /// Count the letters, and send none
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct DlqPurgeArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Agree that this many letters are deleted, and do not ask; with another number of letters nothing is
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<usize>,
}

#[derive(Debug, Args)]
pub struct DlqExportArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Write to this new file, which only its owner may read, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// At most this many messages
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// The first moment: RFC 3339, as in 2026-11-29T08:00:00Z, or how long ago, as in 90s, 15m, 6h, 2d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Moment,
    /// The last moment, in the same form; now by default
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Moment>,
    /// Only this shard
    #[arg(long, value_name = "SHARD", conflicts_with = "from")]
    pub shard: Option<String>,
    /// Go on where a replay ended: with this record of this shard, as it said; repeatable
    #[arg(long, value_name = "SHARD[=NUMBER]")]
    pub from: Vec<String>,
    /// At most this many records a second
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: Option<u32>,
    /// Count the records, and send none
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}
