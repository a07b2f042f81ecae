//! What a function of an Alexa skill is not: it answers, and nothing is kept for it.

use super::{At, Cx};
use crate::spec::{Alexa, Problem};

use crate::spec::rules::{CONSUMER, DLQ, STREAM};

/// Seconds that Alexa waits for an answer
/// (<https://developer.amazon.com/en-US/docs/alexa/custom-skills/request-and-response-json-reference.html>).
const PATIENCE: u32 = 8;

/// Where Alexa calls functions
/// (<https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html>).
const REGIONS: &str = "`us-east-1`, `us-west-2`, `eu-west-1` and `ap-northeast-1`";

/// A skill calls its function, and tells the user what it answers.
pub(in crate::spec::rules) fn alexa(cx: &Cx<'_>, alexa: &At<'_, Alexa>) -> Vec<Problem> {
    let message = format!("Alexa calls functions in {REGIONS} alone");
    let mut problems = vec![Problem::note(&alexa.path, message).on_key()];
    if cx.has(STREAM) {
        let message = "an Alexa skill wants an answer, and a stream gives none";
        problems.push(Problem::error(STREAM, message).hint("take `stream` out").on_key());
    }
    if cx.has(DLQ) {
        let message = "nothing goes to the dlq: a skill is told of an error at once, and AWS repeats nothing";
        problems.push(Problem::error(DLQ, message).hint("take `dlq` out").on_key());
    }
    let Some(function) = cx.function() else { return problems };
    if cx.has(&function.at("failures")) {
        let message = "a skill is told of an error at once, and AWS repeats nothing";
        problems.push(Problem::error(function.at("failures"), message).hint("take it out").on_key());
    }
    let (path, seconds) = (function.at("timeout_seconds"), function.timeout_seconds);
    if function.existing.is_none() && seconds > PATIENCE && cx.sound(&path) {
        let message = format!("Alexa waits {PATIENCE} seconds for an answer, and the function may take {seconds}");
        let path = if cx.has(&path) { path } else { CONSUMER.to_owned() };
        problems
            .push(Problem::error(path, message).hint(format!("set `timeout_seconds: {PATIENCE}` or less")).on_key());
    }
    if function.is_bundled() {
        let message = "`stream-to-table` answers no skill";
        problems.push(Problem::error(function.at("handler"), message).hint("bring a handler of your own"));
    }
    problems
}
