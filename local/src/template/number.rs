//! Numbers as Java and Velocity have them: whole ones and doubles.

use std::cmp::Ordering;
use std::sync::Arc;

use super::ast::Operator;

#[derive(Debug, Clone)]
pub enum Number {
    /// Wide enough for the sums of any two longs; beyond it arithmetic has no result.
    Whole(i128),
    Double(f64),
    /// A whole number of a JSON text that no `i128` holds: Java's `BigInteger` prints it as it was written.
    Big(Arc<str>),
}

impl Number {
    /// A number as a template writes it.
    pub fn literal(text: &str, float: bool) -> Option<Self> {
        if float { text.parse().ok().map(Self::Double) } else { text.parse().ok().map(Self::Whole) }
    }

    /// A valid JSON number. One with a point or an exponent is a Java `Double` from then on, and is printed as such: `1.50`
    /// becomes `1.5`, `1e3` becomes `1000.0`.
    pub fn json(text: &str) -> Self {
        match text.parse() {
            Ok(whole) => Self::Whole(whole),
            Err(_) if text.contains(['.', 'e', 'E']) => Self::Double(text.parse().unwrap_or(f64::NAN)),
            Err(_) => Self::Big(text.into()),
        }
    }

    pub fn whole(&self) -> Option<i128> {
        match self {
            Self::Whole(whole) => Some(*whole),
            Self::Double(_) | Self::Big(_) => None,
        }
    }

    pub fn double(&self) -> f64 {
        match self {
            Self::Whole(whole) => *whole as f64,
            Self::Double(double) => *double,
            Self::Big(text) => text.parse().unwrap_or(f64::NAN),
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
            Self::Big(text) => text.to_string(),
        }
    }
}

/// As `Double.toString` since JDK 19: the shortest digits, with a point; from 10^7 and below 10^-3 with an exponent. Older JDKs
/// print one digit more for some values (2.0E-3 as `0.0020`); which one API Gateway runs on is not published.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_of_a_body_is_printed_as_java_prints_it() {
        let huge = "123456789012345678901234567890123456789012345";
        for (written, printed) in [
            ("1.50", "1.5"),
            ("1e3", "1000.0"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("0.001", "0.001"),
            ("0.00001", "1.0E-5"),
            ("12345678.9", "1.23456789E7"),
            ("9999999.0", "9999999.0"),
            ("1E7", "1.0E7"),
            ("-1.5e-10", "-1.5E-10"),
            ("42", "42"),
            ("9007199254740993", "9007199254740993"),
            (huge, huge),
        ] {
            assert_eq!(Number::json(written).print(), printed, "{written}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_double_is_the_same_double_in_javas_form(value in any::<f64>().prop_filter("finite", |one| one.is_finite())) {
            let printed = Number::Double(value).print();
            prop_assert_eq!(printed.parse::<f64>().ok(), Some(value));
            let (digits, exponent) = printed.split_once('E').map_or((printed.as_str(), None), |(digits, e)| (digits, Some(e)));
            let (whole, fraction) = digits.trim_start_matches('-').split_once('.').unwrap_or_default();
            prop_assert!(!whole.is_empty() && !fraction.is_empty(), "{}", printed);
            let plain = value == 0.0 || (1e-3..1e7).contains(&value.abs());
            prop_assert_eq!(plain, exponent.is_none());
            prop_assert!(exponent.is_none() || whole.len() == 1);
        }
    }
}
