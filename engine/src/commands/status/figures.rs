//! What is asked of CloudWatch, and what it says: one call for the figures of all parts.
//!
//! IAM: cloudwatch:GetMetricData.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::time::moment;
use crate::aws::cloudwatch::CLOUDWATCH;
use crate::aws::{Cx, Repeat};
use crate::error::Result;
use crate::event::status::{Figure, Unit, Window};

/// Steps of the window: what a sparkline shows.
const STEPS: usize = 12;
/// Seconds of a step on AWS, whose metrics are of minutes and come minutes late; in `pipe dev` they come within seconds.
const STEP_ON_AWS: u32 = 5 * 60;
const STEP_LOCALLY: u32 = 30;
/// What a call takes (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const QUERIES: usize = 500;

/// A statistic of CloudWatch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stat {
    Sum,
    Maximum,
    P99,
}

impl Stat {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "Sum",
            Self::Maximum => "Maximum",
            Self::P99 => "p99",
        }
    }

    /// The steps as one value: percentiles cannot be put together, so that the highest stands for all.
    fn of(self, steps: &[Option<f64>]) -> Option<f64> {
        let known = steps.iter().flatten().copied();
        match self {
            Self::Sum => known.fold(None, |sum, step| Some(sum.unwrap_or_default() + step)),
            Self::Maximum | Self::P99 => {
                known.fold(None, |most, step| Some(most.map_or(step, |most: f64| most.max(step))))
            }
        }
    }
}

/// A figure that a part asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub name: &'static str,
    pub namespace: &'static str,
    pub metric: &'static str,
    pub dimensions: Vec<(&'static str, String)>,
    pub stat: Stat,
    pub unit: Unit,
}

/// A table of figures with the same namespace and dimensions: the name, the metric, its statistic and unit.
pub type Table = [(&'static str, &'static str, Stat, Unit)];

/// The figures of a table, for what these dimensions name.
pub fn asks(namespace: &'static str, dimensions: &[(&'static str, &str)], table: &Table) -> Vec<Ask> {
    let dimensions: Vec<_> = dimensions.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let ask = |(name, metric, stat, unit): &(&'static str, &'static str, Stat, Unit)| Ask {
        name,
        namespace,
        metric,
        dimensions: dimensions.clone(),
        stat: *stat,
        unit: *unit,
    };
    table.iter().map(ask).collect()
}

/// The steps that figures are of: whole ones since 1970, as CloudWatch has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The beginning of the first, in seconds since 1970.
    from: u64,
    step: u32,
}

impl Steps {
    /// The last ones, with the one that `now` is in, in seconds since 1970.
    pub fn until(now: u64, local: bool) -> Self {
        let step = if local { STEP_LOCALLY } else { STEP_ON_AWS };
        let last = now / u64::from(step) * u64::from(step);
        Self { from: last.saturating_sub((STEPS as u64 - 1) * u64::from(step)), step }
    }

    fn to(self) -> u64 {
        self.from + STEPS as u64 * u64::from(self.step)
    }

    /// The place of the step that a time is in.
    fn place(self, time: u64) -> Option<usize> {
        let place = usize::try_from(time.checked_sub(self.from)? / u64::from(self.step)).ok()?;
        (place < STEPS).then_some(place)
    }

    /// The window as it is printed, with its newest step of these figures.
    pub fn window(self, figures: &[Figures]) -> Window {
        let has = |place: &usize| figures.iter().flat_map(|of| &of.0).any(|figure| figure.steps[*place].is_some());
        let newest = (0..STEPS).rev().find(has).map(|place| self.from + place as u64 * u64::from(self.step));
        let (from, to) = (moment(self.from), moment(self.to()));
        Window { from, to, step_seconds: self.step, newest: newest.map(moment) }
    }
}

/// The figures of one part.
#[derive(Clone, Debug, Default)]
pub struct Figures(pub Vec<Figure>);

impl Figures {
    /// The value of a figure over the window; 0 where CloudWatch has none, as it has of an error that did not happen.
    pub fn value(&self, name: &str) -> f64 {
        self.figure(name).and_then(|figure| figure.value).unwrap_or_default()
    }

    /// The value of the newest step that has one.
    pub fn newest(&self, name: &str) -> Option<f64> {
        self.figure(name)?.steps.iter().rev().flatten().next().copied()
    }

    fn figure(&self, name: &str) -> Option<&Figure> {
        self.0.iter().find(|figure| figure.name == name)
    }
}

/// What CloudWatch said.
#[derive(Debug)]
pub struct Answer {
    /// The figures of each part, in the order in which they were asked for.
    pub figures: Vec<Figures>,
    /// The time at which it said so, as it gives it.
    pub date: Option<String>,
}

/// The figures of parts that CloudWatch did not give.
pub fn none(asked: &[Vec<Ask>]) -> Vec<Figures> {
    given(asked, &BTreeMap::new())
}

/// Reads the figures of all parts.
///
/// # Errors
/// Those of CloudWatch.
pub async fn read(cx: &Cx, asked: &[Vec<Ask>], steps: Steps) -> Result<Answer> {
    let queries: Vec<Value> = asked.iter().flatten().enumerate().map(|(at, ask)| query(at, ask, steps)).collect();
    let (mut values, mut date) = (BTreeMap::new(), None);
    for some in queries.chunks(QUERIES) {
        let mut next = Value::Null;
        loop {
            let mut input = json!({
                "StartTime": steps.from, "EndTime": steps.to(), "ScanBy": "TimestampAscending", "MetricDataQueries": some,
            });
            if next.is_string() {
                input["NextToken"] = next;
            }
            let operations = &cx.aws.operations;
            let (mut page, at) = operations.dated(&CLOUDWATCH, "GetMetricData", &input, Repeat::AsUsual).await?;
            date = at.or(date);
            take(&mut values, &page, steps);
            next = page["NextToken"].take();
            if !next.is_string() {
                break;
            }
        }
    }
    Ok(Answer { figures: given(asked, &values), date })
}

fn query(at: usize, ask: &Ask, steps: Steps) -> Value {
    let dimensions: Vec<Value> =
        ask.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    let metric = json!({ "Namespace": ask.namespace, "MetricName": ask.metric, "Dimensions": dimensions });
    json!({ "Id": format!("q{at}"), "MetricStat": { "Metric": metric, "Period": steps.step, "Stat": ask.stat.as_str() } })
}

/// Takes the values of a page, by the number of their query.
fn take(values: &mut BTreeMap<usize, [Option<f64>; STEPS]>, page: &Value, steps: Steps) {
    for result in page["MetricDataResults"].as_array().into_iter().flatten() {
        let Some(at) = result["Id"].as_str().and_then(|id| id.strip_prefix('q')?.parse().ok()) else { continue };
        let times = result["Timestamps"].as_array().into_iter().flatten();
        let all = values.entry(at).or_default();
        for (time, value) in times.zip(result["Values"].as_array().into_iter().flatten()) {
            // Seconds, which may have a fraction.
            let time = time.as_u64().or_else(|| time.to_string().split('.').next()?.parse().ok());
            if let Some(place) = time.and_then(|time| steps.place(time)) {
                all[place] = value.as_f64();
            }
        }
    }
}

fn given(asked: &[Vec<Ask>], values: &BTreeMap<usize, [Option<f64>; STEPS]>) -> Vec<Figures> {
    let mut at = 0;
    let mut figure = |ask: &Ask| {
        let steps = values.get(&at).copied().unwrap_or_default().to_vec();
        at += 1;
        Figure {
            name: ask.name.to_owned(),
            metric: format!("{} {}", ask.namespace, ask.metric),
            statistic: ask.stat.as_str(),
            unit: ask.unit,
            value: ask.stat.of(&steps),
            steps,
        }
    };
    asked.iter().map(|part| Figures(part.iter().map(&mut figure).collect())).collect()
}

#[cfg(test)]
mod tests;
