//! The text of a template around its references and directives.
//!
//! Written after the token states of Velocity 1.7's grammar: which whitespace belongs to a directive, and what a backslash does.

use std::cell::Cell;

use super::TemplateError;
use super::ast::{Block, Node, Position, Reference};

/// How deep blocks, parentheses, texts and operators may nest in a template.
const MAX_DEPTH: usize = 100;

pub fn parse(text: &str) -> Result<Block, TemplateError> {
    let start = Position { line: 1, column: 1 };
    let mut parser = Parser { text, at: 0, depth: 0, origin: Origin::Template(Cell::new((0, start))) };
    parser.whole()
}

/// Where a parser's text comes from.
#[derive(Debug)]
enum Origin {
    /// The template itself, with the position last asked for and its offset: the next one mostly comes soon after it.
    Template(Cell<(usize, Position)>),
    /// A text in double quotes at this position.
    Text(Position),
}

/// What ended a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    End,
    Else,
    ElseIf,
    /// The end of the template.
    Last,
}

#[derive(Debug)]
pub(super) struct Parser<'t> {
    pub text: &'t str,
    /// The offset of the next byte.
    pub at: usize,
    depth: usize,
    origin: Origin,
}

/// The nodes of a block; texts that follow each other become one node.
#[derive(Debug, Default)]
pub(super) struct Builder {
    nodes: Block,
    text: String,
}

impl Builder {
    pub fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub fn backslashes(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n('\\', count));
    }

    pub fn node(&mut self, node: Node) {
        self.flush();
        self.nodes.push(node);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.nodes.push(Node::Text(std::mem::take(&mut self.text).into()));
        }
    }

    fn finish(mut self) -> Block {
        self.flush();
        self.nodes
    }
}

impl<'t> Parser<'t> {
    fn whole(&mut self) -> Result<Block, TemplateError> {
        let (block, ending, at) = self.block()?;
        match ending {
            Ending::Last => Ok(block),
            _ => Err(at.error("there is no open `#if`, `#foreach` or `#define` for this")),
        }
    }

    /// Parses a text in double quotes that has references or directives in it.
    pub fn interpolated(&mut self, text: &str, at: Position) -> Result<Block, TemplateError> {
        let mut inner = Parser { text, at: 0, depth: self.depth, origin: Origin::Text(at) };
        inner.whole()
    }

    /// Parses up to the directive that ends the block; also says where that is.
    pub fn block(&mut self) -> Result<(Block, Ending, Position), TemplateError> {
        self.deeper()?;
        let mut out = Builder::default();
        loop {
            let at = self.position();
            let ending = match self.peek() {
                None => Some(Ending::Last),
                Some(b'$') => self.dollar(0, &mut out)?,
                Some(b'#') => self.hash(0, &mut out)?,
                Some(b'\\') => self.backslashes(&mut out)?,
                Some(_) => self.plain(&mut out),
            };
            if let Some(ending) = ending {
                self.depth -= 1;
                return Ok((out.finish(), ending, at));
            }
        }
    }

    /// Text up to the next `$`, `#` or backslash. Blanks before `#set(` belong to it where nothing else comes before them.
    fn plain(&mut self, out: &mut Builder) -> Option<Ending> {
        let rest = self.rest();
        let run = &rest[..rest.find(['$', '#', '\\']).unwrap_or(rest.len())];
        self.at += run.len();
        let blank = run.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        if !(blank && self.set_follows()) {
            out.text(run);
        }
        None
    }

    /// Backslashes escape the reference or directive after them, and each other before one; elsewhere they are text.
    fn backslashes(&mut self, out: &mut Builder) -> Result<Option<Ending>, TemplateError> {
        let count = self.rest().bytes().take_while(|byte| *byte == b'\\').count();
        self.at += count;
        match self.peek() {
            Some(b'$') => self.dollar(count, out),
            Some(b'#') => self.hash(count, out),
            _ => {
                out.backslashes(count);
                Ok(None)
            }
        }
    }

    fn dollar(&mut self, backslashes: usize, out: &mut Builder) -> Result<Option<Ending>, TemplateError> {
        let start = self.at;
        match self.reference()? {
            Some(reference) => {
                out.backslashes(backslashes / 2);
                self.referred(reference, backslashes % 2 == 1, start, out);
            }
            None => {
                out.backslashes(backslashes);
                self.no_reference(out)?;
            }
        }
        Ok(None)
    }

    fn referred(&self, reference: Reference, escaped: bool, start: usize, out: &mut Builder) {
        if escaped {
            out.text(&self.text[start..self.at]);
        } else {
            out.node(Node::Reference(reference));
        }
    }

    /// A `$` that begins no reference is text; of `$!` only the `$` remains, as in Velocity.
    fn no_reference(&mut self, out: &mut Builder) -> Result<(), TemplateError> {
        let quiet = self.rest().starts_with("$!");
        let after = self.at + if quiet { 2 } else { 1 };
        if after == self.text.len() && !self.in_text() {
            return Err(self.position().error("a template cannot end in `$`: API Gateway answers 500"));
        }
        out.text(if quiet && self.text[after..].starts_with('{') { "$!" } else { "$" });
        self.at = after;
        Ok(())
    }

    pub fn in_text(&self) -> bool {
        matches!(self.origin, Origin::Text(_))
    }

    /// One level deeper; the caller takes it back where the level ends. A parser that failed is not used again.
    pub fn deeper(&mut self) -> Result<(), TemplateError> {
        if self.depth == MAX_DEPTH {
            return Err(self.position().error(format!("this nests deeper than {MAX_DEPTH}")));
        }
        self.depth += 1;
        Ok(())
    }

    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Takes back the levels of [`Self::deeper`] down to `depth`.
    pub fn shallower(&mut self, depth: usize) {
        self.depth = depth;
    }

    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    pub fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Whether the text goes on with this, which is then passed.
    pub fn passed(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The blanks up to the end of the line and the line's end belong to the directive before them; blanks alone do not.
    pub fn end_line(&mut self) {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let newline = match &rest.as_bytes()[blanks..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => return,
        };
        self.at += blanks + newline;
    }

    pub fn position(&self) -> Position {
        self.position_of(self.at)
    }

    pub fn position_of(&self, at: usize) -> Position {
        match &self.origin {
            Origin::Text(position) => *position,
            Origin::Template(last) => {
                let (mut from, mut position) = last.get();
                if at < from {
                    (from, position) = (0, Position { line: 1, column: 1 });
                }
                for char in self.text.get(from..at).unwrap_or_default().chars() {
                    position.column += 1;
                    if char == '\n' {
                        position = Position { line: position.line + 1, column: 1 };
                    }
                }
                last.set((at, position));
                position
            }
        }
    }

    pub fn expected(&self, what: &str) -> TemplateError {
        let found = match self.rest().chars().next() {
            Some(found) => format!("`{}`", found.escape_debug()),
            None => "the end".to_owned(),
        };
        self.position().error(format!("{what} is expected here, not {found}"))
    }
}
