//! When a schedule fires. Pure.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::cron::Cron;

/// A schedule's expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// `rate(5 minutes)`, in seconds.
    Rate(i64),
    Cron(Cron),
    /// `at(2026-01-31T08:00:00)`.
    At(DateTime),
}

/// What a schedule's moments follow from.
#[derive(Clone, Debug, PartialEq)]
pub struct Timetable {
    pub expression: Expression,
    pub zone: TimeZone,
    /// When the schedule was made, in seconds since 1970.
    pub made: i64,
    pub start: Option<i64>,
    pub end: Option<i64>,
}

impl Expression {
    /// Reads an expression; nothing where AWS would refuse it.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('(')?;
        let inside = rest.strip_suffix(')')?;
        match kind {
            "cron" => Cron::parse(inside).map(Self::Cron),
            "rate" => rate(inside).map(Self::Rate),
            "at" => at(inside).map(Self::At),
            _ => None,
        }
    }
}

fn rate(inside: &str) -> Option<i64> {
    let (value, unit) = inside.split_once(' ')?;
    let value: i64 = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok())??;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    value.checked_mul(seconds).filter(|seconds| *seconds > 0)
}

/// A date and a time, without a zone and without parts of a second.
fn at(inside: &str) -> Option<DateTime> {
    let is_form = inside.len() == 19 && inside.bytes().all(|byte| byte.is_ascii_digit() || b"-:T".contains(&byte));
    if is_form { inside.parse().ok() } else { None }
}

impl Timetable {
    /// The first moment after `after`, both in seconds since 1970; nothing when there will be none.
    pub fn next(&self, after: i64) -> Option<i64> {
        let start = self.start.unwrap_or(i64::MIN);
        let next = match &self.expression {
            Expression::Rate(seconds) => {
                // Without a start the first one is when the schedule is made.
                let first = self.start.unwrap_or(self.made);
                let gone = (after - first).div_euclid(*seconds) + 1;
                first + gone.max(0) * seconds
            }
            Expression::At(time) => self.zone.to_ambiguous_timestamp(*time).compatible().ok()?.as_second(),
            Expression::Cron(cron) => self.next_of(cron, after.max(start.saturating_sub(1)))?,
        };
        (next > after && next >= start && self.end.is_none_or(|end| next <= end)).then_some(next)
    }

    /// When clocks are set forward, a time that they leave out is skipped; when they are set back, only the first of the two counts.
    fn next_of(&self, cron: &Cron, after: i64) -> Option<i64> {
        let mut on_the_clock = self.zone.to_datetime(Timestamp::from_second(after).ok()?);
        loop {
            on_the_clock = cron.next(on_the_clock)?;
            let moment = self.zone.to_ambiguous_timestamp(on_the_clock);
            if matches!(moment.offset(), AmbiguousOffset::Gap { .. }) {
                continue;
            }
            let second = moment.earlier().ok()?.as_second();
            if second > after {
                return Some(second);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn table(expression: &str, name: &str) -> Timetable {
        let expression = Expression::parse(expression).unwrap_or_else(|| panic!("{expression}"));
        Timetable { expression, zone: zone(name), made: second("2026-01-01T00:00:10Z"), start: None, end: None }
    }

    /// The next moments, as texts.
    fn moments(table: &Timetable, after: &str, count: usize) -> Vec<String> {
        let mut at = second(after);
        let mut all = Vec::new();
        while all.len() < count
            && let Some(next) = table.next(at)
        {
            at = next;
            all.push(Timestamp::from_second(next).unwrap().to_string());
        }
        all
    }

    /// As recorded, and a few more.
    const REFUSED: &str = "
        cron(0 1 * * * *)|cron(7 20 * * NOT *)|cron(INVALID)|cron(0 dummy ? * MON-FRI *)|cron(71 8 1 * ? *)|cron()|
        rate(10 seconds)|rate(10 years)|rate()|rate(10)|rate(10 minutess)|rate(foo minutes)|rate(-10 minutes)|rate( 10 minutes )|
        rate(0 minutes)|at(2021-12-31T23:59:59Z)|at(2021-12-31)|at(2021-02-30T00:00:00)|rate|cron(0 8 ? * ? *)|cron(0 8 ? * 8 *)|
        cron(*/0 * * * ? *)";
    const TAKEN: &str = "
        cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)|cron(30-30 13-13 ? * 2,4,6 *)|cron(1-31/30 1-1 ? * 1,7 *)|cron(0 18 ? * MON-FRI *)|
        cron(*/15 * * * ? *)|cron(0-59/10 0-23/2 ? * * *)|cron(15 10 ? * 6L 2002-2005)|cron(0 2 ? * SAT#3 *)|
        cron(0/5 5 ? JAN 1-5 2022)|cron(5,35 14 * * ? *)|cron(0 9 LW * ? *)|rate(1 day)";

    #[test]
    fn what_aws_refuses_is_none() {
        for text in REFUSED.split('|').map(str::trim).chain(["", " rate(10 minutes)"]) {
            assert_eq!(Expression::parse(text), None, "{text}");
        }
        for text in TAKEN.split('|').map(str::trim) {
            assert!(Expression::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_rate_counts_from_its_start_or_from_when_it_was_made() {
        let mut table = table("rate(5 minutes)", "UTC");
        assert_eq!(moments(&table, "2026-01-01T00:00:09Z", 2), ["2026-01-01T00:00:10Z", "2026-01-01T00:05:10Z"]);
        table.start = Some(second("2026-01-02T08:00:00Z"));
        table.end = Some(second("2026-01-02T08:07:00Z"));
        let all = ["2026-01-02T08:00:00Z", "2026-01-02T08:05:00Z"];
        assert_eq!(moments(&table, "2026-01-01T00:00:00Z", 9), all);
    }

    #[test]
    fn days_of_months_and_weeks() {
        for (cron, after, next) in [
            ("cron(0/15 8-9 * * ? *)", "2026-01-01T08:45:00Z", "2026-01-01T09:00:00Z"),
            ("cron(0 18 ? * MON-FRI *)", "2026-01-02T18:00:00Z", "2026-01-05T18:00:00Z"),
            ("cron(0 8 ? * FRI-MON *)", "2026-01-05T08:00:00Z", "2026-01-09T08:00:00Z"),
            ("cron(0 0 L * ? *)", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z"),
            ("cron(0 0 31W * ? *)", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z"),
            ("cron(0 0 1W * ? *)", "2026-08-02T00:00:00Z", "2026-08-03T00:00:00Z"),
            ("cron(0 0 LW * ? *)", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z"),
            ("cron(0 0 ? * 6L *)", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z"),
            ("cron(0 0 ? * 2#1 *)", "2026-01-06T00:00:00Z", "2026-02-02T00:00:00Z"),
            ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("cron(0 12 1 JAN ? 2030)", "2026-01-01T00:00:00Z", "2030-01-01T12:00:00Z"),
        ] {
            assert_eq!(moments(&table(cron, "UTC"), after, 1), [next], "{cron}");
        }
        assert_eq!(moments(&table("cron(0 0 ? * 6L 2002-2005)", "UTC"), "2026-01-01T00:00:00Z", 1), [""; 0]);
    }

    #[test]
    fn a_time_that_clocks_leave_out_is_skipped_and_one_that_comes_twice_fires_once() {
        let table_at = |hour: &str| table(&format!("cron(30 {hour} * * ? *)"), "Europe/Berlin");
        let spring = moments(&table_at("2"), "2026-03-27T12:00:00Z", 2);
        assert_eq!(spring, ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"], "there is no 02:30 on the 29th");
        let autumn = moments(&table_at("2"), "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        assert_eq!(moments(&table_at("8"), "2026-07-01T00:00:00Z", 1), ["2026-07-01T06:30:00Z"]);
    }

    #[test]
    fn a_moment_comes_once() {
        let table = table("at(2026-07-01T08:00:00)", "Europe/Berlin");
        assert_eq!(moments(&table, "2026-01-01T00:00:00Z", 2), ["2026-07-01T06:00:00Z"]);
    }
}
