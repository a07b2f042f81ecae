//! A mapping template and, after a NUL, the body that it is rendered with.
#![no_main]

use std::collections::BTreeMap;

use pipe_local::template::{MAX_OUTPUT_BYTES, Params, Scope, Template};
use serde_json::json;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (template, body) = text.split_once('\0').unwrap_or((text, "{\"a\": [1, {\"b\": null}]}"));
    let Ok(template) = Template::parse(template) else { return };
    let params = Params { path: Vec::new(), querystring: Vec::new(), header: Vec::new() };
    let (context, stage_variables) = (json!({ "extendedRequestId": "e" }), BTreeMap::new());
    let scope = Scope { body, params: &params, context: &context, stage_variables: &stage_variables };
    if let Ok(made) = template.render(&scope) {
        assert!(made.text.len() <= MAX_OUTPUT_BYTES);
    }
});
