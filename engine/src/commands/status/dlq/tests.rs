//! Its pure parts, at their boundaries.
use super::*;
use crate::event::status::State;

const NOW: u64 = 1_700_000_000;
const HOUR: u64 = 3600;

fn part(ready: u64, stream: Option<Retention>, oldest: Option<f64>) -> Part {
    let mut part = Part::new("dlq", "dead");
    let queue = Seen { ready, retention_seconds: 14 * 24 * HOUR, ..Seen::default() };
    judge(queue, stream, oldest, NOW, &mut part);
    part
}

fn day(made: Option<u64>) -> Option<Retention> {
    Some(Retention { seconds: 24 * HOUR, made })
}

fn said(part: &Part) -> Vec<(&str, Option<&str>)> {
    part.findings.iter().map(|finding| (finding.message.as_str(), finding.until.as_deref())).collect()
}

#[test]
fn an_empty_queue_is_well() {
    let part = part(0, day(None), Some(5.0));
    assert_eq!((part.state, said(&part)), (State::Well, vec![("no letters", None)]));
}

#[test]
fn letters_have_time_until_sqs_deletes_them_and_pointers_until_the_stream_forgets_their_records() {
    let three_hours = part(2, day(None), Some(3.0 * 3600.0));
    assert_eq!(three_hours.state, State::NeedsPerson);
    assert_eq!(
        said(&three_hours),
        [
            (
                "2 letters, the oldest 3 h old at least: SQS deletes it in 13 d 21 h at the latest",
                Some("2023-11-28T19:13:20Z")
            ),
            (
                "if the oldest only points to records, the stream has them for 21 h at the most",
                Some("2023-11-15T19:13:20Z")
            ),
        ]
    );
    let lost = part(1, day(None), Some(24.0 * 3600.0));
    assert_eq!(
        said(&lost)[1],
        (
            "if the oldest only points to records, the stream has lost them since 2023-11-14T22:13:20Z at the latest",
            None
        )
    );
    let replaced = part(1, day(Some(NOW - HOUR)), Some(7200.0));
    assert!(said(&replaced)[1].0.starts_with("the stream was made after the oldest letter came"), "{replaced:?}");
    assert_eq!(said(&part(1, None, Some(60.0))).len(), 1, "a queue's letters are the messages themselves");
}

#[test]
fn of_letters_whose_age_cloudwatch_does_not_know_yet_no_time_is_said() {
    let young = part(1, day(None), None);
    let message = "1 letter; SQS deletes each 14 d after it came, and CloudWatch does not say yet when";
    assert_eq!((young.state, said(&young)), (State::NeedsPerson, vec![(message, None)]));
}
