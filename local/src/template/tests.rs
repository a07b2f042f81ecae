//! What a template can see and call, where it fails, and its bounds.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn params(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn rendered(template: &str, body: &str) -> Result<Rendered, TemplateError> {
    let params = Params {
        path: params(&[("id", "p"), ("all", "path")]),
        querystring: params(&[("id", "q"), ("only", "first"), ("only", "last")]),
        header: params(&[("X-Key", "h"), ("only", "header"), ("all", "header")]),
    };
    let context = json!({ "stage": "live", "identity": { "sourceIp": "::1" }, "authorizer": { "n": 5 } });
    let stage_variables = BTreeMap::from([("color".to_owned(), "blue".to_owned())]);
    let scope = Scope { body, params: &params, context: &context, stage_variables: &stage_variables };
    Template::parse(template)?.render(&scope)
}

#[track_caller]
fn text(template: &str, body: &str) -> String {
    rendered(template, body).unwrap_or_else(|error| panic!("{template}: {error}")).text
}

#[track_caller]
fn failure(template: &str, body: &str) -> String {
    rendered(template, body).map(|rendered| rendered.text.len()).expect_err(template).to_string()
}

#[test]
fn parameters_come_from_path_query_and_header_in_this_order() {
    assert_eq!(
        text("$input.params('id') $input.params('only') $input.params('X-Key') $input.params('all')", ""),
        "p last h path"
    );
    assert_eq!(text("[$input.params('x-key')][$input.params('none')]", ""), "[][]");
    assert_eq!(
        text("$input.params().querystring.get('only') $input.params().path.id $input.params().header['X-Key']", ""),
        "last p h"
    );
    assert_eq!(
        text("$input.params().keySet() $input.params().header.keySet()", ""),
        "[path, querystring, header] [X-Key, only, all]"
    );
    assert_eq!(text("[$input.params().querystring.get('none')]#if(\"$input.params().path.x\" != \"\")x#end", ""), "[]");
}

#[test]
fn context_and_stage_variables() {
    assert_eq!(
        text("$context.stage $context.identity.sourceIp $context.authorizer.n [$context.none.x]", ""),
        "live ::1 5 []"
    );
    assert_eq!(text("$stageVariables.color ${stageVariables['color']} $stageVariables", ""), "blue blue {color=blue}");
}

#[test]
fn util_does_as_commons_lang_and_java_do() {
    let cases = [
        (
            "$util.escapeJavaScript($input.body)",
            "it's \"a\" \\ /\n\t\r\u{8}\u{c}\u{1}\u{7f}é€😀",
            "it\\'s \\\"a\\\" \\\\ \\/\\n\\t\\r\\b\\f\\u0001\u{7f}\\u00E9\\u20AC\\uD83D\\uDE00",
        ),
        ("$util.urlEncode($input.body)", "a b*-._~é/+", "a+b*-._%7E%C3%A9%2F%2B"),
        ("$util.urlDecode($input.body)", "a+b%2B%C3%A9", "a b+é"),
        ("$util.base64Encode($input.body)", "é?>", "w6k/Pg=="),
        ("$util.base64Decode($input.body)", "w6k_Pg", "é?>"),
        ("$util.parseJson($input.body).a.b[1].c", r#"{"a": {"b": [1, {"c": "d"}]}}"#, "d"),
        ("$util.parseJson($input.body)", r#"[1, {"a": null}]"#, r#"[1,{"a":null}]"#),
        ("[$util.escapeJavaScript($none)][$util.qr($input.body)]", "x", "[][]"),
    ];
    for (template, body, expected) in cases {
        assert_eq!(text(template, body), expected, "{template}");
    }
    assert!(failure("$util.parseJson($input.body)", "secret {").contains("is not JSON"));
    assert!(failure("$util.urlDecode($input.body)", "%4").contains("%"));
}

#[test]
fn json_keeps_order_and_texts_and_numbers_become_javas() {
    let body =
        "{ \"z\" : 1.50, \"a\":[1e3, -0, 12345678901234567890, true,null], \"t\": \"é\\u00e9\\\"/\\n\", \"z\": 2.0 }";
    assert_eq!(
        text("$input.json('$')", body),
        r#"{"z":2.0,"a":[1000.0,0,12345678901234567890,true,null],"t":"éé\"/\n"}"#
    );
    assert_eq!(
        text("$input.json('$.a[1]') $input.json('$.t') $input.json('$.none') $input.json('$..none')", body),
        r#"0 "éé\"/\n" "" []"#
    );
    assert_eq!(text("$input.json('$')", ""), "{}");
    assert_eq!(text("$input.json('$') $input.path('$')", "a=b&c"), r#""a=b&c" a=b&c"#);
    assert_eq!(text("$input.path('$.z'),#set($x = $input.path('$.z') + 1)$x", body), "2.0,3.0");
    let many: Vec<String> = (0..50).map(|n| format!("\"k{n}\":{n}")).collect();
    let many = format!("{{{}}}", many.join(","));
    assert_eq!(text("$input.json('$')", &many), many);
    assert_eq!(
        text("$input.path('$.k49')#set($m = $input.path('$'))$m.remove('k3')$m.k49$m.k2,[$m.k3]", &many),
        "493492,[]"
    );
}

#[test]
fn json_path_is_jayways() {
    let body = r#"{"a": {"b.c": [1, 2, 3, 4], "d": {"a": "deep"}}, "l": [{"n": 1}, {"n": 2}, {"m": 3}], "é": "u"}"#;
    let cases = [
        ("$.a['b.c'][0]", "1"),
        ("$['a']['b.c'][-1]", "4"),
        ("$.a['b.c'][1:3]", "[2,3]"),
        ("$.a['b.c'][-2:]", "[3,4]"),
        ("$.a['b.c'][:2]", "[1,2]"),
        ("$.a['b.c'][0,2]", "[1,3]"),
        ("$.a['b.c'][9]", "\"\""),
        ("$.l[*].n", "[1,2]"),
        ("$.l.*", r#"[{"n":1},{"n":2},{"m":3}]"#),
        ("$..a.d", r#"[{"a":"deep"}]"#),
        ("$..n", "[1,2]"),
        ("$..[0]", r#"[1,{"n":1}]"#),
        ("$.a['d','x']", r#"{"d":{"a":"deep"}}"#),
        ("$.é", "\"u\""),
        ("a.d.a", "\"deep\""),
        ("$.l.n", "\"\""),
    ];
    for (path, expected) in cases {
        assert_eq!(text(&format!("$input.json(\"{path}\")"), body), expected, "{path}");
    }
    for path in ["$.l[?(@.n > 1)]", "$.l.length()", "$.", "$...a", "$.l[", "$.l['a", "$.l[x]", "$.a b", ""] {
        assert!(failure(&format!("$input.path(\"{path}\")"), body).contains("JSONPath"), "{path}");
    }
}

#[test]
fn overrides_are_told() {
    let template = "#set($context.responseOverride.status = 429)#set($context.responseOverride.header.Retry = \"$input.params('id')\")\
        #set($context.requestOverride.path.a = 'b')#set($context.requestOverride.querystring['c'] = 5)\
        #set($context.requestOverride.header.X-Y = 'z')text";
    let made = rendered(template, "").unwrap();
    let map = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let expected = Overrides {
        response_status: Some(429),
        response_headers: map("Retry", "p"),
        request_path: map("a", "b"),
        request_querystring: map("c", "5"),
        request_headers: map("X-Y", "z"),
    };
    assert_eq!((made.text.as_str(), made.overrides), ("text", expected));
    assert_eq!(rendered("$context.stage", "").unwrap().overrides, Overrides::default());
    assert!(failure("#set($context.responseOverride.status = 'none')", "").contains("status"));
    assert_eq!(
        rendered("#set($context.responseOverride.status = '201')", "").unwrap().overrides.response_status,
        Some(201)
    );
}

#[test]
fn overrides_of_an_earlier_template_are_kept() {
    let context = json!({ "requestOverride": { "path": { "a": "b" } } });
    let scope = Scope { body: "", params: &Params::default(), context: &context, stage_variables: &BTreeMap::new() };
    for template in ["", "$context.requestOverride.path.a", "#set($context.requestOverride.header.c = 'd')"] {
        let made = Template::parse(template).unwrap().render(&scope).unwrap();
        assert_eq!(made.overrides.request_path.get("a").map(String::as_str), Some("b"), "{template}");
    }
}

#[test]
fn texts_count_in_utf_16_units() {
    assert_eq!(
        text("$input.body.length() $input.body.indexOf('b') $input.body.substring(3) $input.body.charAt(0)", "é😀b"),
        "4 3 b é"
    );
    assert!(failure("$input.body.substring(2)", "é😀b").contains("bounds"));
    assert!(failure("$input.body.substring(2, 1)", "abc").contains("bounds"));
}

#[test]
fn errors_say_where() {
    let error = Template::parse("a\nbé #if($x) y").unwrap_err();
    assert_eq!((error.line, error.column), (2, 7));
    let error = rendered("a\n  $input.path('$').get(3)", "[1]").unwrap_err();
    assert_eq!((error.line, error.column), (2, 3));
    assert_eq!(error.to_string(), "line 2, column 3: the list has 1 items, and none at this index");
}

#[test]
fn a_bound_is_an_error_and_rounds_end_at_1000() {
    assert_eq!(text("#foreach($i in [1..2000])x#end", "").len(), 1000);
    assert_eq!(text("#foreach($i in [1..9])#foreach($j in [1..2000])x#end#end", "").len(), 9000);
    let cases = [
        ("#set($s = '0123456789')#foreach($i in [1..1000])#set($s = \"$s$s\")#end", "longer"),
        ("#set($s = $input.body)#foreach($i in [1..1000])#set($s = $s.replace('x', 'xx'))#end", "longer"),
        (
            "#set($s = $input.body)#foreach($i in [1..1000])#set($s = $s.replaceAll('x', '$0$0$0$0$0$0$0$0$0$0'))#end",
            "longer",
        ),
        ("#set($l = [1])#foreach($i in [1..150])#set($l = [$l, $l])#end$l", ""),
        ("#set($l = [1])#foreach($i in [1..1000])#set($q = $l.addAll($l))#end", "too much"),
        (
            "#foreach($i in [1..1000])#foreach($i in [1..1000])#foreach($i in [1..1000])#set($x = 1)#end#end#end",
            "too much",
        ),
        ("#set($l = [])#set($q = $l.add($l))$l", "deeper"),
        ("#set($m = {})#set($m.m = $m)#if($m == $m)x#end", "deeper"),
        ("#set($m = $input.path('$'))#set($m.m = $m)$input.path('$..x')", "deeper"),
        ("#define($d)$d#end$d", "uses itself"),
        ("#define($d)#set($q = \"$d\")#end$d", "uses itself"),
        ("#set($x = [1..999999999])", "range"),
    ];
    for (template, expected) in cases {
        let message = failure(template, r#"{"x":"x"}"#);
        assert!(message.contains(expected), "{template}: {message}");
    }
    assert!(Template::parse(&" ".repeat(MAX_TEMPLATE_BYTES + 1)).is_err());
    assert!(Template::parse(&" ".repeat(MAX_TEMPLATE_BYTES)).is_ok());
}

#[test]
fn nesting_is_bounded_before_the_stack_is() {
    let forms = [
        ("(", ")"),
        ("!", ""),
        ("[", "]"),
        ("{'a':", "}"),
        ("1 + ", ""),
        ("$a.b(", ")"),
        ("$a[", "]"),
        ("'a' == (", ")"),
    ];
    for (open, close) in forms {
        for depth in [20, 90, 150_000 / open.len()] {
            let template = format!("#set($x = {}1{}) $x", open.repeat(depth), close.repeat(depth));
            let made = rendered(&template, "").map(|made| made.text.len());
            assert!(depth > 20 || made.is_ok(), "{open}: {made:?}");
            assert!(depth < 150 || made.is_err(), "{open}");
        }
    }
    let blocks = |depth: usize| format!("{}x{}", "#if(true)".repeat(depth), "#end".repeat(depth));
    assert_eq!(text(&blocks(90), ""), "x");
    assert!(failure(&blocks(20_000), "").contains("nests deeper"));
    assert_eq!(text("$input.path('$').size()", &format!("{}{}", "[".repeat(120), "]".repeat(120))), "1");
    let closed = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(text("$input.path('$').size()", &closed(200)), "1");
    assert_eq!(text("$input.path('$').length()", &closed(200_000)), "400000", "too deep for a list: a text");
    let deep = "[".repeat(200_000);
    assert_eq!(text("$input.path('$').length()", &deep), "200000", "no JSON that can be read: a text");
}
