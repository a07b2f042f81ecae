//! Templates against what AWS was recorded to answer.
//!
//! Recorded by LocalStack's tests against AWS: `test_input_path_template_formatting` and `test_input_body_formatting`, of which the
//! answers are known and the templates are written anew, and those of its Velocity engine.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Params, Scope, Template};

fn render(template: &str, body: &str) -> String {
    let context = json!({});
    let params = Params::default();
    let scope = Scope { body, params: &params, context: &context, stage_variables: &BTreeMap::new() };
    let rendered = Template::parse(template).and_then(|template| template.render(&scope));
    rendered.unwrap_or_else(|error| panic!("{template}: {error}")).text
}

#[test]
fn a_map_prints_as_in_java_and_a_list_as_json() {
    let cases = [
        ("dict-response", "$result", r#"{"foo": "bar"}"#, "{foo=bar}"),
        ("json-list", "$result", r#"[{"foo": "bar"}]"#, r#"[{"foo":"bar"}]"#),
        ("dict-with-nested-list", "$result", r#"{"foo": [{"nested": "bar"}]}"#, r#"{foo=[{"nested":"bar"}]}"#),
        (
            "bigger-dict",
            "$result",
            r#"{"bigger": "dict", "to": "test", "with": "separators"}"#,
            "{bigger=dict, to=test, with=separators}",
        ),
        ("nested-dict", "$result.nested", r#"{"nested": {"foo": "bar"}}"#, "{foo=bar}"),
        ("nested-list", "$result.nested", r#"{"nested": [{"foo": "bar"}]}"#, r#"[{"foo":"bar"}]"#),
        ("dict-in-list", "$result[0]", r#"[{"foo": "bar"}]"#, "{foo=bar}"),
        ("list-with-nested-list", "$result[0]", r#"[[{"foo": "bar"}]]"#, r#"[{"foo":"bar"}]"#),
        ("to-string", "$result.toString()", r#"{"foo": "bar"}"#, "{foo=bar}"),
        ("list-to-string", "$result.toString()", r#"{"list": [{"foo": "bar"}]}"#, r#"{list=[{"foo":"bar"}]}"#),
    ];
    for (name, print, body, expected) in cases {
        assert_eq!(render(&format!("#set($result = $input.path('$')){print}"), body), expected, "{name}");
        let inner = format!("{{\"json\": {body}}}");
        assert_eq!(
            render(&format!("#set($result = $input.path('$.json')){print}"), &inner),
            expected,
            "{name}, not the root"
        );
    }
}

#[test]
fn what_is_not_there_is_nothing_and_an_empty_text() {
    let template = r#"{"body": $input.path('$'), "nested": $input.path('$').nested,"#.to_owned()
        + r##" "isNull": "#if($input.path('$') == $null)true#{else}false#end","##
        + r##" "isEmptyString": "#if($input.path('$') == "")true#{else}false#end"}"##;
    let nothing = r#"{"body": , "nested": , "isNull": "true", "isEmptyString": "true"}"#;
    assert_eq!(render(&template, ""), nothing, "empty-body");
    assert_eq!(render(&template, "null"), nothing, "nested-null-list");
    let list = r#"{"body": [], "nested": , "isNull": "false", "isEmptyString": "false"}"#;
    assert_eq!(render(&template, "[]"), list, "nested-empty-list");
}

#[test]
fn an_empty_body_is_an_empty_object_in_input_body_only() {
    let raw = [("", "{}"), (r#"{"some": "value"}"#, r#"{"some": "value"}"#), ("some raw data", "some raw data")];
    for (body, expected) in raw {
        assert_eq!(render("$input.body", body), expected, "response-raw-body");
        let form = "Action=SendMessage&MessageBody=";
        assert_eq!(render(&format!("{form}$input.body"), body), format!("{form}{expected}"), "response-str-body");
        assert_eq!(render("$input.body.testAccess", body), "", "response-body-attr-access");
    }
    let encode = "EncodedBody=$util.urlEncode($input.body)&EncodedBodyAccess=$util.urlEncode($input.body.testAccess)";
    let encoded = [
        ("", "EncodedBody=%7B%7D&EncodedBodyAccess="),
        (r#"{"some": "value"}"#, "EncodedBody=%7B%22some%22%3A+%22value%22%7D&EncodedBodyAccess="),
        ("some raw data", "EncodedBody=some+raw+data&EncodedBodyAccess="),
    ];
    for (body, expected) in encoded {
        assert_eq!(render(encode, body), expected, "response-url-encode");
    }
}

/// Where API Gateway differs from plain Velocity, or Velocity 1.7 from later ones. The body makes `$v`.
const ENGINE: &[(&str, &str, &str)] = &[
    ("Hello $name", "{}", "Hello "),
    ("Hello $ ", "{}", "Hello $ "),
    ("Hello $v.name}.", r#"{"name": "World"}"#, "Hello World}."),
    (" $v.name ", r#"{"items": "1;2;3"}"#, "  "),
    ("#if(${v.b.c})yes#end", r#"{"b": {"c": "d"}}"#, "yes"),
    ("#if(${v.b.c})yes#end", r#"{"b": {"c": false}}"#, ""),
    ("#if(${a.b.c})yes#end", "{}", "yes"),
    ("#if($!{a.b.c})yes#end", "{}", "yes"),
    ("#if($v.nothing)shown#end", r#"{"nothing": null}"#, "shown"),
    ("#if($nothing) true #else false #end", "{}", " true "),
    ("#if($nothing)true#{end}monkey", "{}", "truemonkey"),
    ("#if(!$v.a)yes#end", r#"{"a": null}"#, ""),
    ("#foreach($i in [1, 2, 3])$i. #if($velocityHasNext)yes#end, #end", "{}", "1. yes, 2. yes, 3. , "),
    ("#foreach($i in [1, 2, 3])$i. #if($foreach.first)yes#end, #end", "{}", "1. yes, 2. , 3. , "),
    ("#foreach($i in [1, 2, 3])$i. #if($foreach.last)yes#end, #end", "{}", "1. , 2. , 3. yes, "),
    (
        "#foreach($w in $v)Outer $foreach.count#foreach($w in $v), inner $foreach.count#end. #end",
        "[1, 2]",
        "Outer 1, inner 1, inner 2. Outer 2, inner 1, inner 2. ",
    ),
    ("#foreach($w in $v)$w to#foreach($w in [5, 6]) $w#end. #end$w", "[1, 2]", "1 to 5 6. 2 to 5 6. "),
    ("#foreach($value in $values)foo#end", "{}", ""),
    ("## comment\nStuff\nMore stuff## more comments $blah", "{}", "Stuff\nMore stuff"),
    ("Stuff#*\n more comments *#\n and more stuff", "{}", "Stuff\n and more stuff"),
    ("#set($d = \"{\"\"a\"\": 2}\")$d", "{}", "{\"a\": 2}"),
    (r##"#set($d = "1\\""2""3")$d"##, "{}", r#"1\\"2"3"#),
    (r##"#set ($name = "\\batman\nand robin")$name"##, "{}", r"\\batman\nand robin"),
    (r##"#set($x="hello, \$name is my name")$x"##, "{}", "hello, $name is my name"),
    (r"\$v \\$v \ \\ \# \$ \#end \# end", "1", r"$v \1 \ \\ \# \$ #end \# end"),
    ("\\#set( $v = \"foo\" )", "5", "#set( 5 = \"foo\" )"),
    ("#define( $hello)hi#end$hello()$hello()", "{}", "hi()hi()"),
    ("#define( $n )$foreach.index#end#foreach($x in [1,2,3])$n#end", "{}", "012"),
    ("#macro(tryme)$values#end#tryme()", "{}", "#tryme()"),
    ("#set($d = \"abc\")#evaluate($d)", "{}", "#evaluate($d)"),
    ("#return($v1)", "{}", "#return($v1)"),
    ("hello #stop world", "{}", "hello "),
    ("#set($values = [2..-2])#foreach($value in $values)$value,#end", "{}", "2,1,0,-1,-2,"),
    ("#set($a = 100.0 / 50)$a,#set($x = .5*.1)$x", "{}", "2.0,0.05"),
    ("#set($a = 4 > 2 + 5)$a,#set($b = (5 + 4) > 2)$b", "{}", "false,true"),
    ("$v[1][1] $v[1].size()", r#"["foo", ["bar1", "bar2"]]"#, "bar2 2"),
    ("$v.c['foo:bar'] $v[\"a\"]", r#"{"c": {"foo:bar": "baz"}, "a": "b"}"#, "baz b"),
    ("#set($q = $v.put('k', 'new value'))$q - $v.k", r#"{"k": "initial value"}"#, "initial value - new value"),
    ("#set($q = $v.putAll({'k1': 'v3', 'k2': 'v2'}))$v.k1 - $v.k2", r#"{"k1": "v1"}"#, "v3 - v2"),
    ("#set($m = {})#set($q = $m.put('k', null))#if(\"$m.k\" == \"\")none#{else}some#end", "{}", "none"),
    ("#set($m = {})#set($m[\"$key\"] = 'foo')$m.toString()", "{}", "{=foo}"),
    ("#set($m = {})#set($m[\"a\"] = {})#set($m[\"a\"].b = \"foo\")$m.a[\"b\"]", "{}", "foo"),
    ("#set($a = ['one', 'two'])$a.set(1, 'foo')#foreach($i in $a)$i#end", "{}", "twoonefoo"),
    ("#set($x = 'foobar123bab') $x.replaceAll('ba.', 'foo')", "{}", " foofoo123foo"),
    (r"#set($x = '2020-01-20T08:00:00.000Z')$x.matches('^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00\.000Z$')", "{}", "true"),
    ("#if($v.y)${v.n}.\n#if($v.y)Happy\n#end.\n#end Off", r#"{"y": true, "n": "S"}"#, "S.\nHappy\n.\n Off"),
    ("x\n    #set( $o = {\n  \"u\": \"1\",\n  \"d\": \"2\"\n    } )\n    {\n$o.d\n}", "{}", "x\n        {\n2\n}"),
];

#[test]
fn the_engine_does_as_recorded() {
    for (template, body, expected) in ENGINE {
        assert_eq!(render(&format!("#set($v = $input.path('$')){template}"), body), *expected, "{template}");
    }
}

#[test]
fn a_template_that_ends_in_a_dollar_is_refused() {
    assert!(Template::parse("Hello $").is_err(), "AWS answers 500");
    assert!(Template::parse("#set ($name = \"\\\"batman\\\"\")$name").is_err(), "AWS answers 500");
}
