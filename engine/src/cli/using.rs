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
