//! One rule of a filter's field.

use serde_json::Value;

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Exactly this: a string, number, boolean or null.
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
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
    pub fn parse(rule: &Value) -> Result<Self, String> {
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
        match operator.as_str() {
            "prefix" => text().map(Self::Prefix),
            "suffix" => text().map(Self::Suffix),
            "equals-ignore-case" => text().map(Self::EqualsIgnoreCase),
            "exists" => value.as_bool().map(Self::Exists).ok_or_else(|| "`exists` needs a boolean".to_owned()),
            "numeric" => numeric(value).map(Self::Numeric),
            "anything-but" => anything_but(value).map(Self::AnythingBut),
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
        [(Comparison::More | Comparison::AtLeast, _), (Comparison::Less | Comparison::AtMost, _)] => Ok(bounds),
        _ => Err(wrong()),
    }
}

/// Strings and numbers, or one of the operators on strings with a string or a list of them. An empty text, null, booleans and
/// objects are refused by EventBridge, in lists too.
fn anything_but(value: &Value) -> Result<Vec<Rule>, String> {
    let scalar = |value: &Value| match value {
        Value::String(_) | Value::Number(_) => Rule::parse(value),
        _ => Err("`anything-but` takes strings and numbers, `prefix`, `suffix` or `equals-ignore-case`".to_owned()),
    };
    match value {
        Value::Array(values) if !values.is_empty() => values.iter().map(scalar).collect(),
        Value::Array(_) => Err("`anything-but` needs at least one value".to_owned()),
        Value::Object(fields) => {
            let mut fields = fields.iter();
            let (Some((operator @ ("prefix" | "suffix" | "equals-ignore-case"), wanted)), None) =
                (fields.next().map(|(operator, wanted)| (operator.as_str(), wanted)), fields.next())
            else {
                return scalar(value).map(|rule| vec![rule]);
            };
            let each = wanted.as_array().map_or_else(|| vec![wanted.clone()], Clone::clone);
            if each.is_empty() || each.iter().any(|wanted| operator != "equals-ignore-case" && wanted == "") {
                return Err(format!("`{operator}` in `anything-but` needs a text that is not empty"));
            }
            each.into_iter().map(|wanted| Rule::parse(&serde_json::json!({ operator: wanted }))).collect()
        }
        value => scalar(value).map(|rule| vec![rule]),
    }
}
