//! The alarms of a pipeline, and whom they tell: one file for each part that can fail.
//!
//! Which alarms there are, and their thresholds, follows from the spec. One alarm has one cause, which its description explains. AWS has no
//! figure for some failures, and then there is no alarm: [`unseen`] says which.

mod age;
mod api;
mod dlq;
mod function;
mod kinesis;
mod notes;
mod queue;
mod source;
mod table;
mod told;

use std::collections::BTreeMap;

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::alarm::Alarm;
use crate::kinds::topic::Topic;
use crate::lower::Lowering;
use crate::lower::known::Family;
use crate::resource::Id;

pub(super) use notes::notes;
use source::unseen;
pub(super) use told::is_here;
use told::topic_arn;

const ALARM: &str = "alarm";

/// The topic of the pipeline's own, by which alarms reach a mail address; or one that exists.
const TOPIC: &str = "alarm-topic";

/// Alarms are listed by what their names begin with, and name the topic.
pub(super) const FAMILIES: &[Family] = &[Family::of::<Alarm>(ALARM), Family::of::<Topic>(TOPIC)];

/// What one part of a pipeline shows of itself.
pub(super) struct Part {
    /// For people.
    pub title: String,
    /// What passes through it.
    pub traffic: Vec<Figure>,
    /// What is watched.
    pub watched: Vec<Watch>,
}

/// A statistic of a metric.
#[derive(Clone)]
pub(super) struct Figure {
    pub namespace: &'static str,
    pub metric: &'static str,
    pub dimensions: Vec<(&'static str, String)>,
    pub statistic: &'static str,
    /// Whether it is a time, and no count.
    pub is_time: bool,
}

/// A figure that has a limit.
pub(super) struct Watch {
    /// The last part of the alarm's name: what is wrong.
    pub name: String,
    /// Id of the resource that it is about.
    pub of: String,
    pub figure: Figure,
    pub limit: Limit,
    /// What happened and what to do.
    pub text: String,
}

/// When a figure is an alarm.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// Above this in one period of 5 minutes: what was lost stays lost.
    Once(f64),
    /// Above this in two of three periods of 5 minutes: it does not go away by itself.
    Often(f64),
    /// As [`Limit::Once`]; while there are no values it stays as it was.
    Until(f64),
    /// No value in three periods of 5 minutes.
    Silent,
}

/// Seconds of a period.
pub(super) const PERIOD: u32 = 5 * 60;

impl Figure {
    /// A count of events.
    fn sum(
        namespace: &'static str,
        metric: &'static str,
        dimensions: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        Self { namespace, metric, dimensions: dimensions.into_iter().collect(), statistic: "Sum", is_time: false }
    }

    fn maximum(self) -> Self {
        Self { statistic: "Maximum", ..self }
    }

    fn time(self) -> Self {
        Self { is_time: true, ..self }
    }
}

impl Watch {
    fn new(name: impl Into<String>, of: impl Into<String>, figure: Figure, limit: Limit, text: String) -> Self {
        Self { name: name.into(), of: of.into(), figure, limit, text }
    }

    fn node(self, lowering: &Lowering<'_>, notifies: &[String]) -> Result<Node> {
        let (threshold, periods, datapoints) = match self.limit {
            Limit::Once(threshold) | Limit::Until(threshold) => (threshold, 1, 1),
            Limit::Often(threshold) => (threshold, 3, 2),
            Limit::Silent => (1.0, 3, 3),
        };
        let (comparison, missing) = match self.limit {
            Limit::Once(_) | Limit::Often(_) => ("GreaterThanThreshold", "notBreaching"),
            Limit::Until(_) => ("GreaterThanThreshold", "ignore"),
            Limit::Silent => ("LessThanThreshold", "breaching"),
        };
        let dimensions: BTreeMap<String, String> =
            self.figure.dimensions.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let props = Alarm {
            description: self.text,
            namespace: self.figure.namespace.to_owned(),
            metric: self.figure.metric.to_owned(),
            dimensions,
            statistic: self.figure.statistic.to_owned(),
            period_seconds: PERIOD,
            periods,
            datapoints,
            comparison: comparison.to_owned(),
            threshold,
            missing: missing.to_owned(),
            notifies: notifies.to_vec(),
            enabled: true,
            notifies_otherwise: BTreeMap::new(),
            unit: String::new(),
        };
        let node = Node::new(Id::of_family(ALARM, &self.name).as_str(), name(&lowering.spec.name, &self.name), &props)?;
        Ok(node.needs([TOPIC]).mentions([self.of.as_str()]))
    }
}

/// The alarms, and the topic by which they tell. `made` are the pipeline's other resources.
pub(super) fn nodes(lowering: &Lowering<'_>, made: &[Node]) -> Result<Vec<Node>> {
    let Some(told) = lowering.spec.told() else { return Ok(Vec::new()) };
    let notifies: Vec<String> = topic_arn(lowering, told).into_iter().collect();
    let watched = parts(lowering, made).into_iter().flat_map(|part| part.watched);
    let mut nodes = watched.map(|watch| watch.node(lowering, &notifies)).collect::<Result<Vec<_>>>()?;
    nodes.extend(told::node(lowering, told)?);
    Ok(nodes)
}

/// The parts of the pipeline, in the order that an event travels.
pub(super) fn parts(lowering: &Lowering<'_>, made: &[Node]) -> Vec<Part> {
    let parts = [api::part(lowering), source::part(lowering), kinesis::part(lowering), queue::part(lowering)];
    let tables = table::parts(lowering);
    let functions = function::parts(lowering, made);
    parts.into_iter().flatten().chain(functions).chain(tables).chain(dlq::part(lowering)).collect()
}

/// The name of an alarm. No pipeline's name has a `/`, so its alarms are told from those of `orders-eu` beside `orders`.
fn name(pipeline: &str, what: &str) -> String {
    format!("{}{what}", crate::aws::alarms::prefix(pipeline))
}

/// A command about this pipeline, as alarms' texts name it.
fn run(command: &str) -> String {
    format!("`pipe {command}`")
}

/// An hour count or a number of minutes, for people.
fn spoken(seconds: u32) -> String {
    let plural = |count: u32, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    match seconds {
        0..60 => plural(seconds, "second"),
        60..7200 => plural(seconds / 60, "minute"),
        _ => plural(seconds / 3600, "hour"),
    }
}
