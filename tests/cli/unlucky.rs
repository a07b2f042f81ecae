//! Calls that fail, are throttled or lose their answer: one apply copes by itself, or the next one does.

use pipe_test_support::{Rule, Run};

use crate::site::{MAIN, Site, WHOLE};

const APPLY: &[&str] = &["apply", "--yes"];

/// Applies with one fault at each of these writes, and again where the first apply gave up.
fn copes(places: &[usize], fault: impl Fn(Rule) -> Rule) {
    for &k in places {
        let site = Site::new(MAIN);
        let rule = site.user.account.set(fault(Rule::writes().nth(k)));
        let run: Run = site.user.run(APPLY);
        assert_eq!(site.user.account.fired(rule), 1, "write {k} was to fail");
        assert!(matches!(run.code, Some(0 | 1)), "write {k}: {}", run.err);
        if run.code == Some(1) {
            assert!(run.err.contains("error: ") && run.err.contains("✗"), "write {k}: {}", run.err);
        }
        site.user.converge();
        assert_eq!(site.census(), WHOLE, "write {k}");
    }
}

/// The same, and the one apply must do.
fn shrugs_off(places: &[usize], fault: impl Fn(Rule) -> Rule) {
    for &k in places {
        let site = Site::new(MAIN);
        let rule = site.user.account.set(fault(Rule::writes().nth(k)));
        site.user.pipe(APPLY);
        assert_eq!(site.user.account.fired(rule), 1, "write {k} was to fail");
        site.user.account.clear();
        site.user.converge();
        assert_eq!(site.written(), Vec::<String>::new(), "write {k}: the second apply had something to do");
        assert_eq!(site.census(), WHOLE, "write {k}");
    }
}

#[test]
fn a_server_error_without_a_body() {
    shrugs_off(&[2, 12, 25, 38], |rule| rule.fail(500, "", ""));
}

#[test]
fn a_server_error_after_the_call_took_effect() {
    copes(&[4, 15, 30, 41], |rule| rule.fail_after(500, "InternalFailure", ""));
}

#[test]
fn a_throttle() {
    shrugs_off(&[1, 9, 22, 36], Rule::throttle);
}

#[test]
fn a_connection_that_is_reset_before_the_call() {
    shrugs_off(&[3, 14, 28, 40], Rule::reset);
}

#[test]
fn a_connection_that_is_reset_after_the_call() {
    shrugs_off(&[5, 11, 20, 33], Rule::reset_after);
}

/// One call in twelve loses its answer or is refused, of reads as well.
#[test]
fn bad_luck_all_the_way() {
    let site = Site::new(MAIN);
    let account = &site.user.account;
    account.set(Rule::calls().with_probability(0.04, 11).reset_after());
    account.set(Rule::calls().with_probability(0.04, 12).fail(500, "InternalFailure", ""));
    account.set(Rule::calls().with_probability(0.04, 13).throttle());
    let done = (0..5).any(|_| site.user.run(APPLY).code == Some(0));
    assert!(done, "not even the fifth apply came through");
    account.clear_rules();
    site.user.converge();
    assert_eq!(site.census(), WHOLE);
}
