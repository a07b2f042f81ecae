//! Calls that fail, are throttled or lose their answer: one apply copes by itself, or the next one does.

use pipe_test_support::{Rule, Run, in_parallel};
use serde_json::json;

use crate::chance::AT_ONCE;
use crate::site::{LEFT, MAIN, Site, WHOLE};

const APPLY: &[&str] = &["apply", "--yes"];
const DESTROY: &[&str] = &["destroy", "--yes", "--allow-data-loss", "all"];

/// Applies with one fault at each of these writes, and again where the first apply gave up.
fn copes(places: &[usize], fault: impl Fn(Rule) -> Rule + Sync) {
    in_parallel(AT_ONCE, places, |&k| {
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
    });
}

/// The same, and the one apply must do.
fn shrugs_off(places: &[usize], fault: impl Fn(Rule) -> Rule + Sync) {
    in_parallel(AT_ONCE, places, |&k| {
        let site = Site::new(MAIN);
        let rule = site.user.account.set(fault(Rule::writes().nth(k)));
        site.user.pipe(APPLY);
        assert_eq!(site.user.account.fired(rule), 1, "write {k} was to fail");
        let again = site.user.run(&["diff", "--exit-code"]);
        assert_eq!(again.code, Some(0), "write {k}: there is still something to do:\n{}", again.out);
        assert_eq!(site.census(), WHOLE, "write {k}");
    });
}

#[test]
fn a_server_error_without_a_body() {
    shrugs_off(&[2, 19, 38], |rule| rule.fail(500, "", ""));
}

#[test]
fn a_server_error_after_the_call_took_effect() {
    copes(&[4, 23, 41], |rule| rule.fail_after(500, "InternalFailure", ""));
}

#[test]
fn a_throttle() {
    shrugs_off(&[1, 22, 36], Rule::throttle);
}

#[test]
fn a_connection_that_is_reset_before_the_call() {
    shrugs_off(&[3, 14, 28, 40], Rule::reset);
}

#[test]
fn a_connection_that_is_reset_after_the_call() {
    shrugs_off(&[5, 11, 20, 33], Rule::reset_after);
}

/// An apply takes back what a destroy left, and it is no longer listed as left.
#[test]
fn a_secret_comes_back_though_the_answer_is_lost() {
    let site = Site::applied();
    assert!(site.user.pipe(DESTROY).contains("left: secretsmanager:Secret"));
    let rule = site.user.account.set(Rule::on("secretsmanager", "RestoreSecret").times(1).reset_after());
    let run = site.user.run(APPLY);
    assert_eq!((run.code, site.user.account.fired(rule)), (Some(0), 1), "{}", run.err);
    assert!(!run.out.contains("left:"), "{}", run.out);
    assert_eq!(site.user.run(&["diff", "--exit-code"]).code, Some(0));
}

/// The call took effect, and the engine finds out by looking again: nothing is made twice.
#[test]
fn an_answer_that_cannot_be_read() {
    let site = Site::new(MAIN);
    let rule =
        Rule::on("apigateway", "CreateAuthorizer").rewrite("/authorizerResultTtlInSeconds", json!("soon")).times(1);
    let rule = site.user.account.set(rule);
    let run = site.user.run(APPLY);
    assert_eq!((run.code, site.user.account.fired(rule)), (Some(0), 1), "{}", run.err);
    assert!(run.err.contains("AWS answered 201, and the answer cannot be read"), "{}", run.err);
    assert_eq!(site.calls_of("CreateAuthorizer").len(), 1);
    assert_eq!(site.calls_of("CreateRestApi").len(), 1);
    assert_eq!(site.user.run(&["diff", "--exit-code"]).code, Some(0));
}

/// One call in twelve loses its answer or is refused, of reads as well.
#[test]
fn bad_luck_all_the_way() {
    let site = Site::new(MAIN);
    let account = &site.user.account;
    let bad_luck = || {
        account.set(Rule::calls().with_probability(0.04, 11).reset_after());
        account.set(Rule::calls().with_probability(0.04, 12).fail(500, "InternalFailure", ""));
        account.set(Rule::calls().with_probability(0.04, 13).throttle());
    };
    bad_luck();
    let comes_through = |command: &[&str]| (0..5).any(|_| site.user.run(command).code == Some(0));
    assert!(comes_through(APPLY), "not even the fifth apply came through");
    // The test's own look is spared it.
    account.clear_rules();
    assert_eq!(site.census(), WHOLE);
    bad_luck();
    assert!(comes_through(&["diff"]), "not even the fifth diff came through");
    assert!(comes_through(DESTROY), "not even the fifth destroy came through");
    account.clear_rules();
    assert_eq!(site.census(), LEFT);
}
