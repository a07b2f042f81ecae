//! What a change of the API means for who may call it, and for the order of records.

use super::RestApi;
use super::document::Route;

const NONE: &str = "NONE";
/// What the template of a PutRecord call names its key.
const KEY: &str = "\"PartitionKey\": \"";
/// AWS's own id of a request: another one for each.
const RANDOM: &str = "$context.extendedRequestId";

/// Routes that anybody may call from now on.
pub fn widens(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let open = desired.routes.iter().filter(|(_, route)| route.authorization == NONE && !route.api_key);
    let told = open.filter_map(|(name, _)| match live.routes.get(name) {
        Some(before) if before.authorization == NONE && !before.api_key => None,
        Some(_) => Some(format!("`{name}` loses its authorizer: anybody may call it")),
        None => Some(format!("`{name}` is new, and anybody may call it")),
    });
    told.collect()
}

/// Routes whose records get other partition keys.
pub fn means(desired: &RestApi, live: &RestApi) -> Vec<String> {
    let both = desired.routes.iter().filter_map(|(name, route)| Some((name, route, live.routes.get(name)?)));
    let told = both.filter_map(|(name, now, then)| match (key(now)?, key(then)?) {
        (now, then) if now == then => None,
        (RANDOM, _) => Some(format!("records of `{name}` get random partition keys: their order is lost")),
        _ => Some(format!(
            "records of `{name}` get other partition keys: those on their way may be overtaken by new ones"
        )),
    });
    told.collect()
}

/// The partition key as the route's template has it.
fn key(route: &Route) -> Option<&str> {
    let template = route.integration.templates.values().next()?;
    let (_, key) = template.split_once(KEY)?;
    key.split('\n').next().map(|key| key.trim_end_matches('"'))
}
