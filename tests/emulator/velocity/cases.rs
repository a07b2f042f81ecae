//! The cases: each template of each action over hostile values, and what must come out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::api::{KEPT, ROUTES, changes, key, person, routes};
use super::document::{fitting, item, text};
use super::{Case, Wanted};

/// Documents for each template.
const EACH: usize = 200;

/// The cases, made anew in each run; a failure shows all of its case.
pub fn all() -> Vec<Case> {
    let mut made = Maker { routes: routes(ROUTES), runner: TestRunner::default(), cases: Vec::new() };
    made.writes();
    made.keys();
    made.pages();
    made.items();
    made.refusals();
    made.routes = routes(KEPT);
    made.kept();
    made.cases
}

struct Maker {
    routes: Value,
    runner: TestRunner,
    cases: Vec<Case>,
}

/// What a template is for, as in a route's integration.
enum Part {
    Request,
    /// The answer kept under this status.
    Answer(&'static str),
}

impl Maker {
    fn one<T: std::fmt::Debug>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    fn case(&mut self, route: &str, part: &Part, body: String, wanted: Wanted) -> &mut Case {
        let integration = &self.routes[route]["integration"];
        let templates = match part {
            Part::Request => &integration["templates"],
            Part::Answer(status) => &integration["responses"][*status]["templates"],
        };
        let template =
            templates["application/json"].as_str().unwrap_or_else(|| panic!("no template: {route}")).to_owned();
        self.cases.push(Case { template, body, path: Vec::new(), query: Vec::new(), wanted });
        self.cases.last_mut().unwrap()
    }

    fn writes(&mut self) {
        let once = r##","ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":"ID"}"##;
        for at in 0..EACH {
            let person = self.one(fitting(&person()));
            for (route, more) in [("POST /put", ""), ("POST /new", once)] {
                let call =
                    format!(r#"{{"TableName":"vtl-table","Item":{}{more},"ReturnValues":"NONE"}}"#, person.item());
                self.case(route, &Part::Request, person.plain(at % 2 == 0), Wanted::Json(call, None));
            }
            let changes = self.one(fitting(&changes()));
            let (path, key) = self.path();
            let wanted = Wanted::Update { key, item: changes.item() };
            self.case("PATCH /update/{ID}/{Age}", &Part::Request, changes.plain(at % 2 == 0), wanted).path = path;
        }
        // Of a member that comes twice, Java's reader keeps the last.
        let twice = r#"{"ID":"a","ID":"b","Age":1}"#.to_owned();
        let call = r#"{"TableName":"vtl-table","Item":{"ID":{"S":"b"},"Age":{"N":"1"}},"ReturnValues":"NONE"}"#;
        self.case("POST /put", &Part::Request, twice, Wanted::Json(call.to_owned(), None));
        // What a double does not keep becomes a call that DynamoDB refuses; as a text it is kept.
        for (much, returned) in [("0.1234567890123456", "REFUSED"), (r#""0.1234567890123456""#, "NONE")] {
            let kind = if much.starts_with('"') { "S" } else { "N" };
            let call = format!(
                r#"{{"TableName":"vtl-table","Item":{{"ID":{{"S":"a"}},"Age":{{"N":"1"}},"note":{{"{kind}":"0.1234567890123456"}}}},"ReturnValues":"{returned}"}}"#
            );
            let body = format!(r#"{{"ID":"a","Age":1,"note":{much}}}"#);
            self.case("POST /put", &Part::Request, body, Wanted::Json(call, None));
        }
    }

    /// The body's text is kept beside what the schema names.
    fn kept(&mut self) {
        for at in 0..EACH {
            let body = self.one(fitting(&person())).plain(at % 2 == 0);
            let person = self.one(fitting(&key()));
            // A member that the schema does not know.
            let whole = format!("{},\"$more\": [{body}]}}", person.plain(at % 2 == 1).strip_suffix('}').unwrap());
            let item = format!(r#"{},"_json":{{"S":{}}}}}"#, person.item().strip_suffix('}').unwrap(), json!(whole));
            let call = format!(r#"{{"TableName":"vtl-table","Item":{item},"ReturnValues":"NONE"}}"#);
            self.case("POST /kept", &Part::Request, whole, Wanted::Json(call, None));
        }
    }

    /// A key in a path, as a client encodes it or as it is, and as DynamoDB is asked for it.
    fn path(&mut self) -> (Vec<(String, String)>, String) {
        let (id, age) = (self.one(text()), self.one(text()));
        let key = format!(r#"{{"ID":{{"S":{}}},"Age":{{"N":{}}}}}"#, json!(id), json!(age));
        (vec![("ID".to_owned(), encoded(&id)), ("Age".to_owned(), encoded(&age))], key)
    }

    fn keys(&mut self) {
        let there = r##""ConditionExpression":"attribute_exists(#k)","ExpressionAttributeNames":{"#k":"ID"}"##;
        for (route, more) in [("GET /get/{ID}/{Age}", r#""ConsistentRead":true"#), ("DELETE /delete/{ID}/{Age}", there)]
        {
            for _ in 0..EACH {
                let (path, key) = self.path();
                let call = format!(r#"{{"TableName":"vtl-table","Key":{key},{more}}}"#);
                self.case(route, &Part::Request, String::new(), Wanted::Json(call, None)).path = path;
            }
            // A `%` that begins no code stays as it is, and a plus is not a blank.
            for (raw, meant) in
                [("100%", "100%"), ("%zz%41", "%zz%41"), ("a+b", "a+b"), ("%2B", "+"), ("%c3%28", "\u{fffd}(")]
            {
                let call = format!(
                    r#"{{"TableName":"vtl-table","Key":{{"ID":{{"S":{}}},"Age":{{"N":"1"}}}},{more}}}"#,
                    json!(meant)
                );
                let path = vec![("ID".to_owned(), raw.to_owned()), ("Age".to_owned(), "1".to_owned())];
                self.case(route, &Part::Request, String::new(), Wanted::Json(call, None)).path = path;
            }
        }
    }

    fn pages(&mut self) {
        let of = [
            ("GET /query/{ID}", "ID", ""),
            ("GET /index/{mail}", "mail", r#","IndexName":"by-mail""#),
            ("GET /scan", "", ""),
        ];
        for (route, key, index) in of {
            for _ in 0..EACH {
                let value = self.one(text());
                let (query, paged) = self.query(key == "mail");
                let condition = match key {
                    "" => String::new(),
                    key => format!(
                        r##","KeyConditionExpression":"#k = :k","ExpressionAttributeNames":{{"#k":"{key}"}},"ExpressionAttributeValues":{{":k":{{"S":{}}}}}"##,
                        json!(value)
                    ),
                };
                let call = format!(r#"{{"TableName":"vtl-table"{index}{condition}{paged}}}"#);
                let case = self.case(route, &Part::Request, String::new(), Wanted::Json(call, None));
                (case.path, case.query) = (vec![(key.to_owned(), encoded(&value))], query);
            }
        }
    }

    /// `limit` and `next`, right or wrong, and what they mean. A wrong one is a limit of 0, which DynamoDB refuses.
    fn query(&mut self, of_index: bool) -> (Vec<(String, String)>, String) {
        let limit = self.one(proptest::prop_oneof![text(), (0..110_u8).prop_map(|limit| limit.to_string())]);
        let most = match limit.parse::<u8>() {
            _ if limit.is_empty() => 100,
            Ok(most) if (1..=100).contains(&most) && most.to_string() == limit => most,
            _ => 0,
        };
        let names =
            if of_index { &[("mail", "S"), ("ID", "S"), ("Age", "N")][..] } else { &[("ID", "S"), ("Age", "N")] };
        let values: Vec<String> = names.iter().map(|_| self.one(text())).collect();
        let next = self.one(proptest::prop_oneof![2 => proptest::strategy::Just(token(&values)), 1 => text()]);
        let known = next == token(&values) && values.iter().all(|value| !value.is_empty());
        let start: Vec<String> = names
            .iter()
            .zip(&values)
            .map(|((name, kind), value)| format!(r#""{name}":{{"{kind}":{}}}"#, json!(value)))
            .collect();
        let paged = match known {
            true => format!(r#","Limit":{most},"ExclusiveStartKey":{{{}}}"#, start.join(",")),
            false => format!(r#","Limit":{}"#, if next.is_empty() { most } else { 0 }),
        };
        (vec![("limit".to_owned(), limit), ("next".to_owned(), next)], paged)
    }

    /// What the table gives, as a client is to see it.
    fn items(&mut self) {
        for _ in 0..EACH {
            let (one, other) = (self.one(item()), self.one(item()));
            let gives = format!(r#"{{"Item":{}}}"#, one.item());
            self.case("GET /get/{ID}/{Age}", &Part::Answer("200"), gives, Wanted::Json(one.plain(false), None));
            let (id, age) = (self.one(text()), self.one(text()));
            let gives = format!(
                r#"{{"Items":[{},{}],"Count":2,"LastEvaluatedKey":{{"ID":{{"S":{}}},"Age":{{"N":{}}}}}}}"#,
                one.item(),
                other.item(),
                json!(id),
                json!(age)
            );
            let next = token(&[id, age]);
            let page = format!(r#"{{"items":[{},{}],"next":"{next}"}}"#, one.plain(false), other.plain(false));
            self.case("GET /scan", &Part::Answer("200"), gives, Wanted::Json(page, None));
        }
        let sets = r#"{"Item":{"s":{"SS":["a\"","$x"]},"n":{"NS":["1","12345678901234567890123456789012345678"]},"b":{"B":"AAE="},"bs":{"BS":["AA=="]}}}"#;
        let plain = r#"{"s":["a\"","$x"],"n":[1,12345678901234567890123456789012345678],"b":"AAE=","bs":["AA=="]}"#;
        self.case("GET /get/{ID}/{Age}", &Part::Answer("200"), sets.to_owned(), Wanted::Json(plain.to_owned(), None));
        let missing = r#"{"message":"There is no such item"}"#.to_owned();
        self.case("GET /get/{ID}/{Age}", &Part::Answer("200"), "{}".to_owned(), Wanted::Json(missing, Some(404)));
        let none = Wanted::Json(r#"{"items":[]}"#.to_owned(), None);
        self.case("GET /query/{ID}", &Part::Answer("200"), r#"{"Items":[],"Count":0}"#.to_owned(), none);
        for route in ["POST /put", "PATCH /update/{ID}/{Age}", "DELETE /delete/{ID}/{Age}"] {
            self.case(route, &Part::Answer("200"), "{}".to_owned(), Wanted::Json("{}".to_owned(), None));
        }
    }

    fn refusals(&mut self) {
        let codes = [
            "ConditionalCheckFailedException",
            "ThrottlingException",
            "ValidationException",
            "AccessDeniedException",
            "TransactionConflictException",
        ];
        for route in
            ["POST /new", "GET /get/{ID}/{Age}", "DELETE /delete/{ID}/{Age}", "PATCH /update/{ID}/{Age}", "GET /scan"]
        {
            for at in 0..EACH / 4 {
                let (code, message) = (self.one(text()), self.one(text()));
                let code = codes.get(at).map_or(code, |code| format!("com.amazonaws.dynamodb.v20120810#{code}"));
                let gives = json!({ "__type": code, "message": message }).to_string();
                self.case(route, &Part::Answer("400"), gives, Wanted::Refusal);
            }
        }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn token(values: &[String]) -> String {
    values.iter().map(|value| URL_SAFE_NO_PAD.encode(value)).collect::<Vec<_>>().join(".")
}
