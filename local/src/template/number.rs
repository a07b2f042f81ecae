//! Numbers as Java and Velocity have them: whole ones and doubles, and those of a body as they were written.

use std::cmp::Ordering;
use std::sync::Arc;

use super::ast::Operator;

#[derive(Debug, Clone)]
pub enum Number {
    /// Wide enough for the sums of any two longs; beyond it arithmetic has no result.
    Whole(i128),
    Double(f64),
    /// A number of a JSON text that is not printed as its value would be: `1.50`, `1e3`.
    Written(Arc<str>),
}

impl Number {
    /// A number as a template writes it.
    pub fn literal(text: &str, float: bool) -> Option<Self> {
        if float { text.parse().ok().map(Self::Double) } else { text.parse().ok().map(Self::Whole) }
    }

    /// A valid JSON number, of which the text is kept.
    pub fn json(text: &str) -> Self {
        match text.parse() {
            Ok(whole) if text != "-0" => Self::Whole(whole),
            _ => Self::Written(text.into()),
        }
    }

    pub fn whole(&self) -> Option<i128> {
        match self {
            Self::Whole(whole) => Some(*whole),
            Self::Double(_) => None,
            Self::Written(text) => text.parse().ok(),
        }
    }

    pub fn double(&self) -> f64 {
        match self {
            Self::Whole(whole) => *whole as f64,
            Self::Double(double) => *double,
            Self::Written(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// None where Java would divide by zero; Velocity has no result then.
    pub fn calculate(&self, operator: Operator, other: &Self) -> Option<Self> {
        if let (Some(left), Some(right)) = (self.whole(), other.whole()) {
            let result = match operator {
                Operator::Add => left.checked_add(right),
                Operator::Subtract => left.checked_sub(right),
                Operator::Multiply => left.checked_mul(right),
                Operator::Divide => left.checked_div(right),
                _ => left.checked_rem(right),
            };
            return result.map(Self::Whole);
        }
        let (left, right) = (self.double(), other.double());
        let result = match operator {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide | Operator::Remainder if right == 0.0 => return None,
            Operator::Divide => left / right,
            _ => left % right,
        };
        Some(Self::Double(result))
    }

    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self.whole(), other.whole()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => self.double().partial_cmp(&other.double()),
        }
    }

    pub fn print(&self) -> String {
        match self {
            Self::Whole(whole) => whole.to_string(),
            Self::Double(double) => java_double(*double),
            Self::Written(text) => text.to_string(),
        }
    }
}

/// As `Double.toString`: the shortest digits, with a point; from 10^7 and below 10^-3 with an exponent.
fn java_double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => scientific,
    }
}
