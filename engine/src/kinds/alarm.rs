//! `cloudwatch:Alarm`: watches one metric, and tells a topic when it crosses a threshold.
//!
//! Nothing but the name is immutable. PutMetricAlarm makes an alarm or writes all of it anew, and leaves its state; of one that exists it
//! ignores the tags (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>). DescribeAlarms gives no
//! tags, and says of the data points to alarm and of missing data only what was set. CloudWatch takes 3 of most calls a second
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>), so one that is refused for that waits its turn.
//!
//! All alarms of a pipeline begin with its name and a `/`, and are read by one call.
//!
//! IAM: cloudwatch:DescribeAlarms, PutMetricAlarm, DeleteAlarms, ListTagsForResource, TagResource, UntagResource.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::alarms::{alarm, alarms, prefix};
use crate::aws::cloudwatch::CLOUDWATCH;
use crate::aws::{Cx, Place, Repeat, TagDiff, in_turn, named_in, nothing_if_absent};
use crate::error::Result;
use crate::resource::{Advice, Changed, Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Ties};

mod tags;

/// How long CloudWatch wants between two calls, with room for others.
const TURN: Duration = Duration::from_secs(1);

/// The end of the name of the topic that a pipeline makes for its alarms.
pub const TOPIC: &str = "-alarms";

/// An alarm about one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// What happened and what to do, at most 1024 characters: it stands in the mail.
    pub description: String,
    /// Namespace of the metric, as in `AWS/Lambda`.
    pub namespace: String,
    pub metric: String,
    pub dimensions: BTreeMap<String, String>,
    /// `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile, as in `p99`.
    pub statistic: String,
    /// Seconds that one value of the statistic is about.
    pub period_seconds: u32,
    /// How many periods are looked at.
    pub periods: u32,
    /// How many of them must cross the threshold.
    pub datapoints: u32,
    /// As CloudWatch calls it: `GreaterThanThreshold`, `LessThanThreshold`.
    pub comparison: String,
    pub threshold: f64,
    /// What periods without a value count as: `notBreaching`, `breaching`, `ignore`, `missing`.
    pub missing: String,
    /// ARNs of what is told when it begins, sorted.
    pub notifies: Vec<String>,
    /// Whether anything is told.
    pub enabled: bool,
    /// What is told when it is over, or nobody knows: ARNs by `OK` and `INSUFFICIENT_DATA`. The pipeline sets none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notifies_otherwise: BTreeMap<String, Vec<String>>,
    /// The unit that values must have; empty for any. The pipeline sets none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

impl Resource for Alarm {
    const KIND: &'static str = "cloudwatch:Alarm";
    const LOOKS: &'static [&'static str] = &["cloudwatch:DescribeAlarms"];
    const INTERNAL: &'static [&'static str] =
        &["datapoints", "dimensions", "enabled", "missing", "namespace", "notifies", "period_seconds", "periods"];

    fn advice(of: &Changed<'_, Self>) -> Advice {
        let Some((desired, live)) = of.edit() else { return Advice::default() };
        let watched = |one: &Self| (one.namespace.clone(), one.metric.clone(), one.dimensions.clone());
        let moved = watched(desired) != watched(live);
        let told = moved.then(|| "its state is that of what it watched before until it has looked again".to_owned());
        Advice { means: told.into_iter().collect(), ..Advice::default() }
    }

    fn ties(&self) -> Ties {
        // A topic of another name is somebody else's, whatever its tags say.
        let holds = self.notifies.iter().filter(|topic| topic.ends_with(TOPIC)).cloned().collect();
        Ties { holds, ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        named_in(arn, "cloudwatch", ":alarm:").map(Name::new)
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_ALARMS: &[&str] = &[
            // ListTagsForResource, TagResource and UntagResource.
            "cloudwatch:*Resource",
            "cloudwatch:DeleteAlarms",
            "cloudwatch:PutMetricAlarm",
        ];
        let ours = prefix(scope.pipeline);
        let all = if name.as_str().starts_with(&ours) { format!("{ours}*") } else { name.to_string() };
        vec![Grant::new(ON_ALARMS, arn(scope.place, &Name::new(all)))]
    }

    async fn owned(cx: &Cx) -> Result<Vec<Name>> {
        let names = |alarm: &Value| alarm["AlarmName"].as_str().map(Name::new);
        Ok(alarms(cx).await?.iter().filter_map(names).collect())
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let Some(found) = alarm(cx, name).await? else { return Ok(Vec::new()) };
        let arn = arn(&cx.aws.place, name);
        let tags = tags::of(cx, &arn, &found).await?;
        Ok(vec![Live {
            handle: Handle::new(&arn),
            props: Self::shown(&found),
            outputs: outputs(&arn, name),
            tags,
            identity: String::new(),
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        let arn = arn(&cx.aws.place, name);
        match live {
            // ensure
            None => {
                let mut input = self.input(name);
                if !cx.tags.is_empty() {
                    input["Tags"] = tags::list(&cx.tags);
                }
                put(cx, &input).await?;
            }
            // sync
            Some(live) => {
                let tags = TagDiff::of(&cx.tags, &live.tags);
                // The time of this call says until when the tagging API may be late (`tags::of`).
                if *self != live.props || !tags.is_empty() {
                    put(cx, &self.input(name)).await?;
                }
                tags::sync(cx, &arn, tags).await?;
            }
        }
        Ok(Made { outputs: outputs(&arn, name), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let input = json!({ "AlarmNames": [name.as_str()] });
        let delete = || cx.aws.operations.call(&CLOUDWATCH, "DeleteAlarms", &input, Repeat::AsUsual);
        nothing_if_absent(in_turn(cx, WAIT, TURN, delete).await).map(drop)
    }
}

const WAIT: &str = "CloudWatch to take another call";

impl Alarm {
    /// What PutMetricAlarm is given.
    fn input(&self, name: &Name) -> Value {
        let dimensions: Vec<Value> =
            self.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
        let mut input = json!({
            "AlarmName": name.as_str(),
            "AlarmDescription": self.description,
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": dimensions,
            "Period": self.period_seconds,
            "EvaluationPeriods": self.periods,
            "DatapointsToAlarm": self.datapoints,
            "ComparisonOperator": self.comparison,
            "Threshold": self.threshold,
            "TreatMissingData": self.missing,
            "AlarmActions": self.notifies,
            "ActionsEnabled": self.enabled,
        });
        let statistic = if is_percentile(&self.statistic) { "ExtendedStatistic" } else { "Statistic" };
        input[statistic] = json!(self.statistic);
        input
    }

    /// An alarm in canonical form. What is about several metrics at once has none, and differs.
    fn shown(alarm: &Value) -> Self {
        let text = |member: &str| alarm[member].as_str().unwrap_or_default().to_owned();
        let number = |member: &str| alarm[member].as_u64().and_then(|number| u32::try_from(number).ok());
        let arns = |member: &str| {
            let mut all: Vec<String> =
                alarm[member].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            all.sort();
            all
        };
        let dimension = |one: &Value| Some((one["Name"].as_str()?.to_owned(), one["Value"].as_str()?.to_owned()));
        let periods = number("EvaluationPeriods").unwrap_or_default();
        let or = |said: String, usual: &str| if said.is_empty() { usual.to_owned() } else { said };
        let otherwise = [("INSUFFICIENT_DATA", arns("InsufficientDataActions")), ("OK", arns("OKActions"))];
        // An emulator shows the usual statistic beside a percentile.
        let percentile = text("ExtendedStatistic");
        Self {
            description: text("AlarmDescription"),
            namespace: text("Namespace"),
            metric: text("MetricName"),
            dimensions: alarm["Dimensions"].as_array().into_iter().flatten().filter_map(dimension).collect(),
            statistic: if percentile.is_empty() { text("Statistic") } else { percentile },
            period_seconds: number("Period").unwrap_or_default(),
            periods,
            datapoints: number("DatapointsToAlarm").unwrap_or(periods),
            comparison: text("ComparisonOperator"),
            threshold: alarm["Threshold"].as_f64().unwrap_or_default(),
            missing: or(text("TreatMissingData"), "missing"),
            notifies: arns("AlarmActions"),
            enabled: alarm["ActionsEnabled"].as_bool().unwrap_or(true),
            notifies_otherwise: otherwise
                .into_iter()
                .filter(|(_, arns)| !arns.is_empty())
                .map(|(state, arns)| (state.to_owned(), arns))
                .collect(),
            unit: text("Unit"),
        }
    }
}

/// The ARN of an alarm.
pub fn arn(place: &Place, name: &Name) -> String {
    place.arn("cloudwatch", &format!("alarm:{name}"))
}

fn is_percentile(statistic: &str) -> bool {
    statistic.starts_with('p')
}

fn outputs(arn: &str, name: &Name) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned()), ("name".to_owned(), name.to_string())])
}

async fn put(cx: &Cx, input: &Value) -> Result<()> {
    let put = || cx.aws.operations.call(&CLOUDWATCH, "PutMetricAlarm", input, Repeat::AsUsual);
    in_turn(cx, WAIT, TURN, put).await.map(drop)
}

#[cfg(test)]
mod tests;
