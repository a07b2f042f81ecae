use super::*;
use crate::aws::mocked::place;
use crate::kinds::rest_api::tests::desired as api;

fn all(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| Network::parse(text).unwrap()).collect()
}

fn networks(texts: &[&str]) -> Callers {
    Callers { networks: all(texts), ..Callers::default() }
}

fn through(endpoints: &[&str], texts: &[&str]) -> Callers {
    Callers { endpoints: endpoints.iter().map(|&id| id.to_owned()).collect(), ..networks(texts) }
}

fn routes(authorizations: &[&str]) -> BTreeMap<String, Route> {
    let route = |authorization: &str| Route { authorization: authorization.to_owned(), ..Route::default() };
    authorizations.iter().map(|one| (format!("GET /{one}"), route(one))).collect()
}

/// The API as it is with these networks.
fn from(texts: &[&str]) -> RestApi {
    RestApi { policy: Some(policy(&networks(texts), Allowed::All)), ..api() }
}

fn with(policy: Value) -> RestApi {
    RestApi { policy: Some(Policy::parse(&policy.to_string()).unwrap()), ..api() }
}

/// As AWS gives it back: with the API's ARN, and with escaped quotes and slashes.
fn given_back(policy: &Policy, api: &str) -> String {
    let text =
        policy.text().replace("execute-api:/*", &format!("arn:aws:execute-api:eu-central-1:111122223333:{api}/*"));
    let escaped = Value::from(text).to_string();
    escaped[1..escaped.len() - 1].replace('/', "\\/")
}

#[test]
fn what_aws_gives_back_is_what_was_sent() {
    let sent = policy(&networks(&["203.0.113.0/24", "2001:db8::/32"]), Allowed::Unsigned);
    assert_eq!(read(&place(), "abc", &given_back(&sent, "abc")), Some(sent.clone()));
    assert_eq!(read(&place(), "abc", &sent.text()), Some(sent.clone()), "in plain JSON too");
    assert_ne!(
        read(&place(), "abc", &given_back(&sent, "other")),
        Some(sent.clone()),
        "another API's ARN is not this one's"
    );
    assert_eq!(read(&place(), "abc", ""), None);
    let mut turned: Value = serde_json::from_str(&sent.text()).unwrap();
    turned["Statement"].as_array_mut().unwrap().reverse();
    turned.sort_all_objects();
    assert_eq!(read(&place(), "abc", &turned.to_string()), Some(sent), "in another order");
}

#[test]
fn a_text_that_is_no_policy_shows_and_equals_none() {
    for text in ["{", "no policy", "\"", "\\"] {
        let read = read(&place(), "abc", text).unwrap();
        assert!(callers(&read).is_none() && read.text().contains("Statement"), "{text}");
    }
}

#[test]
fn strangers_are_denied_and_all_others_need_an_allow() {
    let shown = |authorizations: &[&str]| {
        let policy = only_from(&networks(&["203.0.113.0/24"]), &routes(authorizations));
        let conditions = policy.statements().iter().map(|one| format!("{} {}", one["Effect"], one["Condition"]));
        let mut conditions: Vec<String> = conditions.collect();
        conditions.sort();
        conditions.join("; ").replace('"', "")
    };
    let deny = "Deny {NotIpAddress:{aws:SourceIp:[203.0.113.0/24]}}";
    assert_eq!(shown(&["NONE", "CUSTOM", "COGNITO_USER_POOLS"]), format!("Allow null; {deny}"));
    assert_eq!(shown(&["NONE", "AWS_IAM"]), format!("Allow {{Null:{{aws:PrincipalArn:[true]}}}}; {deny}"));
    assert_eq!(shown(&["AWS_IAM"]), deny, "whoever signs needs an allow of their own");
}

#[test]
fn networks_that_are_let_in_widen_and_others_are_refused() {
    let told = |now: &RestApi, then: &RestApi| [widens(now, then), means(now, then)].map(|lines| lines.join("; "));
    let none = || String::new();
    let (open, office) = (api(), from(&["203.0.113.0/24"]));
    let refused = "requests from anywhere but `203.0.113.0/24` are refused from now on".to_owned();
    assert_eq!(told(&office, &open), [none(), refused]);
    assert_eq!(told(&open, &office), ["requests from any address are let in".to_owned(), none()]);
    let both = from(&["198.51.100.0/24", "203.0.113.0/24"]);
    assert_eq!(told(&both, &office), ["requests from `198.51.100.0/24` are let in".to_owned(), none()]);
    assert_eq!(told(&office, &both), [none(), "requests from `198.51.100.0/24` are refused from now on".to_owned()]);
    let half = from(&["203.0.113.0/25"]);
    assert_eq!(told(&office, &half), ["requests from `203.0.113.0/24` are let in".to_owned(), none()]);
    let left = "requests from `203.0.113.0/24`, but for those from `203.0.113.0/25`, are refused from now on";
    assert_eq!(told(&half, &office), [none(), left.to_owned()]);
    assert_eq!(told(&from(&["203.0.113.0/25", "203.0.113.128/25"]), &office), [none(), none()], "the same in two");
    assert_eq!([told(&office, &office), told(&open, &open)], [[none(), none()], [none(), none()]]);
}

/// Whoever shut the API by hand may have meant it.
#[test]
fn a_policy_by_another_hand_goes_with_consent_alone() {
    let shut = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*" }
    ] });
    let mut without_allow: Value = serde_json::from_str(&from(&["203.0.113.0/24"]).policy.unwrap().text()).unwrap();
    without_allow["Statement"][1]["Resource"] = "execute-api:/prod/*".into();
    for live in [with(shut), with(without_allow)] {
        for desired in [api(), from(&["203.0.113.0/24"])] {
            let told = ["its resource policy, which others wrote, no longer keeps anybody out"];
            assert_eq!(widens(&desired, &live), told);
        }
        assert_eq!(means(&from(&["203.0.113.0/24"]), &live).len(), 1);
    }
}

#[test]
fn a_private_api_lets_in_what_comes_through_its_endpoints() {
    let sent = policy(&through(&["vpce-1", "vpce-2"], &["10.0.0.0/16"]), Allowed::All);
    assert_eq!(read(&place(), "abc", &given_back(&sent, "abc")), Some(sent.clone()));
    let conditions: Vec<String> = sent.statements().iter().map(|one| one["Condition"].to_string()).collect();
    let shown = conditions.join(" ").replace('"', "");
    assert!(shown.contains("{StringNotEquals:{aws:SourceVpce:[vpce-1,vpce-2]}}"), "{shown}");
    assert!(shown.contains("{NotIpAddress:{aws:VpcSourceIp:[10.0.0.0/16]}}"), "its address has another key: {shown}");
    let allow = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*" }
    ] });
    assert_eq!(callers(&Policy::parse(&allow.to_string()).unwrap()), None, "one that keeps nobody out is none of ours");
}

#[test]
fn another_endpoint_widens_and_one_that_goes_refuses() {
    let with = |endpoints: &[&str], networks: &[&str]| RestApi {
        endpoint_type: "PRIVATE".to_owned(),
        policy: Some(policy(&through(endpoints, networks), Allowed::All)),
        ..api()
    };
    let told = |now: &RestApi, then: &RestApi| [widens(now, then), means(now, then)].map(|lines| lines.join("; "));
    let none = || String::new();
    let (one, both) = (with(&["vpce-1"], &[]), with(&["vpce-1", "vpce-2"], &[]));
    assert_eq!(told(&both, &one), ["requests through `vpce-2` are let in".to_owned(), none()]);
    assert_eq!(told(&one, &both), [none(), "requests through `vpce-2` are refused from now on".to_owned()]);
    let narrow = with(&["vpce-1"], &["10.0.0.0/16"]);
    assert_eq!(told(&one, &narrow), ["requests from any address are let in".to_owned(), none()]);
    let refused = "requests from anywhere but `10.0.0.0/16` are refused from now on";
    assert_eq!(told(&narrow, &one), [none(), refused.to_owned()]);
    let made = with(&[&crate::resource::unknown()], &[]);
    assert_eq!(told(&made, &one)[0], none(), "one that the run makes is the pipeline's own");
    assert_eq!(told(&one, &from(&["203.0.113.0/24"]))[0], "requests from any address are let in");
    assert_eq!(told(&one, &api()), [none(), none()], "that it is private now is said of its endpoint");
}
