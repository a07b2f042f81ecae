//! Whom the alarms tell: a mail address, by a topic of the pipeline's own, or a topic that exists.

use super::TOPIC;
use crate::aws::Place;
use crate::aws::policy::Policy;
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::kinds::alarm;
use crate::kinds::topic::{self, Topic};
use crate::lower::Lowering;
use crate::resource::Name;
use crate::spec::{Loaded, Told};

/// Name of the topic of the pipeline's own.
pub(super) fn topic_name(pipeline: &str) -> String {
    format!("{pipeline}{}", alarm::TOPIC)
}

/// ARN of the topic that alarms publish to.
pub(in crate::lower) fn topic_arn(lowering: &Lowering<'_>, told: &Told) -> Option<String> {
    let own = told.email.as_ref().map(|_| topic::arn(lowering.place, &Name::new(topic_name(&lowering.spec.name))));
    own.or_else(|| told.topic.clone())
}

/// The topic. One of another account cannot be read.
pub(super) fn node(lowering: &Lowering<'_>, told: &Told) -> Result<Option<Node>> {
    let place = lowering.place;
    if let Some(email) = &told.email {
        let name = Name::new(topic_name(&lowering.spec.name));
        let mut statements = topic::tls_only(place, &name).statements().to_vec();
        statements.push(topic::from_alarms(place, &name, &lowering.spec.name));
        let props = Topic { policy: Policy::new(statements), kms_key: String::new(), email: email.clone() };
        return Node::new(TOPIC, name.as_str(), &props).map(Some);
    }
    let here = told.topic.as_deref().and_then(|arn| place.resource_of("sns", arn));
    Ok(here.map(|name| Node::existing::<Topic>(TOPIC, name)))
}

/// Refuses a topic of another Region, with its place in the file: alarms tell those of their own alone
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>).
///
/// # Errors
/// The ARN says that it is of another one.
pub(in crate::lower) fn is_here(loaded: &Loaded, place: &Place) -> Result<()> {
    let Some(arn) = loaded.spec.told().and_then(|told| told.topic.as_ref()) else { return Ok(()) };
    let mut parts = arn.split(':').skip(1);
    let (partition, region) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
    if (partition, region) == (place.partition.as_str(), place.region.as_str()) {
        return Ok(());
    }
    let at = loaded.notes.place_of("/alarms/topic");
    let message = format!("{at}: `{arn}` is not in region {}", place.region);
    Err(Error::fatal(message)
        .hint("alarms tell topics of their own region alone: name one of these, which may be of another account"))
}
