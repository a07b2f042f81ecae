//! `cloudwatch:Dashboard`: graphs of the pipeline's metrics.
//!
//! Only the name is immutable. Dashboards are of the account and of no region, so their names hold it
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html>). PutDashboard writes all of one, and AWS
//! keeps its text as it was given; it is compared as JSON. AWS gives dashboards no tags; the pipeline's label stands in one of its texts, and to
//! write that takes the right to change the dashboard.
//!
//! IAM: cloudwatch:GetDashboard, PutDashboard, DeleteDashboards.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::cloudwatch::CLOUDWATCH;
use crate::aws::{Cx, Place, Repeat, named_in, nothing_if_absent};
use crate::error::Result;
use crate::owner;
use crate::resource::{Grant, Handle, Live, Made, Name, Outputs, Resource, Scope, State, Tags, Ties};

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Its widgets, as AWS describes them
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>).
    pub body: Value,
}

impl Resource for Dashboard {
    const KIND: &'static str = "cloudwatch:Dashboard";
    const STAMPED: bool = false;
    const LABELLED: bool = true;
    const LOOKS: &'static [&'static str] = &["cloudwatch:GetDashboard"];
    const INTERNAL: &'static [&'static str] = &["body"];

    fn ties(&self) -> Ties {
        Ties { labelled: true, ..Ties::default() }
    }

    fn name_of(arn: &str) -> Option<Name> {
        named_in(arn, "cloudwatch", ":dashboard/").map(Name::new)
    }

    fn grants(scope: &Scope, name: &Name) -> Vec<Grant> {
        const ON_IT: &[&str] = &["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"];
        vec![Grant::new(ON_IT, arn(scope.place, name))]
    }

    async fn owned(cx: &Cx) -> Result<Vec<Name>> {
        Ok(vec![name(&cx.pipeline, &cx.aws.place)])
    }

    async fn read(cx: &Cx, name: &Name) -> Result<Vec<Live<Self>>> {
        let input = json!({ "DashboardName": name.as_str() });
        let answer = cx.aws.operations.call(&CLOUDWATCH, "GetDashboard", &input, Repeat::AsUsual).await;
        let Some(answer) = nothing_if_absent(answer)? else { return Ok(Vec::new()) };
        let text = answer["DashboardBody"].as_str().unwrap_or_default();
        // One that is no JSON is somebody else's, and differs.
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        Ok(vec![Live {
            handle: Handle::new(name.as_str()),
            tags: tags(&body, &cx.pipeline),
            props: Self { body },
            outputs: outputs(cx, name),
            identity: String::new(),
            state: State::Live,
        }])
    }

    async fn reconcile(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<Made> {
        if live.is_none_or(|live| live.props != *self) {
            let input = json!({ "DashboardName": name.as_str(), "DashboardBody": self.body.to_string() });
            cx.aws.operations.call(&CLOUDWATCH, "PutDashboard", &input, Repeat::AsUsual).await?;
        }
        Ok(Made { outputs: outputs(cx, name), identity: String::new() })
    }

    async fn delete(cx: &Cx, name: &Name, _handle: &Handle) -> Result<()> {
        let input = json!({ "DashboardNames": [name.as_str()] });
        let answer = cx.aws.operations.call(&CLOUDWATCH, "DeleteDashboards", &input, Repeat::AsUsual).await;
        nothing_if_absent(answer).map(drop)
    }
}

/// The name of a pipeline's dashboard, of which it has one in each region.
pub fn name(pipeline: &str, place: &Place) -> Name {
    Name::new(format!("{pipeline}-{}", place.region))
}

/// The ARN of a dashboard, which is of no region.
pub fn arn(place: &Place, name: &Name) -> String {
    place.global_arn("cloudwatch", &format!("dashboard/{name}"))
}

/// A text that says whose a dashboard is.
pub fn labelled(label: &str, text: &str) -> String {
    format!("{text} `{label}`")
}

/// The tags that a dashboard would have: those that the label in one of its texts stands for.
fn tags(body: &Value, pipeline: &str) -> Tags {
    let texts =
        body["widgets"].as_array().into_iter().flatten().filter_map(|one| one["properties"]["markdown"].as_str());
    texts.flat_map(|text| text.split('`')).find_map(|word| owner::labelled(word, pipeline)).unwrap_or_default()
}

fn outputs(cx: &Cx, name: &Name) -> Outputs {
    let Place { region, .. } = &cx.aws.place;
    // Other partitions have consoles of their own.
    let url = (cx.aws.place.partition == "aws").then(|| {
        format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards:name={name}")
    });
    let named = [("name".to_owned(), name.to_string()), ("arn".to_owned(), arn(&cx.aws.place, name))];
    named.into_iter().chain(url.map(|url| ("console".to_owned(), url))).collect()
}

#[cfg(test)]
mod tests;
