//! A status as people read it: one line a part, and below it what there is to say.

use crate::event::status::{Figure, Finding, Part, State, Status, Unit};
use crate::tame::tame;
use crate::term::style::{BAD, DIM, END, GOOD, HINT, WARN};

use super::time::duration;

/// The heights of a sparkline's bars.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where there is no figure.
const NONE: char = '·';

/// The whole screen.
pub fn text(status: &Status) -> String {
    let Status { pipeline, region, at, parts, notes, .. } = status;
    let mut text = format!("{} in {} at {at}\n{DIM}{}{END}\n", tame(pipeline), tame(region), stale(status));
    let width = |of: fn(&Part) -> &str| parts.iter().map(|part| of(part).chars().count()).max().unwrap_or_default();
    let (ids, names) = (width(|part| &part.id), width(|part| &part.name));
    for part in parts {
        text += &line(part, ids, names);
        part.findings.iter().for_each(|finding| text += &said(finding));
    }
    notes.iter().for_each(|note| text += &format!("{WARN}note{END}: {}\n", tame(note)));
    text + &verdict(status)
}

/// What time the figures are of, and how late they are.
fn stale(status: &Status) -> String {
    let window = &status.window;
    let step = duration(window.step_seconds.into());
    let newest = match &window.newest {
        Some(newest) => format!("the newest step began {newest}"),
        None => "CloudWatch has none of that time".to_owned(),
    };
    format!("figures from {} on, in steps of {step}; {newest}. On AWS they come minutes late", window.from)
}

fn line(part: &Part, ids: usize, names: usize) -> String {
    let mark = match part.state {
        State::Well => format!("{GOOD}✓{END}"),
        State::NeedsPerson | State::Absent => format!("{BAD}✗{END}"),
        State::Unread => format!("{WARN}?{END}"),
    };
    let figures: Vec<String> = part.figures.iter().enumerate().filter_map(|(at, one)| figure(one, at == 0)).collect();
    let (id, name) = (tame(&part.id), tame(&part.name));
    let (id_room, name_room) =
        (ids.saturating_sub(part.id.chars().count()), names.saturating_sub(part.name.chars().count()));
    let line = format!("{mark} {id}{:id_room$}  {DIM}{name}{END}{:name_room$}  {}", "", "", figures.join("  "));
    line.trim_end().to_owned() + "\n"
}

/// A figure with its past. One that CloudWatch does not have is shown only where it is the first.
fn figure(figure: &Figure, is_first: bool) -> Option<String> {
    let Some(value) = figure.value else { return is_first.then(|| format!("{NONE} {}", figure.name)) };
    let shown = measured(value, figure.unit);
    let past = if value > 0.0 { format!(" {DIM}{}{END}", sparkline(&figure.steps)) } else { String::new() };
    Some(match figure.unit {
        Unit::Count => format!("{shown} {}{past}", figure.name),
        Unit::Milliseconds | Unit::Seconds => format!("{} {shown}{past}", figure.name),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures of people")]
fn measured(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => format!("{}", value.round()),
        Unit::Milliseconds if value < 1000.0 => format!("{} ms", value.round()),
        Unit::Milliseconds if value < 60_000.0 => format!("{:.1} s", value / 1000.0),
        Unit::Milliseconds => duration((value / 1000.0) as u64),
        Unit::Seconds => duration(value as u64),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the height of a bar")]
fn sparkline(steps: &[Option<f64>]) -> String {
    let most = steps.iter().flatten().copied().fold(0.0, f64::max);
    let bar = |step: &Option<f64>| match step {
        Some(value) if most > 0.0 => BARS[((value / most * 7.0).round() as usize).min(7)],
        Some(_) => BARS[0],
        None => NONE,
    };
    steps.iter().map(bar).collect()
}

fn said(finding: &Finding) -> String {
    let Finding { needs_person, message, until, hint, .. } = finding;
    let mark = if *needs_person { format!("{BAD}!{END}") } else { " ".to_owned() };
    let until = until.as_ref().map(|until| format!(" (until {until})")).unwrap_or_default();
    let hint = hint.as_ref().map(|hint| format!("\n      {HINT}hint{END}: {}", tame(hint))).unwrap_or_default();
    match needs_person {
        true => format!("    {mark} {}{until}{hint}\n", tame(message)),
        false => format!("    {mark} {DIM}{}{until}{END}{hint}\n", tame(message)),
    }
}

fn verdict(status: &Status) -> String {
    let count = status.parts.iter().filter(|part| part.state != State::Well).count();
    match count {
        0 => format!("{GOOD}All is well.{END}\n"),
        1 => format!("{BAD}1 part needs a person{END}: the exit code is 1.\n"),
        count => format!("{BAD}{count} parts need a person{END}: the exit code is 1.\n"),
    }
}

#[cfg(test)]
mod tests;
