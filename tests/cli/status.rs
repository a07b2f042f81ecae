//! `pipe status` against an account: before an apply, after it, and without the right to read figures.

use pipe_test_support::Rule;
use serde_json::Value;

use crate::events::lines;
use crate::site::{MAIN, Site};

/// Code and line of `status --json`.
fn status(site: &Site) -> (Option<i32>, Value) {
    let run = site.user.run(&["status", "--json"]);
    let mut lines = lines(&run.out);
    assert_eq!((lines.len(), run.err.as_str()), (1, ""), "{run:?}");
    (run.code, lines.remove(0))
}

fn states(status: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let parts = status["parts"].as_array().unwrap().iter();
    parts.map(|part| format!("{} {}", text(&part["id"]), text(&part["state"]))).collect()
}

#[test]
fn a_pipeline_is_absent_then_well_and_what_may_not_be_read_is_named() {
    let site = Site::new(MAIN);
    let (code, before) = status(&site);
    assert_eq!(code, Some(1));
    assert!(before["notes"][0].as_str().unwrap().contains("is there: has the pipeline been applied"), "{before}");
    assert!(states(&before)[..7].iter().all(|state| state.ends_with(" absent")), "{:?}", states(&before));

    site.user.pipe(&["apply", "--yes"]);
    site.user.account.clear();
    let (code, after) = status(&site);
    let ids = ["api", "authorizer", "stream", "mapping", "consumer", "table", "dlq", "alarms"];
    assert_eq!((code, states(&after)), (Some(0), ids.map(|id| format!("{id} well")).to_vec()), "{after}");
    // One for each part but the function's dead letters, which also ask how long the stream keeps records; the caller's identity; the figures.
    assert_eq!(site.user.account.calls().len(), 11, "{:?}", site.user.account.calls());
    assert!(site.user.account.writes().is_empty(), "a look writes nothing");

    let text = "User: arn:aws:iam::1:user/u is not authorized to perform: cloudwatch:GetMetricData";
    site.user.account.set(Rule::on("monitoring", "GetMetricData").fail(400, "AccessDeniedException", text));
    let run = site.user.run(&["status"]);
    assert_eq!(run.code, Some(1));
    for said in [
        "✓ dlq",
        "? figures     CloudWatch",
        "allow `cloudwatch:GetMetricData`",
        "1 part needs a person: the exit code is 1",
    ] {
        assert!(run.out.contains(said), "{said}: {}", run.out);
    }
}
