//! Templates and bodies that nobody would write: no panic, no hang, no text beyond the bound.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;

/// Pieces of templates, whole and broken; put together at random they reach deep into the engine.
const PIECES: [&str; 66] = [
    "#if(",
    "#elseif(",
    "#else",
    "#{else}",
    "#end",
    "#{end}",
    "#set(",
    "#set($x = ",
    "#foreach(",
    "#foreach($i in ",
    "#define($d)",
    "#macro(m)",
    "#stop",
    "#break",
    "#unknown",
    "##",
    "#*",
    "*#",
    "#[[",
    "]]#",
    "#",
    "$",
    "$!",
    "${",
    "$!{",
    "}",
    "$x",
    "$i",
    "$d",
    "$foreach.",
    "$foreach.index",
    "$input.path(",
    "$input.json('$",
    "$input.params()",
    "$util.parseJson(",
    "$util.escapeJavaScript(",
    "$context.responseOverride.",
    ".put('a', $x)",
    ".add($x)",
    ".get(0)",
    ".keySet()",
    ".replaceAll(",
    ".substring(",
    ".split('')",
    "'",
    "\"",
    "\"\"",
    "(",
    ")",
    "[",
    "]",
    "{",
    "1",
    "-5",
    "..",
    "1.5e3",
    " == ",
    " && ",
    " + ",
    ", ",
    ": ",
    " = ",
    " ",
    "\n",
    "\\",
    "é😀",
];

fn run(template: &str, body: &str) {
    let Ok(template) = Template::parse(template) else { return };
    let params = Params { path: vec![("a".to_owned(), body.to_owned())], ..Params::default() };
    let context = json!({ "stage": "s" });
    let scope = Scope { body, params: &params, context: &context, stage_variables: &BTreeMap::new() };
    if let Ok(made) = template.render(&scope) {
        assert!(made.text.len() <= MAX_OUTPUT_BYTES);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_a_template_or_an_error(template in "\\PC*|.*", body in "\\PC*") {
        run(&template, &body);
    }

    #[test]
    fn any_pieces_are_a_template_or_an_error(pieces in vec(select(&PIECES[..]), 0..40), body in select(vec!["", "[1, {\"a\": []}]", "{\"a\": \"b\"}"])) {
        run(&pieces.concat(), body);
    }

    #[test]
    fn any_path_and_any_json_text_are_taken(path in "\\PC*|[$.\\[\\]'*:0-9a,-]*", body in "[\\[\\]{}\",:0-9eE.tfn\\\\-]*") {
        let context = json!({ "path": path });
        let template = Template::parse("$input.path($context.path) $input.json($context.path)").unwrap();
        for body in [body.as_str(), r#"{"a": [1, {"a": 2}], "0": [[]]}"#] {
            let scope = Scope { body, params: &Params::default(), context: &context, stage_variables: &BTreeMap::new() };
            drop(template.render(&scope));
        }
    }

    #[test]
    fn any_pattern_and_replacement_are_taken(pattern in "\\PC*|[()|.*+?a-z\\\\$]*", replacement in "[$\\\\{}0-9a-z]*", text in "[a-z]*") {
        let context = json!({ "p": pattern, "r": replacement });
        let template = "$input.body.replaceAll($context.p, $context.r)$input.body.split($context.p)$input.body.matches($context.p)";
        let scope = Scope { body: &text, params: &Params::default(), context: &context, stage_variables: &BTreeMap::new() };
        drop(Template::parse(template).unwrap().render(&scope));
    }

    #[test]
    fn json_survives_by_value(value in "\\PC*", number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        let body = json!({ "b": value, "a": [number, { "c": null }], "é": { &value: true } });
        let template = Template::parse("$input.json('$')").unwrap();
        let text = body.to_string();
        let scope = Scope { body: &text, params: &Params::default(), context: &json!({}), stage_variables: &BTreeMap::new() };
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&template.render(&scope).unwrap().text).unwrap(), body);
    }
}
