//! Expressions and references to values.

use std::cmp::Ordering;
use std::sync::Arc;

use super::ast::{Expression, Operator, Reference, Step};
use super::heap::{Heap, STEP, Value};
use super::number::Number;
use super::print::MAX_NESTING;
use super::render::Run;

/// A range may have this many items.
const MAX_RANGE: usize = 100_000;

impl Run<'_> {
    /// The value of an expression. That of a reference without one is an empty text (recorded); [`Value::Null`] comes only of
    /// arithmetic without a result and of a bare word.
    pub fn value(&mut self, expression: &Expression) -> Result<Value, String> {
        self.deeper()?;
        let value = match expression {
            Expression::Null => Value::Null,
            Expression::Bool(bool) => Value::Bool(*bool),
            Expression::Number(number) => Value::Number(number.clone()),
            Expression::Text(text) => Value::Text(Arc::clone(text)),
            Expression::Interpolated(block) => {
                let mut text = String::new();
                self.block(block, &mut text)?;
                Value::Text(text.into())
            }
            Expression::List(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?;
                self.heap.new_list(items, false)?
            }
            Expression::Map(members) => self.map_of(members)?,
            Expression::Range(first, last) => self.range(first, last)?,
            Expression::Reference(reference) => match self.reference(reference)? {
                Some(value) => value,
                None => Value::Text(Arc::clone(&self.empty)),
            },
            Expression::Not(_) => Value::Bool(self.holds(expression)?),
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right)?,
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Whether a condition holds, as in Velocity 1.7: a reference holds unless it is false; a literal does not, whatever it says.
    pub fn holds(&mut self, expression: &Expression) -> Result<bool, String> {
        self.deeper()?;
        let holds = match expression {
            Expression::Bool(bool) => *bool,
            Expression::Reference(reference) => !matches!(self.reference(reference)?, Some(Value::Bool(false))),
            Expression::Not(inner) => !self.holds(inner)?,
            Expression::Binary(operator, left, right) => {
                matches!(self.binary(*operator, left, right)?, Value::Bool(true))
            }
            _ => false,
        };
        self.depth -= 1;
        Ok(holds)
    }

    fn map_of(&mut self, members: &[(Expression, Expression)]) -> Result<Value, String> {
        let mut entries = Vec::with_capacity(members.len());
        for (key, value) in members {
            let key = self.value(key)?;
            entries.push((Arc::from(self.heap.printed(&key)?), self.value(value)?));
        }
        self.heap.new_map(entries)
    }

    fn range(&mut self, first: &Expression, last: &Expression) -> Result<Value, String> {
        let (first, last) = (self.value(first)?.as_whole(), self.value(last)?.as_whole());
        let (Some(first), Some(last)) = (first, last) else { return Ok(Value::Null) };
        let whole = |number| Value::Number(Number::Whole(number));
        if first.abs_diff(last) >= MAX_RANGE as u128 {
            return Err(format!("the range has more than {MAX_RANGE} items"));
        }
        let items =
            if first <= last { (first..=last).map(whole).collect() } else { (last..=first).rev().map(whole).collect() };
        self.heap.new_list(items, false)
    }

    fn binary(&mut self, operator: Operator, left: &Expression, right: &Expression) -> Result<Value, String> {
        match operator {
            Operator::And => return Ok(Value::Bool(self.holds(left)? && self.holds(right)?)),
            Operator::Or => return Ok(Value::Bool(self.holds(left)? || self.holds(right)?)),
            _ => {}
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        Ok(match operator {
            Operator::Equal => Value::Bool(self.equal(&left, &right)?),
            Operator::NotEqual => Value::Bool(!self.equal(&left, &right)?),
            Operator::Less => compared(&left, &right, Ordering::is_lt),
            Operator::LessOrEqual => compared(&left, &right, Ordering::is_le),
            Operator::Greater => compared(&left, &right, Ordering::is_gt),
            Operator::GreaterOrEqual => compared(&left, &right, Ordering::is_ge),
            Operator::Add if matches!((&left, &right), (Value::Text(_), _) | (_, Value::Text(_))) => {
                self.joined(&left, &right)?
            }
            operator => match (&left, &right) {
                (Value::Number(left), Value::Number(right)) => {
                    left.calculate(operator, right).map_or(Value::Null, Value::Number)
                }
                _ => Value::Null,
            },
        })
    }

    fn joined(&mut self, left: &Value, right: &Value) -> Result<Value, String> {
        if matches!(left, Value::Null) || matches!(right, Value::Null) {
            return Ok(Value::Null);
        }
        let mut text = String::new();
        self.print(left, &mut text)?;
        self.print(right, &mut text)?;
        Ok(Value::Text(text.into()))
    }

    /// `==`: numbers by value, the same kinds by content, and anything else by its text.
    pub fn equal(&mut self, left: &Value, right: &Value) -> Result<bool, String> {
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => Ok(left.compare(right) == Some(Ordering::Equal)),
            (Value::Null, _) | (_, Value::Null) => Ok(matches!((left, right), (Value::Null, Value::Null))),
            (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) | (Value::Text(_), Value::Text(_)) => {
                self.heap.same(left, right, 0)
            }
            _ => {
                let (mut one, mut other) = (String::new(), String::new());
                self.print(left, &mut one)?;
                self.print(right, &mut other)?;
                Ok(one == other)
            }
        }
    }

    /// Prints a value; a `#define` is rendered where it is printed.
    pub fn print(&mut self, value: &Value, out: &mut String) -> Result<(), String> {
        match value {
            Value::Block(block) => self.block(block, out).map(drop),
            value => self.heap.print(value, out),
        }
    }

    /// The value of a reference, if it has one.
    pub fn reference(&mut self, reference: &Reference) -> Result<Option<Value>, String> {
        self.walk(reference, &reference.steps)
    }

    /// The value after the first steps of a reference.
    pub fn walk(&mut self, reference: &Reference, steps: &[Step]) -> Result<Option<Value>, String> {
        self.at = reference.at;
        let mut value = self.variable(&reference.name)?;
        for step in steps {
            let Some(target) = value else { return Ok(None) };
            self.heap.work(STEP)?;
            value = match step {
                Step::Property(name) => self.property(&target, name)?,
                Step::Index(index) => {
                    let index = self.value(index)?;
                    self.at = reference.at;
                    self.item(&target, &index)?
                }
                Step::Call(call) => {
                    let arguments =
                        call.arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
                    self.at = reference.at;
                    self.call(&target, call, &arguments)?
                }
            };
            if matches!(value, Some(Value::Null)) {
                return Ok(None);
            }
        }
        Ok(value.filter(|value| !matches!(value, Value::Null)))
    }

    fn variable(&mut self, name: &str) -> Result<Option<Value>, String> {
        match (name, self.rounds.last()) {
            ("foreach", Some(_)) => return Ok(Some(Value::Loop(self.rounds.len() - 1))),
            ("velocityCount", Some(round)) => return Ok(Some(Value::count(round.index + 1))),
            ("velocityHasNext", Some(round)) => return Ok(Some(Value::Bool(round.index < round.last))),
            _ => {}
        }
        if let Some(value) = self.variables.get(name) {
            return Ok(Some(value.clone()));
        }
        self.builtin(name)
    }

    fn item(&mut self, target: &Value, index: &Value) -> Result<Option<Value>, String> {
        match target {
            Value::Map(map) => {
                let key = self.heap.printed(index)?;
                Ok(self.heap.map(*map).get(&key).cloned())
            }
            Value::List(list) => match index.as_whole() {
                Some(index) => {
                    let place = self.place(*list, index)?;
                    Ok(Some(self.heap.list(*list).items[place].clone()))
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }
}

/// Values without an order are neither more nor less.
fn compared(left: &Value, right: &Value, test: fn(Ordering) -> bool) -> Value {
    let (Value::Number(left), Value::Number(right)) = (left, right) else { return Value::Bool(false) };
    Value::Bool(left.compare(right).is_some_and(test))
}

impl Heap {
    /// `equals`: the same kind with the same content.
    pub fn same(&mut self, left: &Value, right: &Value, depth: usize) -> Result<bool, String> {
        self.work(STEP)?;
        if depth > MAX_NESTING {
            return Err(format!("a value nests deeper than {MAX_NESTING}"));
        }
        match (left, right) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
            (Value::Number(left), Value::Number(right)) => Ok(left.compare(right) == Some(Ordering::Equal)),
            (Value::Text(left), Value::Text(right)) => {
                self.work(left.len().min(right.len()))?;
                Ok(left == right)
            }
            (Value::List(left), Value::List(right)) => self.same_items(*left, *right, depth),
            (Value::Map(left), Value::Map(right)) => self.same_members(*left, *right, depth),
            _ => Ok(false),
        }
    }

    fn same_items(&mut self, left: usize, right: usize, depth: usize) -> Result<bool, String> {
        if self.list(left).items.len() != self.list(right).items.len() {
            return Ok(false);
        }
        for at in 0..self.list(left).items.len() {
            let (one, other) = (self.list(left).items[at].clone(), self.list(right).items[at].clone());
            if !self.same(&one, &other, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn same_members(&mut self, left: usize, right: usize, depth: usize) -> Result<bool, String> {
        if self.map(left).len() != self.map(right).len() {
            return Ok(false);
        }
        for at in 0..self.map(left).len() {
            let (key, one) = self.map(left).entries()[at].clone();
            let Some(other) = self.map(right).get(&key).cloned() else { return Ok(false) };
            if !self.same(&one, &other, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
