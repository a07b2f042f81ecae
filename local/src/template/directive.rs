//! What begins with `#`: directives, comments, and text that only looks like one.

use std::sync::Arc;

use super::TemplateError;
use super::ast::{Block, Expression, Node};
use super::parser::{Builder, Ending, Parser};

/// The directives of Velocity. Any other word after `#` is text.
const KNOWN: [&str; 12] =
    ["set", "if", "elseif", "else", "end", "foreach", "define", "stop", "break", "macro", "include", "parse"];

impl<'t> Parser<'t> {
    /// Parses from a `#`, before which stand this many backslashes. Says when a block ends here.
    pub fn hash(&mut self, backslashes: usize, out: &mut Builder) -> Result<Option<Ending>, TemplateError> {
        let start = self.at;
        let Some(word) = self.word() else {
            out.backslashes(backslashes);
            self.no_word(out)?;
            return Ok(None);
        };
        let known = KNOWN.contains(&word);
        out.backslashes(if known { backslashes / 2 } else { backslashes });
        if backslashes % 2 == 1 {
            out.text(&self.text[start..self.at]);
            return Ok(None);
        }
        match word {
            "end" => return Ok(Some(self.ended(Ending::End))),
            "else" => return Ok(Some(self.ended(Ending::Else))),
            "elseif" => return Ok(Some(Ending::ElseIf)),
            "set" => self.set(start, out)?,
            "if" => self.condition(out)?,
            "foreach" => self.foreach(out)?,
            "define" => self.define(out)?,
            "macro" => self.macro_definition(start)?,
            "stop" => out.node(Node::Stop),
            "break" => out.node(Node::Break),
            "include" | "parse" => {
                return Err(self.position_of(start).error(format!("API Gateway has no other template for `#{word}`")));
            }
            _ => self.unknown(start, out)?,
        }
        Ok(None)
    }

    fn ended(&mut self, ending: Ending) -> Ending {
        self.end_line();
        ending
    }

    /// The word after `#`, also in braces, which is then passed.
    fn word(&mut self) -> Option<&'t str> {
        let braced = self.byte(self.at + 1) == Some(b'{');
        let from = self.at + if braced { 2 } else { 1 };
        let first = self.byte(from)?;
        if !(first.is_ascii_alphabetic() || first == b'_' || first == b'@' && !braced) {
            return None;
        }
        let rest = &self.text[from..];
        let length =
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@')).count();
        if braced && self.byte(from + length) != Some(b'}') {
            return None;
        }
        self.at = from + length + usize::from(braced);
        Some(&rest[..length])
    }

    /// A comment, a `#[[text]]#`, or a `#` that is text.
    fn no_word(&mut self, out: &mut Builder) -> Result<(), TemplateError> {
        let start = self.at;
        if self.passed("##") {
            let rest = self.rest();
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            self.end_line();
        } else if self.passed("#[[") {
            let Some(length) = self.rest().find("]]#") else {
                return Err(self.position_of(start).error("this `#[[` has no `]]#`"));
            };
            out.text(&self.rest()[..length]);
            self.at += length + 3;
        } else if self.passed("#*") {
            let rest = self.rest();
            self.at += rest.find("*#").map_or(rest.len(), |length| length + 2);
        } else {
            self.at += 1;
            if self.at == self.text.len() && !self.in_text() {
                return Err(self.position_of(start).error("a template cannot end in `#`: API Gateway answers 500"));
            }
            out.text("#");
        }
        Ok(())
    }

    /// Whether `#set(` stands here.
    pub fn set_follows(&self) -> bool {
        let rest = self.rest();
        let after = rest.strip_prefix("#set").or_else(|| rest.strip_prefix("#{set}"));
        after.is_some_and(|after| after.trim_start_matches([' ', '\t']).starts_with('('))
    }

    fn set(&mut self, start: usize, out: &mut Builder) -> Result<(), TemplateError> {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if !rest[blanks..].starts_with('(') {
            out.text(&self.text[start..self.at]);
            return Ok(());
        }
        self.at += blanks + 1;
        self.skip_whitespace();
        let Some(target) = self.reference()? else {
            return Err(self.expected("a reference to set"));
        };
        self.skip_whitespace();
        if !self.passed("=") {
            return Err(self.expected("`=`"));
        }
        let value = self.expression()?;
        self.close()?;
        out.node(Node::Set(target, value));
        Ok(())
    }

    fn open(&mut self) -> Result<(), TemplateError> {
        self.skip_whitespace();
        if self.passed("(") { Ok(()) } else { Err(self.expected("`(`")) }
    }

    /// The `)` of a directive, with the rest of its line where only blanks follow.
    fn close(&mut self) -> Result<(), TemplateError> {
        self.skip_whitespace();
        if !self.passed(")") {
            return Err(self.expected("`)` or an operator"));
        }
        self.end_line();
        Ok(())
    }

    fn condition(&mut self, out: &mut Builder) -> Result<(), TemplateError> {
        let start = self.position();
        let mut branches = Vec::new();
        let mut otherwise = Block::new();
        loop {
            self.open()?;
            let condition = self.expression()?;
            self.close()?;
            let (block, ending, at) = self.block()?;
            branches.push((condition, block));
            match ending {
                Ending::ElseIf => {}
                Ending::End => break,
                Ending::Last => return Err(start.error("this `#if` has no `#end`")),
                Ending::Else => {
                    let (block, ending, _) = self.block()?;
                    if ending != Ending::End {
                        return Err(at.error("this `#else` has no `#end`"));
                    }
                    otherwise = block;
                    break;
                }
            }
        }
        out.node(Node::If(branches, otherwise));
        Ok(())
    }

    /// The block up to `#end`.
    fn body(&mut self, directive: &str) -> Result<Block, TemplateError> {
        let start = self.position();
        match self.block()? {
            (block, Ending::End, _) => Ok(block),
            (_, Ending::Last, _) => Err(start.error(format!("this `#{directive}` has no `#end`"))),
            (_, _, at) => Err(at.error(format!("`#end` of the `#{directive}` is expected first"))),
        }
    }

    /// A reference that is a name and nothing more.
    fn name(&mut self) -> Result<Arc<str>, TemplateError> {
        self.skip_whitespace();
        let at = self.position();
        match self.reference()? {
            Some(reference) if reference.steps.is_empty() => Ok(reference.name),
            _ => Err(at.error("a plain reference as `$item` is expected here")),
        }
    }

    fn foreach(&mut self, out: &mut Builder) -> Result<(), TemplateError> {
        let at = self.position();
        self.open()?;
        let name = self.name()?;
        self.skip_whitespace();
        if !self.passed("in") {
            return Err(self.expected("`in`"));
        }
        let list = self.parameter()?;
        self.close()?;
        let body = self.body("foreach")?;
        out.node(Node::Foreach { name, list, body, at });
        Ok(())
    }

    fn define(&mut self, out: &mut Builder) -> Result<(), TemplateError> {
        self.open()?;
        let name = self.name()?;
        self.close()?;
        let body = self.body("define")?;
        out.node(Node::Define(name, Arc::new(body)));
        Ok(())
    }

    /// API Gateway takes a `#macro`, defines nothing and prints its calls as text (recorded).
    fn macro_definition(&mut self, start: usize) -> Result<(), TemplateError> {
        if !self.arguments_follow() {
            return Err(self.position_of(start).error("a `#macro` needs a name in parentheses"));
        }
        self.arguments()?;
        self.body("macro").map(drop)
    }

    /// A word that is not a directive is text with its parentheses; references in them are text as well (recorded).
    fn unknown(&mut self, start: usize, out: &mut Builder) -> Result<(), TemplateError> {
        if self.arguments_follow() {
            self.arguments()?;
        }
        out.text(&self.text[start..self.at]);
        Ok(())
    }

    fn arguments_follow(&self) -> bool {
        self.rest().trim_start_matches([' ', '\t', '\n', '\r']).starts_with('(')
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, TemplateError> {
        self.open()?;
        let mut arguments = Vec::new();
        loop {
            self.skip_whitespace();
            if self.passed(",") {
                continue;
            }
            if self.peek() == Some(b')') {
                self.close()?;
                return Ok(arguments);
            }
            arguments.push(self.parameter()?);
        }
    }
}
