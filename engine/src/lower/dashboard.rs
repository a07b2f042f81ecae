//! The dashboard: a graph for each part, of what passes through it and of what its alarms watch.
//!
//! Its form: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>.

use serde_json::{Value, json};

use crate::error::Result;
use crate::graph::Node;
use crate::kinds::alarm::{self, Alarm};
use crate::kinds::dashboard::{Dashboard, labelled, name};
use crate::lower::Lowering;
use crate::lower::alarms::{Figure, PERIOD, Part, parts};
use crate::lower::known::Family;
use crate::owner::label;
use crate::resource::{Id, Resource};

const DASHBOARD: &str = "dashboard";

/// It is looked for by its name.
pub(super) const FAMILIES: &[Family] = &[Family::of::<Dashboard>(DASHBOARD)];

/// Columns of a dashboard.
const COLUMNS: usize = 24;
/// Columns and rows of a graph.
const GRAPH: (usize, usize) = (12, 6);
/// Rows of the text above all, and of the alarms' states.
const ROWS: usize = 2;

/// `made` are the pipeline's other resources, and `alarms` are among what is above the graphs.
pub(super) fn nodes(lowering: &Lowering<'_>, made: &[Node], alarms: &[Node]) -> Result<Vec<Node>> {
    if !lowering.spec.dashboard {
        return Ok(Vec::new());
    }
    let heads = [Some(text(&lowering.spec.name)), states(lowering, alarms)];
    let heads =
        heads.into_iter().flatten().enumerate().map(|(at, widget)| placed(widget, (0, at * ROWS), (COLUMNS, ROWS)));
    let heads: Vec<Value> = heads.collect();
    let graphs = parts(lowering, made).into_iter().enumerate().map(|(at, part)| {
        let (column, row) = (at % 2 * GRAPH.0, heads.len() * ROWS + at / 2 * GRAPH.1);
        placed(graph(&lowering.place.region, &part), (column, row), GRAPH)
    });
    let widgets: Vec<Value> = heads.iter().cloned().chain(graphs).collect();
    let props = Dashboard { body: json!({ "widgets": widgets }) };
    Ok(vec![Node::new(DASHBOARD, name(&lowering.spec.name, lowering.place).as_str(), &props)?])
}

fn placed(mut widget: Value, (x, y): (usize, usize), (width, height): (usize, usize)) -> Value {
    for (member, number) in [("x", x), ("y", y), ("width", width), ("height", height)] {
        widget[member] = json!(number);
    }
    widget
}

fn text(pipeline: &str) -> Value {
    let told = format!("# {pipeline}\nMade by pipe, which undoes changes. Times are on the right.");
    json!({ "type": "text", "properties": { "markdown": labelled(&label(pipeline, &Id::new(DASHBOARD)), &told) } })
}

fn states(lowering: &Lowering<'_>, alarms: &[Node]) -> Option<Value> {
    let alarms = alarms.iter().filter(|node| node.kind.name == Alarm::KIND);
    let arns: Vec<String> = alarms.map(|node| alarm::arn(lowering.place, &node.name)).collect();
    (!arns.is_empty()).then(|| json!({ "type": "alarm", "properties": { "title": "Alarms", "alarms": arns } }))
}

fn graph(region: &str, part: &Part) -> Value {
    let figures = part.traffic.iter().chain(part.watched.iter().map(|watch| &watch.figure));
    json!({ "type": "metric", "properties": {
        "title": part.title,
        "region": region,
        "view": "timeSeries",
        "stacked": false,
        "period": PERIOD,
        "metrics": figures.map(line).collect::<Vec<_>>(),
    } })
}

/// A metric as graphs have it: namespace, name, its dimensions one after the other, and how it is shown.
fn line(figure: &Figure) -> Value {
    let dimensions = figure.dimensions.iter().flat_map(|(name, value)| [json!(name), json!(value)]);
    let mut shown = json!({ "stat": figure.statistic });
    if figure.is_time {
        shown["yAxis"] = json!("right");
    }
    [json!(figure.namespace), json!(figure.metric)].into_iter().chain(dimensions).chain([shown]).collect()
}
