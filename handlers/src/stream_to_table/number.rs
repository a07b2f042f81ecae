//! Numbers as text: DynamoDB's limits, and one spelling for numbers that are equal.

/// DynamoDB stores 38 significant digits, between 1E-130 and 9.99...E+125, and zero (Developer Guide, "Naming rules and data types").
const MAX_DIGITS: usize = 38;
const EXPONENTS: std::ops::RangeInclusive<i64> = -130..=125;

/// Returns the one spelling of a JSON number, `[-]DIGITSeEXPONENT` (digits without zeros around them, the exponent of the
/// first digit), so that `1`, `1.0` and `10e-1` are one table key, as they are to DynamoDB.
///
/// # Errors
/// Says which of DynamoDB's limits the number breaks.
pub fn canonical(text: &str) -> Result<String, &'static str> {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        return Ok("0".to_owned());
    }
    if digits.len() > MAX_DIGITS {
        return Err("a number has more than 38 significant digits");
    }
    let leading_zeros = i64::try_from(all.len() - significant.len()).unwrap_or(i64::MAX);
    let places = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let first = exponent.parse::<i64>().ok().and_then(|exponent| exponent.checked_add(places - leading_zeros - 1));
    match first {
        Some(first) if EXPONENTS.contains(&first) => Ok(format!("{sign}{digits}e{first}")),
        _ => Err("a number's magnitude is outside of 1E-130 to 9.99E+125"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_have_one_spelling() {
        for (texts, spelling) in [
            (&["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000e00"][..], "1e0"),
            (&["-120", "-1.2e2", "-0.12E3"][..], "-12e2"),
            (&["0", "-0", "0.0", "0e99999999999999999999", "-0.000"][..], "0"),
            (&["0.001", "1e-3"][..], "1e-3"),
        ] {
            for text in texts {
                assert_eq!(canonical(text).as_deref(), Ok(spelling), "{text}");
            }
        }
    }

    #[test]
    fn different_numbers_have_different_spellings() {
        let near = ["9007199254740993", "9007199254740992", "900719925474099.3", "-9007199254740993"];
        let spellings: std::collections::HashSet<_> = near.map(canonical).into_iter().collect();
        assert_eq!(spellings.len(), near.len());
    }

    #[test]
    fn the_limits_are_those_of_dynamodb() {
        let digits = |count: usize| "9".repeat(count);
        assert!(canonical(&digits(38)).is_ok());
        assert!(canonical(&digits(39)).is_err());
        assert!(canonical(&format!("0.{}{}", "0".repeat(20), digits(38))).is_ok());
        assert!(canonical(&format!("1{}", "0".repeat(125))).is_ok());
        assert!(canonical(&format!("1{}", "0".repeat(126))).is_err());
        for (text, fits) in [
            ("9.9999999999999999999999999999999999999E+125", true),
            ("1e126", false),
            ("1E-130", true),
            ("9.9e-131", false),
            ("-1e126", false),
            ("1e99999999999999999999", false),
            ("1e-9223372036854775808", false),
        ] {
            assert_eq!(canonical(text).is_ok(), fits, "{text}");
        }
    }
}
