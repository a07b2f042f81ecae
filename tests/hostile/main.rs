//! Input from people who mean harm, or whose editor did: specs, mapping templates, and what a spec may put into AWS.
//!
//! Whatever the text: no panic, an end within [`walk::BUSY`], bounded memory, and problems whose places are inside of the
//! file. Whatever is accepted: no name and no value of it leaves its place in a template, a policy or a line.
//!
//! Seeds vary from run to run, the number of cases does not; proptest prints what failed, made as small as it can. Put it into
//! `corpus/spec` (`good_*` is accepted, all else is refused), `corpus/vtl` or `corpus/event` (read by the handlers' tests,
//! `handlers/src/**/fuzz.rs`) with the repair: every file there is run each time.
#![cfg(test)]

mod accepted;
mod corpus;
mod graph;
mod large;
mod mutate;
mod policies;
mod routes;
mod vtl;
mod walk;

use proptest::prelude::*;

/// Cases of each property, and an end to the search for a smaller failure.
fn cases(cases: u32) -> ProptestConfig {
    let failure_persistence = None;
    ProptestConfig { cases, failure_persistence, max_shrink_time: 60_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(200))]

    /// Real specs with hostile values, keys and shapes, and with broken lines and bytes.
    #[test]
    fn no_mutation_of_a_spec_breaks_the_walk(text in mutate::text()) {
        walk::in_time(move || {
            if let Some(taken) = walk::walk(&text.0) {
                graph::check(&taken);
            }
        });
    }

    /// Specs of nothing but what is allowed, at its bounds: here the names and values reach every template and policy.
    #[test]
    fn nothing_that_is_allowed_leaves_its_place((spec, hostile) in (accepted::spec(), mutate::scalar_text())) {
        walk::in_time(move || {
            let text = accepted::text(&spec);
            let taken = walk::walk(text.as_bytes()).unwrap_or_else(|| panic!("{}", walk::why_not(&text)));
            graph::check(&taken);
            routes::check(&taken, &hostile);
        });
    }
}
