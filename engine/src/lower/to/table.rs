//! The sink's table as what a route calls: one action of DynamoDB on it, with templates that follow from the route's schema and the keys.
//!
//! DynamoDB refuses everything with HTTP 400, and API Gateway answers with the response without a pattern where no other fits: that is a
//! failure here, so that nothing but a success is a 200 (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html>).

mod answer;
mod item;
mod page;
mod request;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value;

use super::vtl;
use super::{STATUSES, To, own};
use crate::aws::policy::allow;
use crate::error::{Error, Result};
use crate::kinds::table;
use crate::lower::Lowering;
use crate::lower::sink::table::{TABLE, decrypt};
use crate::lower::stream::kinesis::STREAM;
use crate::resource::Name;
use crate::spec::shape::{Unmapped, members};
use crate::spec::{self, Body, Extra, KeyType, OwnOrExisting, Route, TableAction, TableChanges};

pub use page::LIMIT;

/// Bytes of a mapping template (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const TEMPLATE: usize = 300_000;

const JSON_1_0: &str = "application/x-amz-json-1.0";

/// What the calls of a table have in common.
struct Call<'a> {
    table: &'a str,
    partition: &'a Key,
    sort: Option<&'a Key>,
    index: Option<&'a Index>,
}

/// An index that is read instead of the table.
struct Index {
    name: String,
    partition: Key,
    sort: Option<Key>,
}

/// A key attribute.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    name: String,
    /// DynamoDB's name of the type.
    kind: &'static str,
}

impl Key {
    fn of(key: &spec::Key) -> Self {
        let kind = match key.kind {
            KeyType::String => "S",
            KeyType::Number => "N",
            KeyType::Binary => "B",
        };
        Self { name: key.name.clone(), kind }
    }
}

impl Index {
    fn of(name: &str, index: &spec::Index) -> Self {
        let sort = index.sort_key.as_ref().map(Key::of);
        Self { name: name.to_owned(), partition: Key::of(&index.partition_key), sort }
    }
}

impl<'a> Call<'a> {
    /// The key of an item.
    fn keys(&self) -> impl Iterator<Item = &'a Key> {
        [Some(self.partition), self.sort].into_iter().flatten()
    }

    /// The partition key of what is read.
    fn read_by(&self) -> &'a Key {
        self.index.map_or(self.partition, |index| &index.partition)
    }

    /// What names a place among the items that are read: the key of the index and of the table, each attribute once.
    fn position(&self) -> Vec<&'a Key> {
        let index =
            self.index.map(|index| [Some(&index.partition), index.sort.as_ref()]).into_iter().flatten().flatten();
        let mut all: Vec<&Key> = Vec::new();
        for key in index.chain(self.keys()) {
            if !all.contains(&key) {
                all.push(key);
            }
        }
        all
    }
}

/// An action as a request and its answers.
struct Made {
    /// DynamoDB's and IAM's name.
    action: &'static str,
    request: String,
    success: String,
    refusal: String,
}

/// A route that calls the table.
pub(super) fn to(lowering: &Lowering<'_>, route: &Route, action: &TableAction) -> Result<To> {
    let unknown = || Error::defect("the keys of the table are not known");
    let (partition, sort) = lowering.spec.keys_of(route).ok_or_else(unknown)?;
    let (partition, sort) = (Key::of(partition), sort.map(Key::of));
    let name = lowering.spec.called_table_name(route);
    let index = action.index().map(|name| index(lowering, name)).transpose()?;
    let call = Call { table: &name, partition: &partition, sort: sort.as_ref(), index: index.as_ref() };
    let (request, response) = action.templates();
    let mut made = made(&call, action, schema(lowering, route))?;
    if let Some(file) = request {
        made.request = own(lowering, file)?;
    }
    if let Some(file) = response {
        made.success = own(lowering, file)?;
    }
    let length = made.request.len();
    if length > TEMPLATE {
        return Err(Error::fatal(format!(
            "the template of `{}` has {length} bytes, and API Gateway takes {TEMPLATE}",
            route.path()
        ))
        .hint("make the schema smaller: each property is written out, also behind a `$ref`"));
    }
    let responses = super::responses(&made.success, &made.refusal, answer::FAILED);
    let uri = format!("dynamodb:action/{}", made.action);
    let integration = super::call(lowering, &uri, JSON_1_0, &made.request, responses);
    let mut statements =
        vec![allow(made.action, &[&format!("dynamodb:{}", made.action)], &resources(lowering, action))];
    statements.extend(decrypt(lowering, "DecryptTables", &keyed(lowering)));
    let called = if lowering.spec.is_on_changing_table(route) { STREAM } else { TABLE };
    Ok(To { integration, statuses: &STATUSES, statements, mentions: vec![called.to_owned()] })
}

fn index(lowering: &Lowering<'_>, name: &str) -> Result<Index> {
    let found = lowering.spec.indexes().and_then(|indexes| indexes.get(name));
    found.map(|index| Index::of(name, index)).ok_or_else(|| Error::defect(format!("no index `{name}`")))
}

/// The ARNs on which the API's routes do this action: of the table, and of its indexes. All such routes share one statement.
fn resources(lowering: &Lowering<'_>, action: &TableAction) -> Vec<String> {
    let table = |route: &Route| table::arn(lowering.place, &Name::new(lowering.spec.called_table_name(route)));
    let read = |route: &Route| match lowering.spec.to(route) {
        Some(spec::To::Table(call)) if call.action().name() == action.name() => {
            let table = table(route);
            Some(call.action().index().map_or_else(|| table.clone(), |index| format!("{table}/index/{index}")))
        }
        _ => None,
    };
    let routes = lowering.spec.api().into_iter().flat_map(|api| &api.routes);
    routes.filter_map(read).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The names of the tables that the API's routes call and that are encrypted with a key of one's own. All routes share one statement.
fn keyed(lowering: &Lowering<'_>) -> Vec<String> {
    let spec = lowering.spec;
    let changing = spec.table_changes().and_then(TableChanges::own);
    let sink = spec.table().and_then(OwnOrExisting::own);
    let name = |route: &Route| {
        matches!(spec.to(route), Some(spec::To::Table(_))).then_some(())?;
        let table = if spec.is_on_changing_table(route) { changing } else { sink };
        table?.key.as_ref().map(|_| spec.called_table_name(route))
    };
    let routes = spec.api().into_iter().flat_map(|api| &api.routes);
    routes.filter_map(name).collect::<BTreeSet<_>>().into_iter().collect()
}

fn schema<'a>(lowering: &'a Lowering<'_>, route: &Route) -> Option<&'a Value> {
    match route.body() {
        Body::Schema(file) => lowering.schemas.get(file),
        Body::Object | Body::Any => None,
    }
}

fn made(call: &Call<'_>, action: &TableAction, schema: Option<&Value>) -> Result<Made> {
    let mapped = || {
        // What a template of one's own makes of the body needs no schema.
        if action.templates().0.is_some() {
            return Ok(Vec::new());
        }
        let schema = schema.ok_or_else(|| Error::defect("an action with a body and without a schema"))?;
        members(schema).map_err(|Unmapped { at, why }| Error::defect(format!("the schema at `{at}`: {why}")))
    };
    let done = || "{}\n".to_owned();
    Ok(match action {
        TableAction::Put(put) => Made {
            action: "PutItem",
            request: request::put(call, &mapped()?, put.if_absent, put.extra == Extra::Keep),
            success: done(),
            refusal: answer::refusal(put.if_absent.then_some((409, "There is such an item already"))),
        },
        TableAction::Update(_) => Made {
            action: "UpdateItem",
            request: request::update(call, &mapped()?),
            success: done(),
            refusal: answer::refusal(Some((404, MISSING))),
        },
        TableAction::Delete(_) => Made {
            action: "DeleteItem",
            request: request::delete(call),
            success: done(),
            refusal: answer::refusal(Some((404, MISSING))),
        },
        TableAction::Get(_) => {
            Made { action: "GetItem", request: request::get(call), success: found(), refusal: answer::refusal(None) }
        }
        TableAction::Query(_) => {
            Made { action: "Query", request: request::query(call), success: page(call), refusal: answer::refusal(None) }
        }
        TableAction::Scan(_) => {
            Made { action: "Scan", request: request::scan(call), success: page(call), refusal: answer::refusal(None) }
        }
    })
}

const MISSING: &str = "There is no such item";

/// The item, or 404: DynamoDB answers 200 without one.
fn found() -> String {
    let item = answer::item("$item");
    let missing = vtl::answer(404, MISSING);
    format!(
        "#set($cut = false)#set($item = $input.path('$.Item'))\n#if($item && $item != \"\" && $item.size() > 0)\n{item}{}\n#else\n{missing}#end\n",
        answer::CUT
    )
}

/// The items of a page, and where the next one begins.
fn page(call: &Call<'_>) -> String {
    let (item, next) = (answer::item("$item"), page::token(call));
    format!(
        "#set($cut = false)#set($last = $input.path('$.LastEvaluatedKey'))\n{{\"items\":[#foreach($item in $input.path('$.Items')){}{item}#end]\
         #if($last && $last != \"\"),\"next\":\"{next}\"#end}}{}\n",
        answer::COMMA,
        answer::CUT
    )
}
