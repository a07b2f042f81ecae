//! Filter criteria, as EventBridge's patterns are documented.

use serde_json::{Value, json};

use super::{NOW, SHARD, holding, mapping, record, shared};
use crate::poller::filter::Filter;
use crate::poller::shard::Shard;

fn passes(rule: &Value, data: &Value) -> bool {
    let pattern = json!({ "data": { "a": [rule] } });
    Filter::parse(&pattern.to_string(), "data").unwrap().matches(&json!({ "data": data }))
}

fn check(rows: &[(Value, Value, bool)]) {
    for (rule, data, expected) in rows {
        assert_eq!(passes(rule, data), *expected, "{rule} for {data}");
    }
}

#[test]
fn rules_about_one_value() {
    let rows = [
        (json!("x"), json!({"a": "x"}), true),
        (json!("x"), json!({"a": "X"}), false),
        (json!(""), json!({"a": ""}), true),
        (json!(""), json!({"a": null}), false),
        (json!(null), json!({"a": null}), true),
        (json!(null), json!({}), false),
        (json!(true), json!({"a": true}), true),
        (json!(true), json!({"a": "true"}), false),
        (json!(100), json!({"a": 1e2}), true),
        (json!(100), json!({"a": "100"}), false),
        (json!({"prefix": "ab"}), json!({"a": "abc"}), true),
        (json!({"prefix": "ab"}), json!({"a": "cab"}), false),
        (json!({"prefix": "ab"}), json!({"a": 1}), false),
        (json!({"suffix": ".png"}), json!({"a": "b.png"}), true),
        (json!({"suffix": ".png"}), json!({"a": "b.jpg"}), false),
        (json!({"equals-ignore-case": "aLiCe"}), json!({"a": "Alice"}), true),
        (json!({"equals-ignore-case": "aLiCe"}), json!({"a": "Bob"}), false),
        (json!({"numeric": ["=", 5]}), json!({"a": 5.0}), true),
        (json!({"numeric": [">", 0, "<=", 5]}), json!({"a": 5}), true),
        (json!({"numeric": [">", 0, "<=", 5]}), json!({"a": 0}), false),
        (json!({"numeric": [">=", 0, "<", 5]}), json!({"a": 5}), false),
        (json!({"numeric": [">", 0]}), json!({"a": "1"}), false),
    ];
    check(&rows);
}

#[test]
fn rules_about_absence_exclusion_and_lists() {
    let rows = [
        (json!({"exists": true}), json!({"a": null}), true),
        (json!({"exists": true}), json!({}), false),
        (json!({"exists": false}), json!({}), true),
        (json!({"exists": false}), json!({"a": 1}), false),
        (json!({"exists": true}), json!({"a": {"b": 1}}), false),
        (json!({"anything-but": "x"}), json!({"a": "y"}), true),
        (json!({"anything-but": "x"}), json!({"a": "x"}), false),
        (json!({"anything-but": "x"}), json!({}), false),
        (json!({"anything-but": ["x", 1]}), json!({"a": 1}), false),
        (json!({"anything-but": {"prefix": "x"}}), json!({"a": "xy"}), false),
        (json!({"anything-but": {"suffix": ["x", "y"]}}), json!({"a": "az"}), true),
        // A list matches by one of its elements.
        (json!("x"), json!({"a": ["y", "x"]}), true),
        (json!("x"), json!({"a": ["y"]}), false),
        (json!("x"), json!({"a": []}), false),
    ];
    check(&rows);
}

#[test]
fn fields_are_joined_by_and_rules_by_or() {
    let pattern = json!({
        "partitionKey": [{"prefix": "user-"}],
        "data": {"order": {"type": ["buy", "sell"]}, "$or": [{"price": [{"numeric": [">", 10]}]}, {"vip": [true]}]}
    });
    let filter = Filter::parse(&pattern.to_string(), "data").unwrap();
    let matches = |key: &str, data: Value| filter.matches(&json!({ "partitionKey": key, "data": data }));
    assert!(matches("user-1", json!({"order": {"type": "buy"}, "price": 11})));
    assert!(matches("user-1", json!({"order": [{"type": "x"}, {"type": "sell"}], "vip": true})));
    assert!(!matches("user-1", json!({"order": {"type": "buy"}, "price": 10})));
    assert!(!matches("user-1", json!({"order": {"type": "hold"}, "vip": true})));
    assert!(!matches("host-1", json!({"order": {"type": "buy"}, "price": 11})));
}

#[test]
fn wrong_patterns_are_refused() {
    let rows = [
        ("{", "it is not a JSON object"),
        ("[]", "it is not a JSON object"),
        (r#"{"data": ["x"]}"#, "`data` must be an object"),
        (r#"{"a": "x"}"#, "`a` must hold an object or a list of rules"),
        (r#"{"a": []}"#, "`a` must hold an object or a list of rules"),
        (r#"{"a": [{"greater": 1}]}"#, "the operator `greater` is unknown"),
        (r#"{"a": [{"numeric": [">"]}]}"#, "`numeric` needs a list"),
        (r#"{"a": [{"exists": "yes"}]}"#, "`exists` needs a boolean"),
        (r#"{"a": {}}"#, "it holds an empty object"),
        (r#"{"$or": []}"#, "`$or` must hold two objects or more"),
        (r#"{"data": {"$or": [{"a": ["x"]}]}}"#, "`$or` must hold two objects or more"),
        (r#"{"$or": [["x"], {"a": ["x"]}]}"#, "`$or` must hold objects"),
        (r#"{"$or": [{}, {"a": ["x"]}]}"#, "it holds an empty object"),
    ];
    for (pattern, why) in rows {
        let error = Filter::parse(pattern, "data").unwrap_err();
        assert!(error.message().contains(why), "{pattern}: {}", error.message());
    }
}

/// EventBridge's `TestEventPattern` refuses these.
#[test]
fn rules_are_refused_where_eventbridge_refuses_them() {
    let refused = [
        json!({"a": 42}),
        json!({"a": "my-value"}),
        json!({"a": []}),
        json!({"a": [["x"]]}),
        json!({"a": [{"EXISTS": true}]}),
        json!({"a": [{"NUMERIC": ["=", 5]}]}),
        json!({"a": [{"numeric": 10}]}),
        json!({"a": [{"numeric": []}]}),
        json!({"a": [{"numeric": [">", 0, ">", 0]}]}),
        json!({"a": [{"numeric": [">", 0, "<"]}]}),
        json!({"a": [{"numeric": ["=", 0, "<", 5]}]}),
        json!({"a": [{"numeric": [">", "0"]}]}),
        json!({"a": [{"numeric": [">", 3, "<", 1]}]}),
        json!({"a": [{"prefix": ["2022-07-13"]}]}),
        json!({"a": [{"prefix": 123}]}),
        json!({"a": [{"suffix": 123}]}),
        json!({"a": [{"suffix": [".png"]}]}),
        json!({"a": [{"equals-ignore-case": ["x"]}]}),
        json!({"a": [{"anything-but": null}]}),
        json!({"a": [{"anything-but": true}]}),
        json!({"a": [{"anything-but": []}]}),
        json!({"a": [{"anything-but": ["stopped", null]}]}),
        json!({"a": [{"anything-but": [{"prefix": "x"}]}]}),
        json!({"a": [{"anything-but": {"prefix": ""}}]}),
        json!({"a": [{"anything-but": {"suffix": ""}}]}),
        json!({"a": [{"anything-but": {"prefix": [123, "test"]}}]}),
        json!({"a": [{"anything-but": {"suffix": [null, ".txt"]}}]}),
        json!({"a": [{"anything-but": {"equals-ignore-case": [123, 456]}}]}),
        json!({"a": [{"anything-but": {"prefix": {"equals-ignore-case": "file"}}}]}),
        json!({"a": [{"anything-but": {"prefix": "x", "suffix": "y"}}]}),
    ];
    assert_eq!(refused.iter().find(|pattern| taken(pattern)), None);
}

/// What `TestEventPattern` takes, and what it refuses of that. Filters of mappings have no such operators.
#[test]
fn patterns_of_buses_know_more_operators() {
    let rows = [
        (json!({"wildcard": "in/*.csv"}), true),
        (json!({"wildcard": r"a\*b\\"}), true),
        (json!({"wildcard": "a**b"}), false),
        (json!({"wildcard": r"a\b"}), false),
        (json!({"wildcard": 123}), false),
        (json!({"wildcard": ["a*"]}), false),
        (json!({"cidr": "10.0.0.0/24"}), true),
        (json!({"cidr": "2001:db8::/32"}), true),
        (json!({"cidr": "10.0.0.0"}), false),
        (json!({"cidr": "10.0.0.0/x"}), false),
        (json!({"cidr": "xx.11.xx/8"}), false),
        (json!({"cidr": "10.0.0.0/33"}), false),
        (json!({"prefix": {"equals-ignore-case": "EC2"}}), true),
        (json!({"suffix": {"equals-ignore-case": ".PNG"}}), true),
        (json!({"anything-but": {"wildcard": ["a*", "*b"]}}), true),
        (json!({"anything-but": {"wildcard": [123, "*/dir/*"]}}), false),
    ];
    for (rule, right) in rows {
        let pattern = json!({ "detail": [{ "exists": false }], "a": [rule] });
        assert_eq!(Filter::of_bus(&pattern.to_string()).is_ok(), right, "{pattern}");
        assert!(!taken(&json!({ "a": [rule] })), "{rule}");
    }
}

#[test]
fn they_hold_for_what_they_say() {
    let holds = |rule: Value, value: &str| {
        let filter = Filter::of_bus(&json!({ "a": [rule] }).to_string()).unwrap();
        filter.matches(&json!({ "a": value }))
    };
    let rows = [
        (json!({"wildcard": "in/*.csv"}), "in/a.csv", "in/a.csv.gz"),
        (json!({"wildcard": "*a*a"}), "aa", "a"),
        (json!({"wildcard": r"a\*"}), "a*", "ab"),
        (json!({"cidr": "10.0.0.0/24"}), "10.0.0.255", "10.0.1.0"),
        (json!({"cidr": "0.0.0.0/0"}), "1.2.3.4", "::1"),
        (json!({"cidr": "2001:db8::/32"}), "2001:DB8:1::", "2001:db9::"),
        (json!({"prefix": {"equals-ignore-case": "EC2"}}), "ec2 is", "an ec2"),
        (json!({"suffix": {"equals-ignore-case": ".PNG"}}), "a.png", "png.a"),
        (json!({"anything-but": {"wildcard": ["a*", "*b"]}}), "c", "ab"),
    ];
    for (rule, fits, other) in rows {
        assert!(holds(rule.clone(), fits) && !holds(rule.clone(), other), "{rule}");
    }
}

fn taken(pattern: &Value) -> bool {
    Filter::check(&pattern.to_string(), "data").is_ok()
}

#[test]
fn rules_are_taken_where_eventbridge_takes_them() {
    let right = [
        json!({"a": [{"numeric": [">", 0, "<=", 5]}, {"numeric": ["=", 7]}, {"numeric": ["<", -1]}]}),
        json!({"a": [{"anything-but": ["x", 1]}, {"anything-but": {"equals-ignore-case": ["x", "y"]}}]}),
        json!({"a": [null, "", true, 1], "$or": [{"b": ["x"]}, {"c": {"d": [{"exists": false}]}}]}),
    ];
    assert_eq!(right.iter().find(|pattern| !taken(pattern)), None);
}

#[test]
fn what_does_not_pass_is_done_with_and_what_is_no_json_does_not_pass() {
    let mut mapping = mapping();
    mapping.filters = vec![
        Filter::parse(r#"{"data": {"n": [1]}}"#, "data").unwrap(),
        Filter::parse(r#"{"data": {"n": [4]}, "partitionKey": ["k"]}"#, "data").unwrap(),
    ];
    let mut shard = Shard::new(SHARD, shared(mapping));
    let mut records: Vec<_> = (0..6).map(|n| record(n, "k")).collect();
    records[1] = holding(b"n=1", 1, "k", NOW);
    shard.take(records, NOW);
    assert_eq!(shard.checkpoint().unwrap().as_str(), super::sequence(3), "0 to 3 are skipped");
    let steps = shard.steps(NOW);
    let [(0, crate::poller::slot::Step::Call { payload })] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!(super::numbers(payload), [4]);
    shard.answered(0, &super::succeeds(), NOW);
    assert!(shard.idle());
    assert_eq!(shard.checkpoint().unwrap().as_str(), super::sequence(5));
}

#[test]
fn a_pattern_without_data_looks_at_metadata_only() {
    let filter = Filter::parse(r#"{"partitionKey": ["k"]}"#, "data").unwrap();
    let binary = holding(&[0xff], 0, "k", NOW);
    let absent = Filter::parse(r#"{"data": {"a": [{"exists": false}]}}"#, "data").unwrap();
    assert!(absent.matches(&record(0, "k").facts));
    assert!(!absent.matches(&binary.facts), "AWS drops what is no JSON");
    assert!(filter.matches(&binary.facts));
    assert!(!filter.matches(&record(0, "j").facts));
}
