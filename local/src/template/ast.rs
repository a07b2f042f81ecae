//! A parsed template.

use std::sync::Arc;

use regex::Regex;

use super::TemplateError;
use super::number::Number;

/// Where something stands in the template: line and column, both from 1.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    pub fn error(self, message: impl Into<String>) -> TemplateError {
        TemplateError { line: self.line, column: self.column, message: message.into() }
    }
}

pub type Block = Vec<Node>;

#[derive(Debug)]
pub enum Node {
    Text(Box<str>),
    Reference(Reference),
    Set(Reference, Expression),
    /// The conditions in their order, each with its block, and the block of `#else`.
    If(Vec<(Expression, Block)>, Block),
    Foreach {
        name: Arc<str>,
        list: Expression,
        body: Block,
        at: Position,
    },
    Define(Arc<str>, Arc<Block>),
    Break,
    Stop,
}

/// `$name` and what follows it.
#[derive(Debug)]
pub struct Reference {
    pub name: Arc<str>,
    pub steps: Vec<Step>,
    pub at: Position,
}

#[derive(Debug)]
pub enum Step {
    Property(Arc<str>),
    Index(Expression),
    Call(MethodCall),
}

#[derive(Debug)]
pub struct MethodCall {
    pub name: Arc<str>,
    pub arguments: Vec<Expression>,
    /// The first argument as a pattern, where the method takes one and the template writes it out: it is compiled once.
    pub pattern: Option<Regex>,
}

#[derive(Debug)]
pub enum Expression {
    Null,
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    /// A text in double quotes with references or directives in it.
    Interpolated(Block),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Range(Box<Expression>, Box<Expression>),
    Reference(Reference),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// How strongly it binds; the same number binds to the left.
    pub fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual => 3,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide | Self::Remainder => 6,
        }
    }
}
