//! Streams of tables: what UpdateTable refuses.
//!
//! MiniStack takes every change of a stream. Over one that is there it sets another view and keeps the ARN, where AWS begins no stream over
//! another: a deployer must end the one before, and the new one has another ARN then, in MiniStack as well.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Answering, Exchange, refusals};

const DESCRIBE: &str = "DynamoDB_20120810.DescribeTable";

/// Changes a table, if what it asks for of the stream differs from what there is.
pub fn update<'a>(exchange: &'a Exchange<'a>) -> BoxFuture<'a, Answering> {
    Box::pin(async move {
        let input = exchange.input();
        if let Some(wanted) = input.get("StreamSpecification").filter(|wanted| wanted.is_object()) {
            let table = input["TableName"].as_str().unwrap_or_default();
            let described = exchange.ask("dynamodb", DESCRIBE, &json!({ "TableName": table })).await;
            let refused = described.and_then(|found| refused(wanted, &found["Table"]["StreamSpecification"], table));
            if let Some(message) = refused {
                return Ok(refusals::refusal(400, "ValidationException", &message));
            }
        }
        exchange.forward().await
    })
}

/// AWS's words for what it does not do to a table that is there.
fn refused(wanted: &Value, found: &Value, table: &str) -> Option<String> {
    let on = |of: &Value| of["StreamEnabled"] == true;
    match (on(wanted), on(found)) {
        (true, true) => Some(format!("Table already has an enabled stream: TableName: {table}")),
        (false, _) if !wanted["StreamViewType"].is_null() => Some(
            "One or more parameter values were invalid: If stream is being disabled, then UpdateViewType must not be specified"
                .to_owned(),
        ),
        (false, false) => Some(format!("Table has no stream to disable: TableName: {table}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_begun_where_none_is_and_ended_where_one_is() {
        let (on, off) =
            (json!({"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}), json!({"StreamEnabled": false}));
        let told = |wanted: &Value, found: &Value| refused(wanted, found, "t").unwrap_or_default();
        assert_eq!(told(&on, &on), "Table already has an enabled stream: TableName: t");
        assert_eq!(told(&off, &off), "Table has no stream to disable: TableName: t");
        assert_eq!(told(&off, &Value::Null), "Table has no stream to disable: TableName: t");
        assert_eq!(told(&on, &off) + &told(&on, &Value::Null) + &told(&off, &on), "");
        let both = json!({"StreamEnabled": false, "StreamViewType": "NEW_IMAGE"});
        assert!(told(&both, &on).ends_with("then UpdateViewType must not be specified"));
    }
}
