//! The parts alone: routing, policies, variables, mapping expressions.

use super::super::access_log::group_of;
use super::super::authorizer::policy::{Decision, Verdict, matches};
use super::super::definition::function_of;
use super::super::mapping::Source;
use super::super::router::Router;
use super::super::variables::{Format, escaped};
use serde_json::json;

/// The resource that is found, and its parameters.
type Found = Option<(&'static str, &'static [(&'static str, &'static str)])>;

const PATHS: [&str; 8] =
    ["/", "/a", "/a/{id}", "/a/fixed", "/a/{id}/b", "/files/{path+}", "/files/special", "/a/fixed/c"];

#[test]
fn routes() {
    let mut router = Router::default();
    for (number, path) in PATHS.iter().enumerate() {
        router.add(path, number);
    }
    let cases: [(&str, Found); 19] = [
        ("/", Some(("/", &[]))),
        ("", Some(("/", &[]))),
        ("/a", Some(("/a", &[]))),
        ("/a/", Some(("/a", &[]))),
        ("/A", None),
        ("/a/1", Some(("/a/{id}", &[("id", "1")]))),
        ("/a/fixed", Some(("/a/fixed", &[]))),
        ("/a/fix%65d", Some(("/a/fixed", &[]))),
        ("/a/fixed/b", Some(("/a/{id}/b", &[("id", "fixed")]))),
        ("/a/fixed/c", Some(("/a/fixed/c", &[]))),
        ("/a/x%2Fy/b", Some(("/a/{id}/b", &[("id", "x%2Fy")]))),
        ("/a/%E2%82%AC", Some(("/a/{id}", &[("id", "%E2%82%AC")]))),
        ("//a/1", Some(("/a/{id}", &[("id", "1")]))),
        ("/a//b", None),
        ("/a/1/2", None),
        ("/files", None),
        ("/files/x/y%20z", Some(("/files/{path+}", &[("path", "x/y%20z")]))),
        ("/files/special", Some(("/files/special", &[]))),
        ("/files/special/x", Some(("/files/{path+}", &[("path", "special/x")]))),
    ];
    for (path, expected) in cases {
        let found = router.find(path);
        let found = found.as_ref().map(|(number, params)| {
            (PATHS[*number], params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
        });
        assert_eq!(found, expected.map(|(path, params)| (path, params.to_vec())), "{path}");
    }
}

#[test]
fn wildcards() {
    let cases = [
        ("*", "", true),
        ("a*c", "abbc", true),
        ("a*c", "abb", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*/GET/*", "x/prod/GET/a/b", true),
        ("*/GET", "x/GET/GET", true),
        ("a*b*c", "aXbXbXc", true),
        ("", "a", false),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
    let long = "a".repeat(20_000);
    assert!(!matches(&format!("{}b", "a*".repeat(200)), &long), "hostile patterns end");
}

#[test]
fn policies() {
    let verdict = |statements: serde_json::Value| {
        let answer = json!({ "principalId": "p", "policyDocument": { "Statement": statements } }).to_string();
        Decision::parse(answer.as_bytes()).map(|decision| decision.verdict("arn:x:api/prod/POST/a"))
    };
    let one = |effect: &str, action: &str, resource: &str| json!({ "Effect": effect, "Action": action, "Resource": resource });
    let (allow, deny) = (one("Allow", "execute-api:Invoke", "*"), one("Deny", "execute-api:*", "*/POST/*"));
    assert_eq!(verdict(json!([allow])), Some(Ok(())));
    assert_eq!(verdict(allow.clone()), Some(Ok(())), "one statement without a list");
    assert_eq!(verdict(json!([allow, deny])), Some(Err(Verdict::Denied)), "a deny wins");
    assert_eq!(verdict(json!([one("Allow", "s3:*", "*")])), Some(Err(Verdict::NotAllowed)));
    assert_eq!(verdict(json!([one("Allow", "EXECUTE-API:invoke", "arn:*/POST/a")])), Some(Ok(())));
    assert_eq!(verdict(json!([])), Some(Err(Verdict::NotAllowed)));
    assert_eq!(verdict(json!([{ "Effect": "Allow" }])), None);
    let conditional = |effect: &str| json!([{ "Effect": effect, "Action": "*", "Resource": "*", "Condition": {} }]);
    assert_eq!(verdict(conditional("Allow")), Some(Err(Verdict::NotAllowed)), "conditions are not evaluated: closed");
    assert_eq!(verdict(conditional("Deny")), Some(Err(Verdict::Denied)));
}

#[test]
fn variables() {
    let fill = |text: &str| Format::parse(text).fill(|name| format!("<{name}>"));
    assert_eq!(fill("a $context.b.c-$context.d."), "a <b.c>-<d>.");
    assert_eq!(fill("\"$context.identity.sourceIp\""), "\"<identity.sourceIp>\"");
    assert_eq!(fill("$context. $context $input"), "$context. $context $input");
    assert_eq!(Format::parse("$context.a").fill(|_| "$context.b".to_owned()), "$context.b", "values are not looked at");
    assert_eq!(escaped("a\"\\\n\u{2028}\u{85}é"), "a\\\"\\\\\\n\\u2028\\u0085é");
}

#[test]
fn expressions_and_arns() {
    assert_eq!(Source::parse("'application/x-amz-json-1.1'"), Source::Text("application/x-amz-json-1.1".into()));
    assert_eq!(Source::parse("method.request.header.X.Y"), Source::Header("X.Y".into()));
    assert_eq!(Source::parse("context.authorizer.principalId"), Source::Context("authorizer.principalId".into()));
    assert_eq!(Source::parse("method.request.body.a"), Source::Unknown);
    let uri = "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:f/invocations";
    assert_eq!(function_of(uri).as_deref(), Some("arn:aws:lambda:r:1:function:f"));
    assert_eq!(function_of("arn:aws:apigateway:r:kinesis:action/PutRecord"), None);
    assert_eq!(group_of("arn:aws:logs:r:1:log-group:/aws/x:*"), Some("/aws/x"));
    assert_eq!(group_of("arn:aws:firehose:r:1:deliverystream/x"), None);
}
