//! References: `$name`, `$!{name}`, and the properties, indexes and calls after it.

use std::sync::Arc;

use super::TemplateError;
use super::ast::{Expression, MethodCall, Reference, Step};
use super::parser::Parser;
use super::pattern;

/// The methods, besides `matches`, whose first argument is a regular expression.
const WITH_PATTERN: [&str; 3] = ["replaceAll", "replaceFirst", "split"];

impl<'t> Parser<'t> {
    /// The reference that begins here, if one does. Nothing is passed when none does.
    ///
    /// With and without `!` it is the same: API Gateway prints nothing for a reference without a value (recorded).
    pub fn reference(&mut self) -> Result<Option<Reference>, TemplateError> {
        let at = self.position();
        let mut from = self.at + 1;
        if self.byte(from) == Some(b'!') {
            from += 1;
        }
        let braced = self.byte(from) == Some(b'{');
        if braced {
            from += 1;
        }
        if !self.byte(from).is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return Ok(None);
        }
        self.at = from;
        let name = self.identifier();
        let steps = self.steps()?;
        if braced && !self.passed("}") {
            return Err(self.expected("`}` of the reference"));
        }
        Ok(Some(Reference { name, steps, at }))
    }

    fn identifier(&mut self) -> Arc<str> {
        let rest = self.rest();
        let length =
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count();
        self.at += length;
        rest[..length].into()
    }

    fn steps(&mut self) -> Result<Vec<Step>, TemplateError> {
        let mut steps = Vec::new();
        loop {
            if self.passed("[") {
                let index = self.parameter()?;
                if !self.passed("]") {
                    return Err(self.expected("`]`"));
                }
                steps.push(Step::Index(index));
            } else if self.peek() == Some(b'.') && self.byte(self.at + 1).is_some_and(|byte| byte.is_ascii_alphabetic())
            {
                self.at += 1;
                let name = self.identifier();
                steps.push(if self.call_follows() { self.call(name)? } else { Step::Property(name) });
            } else {
                return Ok(steps);
            }
        }
    }

    /// Velocity looks one token into the parenthesis: what can be no argument leaves it to the text.
    fn call_follows(&self) -> bool {
        let first = self.byte(self.at + 1);
        self.peek() == Some(b'(')
            && first.is_some_and(|byte| byte.is_ascii_alphanumeric() || b" \t\r\n)\"'$[{-._".contains(&byte))
    }

    fn call(&mut self, name: Arc<str>) -> Result<Step, TemplateError> {
        self.at += 1;
        let mut arguments = Vec::new();
        if !self.passed(")") {
            loop {
                arguments.push(self.parameter()?);
                if self.passed(")") {
                    break;
                }
                if !self.passed(",") {
                    return Err(self.expected("`,` or `)`"));
                }
            }
        }
        // One that does not compile fails where it is called, as in Java.
        let pattern = match arguments.first() {
            Some(Expression::Text(text)) if &*name == "matches" => pattern::compile_whole(text).ok(),
            Some(Expression::Text(text)) if WITH_PATTERN.contains(&&*name) => pattern::compile(text).ok(),
            _ => None,
        };
        Ok(Step::Call(MethodCall { name, arguments, pattern }))
    }
}
