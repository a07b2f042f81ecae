//! Metrics in a line of a log
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use serde_json::Value;

use super::tally::{COUNT, Metric};

/// The metrics of a line with their values, which are whole numbers here; none of a line that has no such form.
pub fn metrics(line: &str) -> Vec<(Metric, u64)> {
    // Most lines have none, and need not be read.
    let Some(line) = line.contains("\"_aws\"").then(|| serde_json::from_str::<Value>(line).ok()).flatten() else {
        return Vec::new();
    };
    let directives = members(&line["_aws"]["CloudWatchMetrics"]);
    directives.flat_map(|directive| of_directive(&line, directive)).collect()
}

fn of_directive(line: &Value, directive: &Value) -> Vec<(Metric, u64)> {
    let Some(namespace) = directive["Namespace"].as_str() else { return Vec::new() };
    let sets: Vec<Vec<(String, String)>> =
        members(&directive["Dimensions"]).filter_map(|set| dimensions(line, set)).collect();
    let metric = |definition: &Value| {
        let name = definition["Name"].as_str()?.to_owned();
        let value = line.get(&name)?.as_u64()?;
        let unit = definition["Unit"].as_str().unwrap_or(COUNT).to_owned();
        Some((name, value, unit))
    };
    let found: Vec<_> = members(&directive["Metrics"]).filter_map(metric).collect();
    let with = |set: &Vec<(String, String)>| {
        let of = |(name, value, unit): &(String, u64, String)| {
            let (namespace, dimensions) = (namespace.to_owned(), set.clone());
            (Metric { namespace, name: name.clone(), dimensions, unit: unit.clone() }, *value)
        };
        found.iter().map(of).collect::<Vec<_>>()
    };
    sets.iter().flat_map(with).collect()
}

fn dimensions(line: &Value, names: &Value) -> Option<Vec<(String, String)>> {
    let one = |name: &Value| {
        let name = name.as_str()?;
        Some((name.to_owned(), line.get(name)?.as_str()?.to_owned()))
    };
    members(names).map(one).collect()
}

fn members(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
