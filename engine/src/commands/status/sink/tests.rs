//! Its pure parts, at their boundaries.
use super::*;
use crate::event::status::State;

#[test]
fn a_table_that_cannot_be_used_needs_a_person_and_one_that_changes_does_not() {
    let of = |state: &str| {
        let mut part = Part::new("table", "t");
        judge(Some(state.to_owned()), &Figures::default(), &mut part);
        (part.state, part.findings.len())
    };
    assert_eq!([of("ACTIVE"), of("UPDATING"), of("CREATING")], [(State::Well, 0), (State::Well, 0), (State::Well, 1)]);
    assert_eq!(of("INACCESSIBLE_ENCRYPTION_CREDENTIALS"), (State::NeedsPerson, 1));
}
