//! Rows of the pipeline's tables, a page at a time.
//!
//! IAM: dynamodb:Scan.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::aws::Cx;
use crate::error::{Error, Result};

/// Attributes, by their names.
type Attributes = HashMap<String, AttributeValue>;

/// Some rows of a table, from where another page ended. Values are DynamoDB's JSON, which keeps every digit.
///
/// # Errors
/// Those of DynamoDB; a start that is none.
pub async fn rows(cx: &Cx, table: &str, keys: &[String], limit: i32, start: Option<&str>) -> Result<Value> {
    let start =
        start.map(|start| begin(start).ok_or_else(|| Error::fatal("this is no place to begin at"))).transpose()?;
    let answer = cx.aws.dynamodb.scan().table_name(table).limit(limit).set_exclusive_start_key(start).send().await?;
    let row = |item: &Attributes| {
        let whole = shown(item);
        let key: Map<String, Value> =
            keys.iter().filter_map(|name| Some((name.clone(), whole.get(name)?.clone()))).collect();
        json!({ "key": key, "item": whole })
    };
    let next =
        answer.last_evaluated_key.as_ref().map(|key| URL_SAFE_NO_PAD.encode(Value::Object(shown(key)).to_string()));
    Ok(json!({ "rows": answer.items().iter().map(row).collect::<Value>(), "next": next }))
}

fn begin(start: &str) -> Option<Attributes> {
    let members: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(start).ok()?).ok()?;
    let value = |(name, value): (String, Value)| {
        // Keys have these types alone.
        let (kind, text) = value.as_object()?.iter().next()?;
        let text = text.as_str()?;
        let value = match kind.as_str() {
            "S" => AttributeValue::S(text.to_owned()),
            "N" => AttributeValue::N(text.to_owned()),
            "B" => AttributeValue::B(STANDARD.decode(text).ok()?.into()),
            _ => return None,
        };
        Some((name, value))
    };
    members.into_iter().map(value).collect()
}

fn shown(item: &Attributes) -> Map<String, Value> {
    item.iter().map(|(name, value)| (name.clone(), one(value))).collect()
}

fn one(value: &AttributeValue) -> Value {
    let bytes = |blob: &aws_sdk_dynamodb::primitives::Blob| STANDARD.encode(blob.as_ref());
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(blob) => json!({ "B": bytes(blob) }),
        AttributeValue::Bool(is) => json!({ "BOOL": is }),
        AttributeValue::Null(is) => json!({ "NULL": is }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(one).collect::<Value>() }),
        AttributeValue::M(map) => json!({ "M": shown(map) }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(blobs) => json!({ "BS": blobs.iter().map(bytes).collect::<Vec<_>>() }),
        // Types that DynamoDB may get one day.
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_where_the_last_one_ended() {
        let key = Attributes::from([
            ("a".to_owned(), AttributeValue::S("x".into())),
            ("b".to_owned(), AttributeValue::N("1.50".into())),
            ("c".to_owned(), AttributeValue::B(vec![0, 255].into())),
        ]);
        let text = URL_SAFE_NO_PAD.encode(Value::Object(shown(&key)).to_string());
        assert_eq!(begin(&text), Some(key));
        for wrong in ["", "!", "e30x", &URL_SAFE_NO_PAD.encode("[]"), &URL_SAFE_NO_PAD.encode(r#"{"a":{"M":{}}}"#)] {
            assert_eq!(begin(wrong), None, "{wrong}");
        }
    }
}
