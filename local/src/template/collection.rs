//! The methods of lists and maps.

use std::sync::Arc;

use super::heap::{STEP, Value};
use super::number::Number;
use super::render::Run;

impl Run<'_> {
    pub fn list_method(&mut self, list: usize, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        match (name, arguments) {
            ("size", []) => Ok(Some(Value::count(self.heap.list(list).items.len()))),
            ("isEmpty", []) => Ok(Some(Value::Bool(self.heap.list(list).items.is_empty()))),
            ("get", [index]) => self.at_index(list, index),
            ("contains", [item]) => Ok(Some(Value::Bool(self.find(list, item)?.is_some()))),
            ("indexOf", [item]) => {
                Ok(Some(self.find(list, item)?.map_or(Value::Number(Number::Whole(-1)), Value::count)))
            }
            _ => self.list_change(list, name, arguments),
        }
    }

    fn list_change(&mut self, list: usize, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        self.heap.work(STEP)?;
        match (name, arguments) {
            ("add", [item]) => {
                self.heap.items(list).push(item.clone());
                Ok(Some(Value::Bool(true)))
            }
            ("add", [index, item]) => {
                let Some(index) = index.as_whole() else { return Ok(None) };
                let length = self.heap.list(list).items.len();
                self.heap.work(length)?;
                let place = if index == length as i128 { length } else { self.place(list, index)? };
                self.heap.items(list).insert(place, item.clone());
                Ok(None)
            }
            ("addAll", [Value::List(other)]) => {
                let items = self.heap.list(*other).items.clone();
                self.heap.work(items.len().saturating_mul(STEP))?;
                let changed = !items.is_empty();
                self.heap.items(list).extend(items);
                Ok(Some(Value::Bool(changed)))
            }
            ("set", [index, item]) => {
                let Some(index) = index.as_whole() else { return Ok(None) };
                let place = self.place(list, index)?;
                Ok(Some(std::mem::replace(&mut self.heap.items(list)[place], item.clone())))
            }
            ("remove", [item]) => self.list_remove(list, item),
            ("clear", []) => {
                self.heap.items(list).clear();
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn at_index(&self, list: usize, index: &Value) -> Result<Option<Value>, String> {
        let Some(index) = index.as_whole() else { return Ok(None) };
        if index < 0 {
            return Err("a list has no item at a negative index".to_owned());
        }
        let place = self.place(list, index)?;
        Ok(Some(self.heap.list(list).items[place].clone()))
    }

    fn find(&mut self, list: usize, item: &Value) -> Result<Option<usize>, String> {
        for at in 0..self.heap.list(list).items.len() {
            let candidate = self.heap.list(list).items[at].clone();
            if self.heap.same(&candidate, item, 0)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// A number is an index, anything else an item, as Java chooses between the two methods of that name.
    fn list_remove(&mut self, list: usize, item: &Value) -> Result<Option<Value>, String> {
        let length = self.heap.list(list).items.len();
        self.heap.work(length)?;
        if let Some(index) = item.as_whole() {
            let place = self.place(list, index)?;
            return Ok(Some(self.heap.items(list).remove(place)));
        }
        let place = self.find(list, item)?;
        if let Some(place) = place {
            self.heap.items(list).remove(place);
        }
        Ok(Some(Value::Bool(place.is_some())))
    }

    pub fn map_method(&mut self, map: usize, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        match (name, arguments) {
            ("size", []) => Ok(Some(Value::count(self.heap.map(map).len()))),
            ("isEmpty", []) => Ok(Some(Value::Bool(self.heap.map(map).len() == 0))),
            ("get", [key]) => {
                let key = self.heap.printed(key)?;
                Ok(self.heap.map(map).get(&key).cloned())
            }
            ("getOrDefault", [key, other]) => {
                let key = self.heap.printed(key)?;
                Ok(Some(self.heap.map(map).get(&key).unwrap_or(other).clone()))
            }
            ("containsKey", [key]) => {
                let key = self.heap.printed(key)?;
                Ok(Some(Value::Bool(self.heap.map(map).get(&key).is_some())))
            }
            ("containsValue", [value]) => {
                let Value::List(values) = self.listed(map, |_, _, value| value.clone())? else { return Ok(None) };
                Ok(Some(Value::Bool(self.find(values, value)?.is_some())))
            }
            ("keySet", []) => self.listed(map, |_, key, _| Value::Text(Arc::clone(key))).map(Some),
            ("values", []) => self.listed(map, |_, _, value| value.clone()).map(Some),
            ("entrySet", []) => self.listed(map, |map, key, _| Value::Entry(map, Arc::clone(key))).map(Some),
            _ => self.map_change(map, name, arguments),
        }
    }

    fn listed(&mut self, map: usize, part: fn(usize, &Arc<str>, &Value) -> Value) -> Result<Value, String> {
        let items = self.heap.map(map).entries().iter().map(|(key, value)| part(map, key, value)).collect();
        self.heap.new_list(items, false)
    }

    fn map_change(&mut self, map: usize, name: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        self.heap.work(2 * STEP)?;
        match (name, arguments) {
            ("put", [key, value]) => {
                let key = self.heap.printed(key)?;
                Ok(self.heap.map_mut(map).put(key.into(), value.clone()))
            }
            ("putAll", [Value::Map(other)]) => {
                let entries = self.heap.map(*other).entries().to_vec();
                self.heap.work(entries.len().saturating_mul(2 * STEP))?;
                entries.into_iter().for_each(|(key, value)| drop(self.heap.map_mut(map).put(key, value)));
                Ok(None)
            }
            ("remove", [key]) => {
                let key = self.heap.printed(key)?;
                // The index is made again.
                let length = self.heap.map(map).len();
                self.heap.work(length.saturating_mul(16))?;
                Ok(self.heap.map_mut(map).remove(&key))
            }
            ("clear", []) => {
                self.heap.map_mut(map).clear();
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}
