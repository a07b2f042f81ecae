//! `pipe trace`.

use clap::Args;

use super::FileArgs;
use super::moment::{Moment, moment};

#[derive(Debug, Args)]
pub struct TraceArgs {
    /// A sequence number, an event's id as the function gets it, the id of a message or of a letter, a request id of the API or of a
    /// function, an extended request id (the API's answers have both as x-amzn-requestid and x-amz-apigw-id), or the key of a row
    pub id: String,
    #[command(flatten)]
    pub spec: FileArgs,
    /// Search the logs from so long ago (90s, 10m, 2h, 1d) or from a time in RFC 3339 on
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = moment)]
    pub since: Moment,
}
