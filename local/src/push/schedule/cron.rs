//! Cron expressions as EventBridge has them: minutes, hours, day of month, month, day of week, year. Pure.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based>

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday, date};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const YEARS: (i16, i16) = (1970, 2199);

/// A parsed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
    days: Days,
}

/// On which days: one of the two fields is `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<OfMonth>),
    OfWeek(Vec<OfWeek>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum OfMonth {
    Any(BTreeSet<i16>),
    /// `L`.
    Last,
    /// `15W`: the weekday of the month that is nearest.
    Near(i16),
    /// `LW`.
    LastWeekday,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum OfWeek {
    /// 1 is Sunday.
    Any(BTreeSet<i16>),
    /// `6L`.
    Last(i16),
    /// `3#2`.
    Nth(i16, i8),
}

impl Cron {
    /// Reads the six fields; nothing where AWS would refuse them.
    pub fn parse(fields: &str) -> Option<Self> {
        let fields: Vec<String> = fields.split_ascii_whitespace().map(str::to_ascii_uppercase).collect();
        let [minutes, hours, of_month, months, of_week, years] = fields.as_slice() else { return None };
        let days = match (of_month.as_str(), of_week.as_str()) {
            ("?", "?") => return None,
            ("?", week) => Days::OfWeek(week.split(',').map(of_week_part).collect::<Option<_>>()?),
            (month, "?") => Days::OfMonth(month.split(',').map(of_month_part).collect::<Option<_>>()?),
            _ => return None,
        };
        Some(Self {
            minutes: values(minutes, (0, 59), &[])?,
            hours: values(hours, (0, 23), &[])?,
            months: values(months, (1, 12), &MONTHS)?,
            years: values(years, YEARS, &[])?,
            days,
        })
    }

    /// The first moment after `after` on the clock of the schedule's time zone.
    pub fn next(&self, after: DateTime) -> Option<DateTime> {
        let mut day = after.date();
        let mut from = after.time();
        let mut is_first = true;
        while day.year() <= YEARS.1 {
            if !self.years.contains(&day.year()) {
                let year = *self.years.range(day.year() + 1..).next()?;
                (day, is_first) = (date(year, 1, 1), false);
            } else if !self.months.contains(&i16::from(day.month())) {
                (day, is_first) = (day.last_of_month().tomorrow().ok()?, false);
            } else {
                if !is_first {
                    from = Time::MIN;
                }
                if self.has(day)
                    && let Some(time) = self.time(from, is_first)
                {
                    return Some(day.to_datetime(time));
                }
                (day, is_first) = (day.tomorrow().ok()?, false);
            }
        }
        None
    }

    /// The first time of a day from `from` on, or after it.
    fn time(&self, from: Time, after: bool) -> Option<Time> {
        let start = i16::from(from.hour()) * 60 + i16::from(from.minute()) + i16::from(after);
        let mut all = self.hours.iter().flat_map(|hour| self.minutes.iter().map(move |minute| hour * 60 + minute));
        let minute = all.find(|minute| *minute >= start)?;
        Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()
    }

    fn has(&self, day: Date) -> bool {
        match &self.days {
            Days::OfMonth(parts) => parts.iter().any(|part| part.has(day)),
            Days::OfWeek(parts) => parts.iter().any(|part| part.has(day)),
        }
    }
}

impl OfMonth {
    fn has(&self, day: Date) -> bool {
        match self {
            Self::Any(days) => days.contains(&i16::from(day.day())),
            Self::Last => day == day.last_of_month(),
            Self::LastWeekday => nearest(day.last_of_month()) == Some(day),
            Self::Near(number) => {
                let number = i8::try_from(*number).unwrap_or_default();
                Date::new(day.year(), day.month(), number).ok().and_then(nearest) == Some(day)
            }
        }
    }
}

impl OfWeek {
    fn has(&self, day: Date) -> bool {
        let weekday = i16::from(day.weekday().to_sunday_one_offset());
        match self {
            Self::Any(days) => days.contains(&weekday),
            Self::Last(wanted) => weekday == *wanted && day.day() > day.days_in_month() - 7,
            Self::Nth(wanted, nth) => weekday == *wanted && (day.day() - 1) / 7 + 1 == *nth,
        }
    }
}

/// The weekday that is nearest to a day, within its month.
fn nearest(day: Date) -> Option<Date> {
    let (before, after) = (day.yesterday().ok()?, day.tomorrow().ok()?);
    match day.weekday() {
        Weekday::Saturday if before.month() == day.month() => Some(before),
        Weekday::Saturday => after.tomorrow().ok(),
        Weekday::Sunday if after.month() == day.month() => Some(after),
        Weekday::Sunday => before.yesterday().ok(),
        _ => Some(day),
    }
}

fn of_month_part(part: &str) -> Option<OfMonth> {
    match part {
        "L" => Some(OfMonth::Last),
        "LW" => Some(OfMonth::LastWeekday),
        _ => match part.strip_suffix('W') {
            Some(day) => number(day, (1, 31), &[]).map(OfMonth::Near),
            None => values(part, (1, 31), &[]).map(OfMonth::Any),
        },
    }
}

fn of_week_part(part: &str) -> Option<OfWeek> {
    if part == "L" {
        return Some(OfWeek::Any(BTreeSet::from([7])));
    }
    if let Some((day, nth)) = part.split_once('#') {
        let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth))?;
        return Some(OfWeek::Nth(number(day, (1, 7), &DAYS)?, nth));
    }
    match part.strip_suffix('L') {
        Some(day) => number(day, (1, 7), &DAYS).map(OfWeek::Last),
        None => values(part, (1, 7), &DAYS).map(OfWeek::Any),
    }
}

/// The numbers that a field names: `*`, `5`, `1-5`, `0/15`, `*/15`, `10-50/10`, and lists of them.
fn values(field: &str, range: (i16, i16), names: &[&str]) -> Option<BTreeSet<i16>> {
    let mut all = BTreeSet::new();
    for part in field.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, Some(step.parse::<i16>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match span.split_once('-') {
            _ if span == "*" => range,
            Some((from, to)) => (number(from, range, names)?, number(to, range, names)?),
            None => {
                let from = number(span, range, names)?;
                (from, if step.is_some() { range.1 } else { from })
            }
        };
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        if from <= to {
            all.extend((from..=to).step_by(step));
        } else {
            // `FRI-MON`: over the end of the range.
            all.extend((from..=range.1).chain(range.0..=to).step_by(step));
        }
    }
    Some(all)
}

fn number(text: &str, range: (i16, i16), names: &[&str]) -> Option<i16> {
    let named = names.iter().position(|name| *name == text).and_then(|at| i16::try_from(at).ok());
    let number = match named {
        Some(at) => at + range.0,
        None => text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??,
    };
    (range.0..=range.1).contains(&number).then_some(number)
}
