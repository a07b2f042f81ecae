//! One rule of a filter's field.

use serde_json::Value;

use super::Grammar;
use super::wide::{Network, Wildcard};

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Exactly this: a string, number, boolean or null.
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    PrefixIgnoreCase(String),
    SuffixIgnoreCase(String),
    Wildcard(Wildcard),
    Cidr(Network),
    Exists(bool),
    /// Operator and bound, all of which must hold.
    Numeric(Vec<(Comparison, f64)>),
    /// There is a value, and none of these holds.
    AnythingBut(Vec<Rule>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Rule {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(rule: &Value, grammar: Grammar) -> Result<Self, String> {
        let Value::Object(fields) = rule else {
            return if rule.is_array() {
                Err("a rule is not a list".to_owned())
            } else {
                Ok(Self::Equals(rule.clone()))
            };
        };
        let mut fields = fields.iter();
        let (Some((operator, value)), None) = (fields.next(), fields.next()) else {
            return Err("a rule has one operator".to_owned());
        };
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("`{operator}` needs a string"));
        let wide = grammar == Grammar::Wide;
        let ignoring_case = wide && value.get("equals-ignore-case").is_some_and(Value::is_string);
        match operator.as_str() {
            "prefix" | "suffix" if ignoring_case => {
                let of = if operator == "prefix" { Self::PrefixIgnoreCase } else { Self::SuffixIgnoreCase };
                Ok(of(value["equals-ignore-case"].as_str().unwrap_or_default().to_lowercase()))
            }
            "wildcard" if wide => Wildcard::parse(&text()?).map(Self::Wildcard),
            "cidr" if wide => Network::parse(&text()?).map(Self::Cidr),
            "prefix" => text().map(Self::Prefix),
            "suffix" => text().map(Self::Suffix),
            "equals-ignore-case" => text().map(Self::EqualsIgnoreCase),
            "exists" => value.as_bool().map(Self::Exists).ok_or_else(|| "`exists` needs a boolean".to_owned()),
            "numeric" => numeric(value).map(Self::Numeric),
            "anything-but" => anything_but(value, grammar).map(Self::AnythingBut),
            other => Err(format!("the operator `{other}` is unknown")),
        }
    }

    /// Whether it holds for the value of a field, which may be absent.
    pub fn holds(&self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return *self == Self::Exists(false) };
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => same(wanted, value),
            Self::EqualsIgnoreCase(wanted) => text.is_some_and(|text| text.to_lowercase() == wanted.to_lowercase()),
            Self::Prefix(wanted) => text.is_some_and(|text| text.starts_with(wanted.as_str())),
            Self::Suffix(wanted) => text.is_some_and(|text| text.ends_with(wanted.as_str())),
            Self::PrefixIgnoreCase(wanted) => text.is_some_and(|text| text.to_lowercase().starts_with(wanted.as_str())),
            Self::SuffixIgnoreCase(wanted) => text.is_some_and(|text| text.to_lowercase().ends_with(wanted.as_str())),
            Self::Wildcard(wanted) => text.is_some_and(|text| wanted.fits(text)),
            Self::Cidr(wanted) => text.is_some_and(|text| wanted.has(text)),
            Self::Exists(wanted) => *wanted,
            Self::Numeric(all) => value.as_f64().is_some_and(|number| all.iter().all(|bound| within(number, *bound))),
            Self::AnythingBut(none) => !none.iter().any(|rule| rule.holds(Some(value))),
        }
    }
}

/// Numbers are the same by value, however they are written.
fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(value)) => wanted == value,
        _ => wanted == value,
    }
}

fn within(number: f64, (comparison, bound): (Comparison, f64)) -> bool {
    match comparison {
        Comparison::Less => number < bound,
        Comparison::AtMost => number <= bound,
        Comparison::Equal => number == bound,
        Comparison::AtLeast => number >= bound,
        Comparison::More => number > bound,
    }
}

/// One bound, or a lower and then an upper one, as EventBridge's `TestEventPattern` takes them.
fn numeric(value: &Value) -> Result<Vec<(Comparison, f64)>, String> {
    let wrong = || "`numeric` needs a list like `[\">\", 0, \"<=\", 5]`".to_owned();
    let list = value.as_array().filter(|list| list.len() % 2 == 0).ok_or_else(wrong)?;
    let pair = |pair: &[Value]| {
        let comparison = match pair.first()?.as_str()? {
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            "=" => Comparison::Equal,
            ">=" => Comparison::AtLeast,
            ">" => Comparison::More,
            _ => return None,
        };
        Some((comparison, pair.get(1)?.as_f64()?))
    };
    let bounds: Vec<_> = list.chunks(2).map(|two| pair(two).ok_or_else(wrong)).collect::<Result<_, _>>()?;
    match bounds.as_slice() {
        [_] => Ok(bounds),
        [(Comparison::More | Comparison::AtLeast, low), (Comparison::Less | Comparison::AtMost, high)] => {
            if low < high {
                Ok(bounds)
            } else {
                Err("the lower bound of `numeric` must be below the upper one".to_owned())
            }
        }
        _ => Err(wrong()),
    }
}

/// Strings and numbers, or one of the operators on strings with a string or a list of them. An empty text, null, booleans and
/// objects are refused by EventBridge, in lists too.
fn anything_but(value: &Value, grammar: Grammar) -> Result<Vec<Rule>, String> {
    let scalar = |value: &Value| match value {
        Value::String(_) | Value::Number(_) => Rule::parse(value, grammar),
        _ => Err("`anything-but` takes strings and numbers, `prefix`, `suffix` or `equals-ignore-case`".to_owned()),
    };
    match value {
        Value::Array(values) if !values.is_empty() => values.iter().map(scalar).collect(),
        Value::Array(_) => Err("`anything-but` needs at least one value".to_owned()),
        Value::Object(fields) if fields.len() == 1 => {
            let Some((operator, wanted)) = fields.iter().next() else { return Ok(Vec::new()) };
            if ["prefix", "suffix", "equals-ignore-case"].contains(&operator.as_str())
                || operator == "wildcard" && grammar == Grammar::Wide
            {
                return none_of(operator, wanted, grammar);
            }
            scalar(value).map(|rule| vec![rule])
        }
        value => scalar(value).map(|rule| vec![rule]),
    }
}

fn none_of(operator: &str, wanted: &Value, grammar: Grammar) -> Result<Vec<Rule>, String> {
    let each = wanted.as_array().map_or(std::slice::from_ref(wanted), Vec::as_slice);
    let may_be_empty = operator == "equals-ignore-case";
    let is_text = |wanted: &Value| wanted.as_str().is_some_and(|text| may_be_empty || !text.is_empty());
    if each.is_empty() || !each.iter().all(is_text) {
        let which = if may_be_empty { "a text" } else { "a text that is not empty" };
        return Err(format!("`{operator}` in `anything-but` needs {which}, or a list of such"));
    }
    each.iter().map(|wanted| Rule::parse(&serde_json::json!({ operator: wanted }), grammar)).collect()
}
