//! Times and durations, as people and machines read them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// This machine's time, in seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Seconds since 1970 in RFC 3339.
pub fn moment(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default()
}

/// The `Date` of an answer, in seconds since 1970.
pub fn of_header(text: &str) -> Option<u64> {
    u64::try_from(DateTime::from_str(text, Format::HttpDate).ok()?.secs()).ok()
}

/// A duration in one or two units, rounded down: `3 d 4 h`, `21 h`, `1 h 5 min`, `42 s`.
pub fn duration(seconds: u64) -> String {
    let two = |(large, large_unit): (u64, &str), (small, small_unit): (u64, &str)| match small {
        0 => format!("{large} {large_unit}"),
        small => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        DAY.. => two((seconds / DAY, "d"), (seconds % DAY / HOUR, "h")),
        HOUR.. => two((seconds / HOUR, "h"), (seconds % HOUR / MINUTE, "min")),
        MINUTE.. => two((seconds / MINUTE, "min"), (seconds % MINUTE, "s")),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_or_two_units() {
        let shown = [0, 59, 60, 61, 3600, 3900, 86_400, 90_000, 1_209_600].map(duration);
        assert_eq!(shown, ["0 s", "59 s", "1 min", "1 min 1 s", "1 h", "1 h 5 min", "1 d", "1 d 1 h", "14 d"]);
    }

    #[test]
    fn a_header_gives_the_moment_that_is_printed() {
        let seconds = of_header("Tue, 14 Nov 2023 22:13:20 GMT").unwrap();
        assert_eq!((seconds, moment(seconds).as_str()), (1_700_000_000, "2023-11-14T22:13:20Z"));
        assert_eq!(of_header("no date"), None);
    }
}
