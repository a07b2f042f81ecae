//! Calls of DynamoDB Streams, signed with a role's credentials: three operations are no reason for a crate of their own.

use std::fmt;

use serde_json::Value;

use super::super::super::access::Access;
use super::super::super::trouble::Trouble;
use crate::by_hand::{self, Service};

const STREAMS: Service = Service { name: "dynamodb", target: "DynamoDBStreams_20120810" };

/// Who calls, and where. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    access: Access,
    by_hand: by_hand::Caller,
}

/// Why there is no answer: AWS's code, or none where nobody answered.
#[derive(Debug)]
pub struct Failure {
    code: String,
    message: String,
}

impl Caller {
    pub fn new(access: &Access, region: &str) -> Self {
        let endpoint = access.roles().root().endpoint_url().unwrap_or_default();
        Self { access: access.clone(), by_hand: by_hand::Caller::new(STREAMS, endpoint, region) }
    }

    /// Makes one call.
    ///
    /// # Errors
    /// A refusal with its code; no answer; one that is no JSON.
    pub async fn ask(&self, operation: &str, input: &Value) -> Result<Value, Failure> {
        let credentials = self.access.credentials().await.map_err(|error| Failure::none(error.message()))?;
        let answered = self.by_hand.ask(operation, input, credentials).await;
        let (ok, body) = answered.map_err(|why| Failure::none(&why))?;
        let answer: Result<Value, _> = serde_json::from_slice(&body);
        match answer {
            Ok(answer) if ok => Ok(answer),
            Ok(answer) => Err(Failure::of(&answer)),
            Err(error) => Err(Failure::none(&format!("the answer is no JSON: {error}"))),
        }
    }
}

impl Failure {
    fn none(message: &str) -> Self {
        Self { code: String::new(), message: message.to_owned() }
    }

    /// Reads a refusal, as in `{"__type": "com.amazonaws.dynamodb.v20120810#ExpiredIteratorException", "message": "..."}`.
    fn of(answer: &Value) -> Self {
        let code = answer["__type"].as_str().unwrap_or("an error without a name");
        let message = answer.get("message").or_else(|| answer.get("Message")).and_then(Value::as_str);
        Self {
            code: code.rsplit('#').next().unwrap_or_default().to_owned(),
            message: message.unwrap_or_default().to_owned(),
        }
    }

    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// Whether it is the role's rights that are missing.
    pub fn denied(&self) -> bool {
        self.code.contains("AccessDenied")
    }

    pub fn trouble(self, role: &str, operation: &str) -> Trouble {
        if self.denied() {
            return Trouble::Other(format!("the role `{role}` may not `dynamodb:{operation}`"));
        }
        let message = format!("`dynamodb:{operation}` under the role `{role}`: {self}");
        match self.code.as_str() {
            "ResourceNotFoundException" => Trouble::NotFound(message),
            "TrimmedDataAccessException" => Trouble::Trimmed(message),
            _ => Trouble::Other(message),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code.as_str() {
            "" => formatter.write_str(&self.message),
            code => write!(formatter, "{code}: {}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn refusals_are_told_apart_by_their_code_in_every_spelling() {
        let trouble = |kind: &str| Failure::of(&json!({"__type": kind, "message": "why"})).trouble("r", "GetRecords");
        let said = "`dynamodb:GetRecords` under the role `r`: TrimmedDataAccessException: why".to_owned();
        for kind in ["TrimmedDataAccessException", "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException"] {
            assert_eq!(trouble(kind), Trouble::Trimmed(said.clone()));
        }
        assert!(matches!(trouble("ResourceNotFoundException"), Trouble::NotFound(_)));
        let denied = Trouble::Other("the role `r` may not `dynamodb:GetRecords`".to_owned());
        assert_eq!(trouble("com.amazon.coral.service#AccessDeniedException"), denied);
        assert!(matches!(trouble("InternalServerError"), Trouble::Other(_)));
    }
}
