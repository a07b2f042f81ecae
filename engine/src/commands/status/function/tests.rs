//! Its pure parts, at their boundaries.
use super::*;
use crate::event::status::{Figure, State};

fn figures(values: &[(&str, f64)]) -> Figures {
    let figure = |(name, value): &(&str, f64)| Figure {
        name: (*name).to_owned(),
        metric: String::new(),
        statistic: "Sum",
        unit: Count,
        value: Some(*value),
        steps: vec![Some(*value)],
    };
    Figures(values.iter().map(figure).collect())
}

fn of(seen: Option<Seen>, values: &[(&str, f64)]) -> Part {
    let mut part = Part::new("consumer", "f");
    judge(seen, Sort { timeout_seconds: Some(10), ..Sort::default() }, &figures(values), &mut part);
    part
}

#[test]
fn calls_that_succeed_are_well_even_where_they_are_slow() {
    assert_eq!(of(Some(Seen::default()), &[("calls", 9.0), ("errors", 0.0), ("p99", 8000.0)]).findings, []);
    let slow = of(Some(Seen::default()), &[("p99", 8001.0)]);
    let said = "1 % of its calls take more than four fifths of its time-out of 10 s";
    assert_eq!((slow.state, slow.findings[0].message.as_str()), (State::Well, said));
}

#[test]
fn errors_throttles_and_lost_events_need_a_person_each() {
    let all = [("calls", 9.0), ("errors", 2.0), ("throttles", 1.0), ("given up", 3.0), ("lost letters", 1.0)];
    let part = of(None, &all);
    assert_eq!((part.state, part.findings.len()), (State::NeedsPerson, 4));
    assert_eq!(part.findings[0].message, "2 of 9 calls failed");
}

/// A stranger with a wrong password brings it about.
#[test]
fn an_authorizer_that_refuses_needs_nobody() {
    let mut part = Part::new("authorizer", "f");
    let sort = Sort { guards: true, ..Sort::default() };
    judge(Some(Seen::default()), sort, &figures(&[("calls", 9.0), ("errors", 2.0)]), &mut part);
    assert_eq!(part.state, State::Well);
    assert!(part.findings[0].message.starts_with("2 of 9 calls ended with an error: "), "{part:?}");
    judge(None, sort, &figures(&[("throttles", 1.0)]), &mut part);
    assert_eq!(part.state, State::NeedsPerson);
}

#[test]
fn a_function_that_lambda_cannot_run_or_may_not_needs_a_person() {
    for seen in [
        Seen { failed: true, ..Seen::default() },
        Seen { update_failed: true, ..Seen::default() },
        Seen { reserved: Some(0), ..Seen::default() },
    ] {
        assert_eq!(of(Some(seen.clone()), &[]).state, State::NeedsPerson, "{seen:?}");
    }
    assert_eq!(of(Some(Seen { reserved: Some(1), ..Seen::default() }), &[]).state, State::Well);
}

#[test]
fn only_what_a_function_can_have_is_asked_for() {
    let names = |sort: Sort| super::figures("f", sort).iter().map(|ask| ask.name).collect::<Vec<_>>();
    assert_eq!(names(Sort::default()), ["calls", "errors", "throttles", "p99"]);
    assert!(names(Sort { pushed: true, ..Sort::default() }).contains(&"given up"));
    assert!(names(Sort { bundled: true, ..Sort::default() }).contains(&"rows"));
}
