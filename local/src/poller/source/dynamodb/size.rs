//! How large items are to AWS
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).

use serde_json::{Map, Value};

/// What a list or a map costs beside its members, and each member beside its value.
const CONTAINER: u64 = 3;
const MEMBER: u64 = 1;

/// The bytes of an item, or of a part of one: names and values.
pub fn size(item: &Value) -> u64 {
    item.as_object().into_iter().flatten().map(|(name, value)| length(name) + value_size(value)).sum()
}

/// The bytes of a typed value, as in `{"S": "text"}`.
fn value_size(value: &Value) -> u64 {
    let typed = value.as_object().and_then(|typed: &Map<String, Value>| typed.iter().next());
    let Some((kind, value)) = typed else { return 0 };
    let text = value.as_str().unwrap_or_default();
    let members = || value.as_array().into_iter().flatten();
    let texts = |each: fn(&str) -> u64| members().map(|member| each(member.as_str().unwrap_or_default())).sum();
    match kind.as_str() {
        "S" => length(text),
        "N" => number(text),
        "B" => binary(text),
        "SS" => texts(length),
        "NS" => texts(number),
        "BS" => texts(binary),
        "L" => CONTAINER + members().map(|member| MEMBER + value_size(member)).sum::<u64>(),
        "M" => {
            let members = value.as_object().map_or(0, |members| members.len() as u64);
            CONTAINER + MEMBER * members + size(value)
        }
        _ => 1,
    }
}

fn length(text: &str) -> u64 {
    text.len() as u64
}

/// A byte for two significant digits, one more, and one for a sign.
fn number(text: &str) -> u64 {
    let (sign, digits) = text.strip_prefix('-').map_or((0, text), |digits| (1, digits));
    let digits: String = digits.split(['e', 'E']).next().unwrap_or_default().replace('.', "");
    let significant = digits.trim_matches('0').len() as u64;
    significant.div_ceil(2) + 1 + sign
}

/// What is in base64.
fn binary(text: &str) -> u64 {
    length(text.trim_end_matches('=')) * 3 / 4
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_those_that_were_recorded() {
        let key = json!({"my_partition_key": {"S": "testId0"}});
        let image = json!({"my_partition_key": {"S": "testId0"}, "should_fail": {"BOOL": false}});
        assert_eq!(size(&key) + size(&image), 58);
        let key = json!({"my_partition_key": {"S": "hello world"}});
        let image = json!({"my_partition_key": {"S": "hello world"}, "binary_key": {"B": "Zm9vYmFy"}});
        assert_eq!(size(&key) + size(&image), 70);
        assert_eq!(size(&json!({"id": {"S": "Fred"}})) * 2, 12);
    }

    #[test]
    fn every_type_has_a_size() {
        let rows = [
            (json!({"S": "ä"}), 2),
            (json!({"N": "0"}), 1),
            (json!({"N": "-12.50"}), 4),
            (json!({"N": "1E3"}), 2),
            (json!({"B": "Zg=="}), 1),
            (json!({"NULL": true}), 1),
            (json!({"SS": ["a", "bc"]}), 3),
            (json!({"NS": ["1", "22"]}), 4),
            (json!({"BS": ["Zm8=", "Zg=="]}), 3),
            (json!({"L": [{"S": "a"}, {"BOOL": true}]}), 7),
            (json!({"M": {"ab": {"S": "c"}}}), 7),
            (json!({}), 0),
            (json!("no value"), 0),
        ];
        for (value, bytes) in rows {
            assert_eq!(value_size(&value), bytes, "{value}");
        }
    }
}
