//! Methods and properties, by the kind of the value.

use std::sync::Arc;

use super::ast::MethodCall;
use super::heap::Value;
use super::number::Number;
use super::render::Run;
use super::text;

impl Run<'_> {
    /// Calls a method. A method that the kind does not have, or not with such arguments, gives no value, as in Velocity.
    pub fn call(&mut self, target: &Value, call: &MethodCall, arguments: &[Value]) -> Result<Option<Value>, String> {
        match (&*call.name, arguments) {
            ("toString", []) => {
                let mut text = String::new();
                self.print(target, &mut text)?;
                return Ok(Some(Value::Text(text.into())));
            }
            ("equals", [other]) => return Ok(Some(Value::Bool(self.heap.same(target, other, 0)?))),
            _ => {}
        }
        match target {
            Value::Text(text) => text::call(&mut self.heap, text, call, arguments),
            Value::List(list) => self.list_method(*list, &call.name, arguments),
            Value::Map(map) => self.map_method(*map, &call.name, arguments),
            Value::Entry(..) => match (&*call.name, arguments) {
                ("getKey", []) => self.property(target, "key"),
                ("getValue", []) => self.property(target, "value"),
                _ => Ok(None),
            },
            Value::Number(number) => Ok(number_method(number, &call.name, arguments)),
            Value::Input => self.input_method(&call.name, arguments),
            Value::Util => self.util_method(&call.name, arguments),
            Value::Loop(_) => match (&*call.name, arguments) {
                ("hasNext", []) => self.property(target, "hasNext"),
                ("getIndex", []) => self.property(target, "index"),
                ("getCount", []) => self.property(target, "count"),
                _ => Ok(None),
            },
            Value::Null | Value::Bool(_) | Value::Block(_) => Ok(None),
        }
    }

    pub fn property(&mut self, target: &Value, name: &str) -> Result<Option<Value>, String> {
        Ok(match (target, name) {
            (Value::Map(map), _) => self.heap.map(*map).get(name).cloned(),
            (Value::Entry(_, key), "key") => Some(Value::Text(Arc::clone(key))),
            (Value::Entry(map, key), "value") => self.heap.map(*map).get(key).cloned(),
            (Value::Input, "body") => Some(self.raw_body()),
            (Value::List(list), "empty") => Some(Value::Bool(self.heap.list(*list).items.is_empty())),
            (Value::Text(text), "empty") => Some(Value::Bool(text.is_empty())),
            (Value::Loop(depth), _) => self.loop_property(*depth, name),
            _ => None,
        })
    }

    /// A loop that is over has no properties.
    fn loop_property(&self, depth: usize, name: &str) -> Option<Value> {
        let round = self.rounds.get(depth)?;
        match name {
            "index" => Some(Value::count(round.index)),
            "count" => Some(Value::count(round.index + 1)),
            "hasNext" => Some(Value::Bool(round.index < round.last)),
            "first" => Some(Value::Bool(round.index == 0)),
            "last" => Some(Value::Bool(round.index == round.last)),
            "parent" => depth.checked_sub(1).map(Value::Loop),
            "topmost" => Some(Value::Loop(0)),
            _ => None,
        }
    }
}

/// Also the static ones that templates reach through any number: `$n.parseInt("5")`.
fn number_method(number: &Number, name: &str, arguments: &[Value]) -> Option<Value> {
    let whole = |number| Value::Number(Number::Whole(number));
    match (name, arguments) {
        ("intValue" | "longValue", []) => match number.whole() {
            Some(number) => Some(whole(number)),
            // Java cuts the fraction off and stops at the ends of a long.
            None => Some(whole(i128::from(number.double() as i64))),
        },
        ("doubleValue" | "floatValue", []) => Some(Value::Number(Number::Double(number.double()))),
        ("compareTo", [Value::Number(other)]) => number.compare(other).map(|order| whole(order as i128)),
        ("parseInt" | "parseLong" | "valueOf", [Value::Text(text)]) => text.parse().ok().map(whole),
        ("parseDouble" | "parseFloat", [Value::Text(text)]) => Number::literal(text.trim(), true).map(Value::Number),
        _ => None,
    }
}
