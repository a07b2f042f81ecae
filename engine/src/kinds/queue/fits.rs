//! Whether a queue can feed a function, where one of the two is not the pipeline's own.

use serde::Deserialize;
use serde_json::Value;

use super::Queue;
use crate::kinds::function::Function;
use crate::resource::Refusal;

/// How many times as long as the function may work AWS advises to hide a message
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>).
const ADVISED: u32 = 6;

/// Seconds that a queue hides a message at most.
const LONGEST: u32 = 43_200;

/// Says that a message would come again while the function still works on it: Lambda refuses such a mapping.
pub fn hides_too_short(queue: &Value, function: &Value) -> Option<Refusal> {
    let (queue, function) = (Queue::deserialize(queue).ok()?, Function::deserialize(function).ok()?);
    let (hidden, works) = (queue.visibility_seconds, function.timeout_seconds);
    let advised = (works * ADVISED).min(LONGEST);
    (hidden < works).then(|| Refusal {
        why: format!("hides a message for {hidden} s, and the function may work on it for {works} s: Lambda refuses that"),
        hint: format!(
            "hide it for {works} s or more, AWS advises {advised}: `visibility_seconds` in `stream.queue`, or of an existing queue its \
             attribute `VisibilityTimeout`; or let the function end after {hidden} s at most"
        ),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::policy::Policy;
    use crate::resource::json as erased;

    #[test]
    fn the_numbers_of_both_are_said() {
        let queue = |visibility_seconds| {
            let policy = Policy::new(Vec::new());
            erased(&Queue {
                retention_seconds: 60,
                encrypted: true,
                key: String::new(),
                policy,
                fifo: false,
                visibility_seconds,
                delay_seconds: 0,
                redrive: None,
                takes_from: Vec::new(),
            })
            .unwrap()
        };
        let function = json!({
            "role": "r", "runtime": "python3.13", "handler": "h", "architecture": "arm64", "memory_mb": 128, "timeout_seconds": 60,
            "environment": {}, "tracing": false, "log_group": "l", "log_level": "info", "reserved_concurrency": null,
            "code_sha256": "", "description": ""
        });
        assert_eq!(hides_too_short(&queue(60), &function), None);
        let refusal = hides_too_short(&queue(30), &function).unwrap();
        assert!(refusal.why.starts_with("hides a message for 30 s, and the function may work on it for 60 s"));
        assert!(refusal.hint.contains("60 s or more, AWS advises 360"), "{}", refusal.hint);
    }
}
