//! JSONPath as Jayway's library reads it: the walk through a value.

use std::sync::Arc;

use super::heap::{Heap, STEP, Value};
use super::path::{self, Step, Token};
use super::print::MAX_NESTING;

/// The value at a path.
///
/// A definite path leads to one value, or to none where it is not there. Any other leads to a list, empty where nothing is.
pub fn find(path: &str, root: &Value, heap: &mut Heap) -> Result<Option<Value>, String> {
    let tokens = path::parse(path)?;
    let definite = tokens.iter().all(Token::definite);
    let mut found = vec![root.clone()];
    for (at, token) in tokens.iter().enumerate() {
        let last = at + 1 == tokens.len();
        let from = if token.deep { descendants(found, heap)? } else { found };
        found = Vec::new();
        for value in from {
            heap.work(STEP)?;
            step(&token.step, &value, last, heap, &mut found)?;
        }
    }
    if definite { Ok(found.into_iter().next()) } else { heap.new_list(found, true).map(Some) }
}

/// The values themselves and all that are in them, each before its parts.
fn descendants(values: Vec<Value>, heap: &mut Heap) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    for value in values {
        descend(&value, heap, &mut all, 0)?;
    }
    Ok(all)
}

fn descend(value: &Value, heap: &mut Heap, all: &mut Vec<Value>, depth: usize) -> Result<(), String> {
    if depth > MAX_NESTING {
        return Err(format!("a value nests deeper than {MAX_NESTING}"));
    }
    if !matches!(value, Value::List(_) | Value::Map(_)) {
        return Ok(());
    }
    heap.work(STEP)?;
    all.push(value.clone());
    let mut parts = Vec::new();
    step(&Step::All, value, false, heap, &mut parts)?;
    parts.iter().try_for_each(|part| descend(part, heap, all, depth + 1))
}

fn step(step: &Step, value: &Value, last: bool, heap: &mut Heap, found: &mut Vec<Value>) -> Result<(), String> {
    match (step, value) {
        (Step::Names(names), Value::Map(map)) => return named(names, *map, last, heap, found),
        (Step::All, Value::Map(map)) => {
            heap.work(heap.map(*map).len().saturating_mul(STEP / 2))?;
            found.extend(heap.map(*map).entries().iter().map(|(_, value)| value.clone()));
        }
        (Step::All, Value::List(list)) => slice(*list, None, None, heap, found)?,
        (Step::Slice(from, to), Value::List(list)) => slice(*list, *from, *to, heap, found)?,
        (Step::Indexes(indexes), Value::List(list)) => {
            let items = &heap.list(*list).items;
            let present = indexes.iter().filter_map(|index| items.get(position(*index, items.len())?));
            found.extend(present.cloned());
        }
        _ => {}
    }
    Ok(())
}

/// Several names at the end of a path make a map of the members that are there; elsewhere each leads on.
fn named(names: &[String], map: usize, last: bool, heap: &mut Heap, found: &mut Vec<Value>) -> Result<(), String> {
    let members = heap.map(map);
    let present = names.iter().filter_map(|name| Some((name, members.get(name)?.clone())));
    if names.len() == 1 || !last {
        found.extend(present.map(|(_, value)| value));
    } else {
        let present: Vec<_> = present.map(|(name, value)| (Arc::from(name.as_str()), value)).collect();
        found.push(heap.new_map(present)?);
    }
    Ok(())
}

/// The place of an index; a negative one counts from the end.
fn position(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

fn slice(
    list: usize,
    from: Option<i64>,
    to: Option<i64>,
    heap: &mut Heap,
    found: &mut Vec<Value>,
) -> Result<(), String> {
    let length = heap.list(list).items.len();
    let place = |bound: i64| position(bound, length).unwrap_or(0).min(length);
    let (from, to) = (from.map_or(0, place), to.map_or(length, place));
    heap.work(to.saturating_sub(from).saturating_mul(STEP / 2))?;
    if from < to {
        found.extend_from_slice(&heap.list(list).items[from..to]);
    }
    Ok(())
}
