//! Rendering: blocks, directives and assignments.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::ast::{Block, Expression, Node, Position, Reference, Step};
use super::heap::{Heap, STEP, Value};
use super::{Overrides, Rendered, Scope, TemplateError};

/// `#foreach` ends after this many rounds (API Gateway's quota).
const MAX_ROUNDS: usize = 1000;
/// How deep rendering may nest. All that a template can nest fits; a `#define` that uses itself ends here.
const MAX_DEPTH: usize = 250;

pub fn render(block: &Block, scope: &Scope<'_>) -> Result<Rendered, TemplateError> {
    let mut run = Run::new(scope);
    let mut text = String::new();
    let made = run.block(block, &mut text).and_then(|_| run.overrides());
    match made {
        Ok(overrides) => Ok(Rendered { text, overrides }),
        Err(message) => Err(run.at.error(message)),
    }
}

/// What a block wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    /// Out of the innermost `#foreach`.
    Break,
    /// Out of the template.
    Stop,
}

/// A `#foreach` at work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    pub index: usize,
    pub last: usize,
}

/// One rendering. A failure is at `at`.
pub(super) struct Run<'a> {
    pub scope: &'a Scope<'a>,
    pub heap: Heap,
    pub variables: HashMap<Arc<str>, Value>,
    pub rounds: Vec<Round>,
    pub at: Position,
    pub depth: usize,
    pub empty: Arc<str>,
    /// `$input.body`. Made when first used, as are the four after it.
    pub raw: Option<Value>,
    pub body: Option<Value>,
    pub params: Option<Value>,
    pub context: Option<Value>,
    pub stage_variables: Option<Value>,
}

impl<'a> Run<'a> {
    fn new(scope: &'a Scope<'a>) -> Self {
        Self {
            scope,
            heap: Heap::default(),
            variables: HashMap::new(),
            rounds: Vec::new(),
            at: Position { line: 1, column: 1 },
            depth: 0,
            empty: "".into(),
            raw: None,
            body: None,
            params: None,
            context: None,
            stage_variables: None,
        }
    }

    /// One level deeper; who calls it takes one off `depth` at the end. A run that failed is not used again.
    pub fn deeper(&mut self) -> Result<(), String> {
        self.heap.work(STEP)?;
        if self.depth == MAX_DEPTH {
            return Err("the template uses itself too often in itself".to_owned());
        }
        self.depth += 1;
        Ok(())
    }

    pub fn block(&mut self, block: &Block, out: &mut String) -> Result<Flow, String> {
        self.deeper()?;
        let mut flow = Flow::Next;
        for node in block {
            flow = self.node(node, out)?;
            if flow != Flow::Next {
                break;
            }
        }
        self.depth -= 1;
        Ok(flow)
    }

    fn node(&mut self, node: &Node, out: &mut String) -> Result<Flow, String> {
        match node {
            Node::Text(text) => self.heap.append(text, out)?,
            Node::Reference(reference) => {
                if let Some(value) = self.reference(reference)? {
                    self.print(&value, out)?;
                }
            }
            Node::Set(target, value) => self.set(target, value)?,
            Node::If(branches, otherwise) => return self.branch(branches, otherwise, out),
            Node::Foreach { name, list, body, at } => {
                self.at = *at;
                return self.foreach(name, list, body, out);
            }
            Node::Define(name, body) => drop(self.variables.insert(Arc::clone(name), Value::Block(Arc::clone(body)))),
            Node::Break => return Ok(Flow::Break),
            Node::Stop => return Ok(Flow::Stop),
        }
        Ok(Flow::Next)
    }

    fn branch(
        &mut self,
        branches: &[(Expression, Block)],
        otherwise: &Block,
        out: &mut String,
    ) -> Result<Flow, String> {
        for (condition, block) in branches {
            if self.holds(condition)? {
                return self.block(block, out);
            }
        }
        self.block(otherwise, out)
    }

    /// Over a list, or the values of a map; over anything else there are no rounds. The variable has its old value afterwards.
    fn foreach(&mut self, name: &Arc<str>, list: &Expression, body: &Block, out: &mut String) -> Result<Flow, String> {
        let items: Vec<Value> = match self.value(list)? {
            Value::List(list) => self.heap.list(list).items.iter().take(MAX_ROUNDS).cloned().collect(),
            Value::Map(map) => {
                self.heap.map(map).entries().iter().take(MAX_ROUNDS).map(|(_, value)| value.clone()).collect()
            }
            _ => return Ok(Flow::Next),
        };
        let before = self.variables.remove(name);
        let last = items.len().saturating_sub(1);
        self.rounds.push(Round { index: 0, last });
        let mut flow = Flow::Next;
        for (index, item) in items.into_iter().enumerate() {
            if let Some(round) = self.rounds.last_mut() {
                round.index = index;
            }
            self.variables.insert(Arc::clone(name), item);
            flow = self.block(body, out)?;
            if flow != Flow::Next {
                break;
            }
        }
        self.rounds.pop();
        match before {
            Some(value) => self.variables.insert(Arc::clone(name), value),
            None => self.variables.remove(name),
        };
        Ok(if flow == Flow::Break { Flow::Next } else { flow })
    }

    /// A value that is none leaves everything as it is, as does a target that cannot be set: so does Velocity.
    fn set(&mut self, target: &Reference, value: &Expression) -> Result<(), String> {
        self.at = target.at;
        let value = self.value(value)?;
        self.at = target.at;
        if matches!(value, Value::Null) {
            return Ok(());
        }
        let Some((last, before)) = target.steps.split_last() else {
            self.variables.insert(Arc::clone(&target.name), value);
            return Ok(());
        };
        let Some(container) = self.walk(target, before)? else { return Ok(()) };
        let key = match last {
            Step::Property(name) => Value::Text(Arc::clone(name)),
            Step::Index(index) => self.value(index)?,
            Step::Call(_) => return Err("the result of a method cannot be set".to_owned()),
        };
        self.at = target.at;
        match container {
            Value::Map(map) => {
                let key = self.heap.printed(&key)?;
                self.heap.map_mut(map).put(key.into(), value);
            }
            Value::List(list) => {
                if let Some(index) = key.as_whole() {
                    let place = self.place(list, index)?;
                    self.heap.items(list)[place] = value;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The place of an index in a list; a negative one counts from the end. Fails where Java throws.
    pub fn place(&self, list: usize, index: i128) -> Result<usize, String> {
        let length = self.heap.list(list).items.len();
        let index = if index < 0 { index + length as i128 } else { index };
        match usize::try_from(index) {
            Ok(index) if index < length => Ok(index),
            _ => Err(format!("the list has {length} items, and none at this index")),
        }
    }

    fn overrides(&mut self) -> Result<Overrides, String> {
        let kept = |name| self.scope.context.get(name).is_some();
        if self.context.is_none() && !kept("requestOverride") && !kept("responseOverride") {
            return Ok(Overrides::default());
        }
        let context = self.context()?;
        let request = self.member(&context, "requestOverride");
        let response = self.member(&context, "responseOverride");
        Ok(Overrides {
            response_status: self.status(&response)?,
            response_headers: self.texts(&response, "header")?,
            request_path: self.texts(&request, "path")?,
            request_querystring: self.texts(&request, "querystring")?,
            request_headers: self.texts(&request, "header")?,
        })
    }

    fn member(&self, value: &Value, name: &str) -> Value {
        let member = if let Value::Map(map) = value { self.heap.map(*map).get(name) } else { None };
        member.cloned().unwrap_or(Value::Null)
    }

    fn status(&mut self, response: &Value) -> Result<Option<u16>, String> {
        let status = self.member(response, "status");
        if matches!(status, Value::Null) {
            return Ok(None);
        }
        match self.heap.printed(&status)?.trim().parse() {
            Ok(status @ 100..=599) => Ok(Some(status)),
            _ => Err("`$context.responseOverride.status` is not a status from 100 to 599".to_owned()),
        }
    }

    fn texts(&mut self, value: &Value, name: &str) -> Result<BTreeMap<String, String>, String> {
        let Value::Map(map) = self.member(value, name) else { return Ok(BTreeMap::new()) };
        let entries = self.heap.map(map).entries().to_vec();
        entries.into_iter().map(|(name, value)| Ok((name.to_string(), self.heap.printed(&value)?))).collect()
    }
}
