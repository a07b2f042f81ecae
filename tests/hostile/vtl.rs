//! The kept mapping templates, rendered with bodies and values that nobody would send.

use std::collections::BTreeMap;

use pipe_local::template::{MAX_OUTPUT_BYTES, Params, Scope, Template};
use proptest::prelude::*;
use serde_json::json;

use crate::hostile::corpus::kept;
use crate::hostile::mutate::{Text, scalar_text};
use crate::hostile::{cases, walk};

const BODIES: &[&str] = &[
    "",
    "{}",
    "null",
    "not json",
    "{\"a\": ",
    "[[[[[[[[[[]]]]]]]]]]",
    r##"{"a": "\"'}]\\", "b": [1, {"a": null}], "n": 1e308, "user": {"id": "x"}, "$": "#set($x = 1)"}"##,
    r#"{"a": 123456789012345678901234567890, "a": 2, "b": -0.0, "": {"": {"": []}}}"#,
];

/// Renders, and checks what holds for every template: an error has a place in it, the text is bounded. The deployer's own are
/// rendered in [`super::routes`].
fn run(name: &str, text: &str, body: &str, value: &str) {
    let in_text = |line: usize| assert!((1..=text.split('\n').count()).contains(&line), "{name}: line {line}");
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => return in_text(error.line),
    };
    let one = |name: &str| vec![(name.to_owned(), value.to_owned())];
    let params = Params { path: one("id"), querystring: one("id"), header: one("X-Id") };
    let context = json!({ "extendedRequestId": "e", "a": value, "identity": { "sourceIp": value } });
    let scope = Scope { body, params: &params, context: &context, stage_variables: &BTreeMap::new() };
    match template.render(&scope) {
        Err(error) => in_text(error.line),
        Ok(made) => assert!(made.text.len() <= MAX_OUTPUT_BYTES, "{name}"),
    }
}

#[test]
fn the_kept_templates_come_to_an_end_with_every_kept_body() {
    let kept = kept("vtl");
    assert!(kept.len() >= 20, "only {} templates", kept.len());
    for (name, Text(bytes)) in kept {
        let text = String::from_utf8(bytes).unwrap();
        // A template that grows without end does so whatever the body.
        let bodies = if name.starts_with("growth") { &BODIES[6..7] } else { BODIES };
        for body in bodies {
            let (name, text) = (name.clone(), text.clone());
            walk::in_time(move || run(&name, &text, body, body));
        }
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn the_kept_templates_take_any_body(
        (name, Text(bytes)) in prop::sample::select(kept("vtl")).prop_filter("is quick", |(name, _)| !name.starts_with("growth")),
        body in prop_oneof![scalar_text(), scalar_text().prop_map(|text| json!({ "a": text, "user": { "id": text } }).to_string())],
        value in scalar_text(),
    ) {
        let text = String::from_utf8(bytes).unwrap();
        walk::in_time(move || run(&name, &text, &body, &value));
    }
}
