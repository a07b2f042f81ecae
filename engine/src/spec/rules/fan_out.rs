//! Rules of a throughput of its own.

use super::{At, Cx, STREAM};
use crate::spec::{Function, Problem};

/// Only Kinesis has it
/// (<https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html>).
pub(super) fn kinesis_only(cx: &Cx<'_>, function: &At<'_, Function>) -> Vec<Problem> {
    let path = function.at("fan_out");
    if !function.fan_out || cx.kinesis().is_some() || !cx.sound(STREAM) || !cx.sound(&path) {
        return Vec::new();
    }
    let message = "`fan_out` needs `stream.kinesis`: only a Kinesis stream gives a reader a throughput of its own";
    vec![Problem::error(path, message).hint("take `fan_out` out").on_key()]
}
