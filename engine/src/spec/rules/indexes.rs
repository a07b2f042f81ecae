//! Rules of a table's indexes and of its TTL, and of the routes that read an index or write what it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Cx, DLQ, wiring};
use crate::spec::problem::segment;
use crate::spec::shape::{self, Member, Scalar, Shape};
use crate::spec::wording::{list, nearest, short};
use crate::spec::{Index, Indexes, Key, KeyType, OwnOrExisting, Problem, Project, Route, TableAction, Target};

/// The attributes that the indexes of one table name, each as often as it is named, beside their keys.
const NAMED: usize = 100;
/// The tags of a spec that leave room for those of `pipe` on a table with indexes or a TTL: one more than on other resources.
const TAGS: usize = 44;

/// Every rule of the indexes and of the TTL.
pub(super) fn table(cx: &Cx<'_>, target: &At<'_, Target>) -> Vec<Problem> {
    let (keys, indexes) = match (&target.it.table, &target.it.dev) {
        (OwnOrExisting::Own(own), _) => {
            ([Some(&own.partition_key), own.sort_key.as_ref()], target.below("indexes", &own.indexes))
        }
        (OwnOrExisting::Existing(_), Some(dev)) => {
            ([Some(&dev.partition_key), dev.sort_key.as_ref()], target.below("dev/indexes", &dev.indexes))
        }
        (OwnOrExisting::Existing(_), None) => return Vec::new(),
    };
    let keys: Vec<&Key> = keys.into_iter().flatten().collect();
    let mut problems: Vec<Problem> =
        indexes.it.iter().flat_map(|(name, index)| one(&indexes, name, index, &keys)).collect();
    problems.extend(types(&indexes, &keys));
    let named = indexes.values().map(|index| if let Project::Named(names) = &index.project { names.len() } else { 0 });
    let named: usize = named.sum();
    if named > NAMED {
        let message =
            format!("the indexes name {named} attributes beside their keys, and AWS takes {NAMED} for a table");
        problems.push(Problem::error(indexes.path.clone(), message).hint("use `project: all`").on_key());
    }
    let Some(own) = target.table.own() else { return problems };
    let ttl = own.ttl.as_ref().map(|ttl| target.below("ttl", ttl));
    problems.extend(ttl.as_ref().and_then(|ttl| expires(ttl, &keys, &indexes)));
    if (ttl.is_some() || !indexes.is_empty()) && cx.spec.tags.len() > TAGS {
        let message =
            format!("a table with indexes or a TTL has room for {TAGS} tags, and the spec has {}", cx.spec.tags.len());
        problems.push(Problem::error("/tags", message).on_key());
    }
    // The consumer writes to the sink alone.
    problems.extend(told(cx, &indexes, &keys).filter(|_| target.path.starts_with(super::SINK)));
    problems
}

/// Rules of one index.
fn one(indexes: &At<'_, Indexes>, name: &str, index: &Index, keys: &[&Key]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let path = indexes.at(&segment(name));
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    if !name.chars().all(fits) || !(3..=255).contains(&name.len()) {
        let problem = Problem::error(path.clone(), format!("`{}` cannot be the name of an index", short(name)));
        problems.push(problem.hint("3 to 255 letters, digits, `_`, `.` and `-`").on_key());
    }
    if index.sort_key.as_ref().is_some_and(|key| key.name == index.partition_key.name) {
        let message = "the sort key of the index is the same attribute as its partition key";
        let problem = Problem::error(format!("{path}/sort_key"), message);
        problems.push(problem.hint("name another attribute, or take it out"));
    }
    let Project::Named(names) = &index.project else { return problems };
    let mut seen = BTreeSet::new();
    for (at, attribute) in names.iter().enumerate() {
        let path = format!("{path}/project/{at}");
        let is_key = index.keys().map(|(_, key)| key).chain(keys.iter().copied()).any(|key| key.name == *attribute);
        if is_key {
            let message =
                format!("`{}` is a key, and an index holds its keys and the table's anyway", short(attribute));
            problems.push(Problem::error(path, message).hint("take it out; `project: keys` holds the keys alone"));
        } else if !seen.insert(attribute) {
            problems
                .push(Problem::error(path, format!("`{}` stands here twice", short(attribute))).hint("take one out"));
        }
    }
    problems
}

/// An attribute has one type in all keys.
fn types(indexes: &At<'_, Indexes>, keys: &[&Key]) -> Vec<Problem> {
    let mut known: BTreeMap<&str, (KeyType, String)> =
        keys.iter().map(|key| (key.name.as_str(), (key.kind, "in the table's key".to_owned()))).collect();
    let mut problems = Vec::new();
    for (name, index) in indexes.it {
        for (role, key) in index.keys() {
            let here = || (key.kind, format!("in the index `{}`", short(name)));
            let (kind, place) = known.entry(&key.name).or_insert_with(here);
            if *kind != key.kind {
                let path = indexes.at(&format!("{}/{role}", segment(name)));
                let message =
                    format!("`{}` is a {} here, and a {} {place}", short(&key.name), word(key.kind), word(*kind));
                problems.push(Problem::error(path, message).hint("an attribute has one type in all keys of a table"));
            }
        }
    }
    problems
}

/// The attribute of a TTL is a number, and no key of the table.
fn expires(ttl: &At<'_, String>, keys: &[&Key], indexes: &At<'_, Indexes>) -> Option<Problem> {
    let name = short(ttl);
    let message = if keys.iter().any(|key| key.name == *ttl.it) {
        format!("`{name}` is a key of the table, and a key cannot say when an item expires")
    } else {
        let of_index = indexes.values().flat_map(Index::keys).map(|(_, key)| key);
        let other = of_index.into_iter().find(|key| key.name == *ttl.it && key.kind != KeyType::Number)?;
        format!("`{name}` is a {} in an index, and a TTL is a number of seconds since 1970", word(other.kind))
    };
    Some(Problem::error(ttl.path.clone(), message).hint("name another attribute"))
}

/// What an index does to the records on their way.
fn told(cx: &Cx<'_>, indexes: &At<'_, Indexes>, keys: &[&Key]) -> Option<Problem> {
    cx.spec.table()?.own()?;
    cx.spec.function()?;
    let all = indexes.values().flat_map(Index::keys).map(|(_, key)| key).filter(|key| !keys.contains(key));
    let wanted: BTreeSet<String> = all.map(|key| format!("`{}` (a {})", short(&key.name), word(key.kind))).collect();
    if wanted.is_empty() {
        return None;
    }
    let wanted: Vec<String> = wanted.into_iter().collect();
    let fate = if cx.has(DLQ) { "goes to the dlq" } else { "is dropped" };
    let message = format!(
        "the table refuses an item in which the key of an index has another type, or is an empty text: {}; its record {fate}. An item without it is \
         stored, and is not in the index",
        wanted.join(", ")
    );
    Some(Problem::note(indexes.path.clone(), message).on_key())
}

/// Finds the index that a route reads; nothing where it reads the table.
pub(super) fn of<'a>(cx: &Cx<'a>, route: &At<'_, Route>, action: &TableAction) -> Result<Option<&'a Index>, Problem> {
    let Some(name) = action.index() else { return Ok(None) };
    let path = route.at(&format!("to/table/{}/index", action.name()));
    let all = cx.spec.indexes();
    let Some(index) = all.and_then(|all| all.get(name)) else {
        let problem = Problem::error(path, format!("the table has no index `{}`", short(name)));
        let names: Vec<&str> = all.into_iter().flat_map(|all| all.keys()).map(String::as_str).collect();
        let own = match cx.spec.table_changes().filter(|_| cx.spec.calls_changing_table()) {
            Some(changes) => changes.own().is_some(),
            None => cx.spec.table().is_some_and(|table| table.own().is_some()),
        };
        let place = if own { "indexes" } else { "dev: { indexes: ... }" };
        return Err(problem.hint(match (nearest(name, &names), names.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, true) => format!("add `{place}` to `{}`", wiring::called(cx)),
            (None, false) => format!("it has {}", list(&names, "and")),
        }));
    };
    match index.keys().find(|(_, key)| !shape::is_plain(&key.name)) {
        Some((_, key)) => {
            let problem = Problem::error(path, format!("the key `{}` cannot stand in a template", short(&key.name)));
            Err(problem.hint("a route can name keys of letters, digits and `_-.:@`"))
        }
        None => Ok(Some(index)),
    }
}

/// A body's member that is the key of an index has its type: DynamoDB would refuse the item otherwise.
pub(super) fn written(cx: &Cx<'_>, route: &Route, members: &[Member], path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, index) in cx.spec.indexes_of(route).into_iter().flatten() {
        for (_, key) in index.keys() {
            let scalar = match key.kind {
                KeyType::String => Some(Scalar::Text),
                KeyType::Number => Some(Scalar::Number),
                KeyType::Binary => None,
            };
            let wanted = scalar.map(|scalar| Shape::Scalar(vec![scalar]));
            if members.iter().any(|member| member.name == key.name && Some(&member.shape) != wanted.as_ref()) {
                let message = format!(
                    "the schema must give `{}` the type {}, because it is a key of the index `{}`",
                    short(&key.name),
                    word(key.kind),
                    short(name)
                );
                let hint = if scalar.is_some() {
                    "an item need not have it: then it is not in the index"
                } else {
                    "JSON has no binary: take it out"
                };
                problems.push(Problem::error(path, message).hint(hint));
            }
        }
    }
    problems
}

fn word(kind: KeyType) -> &'static str {
    match kind {
        KeyType::String => "string",
        KeyType::Number => "number",
        KeyType::Binary => "binary",
    }
}
