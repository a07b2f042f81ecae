//! A line of the API's access log, in the format that `pipe` gives it.

use serde_json::{Map, Value};

use crate::event::logs::Logged;

/// What API Gateway writes for a variable without a value.
const NOTHING: &str = "-";

/// A request. All values are texts.
pub(super) fn request(mut object: Map<String, Value>) -> Logged {
    object.retain(|_, value| value.as_str().is_none_or(|text| text != NOTHING && !text.is_empty()));
    object.remove("requestTime");
    let mut take = |name: &str| match object.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (method, path, status, latency) =
        (take("method"), take("resourcePath"), take("status"), take("responseLatency"));
    let level = match status.as_bytes().first() {
        Some(b'5') => "ERROR",
        Some(b'4') => "WARN",
        _ => "INFO",
    };
    let took = if latency.is_empty() { String::new() } else { format!("{latency} ms") };
    let parts = [method, path, status, took];
    let message: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Logged { level: Some(level.to_owned()), message: message.join(" "), fields: object, ..Logged::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_one_line() {
        let line = json!({
            "extendedRequestId": "abc=", "ip": "192.0.2.1", "requestTime": "29/Nov/2026:05:20:00 +0000", "method": "POST",
            "resourcePath": "/a/{id}", "status": "504", "errorType": "-", "responseLatency": "29000", "responseLength": "",
        });
        let logged = request(serde_json::from_value(line).unwrap());
        assert_eq!((logged.level.as_deref(), logged.message.as_str()), (Some("ERROR"), "POST /a/{id} 504 29000 ms"));
        assert_eq!(Value::Object(logged.fields), json!({ "extendedRequestId": "abc=", "ip": "192.0.2.1" }));
    }

    #[test]
    fn a_request_to_no_route_has_neither_method_nor_path() {
        let line =
            json!({ "method": "-", "resourcePath": "-", "status": "403", "errorType": "MISSING_AUTHENTICATION_TOKEN" });
        let logged = request(serde_json::from_value(line).unwrap());
        assert_eq!((logged.level.as_deref(), logged.message.as_str()), (Some("WARN"), "403"));
    }
}
