//! What alarms and dashboards cost, and what they do not see.

use super::told::topic_arn;
use crate::aws::Place;
use crate::bundle::Codes;
use crate::graph::Graph;
use crate::kinds::alarm::Alarm;
use crate::lower::Lowering;
use crate::resource::Resource;
use crate::spec::Loaded;

/// US cents for an alarm about one metric and one month, where it costs least; an account's first 10 are free
/// (<https://aws.amazon.com/cloudwatch/pricing/>).
const CENTS: usize = 10;

/// Returns what a plan says of the alarms and the dashboard.
pub fn notes(loaded: &Loaded, place: &Place, graph: &Graph) -> Vec<String> {
    let codes = Codes::unbuilt();
    let lowering = Lowering::of(loaded, place, &codes);
    let count = graph.nodes().iter().filter(|node| node.kind.name == Alarm::KIND).count();
    let price = (count > 0).then(|| {
        let cents = count * CENTS;
        let alarms = if count == 1 { "alarm" } else { "alarms" };
        format!(
            "{count} {alarms}: about ${}.{:02} a month; the first 10 of an account are free",
            cents / 100,
            cents % 100
        )
    });
    let told = loaded.spec.told();
    let theirs = told.filter(|told| told.email.is_none()).and_then(|told| topic_arn(&lowering, told)).map(|topic| {
        format!(
            "alarms tell the topic `{topic}`, which is not the pipeline's: its policy must let `cloudwatch.amazonaws.com` publish, and where it is \
             encrypted its key must be one of your own whose policy lets it use the key"
        )
    });
    let unseen = told.and_then(|_| super::unseen(&lowering)).map(str::to_owned);
    let dashboard =
        loaded.spec.dashboard.then(|| "1 dashboard: $3.00 a month; the first 3 of an account are free".to_owned());
    [price, dashboard, theirs, unseen].into_iter().flatten().collect()
}
