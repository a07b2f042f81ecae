//! The expressions of conditions and assignments, and the smaller ones that are arguments.

use super::TemplateError;
use super::ast::{Expression, Operator};
use super::number::Number;
use super::parser::Parser;

/// Longer ones before those they begin with.
const SIGNS: [(&str, Operator); 12] = [
    ("||", Operator::Or),
    ("&&", Operator::And),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("+", Operator::Add),
    ("*", Operator::Multiply),
    ("/", Operator::Divide),
    ("%", Operator::Remainder),
];

const WORDS: [(&str, Operator); 8] = [
    ("or", Operator::Or),
    ("and", Operator::And),
    ("eq", Operator::Equal),
    ("ne", Operator::NotEqual),
    ("le", Operator::LessOrEqual),
    ("ge", Operator::GreaterOrEqual),
    ("lt", Operator::Less),
    ("gt", Operator::Greater),
];

impl<'t> Parser<'t> {
    pub fn expression(&mut self) -> Result<Expression, TemplateError> {
        self.binary(0)
    }

    /// Operators that bind more strongly than `floor`. A chain of them counts as deep as it is long: so is its tree.
    fn binary(&mut self, floor: u8) -> Result<Expression, TemplateError> {
        let depth = self.depth();
        self.deeper()?;
        let mut left = self.unary()?;
        loop {
            self.skip_whitespace();
            let Some((operator, length)) = self.operator().filter(|(operator, _)| operator.strength() > floor) else {
                self.shallower(depth);
                return Ok(left);
            };
            self.at += length;
            self.deeper()?;
            let right = self.binary(operator.strength())?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    /// The operator that stands here, and its length. A minus before a digit is the number's own, as in Velocity.
    fn operator(&self) -> Option<(Operator, usize)> {
        let rest = self.rest();
        if rest.starts_with('-') {
            let number = matches!(rest.as_bytes().get(1), Some(b'0'..=b'9'))
                || rest.starts_with("-.") && matches!(rest.as_bytes().get(2), Some(b'0'..=b'9'));
            return (!number).then_some((Operator::Subtract, 1));
        }
        let sign = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign));
        sign.or_else(|| WORDS.iter().find(|(word, _)| self.word_is(word)))
            .map(|(text, operator)| (*operator, text.len()))
    }

    /// Whether this word stands here, and not only the beginning of a longer one.
    fn word_is(&self, word: &str) -> bool {
        let rest = self.rest().as_bytes();
        let longer = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@');
        rest.starts_with(word.as_bytes()) && !rest.get(word.len()).is_some_and(longer)
    }

    fn unary(&mut self) -> Result<Expression, TemplateError> {
        self.skip_whitespace();
        let not = if self.word_is("not") { "not" } else { "!" };
        if self.passed(not) {
            self.deeper()?;
            let inner = self.unary()?;
            self.shallower(self.depth() - 1);
            return Ok(Expression::Not(Box::new(inner)));
        }
        if self.passed("(") {
            let inner = self.expression()?;
            self.skip_whitespace();
            if !self.passed(")") {
                return Err(self.expected("`)` or an operator"));
            }
            return Ok(inner);
        }
        match self.operand()? {
            Some(operand) => Ok(operand),
            None => Err(self.expected("a value")),
        }
    }

    /// An argument: no operators, but a bare word, which has no value.
    pub fn parameter(&mut self) -> Result<Expression, TemplateError> {
        self.skip_whitespace();
        self.deeper()?;
        let value = match self.operand()? {
            Some(value) => value,
            None => self.bare_word()?,
        };
        self.shallower(self.depth() - 1);
        self.skip_whitespace();
        Ok(value)
    }

    fn bare_word(&mut self) -> Result<Expression, TemplateError> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        if length == 0 {
            return Err(self.expected("a value"));
        }
        self.at += length;
        Ok(Expression::Null)
    }

    fn operand(&mut self) -> Result<Option<Expression>, TemplateError> {
        let operand = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote)?,
            Some(b'$') => match self.reference()? {
                Some(reference) => Expression::Reference(reference),
                None => return Err(self.expected("a reference")),
            },
            Some(b'[') => self.list()?,
            Some(b'{') => self.map()?,
            Some(b'-' | b'.' | b'0'..=b'9') => self.number()?,
            _ if self.word_is("true") => self.bool("true", true),
            _ if self.word_is("false") => self.bool("false", false),
            _ => return Ok(None),
        };
        Ok(Some(operand))
    }

    fn bool(&mut self, word: &str, value: bool) -> Expression {
        self.at += word.len();
        Expression::Bool(value)
    }

    fn number(&mut self) -> Result<Expression, TemplateError> {
        let rest = self.rest().as_bytes();
        let digits = |from: usize| rest.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = usize::from(rest.starts_with(b"-"));
        let whole = digits(end);
        end += whole;
        let mut float = false;
        if rest.get(end) == Some(&b'.') && rest.get(end + 1) != Some(&b'.') && (whole > 0 || digits(end + 1) > 0) {
            float = true;
            end += 1 + digits(end + 1);
        }
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        if matches!(rest.get(end), Some(b'e' | b'E')) && digits(end + 1 + sign) > 0 {
            float = true;
            end += 1 + sign + digits(end + 1 + sign);
        }
        match Number::literal(&self.rest()[..end], float) {
            Some(number) => {
                self.at += end;
                Ok(Expression::Number(number))
            }
            None => Err(self.expected("a number")),
        }
    }

    /// A text: a doubled quote in it is a quote, a backslash is a backslash.
    fn quoted(&mut self, quote: u8) -> Result<Expression, TemplateError> {
        let at = self.position();
        let from = self.at + 1;
        let mut end = from;
        loop {
            match self.byte(end) {
                None => return Err(at.error("this text has no end")),
                Some(byte) if byte != quote => end += 1,
                Some(_) if self.byte(end + 1) == Some(quote) => end += 2,
                Some(_) => break,
            }
        }
        let quote = if quote == b'"' { '"' } else { '\'' };
        let text = self.text[from..end].replace(&format!("{quote}{quote}"), &quote.to_string());
        self.at = end + 1;
        if quote == '"' && text.contains(['$', '#']) {
            return Ok(Expression::Interpolated(self.interpolated(&text, at)?));
        }
        Ok(Expression::Text(text.into()))
    }

    fn list(&mut self) -> Result<Expression, TemplateError> {
        self.at += 1;
        if self.passed("]") {
            return Ok(Expression::List(Vec::new()));
        }
        let mut items = vec![self.parameter()?];
        if self.passed("..") {
            let last = self.parameter()?;
            let first = items.remove(0);
            if !self.passed("]") {
                return Err(self.expected("`]`"));
            }
            return Ok(Expression::Range(Box::new(first), Box::new(last)));
        }
        while self.passed(",") {
            items.push(self.parameter()?);
        }
        if self.passed("]") { Ok(Expression::List(items)) } else { Err(self.expected("`,` or `]`")) }
    }

    fn map(&mut self) -> Result<Expression, TemplateError> {
        self.at += 1;
        self.skip_whitespace();
        let mut entries = Vec::new();
        if self.passed("}") {
            return Ok(Expression::Map(entries));
        }
        loop {
            let key = self.parameter()?;
            if !self.passed(":") {
                return Err(self.expected("`:`"));
            }
            entries.push((key, self.parameter()?));
            if self.passed("}") {
                return Ok(Expression::Map(entries));
            }
            if !self.passed(",") {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }
}
