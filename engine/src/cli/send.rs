//! `pipe send`.

use std::time::Duration;

use clap::Args;

use super::FileArgs;
use super::moment::duration;

#[derive(Debug, Args)]
pub struct SendArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// The body: JSON, @FILE or - for standard input; otherwise an example. One event is sent byte for byte, even bad JSON (which
    /// makes a dead letter); of many, each gets its own key attributes. An @FILE.ndjson is the same as --file FILE.ndjson
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub data: Option<String>,
    /// A file, or - for standard input, each line of which is an event and is sent once as it is; also what `pipe dlq export` writes,
    /// of which the events are sent
    #[arg(long = "file", value_name = "FILE|-", conflicts_with_all = ["data", "count"])]
    pub events: Option<String>,
    /// The route, or a part that only its path has; the first by default. Where it wants a user's token, that of PIPE_TOKEN is sent;
    /// in `pipe dev` without it the demo user's
    #[arg(long, value_name = "PATH")]
    pub route: Option<String>,
    /// The message group, where events go straight to a queue; `pipe` by default, where it is a FIFO queue
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
    /// How many events
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// So many events a second, evenly: a slow answer does not slow the next event down, until 256 calls are under way
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: Option<u32>,
    /// Send for so long (30s, 5m): without --rate as fast as answers come; of a --file until its end at the latest
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["count", "follow"])]
    pub duration: Option<Duration>,
    /// Wait, and show where each event went: a row, a dead letter, or neither yet; exit with 1 unless all arrived
    #[arg(long)]
    pub follow: bool,
    /// Seconds that --follow waits
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
}
