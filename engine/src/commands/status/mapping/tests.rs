//! Its pure parts, at their boundaries.
use super::*;
use crate::event::status::State;

const SPEC: Wanted<'_> = Wanted { enabled: true, local: false, table: None };

fn of(state: &str, last_result: &str, wanted: Wanted<'_>) -> (State, Vec<String>) {
    let mut part = Part::new("mapping", "f/s");
    let (state, last_result) = (state.to_owned(), last_result.to_owned());
    judge(&Seen { state, last_result, ..Seen::default() }, wanted, &mut part);
    (part.state, part.findings.into_iter().map(|finding| finding.message).collect())
}

#[test]
fn a_mapping_that_reads_and_whose_last_call_went_well_is_well() {
    assert_eq!(of("Enabled", "OK", SPEC), (State::Well, vec!["last result: OK".to_owned()]));
    assert_eq!(of("Enabled", "No records processed", SPEC).0, State::Well);
    assert_eq!(of("Updating", "", SPEC), (State::Well, vec!["it is Updating".to_owned()]));
}

#[test]
fn a_problem_in_lambdas_words_needs_a_person() {
    let (state, said) = of("Enabled", "PROBLEM: Function call failed", SPEC);
    assert_eq!(
        (state, said),
        (State::NeedsPerson, vec!["its last call went wrong: PROBLEM: Function call failed".to_owned()])
    );
}

#[test]
fn a_mapping_that_does_not_read_needs_a_person_unless_the_spec_says_so() {
    assert_eq!(of("Disabled", "OK", SPEC).0, State::NeedsPerson);
    let off = Wanted { enabled: false, ..SPEC };
    assert_eq!(of("Disabled", "PROBLEM: old", off).0, State::Well);
    // MiniStack's own is off, for `pipe dev` reads.
    let local = Wanted { local: true, ..SPEC };
    assert_eq!(of("Disabled", "", local), (State::Well, vec!["`pipe dev` reads in its place".to_owned()]));
}

#[test]
fn of_a_table_whose_stream_is_another_one_the_mapping_reads_nothing() {
    let found = |source: &str, state: &str| {
        EventSourceMappingConfiguration::builder().event_source_arn(source).state(state).build()
    };
    let (old, new) = ("arn:aws:dynamodb:r:a:table/t/stream/1", "arn:aws:dynamodb:r:a:table/t/stream/2");
    let both = [found(old, "Disabled"), found(new, "Enabled")];
    let one = seen(&both, Some(new)).unwrap();
    assert_eq!((one.state.as_str(), one.draining, one.of_former_stream), ("Enabled", 1, false));
    assert!(seen(&both[..1], Some(new)).unwrap().of_former_stream);
    assert_eq!(seen(&[], Some(new)), None);
}
