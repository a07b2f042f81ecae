//! The commands that use what runs.

use clap::Args;

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

#[derive(Debug, Args)]
pub struct SendArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// The body: JSON, @FILE or - for standard input; otherwise an example. One event is sent byte for byte, even bad JSON (which
    /// makes a dead letter); of many, each gets its own key attributes. Each line of an @FILE.ndjson is an event
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub data: Option<String>,
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
    /// Wait, and show where each event went: a row, a dead letter, or neither yet; exit with 1 unless all arrived
    #[arg(long)]
    pub follow: bool,
    /// Seconds that --follow waits
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
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
