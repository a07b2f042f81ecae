//! One method of one path: its parameters, its body and who may call it.

use serde_json::{Value, json};

use super::answers::responses;
use super::components::{Components, camel, key_schema};
use crate::kinds::rest_api::{RestApi, Route as Made};
use crate::lower::LIMIT;
use crate::spec::{Api, Body, Extra, Key, Method, PartitionKey, Route, Spec, TableAction, To};

/// The methods of `any`, as API Gateway has them, but for `OPTIONS` where browsers ask by it.
const ALL: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// Headers that OpenAPI says elsewhere: as parameters they would be ignored (<https://spec.openapis.org/oas/v3.0.3#parameter-object>).
const ELSEWHERE: [&str; 3] = ["accept", "authorization", "content-type"];

/// A spec and the API that it becomes.
pub struct Described<'a> {
    pub spec: &'a Spec,
    pub api: &'a RestApi,
}

/// The methods of a route in OpenAPI. It has no word for all of them: `any` is each that has no route of its own. The answers to browsers
/// that ask what a page may do are left out: no client calls them.
pub fn methods(route: &Route, api: &Api, made: &RestApi) -> Vec<&'static str> {
    if route.method() != Method::Any {
        return vec![route.method().key()];
    }
    let own = |method: &str| {
        let named = api.routes.iter().any(|other| other.path() == route.path() && other.method().key() == method);
        named || made.routes.contains_key(&format!("{} {}", method.to_ascii_uppercase(), route.path()))
    };
    ALL.into_iter().filter(|method| !own(method)).collect()
}

impl Described<'_> {
    /// The first part of the path that is no parameter; the pipeline's name where there is none.
    pub fn tag(&self, route: &Route) -> String {
        let literal = route.path().split('/').find(|part| !part.is_empty() && !part.starts_with('{'));
        literal.unwrap_or(&self.spec.name).to_owned()
    }

    pub fn operation(&self, route: &Route, method: &str, components: &mut Components) -> Value {
        let none = Made::default();
        let key = format!("{} {}", route.method().name(), route.path());
        let made = self.api.routes.get(&key).unwrap_or(&none);
        let action = self.action(route);
        let takes_body =
            ["patch", "post", "put"].contains(&method) && action.as_ref().is_none_or(TableAction::takes_body);
        let mut operation = json!({
            "operationId": operation_id(method, route.path()),
            "summary": summary(action.as_ref()),
            "tags": [self.tag(route)],
            "responses": responses(self, route, made, takes_body, components),
        });
        let parameters = self.parameters(route, action.as_ref());
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if takes_body {
            operation["requestBody"] = self.body(route, made, components);
        }
        if let Some((name, _)) = self.spec.authorizer(route) {
            operation["security"] = json!([{ name: [] }]);
        }
        operation
    }

    fn action(&self, route: &Route) -> Option<TableAction> {
        match self.spec.to(route) {
            Some(To::Table(call)) => Some(call.action()),
            Some(To::Stream | To::Function | To::Aws(_)) | None => None,
        }
    }

    fn parameters(&self, route: &Route, action: Option<&TableAction>) -> Vec<Value> {
        let names = route.path().split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut all: Vec<Value> = names.map(|name| self.in_path(route, action, name)).collect();
        if let Some(TableAction::Query(_) | TableAction::Scan(_)) = action {
            let limit = json!({ "type": "integer", "minimum": 1, "maximum": LIMIT, "default": LIMIT });
            let next = json!({ "type": "string" });
            all.push(parameter("query", "limit", false, "The most items of a page", &limit));
            all.push(parameter("query", "next", false, "Where the page begins: `next` of the page before it", &next));
        }
        let group = route.message_group.as_ref().map(|from| (from, ORDERS, 128));
        let once = route.deduplication.as_ref().map(|from| (from, ONCE, 128));
        for (from, words, longest) in [Some((&route.partition_key, ORDERS, 256)), group, once].into_iter().flatten() {
            let schema = json!({ "type": "string", "minLength": 1, "maxLength": longest });
            let (place, name) = match from {
                PartitionKey::Query(name) => ("query", name),
                PartitionKey::Header(name) if !ELSEWHERE.contains(&name.to_ascii_lowercase().as_str()) => {
                    ("header", name)
                }
                PartitionKey::Header(_) | PartitionKey::Path(_) | PartitionKey::Body(_) | PartitionKey::Random => {
                    continue;
                }
            };
            // One value may be both.
            if !all.iter().any(|one: &Value| one["in"] == place && one["name"] == name.as_str()) {
                all.push(parameter(place, name, true, words, &schema));
            }
        }
        all
    }

    fn in_path(&self, route: &Route, action: Option<&TableAction>, name: &str) -> Value {
        if action.is_some() {
            let schema = self.key(action, name).map_or_else(|| json!({ "type": "string" }), key_schema);
            return parameter("path", name, true, "", &schema);
        }
        if name == "streamName" && self.spec.fed_queue().is_none() {
            let schema = json!({ "type": "string", "enum": [self.spec.stream_name()] });
            return parameter("path", name, true, "The stream", &schema);
        }
        let named = PartitionKey::Path(name.to_owned());
        let orders = route.partition_key == named || route.message_group.as_ref() == Some(&named);
        let schema = if orders { json!({ "type": "string", "maxLength": 256 }) } else { json!({ "type": "string" }) };
        parameter("path", name, true, if orders { ORDERS } else { "" }, &schema)
    }

    /// The key attribute of this name, of the index that is read or of the table.
    fn key(&self, action: Option<&TableAction>, name: &str) -> Option<&Key> {
        let index = action.and_then(TableAction::index).and_then(|index| self.spec.indexes()?.get(index));
        let of_index = index.into_iter().flat_map(|index| index.keys().map(|(_, key)| key));
        let of_table = self.spec.keys().into_iter().flat_map(|(partition, sort)| [Some(partition), sort]).flatten();
        of_index.chain(of_table).find(|key| key.name == name)
    }

    /// What the models take, by content type. API Gateway takes no body for `{}`, so that one is required where the schema wants something.
    fn body(&self, route: &Route, made: &Made, components: &mut Components) -> Value {
        let mut required = false;
        let schema = |media: &str| {
            let model = made
                .models
                .get(media)
                .or_else(|| made.models.get("$default"))
                .and_then(|name| self.api.models.get(name));
            required |= model.is_some_and(|model| model.get("required").is_some());
            let schema = match (route.body(), model) {
                (Body::Schema(file), Some(model)) => components.body(file, model),
                (Body::Object, Some(_)) => json!({ "type": "object" }),
                (Body::Any | Body::Schema(_) | Body::Object, _) => json!({}),
            };
            (media.to_owned(), json!({ "schema": schema }))
        };
        let content: serde_json::Map<String, Value> = route.types().map(schema).collect();
        json!({ "required": required, "content": content })
    }
}

const ONCE: &str = "A request with a value that came in the last 5 minutes is answered, and makes no message";
const ORDERS: &str = "Records with the same value keep their order";

fn parameter(place: &str, name: &str, required: bool, words: &str, schema: &Value) -> Value {
    let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": schema });
    if !words.is_empty() {
        parameter["description"] = json!(words);
    }
    parameter
}

/// A name for the operation that generators of clients make a function's name of: `getPeopleByID` of `GET /people/{ID}`.
fn operation_id(method: &str, path: &str) -> String {
    let part = |part: &str| match part.strip_prefix('{') {
        Some(name) => format!("By{}", camel(name)),
        None => camel(part),
    };
    let parts: String = path.split('/').map(part).collect();
    format!("{method}{}", if parts.is_empty() { "Root" } else { &parts })
}

fn summary(action: Option<&TableAction>) -> &'static str {
    match action {
        None => "Put the body on the stream",
        Some(TableAction::Put(put)) => match (put.if_absent, put.extra) {
            (true, _) => "Write a new item",
            (false, Extra::Refuse | Extra::Keep) => "Write an item, in the place of one with its key",
        },
        Some(TableAction::Get(_)) => "Read an item",
        Some(TableAction::Query(_)) => "Read the items of a key, page by page",
        Some(TableAction::Scan(_)) => "Read all items, page by page",
        Some(TableAction::Update(_)) => "Change an item that is there",
        Some(TableAction::Delete(_)) => "Delete an item that is there",
    }
}
