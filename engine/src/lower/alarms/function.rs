//! Functions: calls that fail and calls that Lambda refuses, and what is lost behind the consumer
//! (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>).

use super::{Figure, Limit, Part, Watch, age, run};
use crate::graph::Node;
use crate::kinds::function::Function;
use crate::lower::consumer::CONSUMER;
use crate::lower::{Lowering, dlq};
use crate::resource::Resource;
use crate::spec::Feeding;

/// Seconds that a table's stream keeps changes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>).
const CHANGES_KEPT: u32 = 24 * 60 * 60;

/// Every function that the pipeline has or uses.
pub(super) fn parts(lowering: &Lowering<'_>, made: &[Node]) -> Vec<Part> {
    let functions = made.iter().filter(|node| node.kind.name == Function::KIND);
    functions.map(|node| part(lowering, node.id.as_str(), node.name.as_str())).collect()
}

fn part(lowering: &Lowering<'_>, id: &str, function: &str) -> Part {
    let mut watched = vec![throttled(id, function)];
    // An authorizer that refuses ends with an error, too, which any stranger can bring about; what fails otherwise is a 5xx of the API.
    if id == CONSUMER {
        watched.insert(0, fails(id, function));
        watched.extend(lost(lowering, function));
        // Of a table's stream no metric says that nobody reads it.
        let reads = lowering.spec.function().is_some_and(|function| function.enabled);
        let changes = lowering.spec.table_changes().filter(|_| reads);
        watched.extend(changes.map(|_| age::waits(lowering, CHANGES_KEPT)));
    }
    let duration = Figure { statistic: "p99", ..figure("Duration", function) }.time();
    Part { title: format!("Function {function}"), traffic: vec![figure("Invocations", function), duration], watched }
}

fn fails(id: &str, function: &str) -> Watch {
    let text = format!(
        "The function `{function}` fails in two of three periods of 5 minutes: it ends with an error, runs into its time-out, or needs more \
         memory than it has. {} shows its errors.",
        run("logs")
    );
    Watch::new(format!("{id}-errors"), id, figure("Errors", function), Limit::Often(0.0), text)
}

fn throttled(id: &str, function: &str) -> Watch {
    let text = format!(
        "Lambda refuses calls of the function `{function}` in two of three periods of 5 minutes: it runs as often at once as its \
         `reserved_concurrency`, or all functions of the account together, may. {} shows what waits for it. Set more \
         `reserved_concurrency`, or ask AWS for a higher quota.",
        run("status")
    );
    Watch::new(format!("{id}-throttled"), id, figure("Throttles", function), Limit::Often(0.0), text)
}

/// Watches for events that are neither handled nor in the dlq. Without a dlq a mapping drops records unseen: AWS has no free figure for that.
fn lost(lowering: &Lowering<'_>, function: &str) -> Option<Watch> {
    let (is_fed_by_queue, pushed) = (lowering.spec.fed_queue().is_some(), lowering.spec.is_pushed());
    let sends = dlq::arn(lowering).is_some()
        && matches!(lowering.spec.feeding(), Some(Feeding::Polled(_) | Feeding::Pushed(_)));
    let (metric, text) = match (sends && !is_fed_by_queue, pushed) {
        (true, _) => (
            "DestinationDeliveryFailures",
            format!(
                "Lambda could not send to the dlq what the function `{function}` failed on: these records are lost, or can be read from the stream \
                 alone, until it forgets them. The dlq is gone, its policy or its key refuses the role, or a record is too large. {} makes them as \
                 the spec has them; {} shows what failed.",
                run("apply"),
                run("logs")
            ),
        ),
        (false, true) => (
            "AsyncEventsDropped",
            format!(
                "Lambda has dropped events that the function `{function}` failed on, or that waited for too long: they are lost. {} shows why it \
                 failed. With a `dlq` such events are kept.",
                run("logs")
            ),
        ),
        (false, false) => return None,
    };
    Some(Watch::new(format!("{CONSUMER}-lost"), CONSUMER, figure(metric, function), Limit::Once(0.0), text))
}

fn figure(metric: &'static str, function: &str) -> Figure {
    Figure::sum("AWS/Lambda", metric, [("FunctionName", function.to_owned())])
}
