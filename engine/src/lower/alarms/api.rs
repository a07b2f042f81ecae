//! The API: answers that are its own failures, and slow ones
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>).

use super::{Figure, Limit, Part, Watch, run};
use crate::lower::Lowering;
use crate::lower::source::api::API;
use crate::spec::Api;

/// The part of all answers that may be 5xx.
const FAILED: f64 = 0.01;

/// Milliseconds that the slowest hundredth may take where AWS itself answers: the first call of an authorizer is within it.
const SLOW: u32 = 3000;

/// Seconds that API Gateway waits for an answer
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const LONGEST: u32 = 29;

pub(super) fn part(lowering: &Lowering<'_>) -> Option<Part> {
    let api = lowering.spec.api()?;
    let figure = |metric| {
        let dimensions = [("ApiName", lowering.spec.api_name()), ("Stage", api.stage.clone())];
        Figure::sum("AWS/ApiGateway", metric, dimensions)
    };
    let watched = vec![failing(&figure), slow(lowering, api, &figure)];
    let traffic = vec![figure("Count"), figure("4XXError")];
    Some(Part { title: format!("API {}", lowering.spec.api_name()), traffic, watched })
}

fn failing(figure: &impl Fn(&'static str) -> Figure) -> Watch {
    let text = format!(
        "More than 1 % of the API's answers are 5xx, in two of three periods of 5 minutes: the API, or what it calls, fails, and clients must \
         send again. {} shows the failed requests with their reasons; {} shows which part is not well.",
        run("logs"),
        run("status")
    );
    // Each answer counts 0 or 1, so the average is the part that failed.
    let share = Figure { statistic: "Average", ..figure("5XXError") };
    Watch::new("api-errors", API, share, Limit::Often(FAILED), text)
}

fn slow(lowering: &Lowering<'_>, api: &Api, figure: &impl Fn(&'static str) -> Figure) -> Watch {
    let answers = lowering.spec.answered().next().and_then(|_| lowering.spec.function());
    let milliseconds = match answers {
        Some(function) => SLOW.max(function.timeout_seconds.min(LONGEST) * 800),
        None => SLOW,
    };
    let why = match milliseconds {
        SLOW => "usual answers take less than a second",
        _ => "the limit is 80 % of the time after which the function's answer no longer comes",
    };
    let text = format!(
        "The slowest hundredth of the answers of the stage `{}` takes longer than {milliseconds} ms, in two of three periods of 5 minutes; {why}. \
         {} shows where the time goes, {} the slow requests.",
        api.stage,
        run("status"),
        run("logs")
    );
    let p99 = Figure { statistic: "p99", ..figure("Latency") }.time();
    Watch::new("api-slow", API, p99, Limit::Often(f64::from(milliseconds)), text)
}
