//! `pipe logs`.

use clap::Args;

use super::FileArgs;
use super::moment::{Moment, moment};

#[derive(Debug, Args)]
pub struct LogsArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Begin so long ago (90s, 10m, 2h, 1d), or at a time in RFC 3339
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = moment)]
    pub since: Moment,
    /// End so long ago, or at a time in RFC 3339; now by default
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "follow")]
    pub until: Option<Moment>,
    /// Go on with new lines as they come, until Ctrl-C; on AWS by Live Tail where it is allowed, which AWS charges by the minute
    #[arg(long, short)]
    pub follow: bool,
    /// Show only the lines that have this text in them, letter by letter, as CloudWatch Logs has them
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// Show only this part: `api`, or a function's id, as in `consumer`; may be given several times
    #[arg(long, value_name = "ID")]
    pub part: Vec<String>,
}
