//! Secrets Manager.

use serde_json::{Value, json};

use super::{Answering, Exchange};

/// What AWS refuses while a secret is in its recovery window: all but reading its description, restoring it and
/// deleting it at once. moto allows some of it, and neither knows the text for CreateSecret.
pub fn refused_in_window<'a>(exchange: &'a Exchange<'a>) -> Answering<'a> {
    const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";
    const SCHEDULED: &str =
        "You can't create this secret because a secret with this name is already scheduled for deletion.";
    Box::pin(async move {
        let input = exchange.request.json();
        let (id, refusal) = match exchange.call.operation.as_str() {
            "DescribeSecret" | "RestoreSecret" | "DeleteSecret" | "ListSecrets" => (&Value::Null, ""),
            "CreateSecret" => (&input["Name"], SCHEDULED),
            _ => (&input["SecretId"], MARKED),
        };
        if !id.is_null() {
            let described = exchange.ask("secretsmanager.DescribeSecret", &json!({ "SecretId": id })).await?;
            if described.is_success() && !described.json()["DeletedDate"].is_null() {
                return Ok(exchange.error(400, "InvalidRequestException", refusal));
            }
        }
        exchange.forward().await
    })
}
