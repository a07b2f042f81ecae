//! Which web pages an API lets in: how its templates say it, and what a change of that means.

use std::collections::BTreeSet;

use super::document::{RestApi, Route};

pub const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
pub const ALLOW_CREDENTIALS: &str = "Access-Control-Allow-Credentials";
/// Every page.
const ANY: &str = "*";
/// How the list of a template begins.
const LIST: &str = "#set($cors_pages = ";

/// The VTL that gives an answer the origin of the page that asks, where the list has it. The header's value is always one of
/// the list's own texts, so that no client's text becomes a header. HTTP/2 clients send header names in lower case, and the map
/// has them as they came. Its variables are its own, because another template follows.
pub fn choice(origins: &[String]) -> String {
    let list: Vec<String> = origins.iter().map(|origin| format!("\"{origin}\"")).collect();
    format!(
        "{LIST}[{}])\n#set($cors_page = \"\")\n#set($cors_sent = $input.params().header)\n#foreach($cors_name in $cors_sent.keySet())\n\
         #if($cors_name.equalsIgnoreCase(\"Origin\"))\n#set($cors_page = $cors_sent.get($cors_name))\n#end\n#end\n\
         #foreach($cors_known in $cors_pages)\n#if($cors_known == $cors_page)\n\
         #set($context.responseOverride.header.{ALLOW_ORIGIN} = $cors_known)\n#end\n#end\n",
        list.join(", ")
    )
}

/// Whether a route is the answer to a browser that asks before it sends a page's request.
pub fn is_preflight(name: &str, route: &Route) -> bool {
    name.starts_with("OPTIONS ") && route.integration.kind == "MOCK"
}

/// Pages that may call the API from now on.
pub fn widens(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let (now, then) = (origins(desired), origins(live));
    let new = now.difference(&then).filter(|_| !then.contains(ANY)).map(|origin| match origin.as_str() {
        ANY => "any web page may call the API".to_owned(),
        origin => format!("web pages of `{origin}` may call the API"),
    });
    let credentials = takes_credentials(desired) && !takes_credentials(live);
    let credentials =
        credentials.then(|| "web pages may call the API with the credentials that a browser keeps".to_owned());
    new.chain(credentials).collect()
}

/// Pages that may not call it any longer.
pub fn means(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let (now, then) = (origins(desired), origins(live));
    let gone = then.difference(&now).filter(|_| !now.contains(ANY));
    gone.map(|origin| match origin.as_str() {
        ANY => "browsers refuse requests of web pages that the API does not name from now on".to_owned(),
        origin => format!("browsers refuse requests of web pages of `{origin}` from now on"),
    })
    .collect()
}

/// The headers of all answers to browsers that ask, with their templates.
fn answers(api: &RestApi) -> impl Iterator<Item = &super::IntegrationResponse> {
    let asked = api.routes.iter().filter(|(name, route)| is_preflight(name, route));
    asked.flat_map(|(_, route)| route.integration.responses.values())
}

fn origins(api: &RestApi) -> BTreeSet<String> {
    let header = format!("method.response.header.{ALLOW_ORIGIN}");
    let one = answers(api).filter_map(|answer| answer.parameters.get(&header));
    let one = one.map(|origin| origin.trim_matches('\'').to_owned());
    let lists = answers(api).flat_map(|answer| answer.templates.values()).filter_map(|text| {
        let (_, list) = text.split_once(LIST)?;
        serde_json::from_str::<Vec<String>>(list.split_once(")\n")?.0).ok()
    });
    one.chain(lists.flatten()).collect()
}

fn takes_credentials(api: &RestApi) -> bool {
    let header = format!("method.response.header.{ALLOW_CREDENTIALS}");
    answers(api).any(|answer| answer.parameters.contains_key(&header))
}

#[cfg(test)]
mod tests {
    use super::super::{Integration, IntegrationResponse, Texts, means as all};
    use super::*;

    fn api(origins: &[&str], credentials: bool) -> RestApi {
        let mut parameters = Texts::new();
        parameters.insert(format!("method.response.header.{ALLOW_ORIGIN}"), format!("'{}'", origins[0]));
        if credentials {
            parameters.insert(format!("method.response.header.{ALLOW_CREDENTIALS}"), "'true'".to_owned());
        }
        let all: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
        let templates = [("application/json".to_owned(), choice(&all))].into();
        let answer = IntegrationResponse { parameters, templates, ..IntegrationResponse::default() };
        let responses = [("204".to_owned(), answer)].into();
        let integration = Integration { kind: "MOCK".into(), responses, ..Integration::default() };
        let route = Route { authorization: "NONE".into(), integration, ..Route::default() };
        RestApi { routes: [("OPTIONS /a".to_owned(), route)].into(), ..none() }
    }

    fn none() -> RestApi {
        let empty = serde_json::json!({
            "endpoint_type": "", "security_policy": "", "stages": {}, "routes": {}, "paths": [], "authorizers": {},
            "models": {}, "validators": {}, "gateway_responses": {}, "deployed": "",
        });
        serde_json::from_value(empty).unwrap()
    }

    #[test]
    fn a_page_more_widens_and_a_page_less_is_refused() {
        let (a, b) = ("https://a.example", "https://b.example");
        let told = |now: &RestApi, then: &RestApi| {
            let advice = [crate::kinds::rest_api::widens::widens(now, then), all::means(now, then)];
            advice.map(|lines| lines.join("; "))
        };
        let may = |origin: &str| format!("web pages of `{origin}` may call the API");
        let refused = |origin: &str| format!("browsers refuse requests of web pages of `{origin}` from now on");
        assert_eq!(told(&api(&[a], false), &none()), [may(a), String::new()], "not that the question is new");
        assert_eq!(told(&none(), &api(&[a], false)), [String::new(), refused(a)]);
        assert_eq!(told(&api(&[a, b], false), &api(&[a], false)), [may(b), String::new()]);
        assert_eq!(told(&api(&[b], false), &api(&[a, b], false)), [String::new(), refused(a)]);
        assert_eq!(
            told(&api(&["*"], false), &api(&[a], false)),
            ["any web page may call the API".into(), String::new()]
        );
        let unnamed = "browsers refuse requests of web pages that the API does not name from now on";
        assert_eq!(told(&api(&[a], false), &api(&["*"], false)), [String::new(), unnamed.to_owned()]);
        let kept = "web pages may call the API with the credentials that a browser keeps";
        assert_eq!(told(&api(&[a], true), &api(&[a], false)), [kept.to_owned(), String::new()]);
        assert_eq!(told(&api(&[b, a], true), &api(&[a, b], true)), [String::new(), String::new()], "in another order");
    }
}
