//! Its pure parts, at their boundaries.
use super::*;
use crate::event::status::State;

fn of(age: u64, kept: u64) -> Part {
    let mut part = Part::new("stream", "events");
    behind(age, kept, 1_700_000_000, &mut part);
    part
}

#[test]
fn what_is_read_may_be_as_old_as_two_thirds_of_the_mappings_patience() {
    let (hour, day) = (60 * 60, 24 * 60 * 60);
    let of = |age, gives_up| {
        let mut part = Part::new("stream", "events");
        behind_patience(age, Patience { gives_up, has_dlq: false }, day, &mut part);
        part
    };
    assert_eq!(of(2 * hour, 3 * hour).state, State::Well);
    let beyond = of(2 * hour + 1, 3 * hour);
    let said = "the oldest unread record is 2 h old; the mapping gives records up after 3 h";
    assert_eq!(beyond.findings[0].message, said);
    assert_eq!(of(9 * hour, 3 * hour).state, State::Well, "that the stream forgets it is said already");
    assert_eq!(of(9 * hour, day).state, State::Well, "the stream forgets it first");
}

#[test]
fn what_is_read_may_be_as_old_as_a_third_of_what_is_kept() {
    let day = 24 * 60 * 60;
    assert_eq!(of(day / 3, day).state, State::Well);
    let beyond = of(day / 3 + 1, day);
    assert_eq!(beyond.state, State::NeedsPerson);
    let finding = &beyond.findings[0];
    assert_eq!(finding.message, "the oldest unread record is 8 h old; records expire after 1 d: 15 h 59 min left");
    assert_eq!(finding.until.as_deref(), Some("2023-11-15T14:13:19Z"));
    let lost = of(day, day);
    assert!(lost.findings[0].message.ends_with("some are lost") && lost.findings[0].until.is_none(), "{lost:?}");
    assert_eq!(of(7, 0).state, State::Well, "nobody says how long it keeps anything");
}
