//! When a schedule comes (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).

use super::{At, Cx};
use crate::spec::wording::{list, nearest, short};
use crate::spec::{Full, Problem};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use pipe_local::push::schedule::is_time_zone;
use serde_json::Value;

/// What Scheduler fills in, within `<aws.scheduler.` and `>`
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>).
const FILLED_IN: [&str; 4] = ["attempt-number", "execution-id", "schedule-arn", "scheduled-time"];

/// The fields of a cron expression: what each is called, its least and greatest number, and the words that it takes.
const FIELDS: [(&str, u32, u32, &str); 6] = [
    ("minutes", 0, 59, ""),
    ("hours", 0, 23, ""),
    ("day of month", 1, 31, "L LW"),
    ("month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"),
    ("day of week", 1, 7, "SUN MON TUE WED THU FRI SAT L"),
    ("year", 1970, 2199, ""),
];

/// One of `rate`, `cron` and `at`, in the form that AWS takes.
pub(in crate::spec::rules) fn schedule(cx: &Cx<'_>, full: &At<'_, Full>) -> Vec<Problem> {
    let said = [("rate", &full.rate), ("cron", &full.cron), ("at", &full.at)];
    let said = said.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?)));
    let said: Vec<_> = said.chain(full.every_minutes.map(|_| ("every_minutes", ""))).collect();
    let path = |key: &str| if cx.has(&full.at(key)) { full.at(key) } else { full.path.clone() };
    let mut problems = Vec::new();
    match said[..] {
        [(key, text)] if cx.sound(&path(key)) => {
            let wrong = match key {
                "rate" => rate(text),
                "cron" => cron(text),
                "at" => at(text),
                _ => None,
            };
            problems.extend(wrong.map(|(message, hint)| Problem::error(path(key), message).hint(hint)));
        }
        [_] => {}
        _ => {
            let message = "a schedule has one of `rate`, `every_minutes`, `cron` and `at`";
            let hint = "as in `schedule: rate(5 minutes)`, or `schedule: { cron: 0 8 ? * MON-FRI * }`";
            problems.push(Problem::error(&full.path, message).hint(hint).on_key());
        }
    }
    problems.extend(zone(cx, full));
    problems.extend(placeholders(cx, full));
    problems.extend(span(full));
    problems
}

/// From when to when.
fn span(full: &At<'_, Full>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, time) in [("starts", &full.starts), ("ends", &full.ends)] {
        let wrong = time.as_deref().filter(|time| DateTime::from_str(time, Format::DateTimeWithOffset).is_err());
        problems.extend(wrong.map(|time| {
            let message = format!("`{}` is no time", short(time));
            Problem::error(full.at(key), message).hint("write it in RFC 3339, as in `2026-12-01T00:00:00Z`")
        }));
    }
    let time = |text: &Option<String>| DateTime::from_str(text.as_deref()?, Format::DateTimeWithOffset).ok();
    if time(&full.starts).zip(time(&full.ends)).is_some_and(|(starts, ends)| starts >= ends) {
        let message = "it ends before it starts, so no event would come";
        problems.push(Problem::error(full.at("ends"), message).hint("write a later time"));
    }
    if full.at.is_some() && (full.starts.is_some() || full.ends.is_some()) {
        let message = "`starts` and `ends` are of a schedule that comes again, and this one comes once";
        problems.push(Problem::error(full.at("at"), message).hint("take them out").on_key());
    }
    problems
}

fn zone(cx: &Cx<'_>, full: &At<'_, Full>) -> Option<Problem> {
    let path = full.at("time_zone");
    (cx.sound(&path) && !is_time_zone(&full.time_zone)).then(|| {
        let message = format!("`{}` is no time zone", short(&full.time_zone));
        Problem::error(path, message).hint("an IANA name, as in `Europe/Berlin` or `America/New_York`")
    })
}

/// What looks like something that Scheduler fills in, and would be sent as it stands.
fn placeholders(cx: &Cx<'_>, full: &At<'_, Full>) -> Option<Problem> {
    let path = full.at("input");
    let text = full.input.as_ref().filter(|_| cx.sound(&path)).map(Value::to_string)?;
    let mut named = text.split("<aws.scheduler.").skip(1).filter_map(|rest| Some(rest.split_once('>')?.0));
    let wrong = named.find(|name| !FILLED_IN.contains(name))?.to_owned();
    let problem = Problem::error(path, format!("Scheduler fills in no `<aws.scheduler.{}>`", short(&wrong)));
    let problem = match nearest(&wrong, &FILLED_IN) {
        Some(near) => problem.hint(format!("did you mean `<aws.scheduler.{near}>`?")),
        None => problem.hint(format!("it fills in {}", list(&FILLED_IN, "and"))),
    };
    Some(problem.on_key())
}

type Wrong = (String, String);

fn rate(text: &str) -> Option<Wrong> {
    let example =
        "as in `rate(5 minutes)`, `rate(1 hour)` or `rate(2 days)`; `cron(...)` and `at(...)` say times".to_owned();
    if let Some(message) = brackets(text) {
        return Some((message, example));
    }
    let Some((number, unit)) = text.split_once(' ') else {
        return Some((format!("`{}` is no rate: a number and a unit are wanted", short(text)), example));
    };
    let units = ["minute", "minutes", "hour", "hours", "day", "days"];
    if !units.contains(&unit) {
        let message = match unit.starts_with("sec") {
            true => "a rate has no seconds: a minute is the least".to_owned(),
            false => format!("`{}` is no unit of a rate", short(unit)),
        };
        return Some((message, example));
    }
    match number.parse::<u32>() {
        Ok(0) | Err(_) => Some((format!("`{}` is no number of {unit}, 1 or more", short(number)), example)),
        Ok(_) => None,
    }
}

/// What is wrong about the form of a text that is none of `rate(...)`, `cron(...)` and `at(...)`.
fn brackets(text: &str) -> Option<String> {
    let trimmed = text.trim();
    for word in ["rate", "cron", "at"] {
        let Some(rest) = trimmed.strip_prefix(word) else { continue };
        match rest.trim_start().strip_prefix('(') {
            Some(rest) if !rest.ends_with(')') => return Some(format!("the `)` of `{word}(` is missing at the end")),
            Some(_) if rest.starts_with(' ') => return Some(format!("no space is wanted between `{word}` and `(`")),
            Some(_) if trimmed == text => return Some(format!("only what stands within `{word}(...)` is wanted here")),
            Some(_) => return Some(format!("no space is wanted around `{trimmed}`")),
            None => {}
        }
    }
    let fields = trimmed.split(' ').count();
    ((5..=6).contains(&fields)).then(|| format!("a cron stands in brackets: `cron({trimmed})`"))
}

fn at(text: &str) -> Option<Wrong> {
    let hint = "as in `2026-12-24T18:00:00`; `time_zone` says where".to_owned();
    if text.ends_with(['Z', 'z']) || text.len() > 19 {
        return Some((format!("`{}` has a zone of its own", short(text)), hint));
    }
    let is_time = text.len() == 19 && DateTime::from_str(&format!("{text}Z"), Format::DateTime).is_ok();
    (!is_time).then(|| (format!("`{}` is no time", short(text)), hint))
}

fn cron(text: &str) -> Option<Wrong> {
    let example = "minutes, hours, day of month, month, day of week, year: `0 8 ? * MON-FRI *` is 8:00 on weekdays";
    let fields: Vec<&str> = text.split(' ').collect();
    if text.starts_with("cron(") {
        return Some(("only what stands within `cron(...)` is wanted here".to_owned(), example.to_owned()));
    }
    if fields.len() != FIELDS.len() || fields.contains(&"") {
        let message = match fields.len() {
            5 => "this cron has 5 fields, and AWS's has 6: the last one is the year".to_owned(),
            _ => format!("a cron has 6 fields with one space between them, and this has {}", fields.len()),
        };
        return Some((message, example.to_owned()));
    }
    let (day, weekday) = (fields[2], fields[4]);
    if (day == "?") == (weekday == "?") {
        let message = "one of day of month and day of week must be `?`, and the other must not";
        let hint = format!("`{}`", if day == "*" { replaced(&fields, 2) } else { replaced(&fields, 4) });
        return Some((message.to_owned(), format!("{hint}, for example")));
    }
    let wrong = fields.iter().zip(FIELDS).find(|(field, of)| !fits(field, *of));
    wrong.map(|(field, (name, least, most, words))| {
        let or = if words.is_empty() { String::new() } else { format!(", or {}", words.replace(' ', ", ")) };
        (
            format!("`{}` is no {name}", short(field)),
            format!("{least} to {most}{or}; `*`, lists, ranges and steps of them"),
        )
    })
}

fn replaced(fields: &[&str], at: usize) -> String {
    let mut fields = fields.to_vec();
    fields[at] = "?";
    if fields[2] == "?" && fields[4] == "?" {
        fields[if at == 2 { 4 } else { 2 }] = "*";
    }
    fields.join(" ")
}

/// Whether a field is a list of values, ranges and steps of this sort.
fn fits(field: &str, (name, least, most, words): (&str, u32, u32, &str)) -> bool {
    if field == "?" {
        return name.starts_with("day");
    }
    let value = |text: &str| {
        let word = words.split(' ').any(|word| !word.is_empty() && word.eq_ignore_ascii_case(text));
        word || text.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number))
    };
    // These are days of their own, and no ends of a range.
    let is_last = |text: &str| text.eq_ignore_ascii_case("L") || text.eq_ignore_ascii_case("LW");
    field.split(',').all(|part| {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let stepped = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
        let last = match name {
            "day of month" => range.strip_suffix('W').is_some_and(value),
            "day of week" => {
                range.strip_suffix('L').is_some_and(value)
                    || range
                        .split_once('#')
                        .is_some_and(|(day, which)| value(day) && matches!(which, "1" | "2" | "3" | "4" | "5"))
            }
            _ => false,
        };
        stepped
            && (range == "*"
                || last
                || range.split_once('-').map_or_else(
                    || value(range),
                    |(from, to)| value(from) && value(to) && !is_last(from) && !is_last(to),
                ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_takes_is_taken() {
        for text in [
            "0 8 ? * MON-FRI *",
            "0/15 * * * ? *",
            "0 0 1 JAN ? 2027",
            "0 0 L * ? *",
            "0 0 ? * 2#1 *",
            "0 0 3W * ? *",
            "0 0 ? * 6L *",
        ] {
            assert_eq!(cron(text), None, "{text}");
        }
        assert_eq!(["5 minutes", "1 hour", "2 days", "1 minutes"].map(rate), [None, None, None, None]);
        assert_eq!(at("2026-12-24T18:00:00"), None);
    }

    #[test]
    fn a_wrong_cron_is_told_what_is_right() {
        let told = |text: &str| cron(text).map(|(message, hint)| format!("{message}: {hint}")).unwrap_or_default();
        assert!(
            told("0 8 * * MON-FRI").starts_with("this cron has 5 fields, and AWS's has 6"),
            "{}",
            told("0 8 * * MON-FRI")
        );
        assert!(told("0 8 * * * *").contains("must be `?`") && told("0 8 * * * *").contains("`0 8 ? * * *`"));
        assert!(told("0 8 ? * ? *").contains("must be `?`"));
        assert!(told("60 8 ? * MON *").starts_with("`60` is no minutes: 0 to 59"));
        assert!(told("0 8 ? * MO *").starts_with("`MO` is no day of week"));
        assert!(told("cron(0 8 ? * MON *)").starts_with("only what stands within"));
        assert!(told("0  8 ? * MON *").starts_with("a cron has 6 fields with one space"));
        assert!(told("0 8 W * ? *").starts_with("`W` is no day of month"));
        assert!(told("0 8 L-3 * ? *").starts_with("`L-3` is no day of month"));
        assert!(told("0/0 8 ? * MON *").starts_with("`0/0` is no minutes"));
    }

    #[test]
    fn a_wrong_rate_or_time_is_told_what_is_right() {
        let told = |text: &str| rate(text).unwrap().0;
        assert_eq!(told("30 seconds"), "a rate has no seconds: a minute is the least");
        assert_eq!(told("0 minutes"), "`0` is no number of minutes, 1 or more");
        assert!(
            told("5 weeks").contains("no unit")
                && told("every day").contains("no number")
                && told("5minutes").contains("no rate")
        );
        assert!(told("-5 minutes").contains("no number"));
        assert_eq!(told("0 8 ? * MON-FRI *"), "a cron stands in brackets: `cron(0 8 ? * MON-FRI *)`");
        assert_eq!(told("cron(0 8 ? * MON-FRI *"), "the `)` of `cron(` is missing at the end");
        assert_eq!(told("cron (0 8 ? * MON *)"), "no space is wanted between `cron` and `(`");
        assert_eq!(told("rate(5 minutes"), "the `)` of `rate(` is missing at the end");
        assert_eq!(told("rate(5 minutes)"), "only what stands within `rate(...)` is wanted here");
        assert_eq!(told(" rate(5 minutes)"), "no space is wanted around `rate(5 minutes)`");
        assert!(at("2026-12-24T18:00:00Z").unwrap().0.contains("zone of its own"));
        assert!(at("2026-12-24T18:00:00+01:00").unwrap().0.contains("zone of its own"));
        assert!(at("2026-13-24T18:00:00").unwrap().0.contains("no time"));
    }
}
