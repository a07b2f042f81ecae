//! A moment as people give it: so long ago, or in RFC 3339.

use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long before now.
    Ago(Duration),
    /// In milliseconds since 1970.
    At(i64),
}

impl Moment {
    /// Milliseconds since 1970, by the time that it is now in the same unit.
    pub fn millis(self, now: i64) -> i64 {
        match self {
            Self::Ago(time) => now.saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
            Self::At(millis) => millis,
        }
    }
}

/// Reads a moment, for the command line.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let ago = duration(text).map(Moment::Ago);
    let at = || DateTime::from_str(text, Format::DateTimeWithOffset).ok()?.to_millis().ok().map(Moment::At);
    ago.ok().or_else(at).ok_or_else(|| "give a time such as 90s, 10m, 2h or 1d, or 2026-11-29T12:00:00Z".to_owned())
}

/// Reads a length of time, for the command line.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "give a whole number and its unit, as in 90s, 10m, 2h or 1d".to_owned();
    let unit = text.chars().last().and_then(|last| UNITS.into_iter().find(|(letter, _)| *letter == last));
    let (letter, seconds) = unit.ok_or_else(wrong)?;
    let number = text.trim_end_matches(letter);
    // `parse` takes a sign and more than one unit is none.
    let plain = text.len() == number.len() + 1 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
    // A hundred years: times before 1970 are nobody's.
    let all = number.checked_mul(seconds).filter(|all| *all > 0 && *all <= 100 * 365 * 24 * 60 * 60);
    all.map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_so_long_ago_or_a_time() {
        let seconds = |text| match moment(text) {
            Ok(Moment::Ago(time)) => Some(time.as_secs()),
            _ => None,
        };
        assert_eq!(
            [seconds("90s"), seconds("10m"), seconds("2h"), seconds("1d")],
            [Some(90), Some(600), Some(7200), Some(86_400)]
        );
        assert_eq!(moment("1970-01-01T00:00:01.5Z"), Ok(Moment::At(1_500)));
        assert_eq!(moment("1970-01-01T01:00:00+01:00"), Ok(Moment::At(0)));
        for bad in ["", "m", "10", "-1m", "+1m", "1mm", "1.5h", "0s", "10M", "99999999999999999999d", "yesterday", "1ü"]
        {
            assert!(moment(bad).is_err(), "{bad}");
        }
        assert_eq!((Moment::Ago(Duration::from_secs(1)).millis(5_000), Moment::At(7).millis(5_000)), (4_000, 7));
    }
}
