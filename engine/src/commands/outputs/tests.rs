use super::*;
use crate::session::Session;

const GUARDED: &[u8] = b"name: orders\nsource: { api: { routes: [ { post: '/o/{id}', partition_key: path.id } ] } }\n\
                         auth: { basic: {} }\nstream: { kinesis: {} }\n";

/// A command that is pasted must go where this one went.
#[test]
fn the_request_to_paste_carries_the_options_that_led_here() {
    let loaded = crate::spec::parse("o.yaml", GUARDED, Path::new(".")).unwrap_or_else(|report| panic!("{report}"));
    let endpoint = "https://a.execute-api.eu-west-1.amazonaws.com/prod";
    let given = BTreeMap::from([(Id::new("api"), Outputs::from([("endpoint".into(), endpoint.into())]))]);
    let shown = |global: &Global| summary(global, &loaded, Path::new("o.yaml"), &given);
    let (region, profile) = (Some("eu-west-1".into()), Some("my team".into()));
    let global = Global { region, profile, endpoint_url: Some("http://127.0.0.1:4566".into()), ..Global::default() };
    let options = "o.yaml --region eu-west-1 --profile 'my team' --endpoint-url http://127.0.0.1:4566 --reveal --field";
    assert!(shown(&global).contains(options), "{}", shown(&global));
    assert!(shown(&Global::default()).contains(" outputs o.yaml --reveal --field credentials)\" "));
}
#[test]
fn a_signed_request_to_paste_has_the_names_of_secrets_and_not_the_secrets() {
    let text =
        b"name: signed\nsource: { api: { routes: [ { post: /o } ] } }\nauth: { iam: {} }\nstream: { kinesis: {} }\n";
    let loaded = crate::spec::parse("o.yaml", text, Path::new(".")).unwrap_or_else(|report| panic!("{report}"));
    let arn = "arn:aws:apigateway:eu-west-1::/restapis/a".to_owned();
    let api = Outputs::from([("endpoint".into(), "https://a.test/prod".into()), ("arn".into(), arn)]);
    let given = BTreeMap::from([(Id::new("api"), api)]);
    let shown = |global: &Global| summary(global, &loaded, Path::new("o.yaml"), &given);
    let on_aws = shown(&Global::default());
    let signed = "curl --aws-sigv4 \"aws:amz:eu-west-1:execute-api\" --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" \
                  -H \"x-amz-security-token: $AWS_SESSION_TOKEN\" -H 'Content-Type";
    assert!(on_aws.contains(signed), "{on_aws}");
    let session = Session {
        spec: "o.yaml".into(),
        endpoint_url: "http://127.0.0.1:1".into(),
        api_url: "http://127.0.0.1:2/prod".into(),
        console_url: None,
        region: "eu-west-1".into(),
        keys: Some(Keys("AKIAME".into(), "hidden".into())),
    };
    let local = shown(&Global { session: Some(session), ..Global::default() });
    assert!(local.contains("o.yaml --local --reveal --field secret_access_key)\" -H 'Content-Type"), "{local}");
    assert!(!local.contains("hidden"), "{local}");
}

#[test]
fn requests_go_to_the_domain_and_the_record_that_it_needs_is_told() {
    let loaded = crate::spec::parse("o.yaml", GUARDED, Path::new(".")).unwrap_or_else(|report| panic!("{report}"));
    let outputs = |pairs: &[(&str, &str)]| -> Outputs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let domain = [
        ("name", "api.example.com"),
        ("url", "https://api.example.com"),
        ("target", "d-1.aws"),
        ("hosted_zone_id", "Z1"),
    ];
    let given = BTreeMap::from([
        (Id::new("api"), outputs(&[("endpoint", "https://a.aws/prod")])),
        (id::domain(), outputs(&domain)),
    ]);
    let shown = summary(&Global::default(), &loaded, Path::new("o.yaml"), &given);
    assert!(shown.contains("point a CNAME or an alias of api.example.com to d-1.aws (hosted zone Z1)"), "{shown}");
    assert!(
        shown.contains("endpoint: https://a.aws/prod\n") && shown.contains(" https://api.example.com/o/"),
        "{shown}"
    );
}

#[test]
fn without_an_api_there_is_a_command_to_paste() {
    let shown = |text: &str, global: &Global| {
        let loaded = crate::spec::parse("o.yaml", text.as_bytes(), Path::new("."));
        let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
        summary(global, &loaded, Path::new("my spec.yaml"), &BTreeMap::new())
    };
    let here = Global { region: Some("eu-west-1".into()), ..Global::default() };
    let text = shown("name: plain\nstream: { kinesis: {} }\n", &here);
    let command = " send 'my spec.yaml' --region eu-west-1 --data '{\"hello\":\"world\",\"id\":\"id-1\"}'\n";
    assert!(text.contains(command), "{text}");
    assert_eq!(shown(std::str::from_utf8(GUARDED).unwrap(), &here), "", "an API that is not there yet has no endpoint");
}
