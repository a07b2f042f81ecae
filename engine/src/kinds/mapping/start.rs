//! Where a mapping starts to read a stream, as text and as AWS has it.

use aws_sdk_lambda::types::EventSourcePosition;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::error::{Error, Result};

/// The canonical form of a start at a time, which is given in RFC 3339 with any offset. Lambda counts in whole seconds.
///
/// # Errors
/// The text is not such a time.
pub fn at(time: &str) -> Result<String> {
    let time = DateTime::from_str(time, Format::DateTimeWithOffset).map_err(|_| {
        Error::fatal(format!("`{time}` is not a time")).hint("write it like `2026-11-21T10:00:00Z` or with an offset")
    })?;
    Ok(format!("at {}", DateTime::from_secs(time.secs())))
}

/// What AWS is given for a start.
///
/// # Errors
/// A time that [`at`] did not make.
pub fn position(start: &str) -> Result<(EventSourcePosition, Option<DateTime>)> {
    match start.strip_prefix("at ") {
        Some(time) => {
            let time =
                DateTime::from_str(time, Format::DateTime).map_err(|e| Error::defect(format!("`{time}`: {e}")))?;
            Ok((EventSourcePosition::AtTimestamp, Some(time)))
        }
        None if start == "newest" => Ok((EventSourcePosition::Latest, None)),
        None => Ok((EventSourcePosition::TrimHorizon, None)),
    }
}

/// The start that AWS names; empty for a queue, which has none.
pub fn start(position: Option<&EventSourcePosition>, time: Option<&DateTime>) -> String {
    match (position, time) {
        (Some(EventSourcePosition::Latest), _) => "newest".to_owned(),
        (Some(EventSourcePosition::AtTimestamp), Some(time)) => format!("at {}", DateTime::from_secs(time.secs())),
        // AWS names the time; if an emulator does not, it is still the same start.
        (Some(EventSourcePosition::AtTimestamp), None) => "at an unknown time".to_owned(),
        (Some(_), _) => "oldest".to_owned(),
        (None, _) => String::new(),
    }
}
