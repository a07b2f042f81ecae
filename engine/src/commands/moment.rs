//! Times as commands show and compare them: in milliseconds since 1970.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Returns the time, in RFC 3339 and in UTC, always with three digits of a second, so that columns stay in line.
pub fn rfc3339(millis: i64) -> String {
    let seconds = DateTime::from_secs(millis.div_euclid(1000)).fmt(Format::DateTime).unwrap_or_default();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), millis.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_of_a_second() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_764_393_600_005), "2025-11-29T05:20:00.005Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    }
}
