//! Its pure parts, at their boundaries.
use super::*;
use crate::event::status::Window;

fn status(parts: Vec<Part>) -> Status {
    let window = Window {
        from: "2023-11-14T21:15:00Z".to_owned(),
        to: "2023-11-14T22:15:00Z".to_owned(),
        step_seconds: 300,
        newest: Some("2023-11-14T22:05:00Z".to_owned()),
    };
    let needs_person = parts.iter().any(|part| part.state != State::Well);
    let (pipeline, region, at) = ("orders".to_owned(), "eu-central-1".to_owned(), "2023-11-14T22:13:20Z".to_owned());
    Status { pipeline, region, at, window, needs_person, parts, notes: Vec::new() }
}

fn figure_of(name: &str, unit: Unit, steps: &[Option<f64>], value: Option<f64>) -> Figure {
    let (name, metric) = (name.to_owned(), String::new());
    Figure { name, metric, statistic: "Sum", unit, value, steps: steps.to_vec() }
}

fn plain(status: &Status) -> String {
    anstream::adapter::strip_str(&text(status)).to_string()
}

#[test]
fn a_part_is_one_line_and_what_there_is_to_say_stands_below_it() {
    let mut api = Part::new("api", "orders-api");
    api.figures = vec![
        figure_of("requests", Unit::Count, &[Some(0.0), None, Some(5.0), Some(10.0)], Some(15.0)),
        figure_of("5xx", Unit::Count, &[Some(0.0)], Some(0.0)),
        figure_of("p99", Unit::Milliseconds, &[None], None),
    ];
    let mut dlq = Part::new("dlq", "orders-dlq");
    dlq.figures = vec![figure_of("oldest", Unit::Seconds, &[Some(10_800.0)], Some(10_800.0))];
    dlq.until(1_700_000_000, "2 letters", "`pipe dlq ls` shows them");
    let shown = plain(&status(vec![api, dlq]));
    assert_eq!(
        shown,
        "orders in eu-central-1 at 2023-11-14T22:13:20Z\n\
         figures from 2023-11-14T21:15:00Z on, in steps of 5 min; the newest step began 2023-11-14T22:05:00Z. On AWS they come minutes late\n\
         ✓ api  orders-api  15 requests ▁·▅█  0 5xx\n\
         ✗ dlq  orders-dlq  oldest 3 h █\n    \
         ! 2 letters (until 2023-11-14T22:13:20Z)\n      hint: `pipe dlq ls` shows them\n\
         1 part needs a person: the exit code is 1.\n"
    );
}

#[test]
fn where_nothing_is_wrong_it_says_so() {
    assert!(plain(&status(vec![Part::new("api", "a")])).ends_with("✓ api  a\nAll is well.\n"));
}

#[test]
fn what_others_say_steers_no_terminal() {
    let mut part = Part::new("dlq", "a\u{1b}[2J");
    part.needs_person("\u{1b}]0;x\u{7}", "\u{9b}2J");
    let shown = plain(&status(vec![part]));
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{shown:?}");
}
