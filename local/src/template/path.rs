//! JSONPath as Jayway's library reads it, which API Gateway uses: the parsing.

/// One step from a value to its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.name`, `['name']`: of several, a map of those that are there.
    Names(Vec<String>),
    /// `[0]`, `[-1]`, `[0,2]`: of several, those that are there.
    Indexes(Vec<i64>),
    /// `[1:]`, `[:-1]`.
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`.
    All,
}

/// A step, and whether it looks at every depth (`..`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub deep: bool,
    pub step: Step,
}

impl Token {
    /// Whether it leads to one value at most. A path with one token that does not has a list as its result.
    pub fn definite(&self) -> bool {
        let one = match &self.step {
            Step::Names(_) => true,
            Step::Indexes(indexes) => indexes.len() == 1,
            Step::Slice(..) | Step::All => false,
        };
        one && !self.deep
    }
}

/// Parses a path. Without `$` at its start it begins at the root all the same.
pub fn parse(path: &str) -> Result<Vec<Token>, String> {
    let path = path.trim();
    if path.is_empty() {
        return Err("the JSONPath is empty".to_owned());
    }
    let rooted = match path.strip_prefix('$') {
        Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => rest.to_owned(),
        _ if path.starts_with('[') => path.to_owned(),
        _ => format!(".{path}"),
    };
    let mut tokens = Vec::new();
    let mut rest = rooted.as_str();
    while !rest.is_empty() {
        let (token, after) = token(rest)?;
        tokens.push(token);
        rest = after;
    }
    Ok(tokens)
}

fn token(text: &str) -> Result<(Token, &str), String> {
    let deep = text.starts_with("..");
    let dotted = text.trim_start_matches('.');
    if text.len() - dotted.len() > 2 || (text.starts_with('.') && dotted.is_empty()) {
        return Err("the JSONPath has one dot too many".to_owned());
    }
    if let Some(inner) = dotted.strip_prefix('[') {
        let (step, after) = bracket(inner)?;
        return Ok((Token { deep, step }, after));
    }
    let length = dotted.find(['.', '[']).unwrap_or(dotted.len());
    let (name, after) = dotted.split_at(length);
    if name.contains('(') {
        return Err("functions in a JSONPath are not supported here".to_owned());
    }
    if !text.starts_with('.') || name.is_empty() || name.contains([' ', ']', '\'', '"']) {
        return Err("the JSONPath cannot be read".to_owned());
    }
    let step = if name == "*" { Step::All } else { Step::Names(vec![name.to_owned()]) };
    Ok((Token { deep, step }, after))
}

/// What is in brackets; `text` begins after the opening one.
fn bracket(text: &str) -> Result<(Step, &str), String> {
    let text = text.trim_start();
    if text.starts_with(['?', '(']) {
        return Err("filters and scripts in a JSONPath are not supported here".to_owned());
    }
    if text.starts_with(['\'', '"']) {
        return names(text);
    }
    let (inner, after) = text.split_once(']').ok_or("the JSONPath has no closing bracket")?;
    let inner = inner.trim();
    if inner == "*" {
        return Ok((Step::All, after));
    }
    if let Some((from, to)) = inner.split_once(':') {
        return Ok((Step::Slice(bound(from)?, bound(to)?), after));
    }
    let indexes = inner.split(',').map(number).collect::<Result<_, _>>()?;
    Ok((Step::Indexes(indexes), after))
}

fn bound(text: &str) -> Result<Option<i64>, String> {
    if text.trim().is_empty() { Ok(None) } else { number(text).map(Some) }
}

fn number(text: &str) -> Result<i64, String> {
    text.trim()
        .parse()
        .map_err(|_| "the JSONPath has something in brackets that is not an index, a slice or a quoted name".to_owned())
}

/// Quoted names with commas between, up to the closing bracket.
fn names(text: &str) -> Result<(Step, &str), String> {
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let quote =
            rest.chars().next().filter(|quote| matches!(quote, '\'' | '"')).ok_or("the JSONPath lacks a quote")?;
        let (name, after) = quoted(&rest[1..], quote).ok_or("a quote in the JSONPath is not closed")?;
        names.push(name);
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(']') {
            return Ok((Step::Names(names), after));
        }
        rest = rest.strip_prefix(',').ok_or("the JSONPath has no closing bracket")?.trim_start();
    }
}

/// A name up to its quote, with a backslash before a quote removed, and the text after the quote.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => name.push(chars.next()?.1),
            char if char == quote => return Some((name, &text[at + char.len_utf8()..])),
            char => name.push(char),
        }
    }
    None
}
