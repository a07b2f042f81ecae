//! A source that sends by itself: events that it can deliver nowhere. Those that its dlq takes are letters.

use super::{Figure, Limit, Part, Watch, run};
use crate::kinds::bus::DEFAULT;
use crate::lower::Lowering;
use crate::lower::dlq;
use crate::lower::source::{dead_letters, events, iot, next, schedule, topic};
use crate::spec::{Bus, Schedule, Source, Via};

/// The figures of one source.
struct Sends {
    id: &'static str,
    title: String,
    namespace: &'static str,
    dimensions: Vec<(&'static str, String)>,
    /// What it sends.
    sent: &'static str,
    /// What is lost: with a dlq that takes what it cannot deliver, and without one.
    lost: (&'static str, &'static str),
    has_dlq: bool,
}

pub(super) fn part(lowering: &Lowering<'_>) -> Option<Part> {
    next(lowering)?;
    let sends = sends(lowering)?;
    let figure = |metric| Figure::sum(sends.namespace, metric, sends.dimensions.clone());
    let text = match sends.has_dlq {
        true => format!(
            "Events of the source could neither be delivered nor put into the dlq: they are lost. The dlq is gone, or its policy or its key refuses \
             the source. {} makes it as the spec has it.",
            run("apply")
        ),
        false => format!(
            "Events of the source could not be delivered: they are lost. What they are for is gone, refuses the source, or takes no more. {} shows what \
             is not well, {} makes it as the spec has it. With a `dlq` such events are kept, where the source can send to one.",
            run("status"),
            run("apply")
        ),
    };
    let lost = figure(if sends.has_dlq { sends.lost.0 } else { sends.lost.1 });
    let watched = vec![Watch::new("source-lost", sends.id, lost, Limit::Once(0.0), text)];
    Some(Part { title: sends.title.clone(), traffic: vec![figure(sends.sent)], watched })
}

/// The figures of the source, where it has some.
fn sends(lowering: &Lowering<'_>) -> Option<Sends> {
    let (spec, by_policy) = (lowering.spec, dead_letters(lowering).is_some());
    match spec.source.as_ref()? {
        Source::Topic(_) => Some(Sends {
            id: topic::TOPIC,
            title: format!("Topic {}", spec.topic_name()),
            // https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
            namespace: "AWS/SNS",
            dimensions: vec![("TopicName", spec.topic_name())],
            sent: "NumberOfMessagesPublished",
            lost: ("NumberOfNotificationsFailedToRedriveToDlq", "NumberOfNotificationsFailed"),
            has_dlq: by_policy,
        }),
        Source::Events(own) => {
            let bus = match &own.bus {
                Some(Bus::Own(name)) => Some(name.clone()),
                Some(Bus::Existing(existing)) => Some(existing.name().to_owned()),
                None => None,
            };
            Some(rule(lowering, bus.filter(|bus| bus != DEFAULT), by_policy))
        }
        Source::Bucket(bucket) if bucket.way() == Via::Events => Some(rule(lowering, None, by_policy)),
        Source::Schedule(Schedule(_)) => Some(Sends {
            id: schedule::SCHEDULE,
            title: format!("Schedule {}", spec.schedule_name()),
            // https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
            namespace: "AWS/Scheduler",
            dimensions: vec![("ScheduleGroup", spec.schedule_name())],
            sent: "InvocationAttemptCount",
            lost: ("InvocationsFailedToBeSentToDeadLetterCount", "InvocationDroppedCount"),
            has_dlq: dlq::arn(lowering).is_some(),
        }),
        Source::Iot(_) => Some(Sends {
            id: iot::RULE,
            title: format!("Rule {}", spec.iot_rule_name()),
            // https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html
            namespace: "AWS/IoT",
            dimensions: vec![("RuleName", spec.iot_rule_name())],
            sent: "TopicMatch",
            lost: ("RuleMessageThrottled", "RuleMessageThrottled"),
            has_dlq: false,
        }),
        Source::Api(_) | Source::Bucket(_) | Source::Logs(_) | Source::Alexa(_) => None,
    }
}

/// A rule of EventBridge; on the account's own bus its figures do not name the bus
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>).
fn rule(lowering: &Lowering<'_>, bus: Option<String>, has_dlq: bool) -> Sends {
    let name = lowering.spec.rule_name();
    let bus = bus.map(|bus| ("EventBusName", bus));
    Sends {
        id: events::RULE,
        title: format!("Rule {name}"),
        namespace: "AWS/Events",
        dimensions: bus.into_iter().chain([("RuleName", name)]).collect(),
        sent: "TriggeredRules",
        lost: ("InvocationsFailedToBeSentToDlq", "FailedInvocations"),
        has_dlq,
    }
}

/// Says what no alarm sees, because AWS has no figure for it, or none with known dimensions.
pub(in crate::lower) fn unseen(lowering: &Lowering<'_>) -> Option<&'static str> {
    match lowering.spec.source.as_ref()? {
        Source::Bucket(bucket) if bucket.way() == Via::Notification => Some(
            "no alarm sees notifications that S3 cannot deliver: AWS has no metric for them; `via: events` has one",
        ),
        Source::Logs(_) => Some(
            "no alarm sees log events that CloudWatch Logs cannot deliver; look at `DeliveryErrors` of the log group",
        ),
        Source::Iot(_) => Some("no alarm sees messages that the rule's action fails on, but letters in the dlq"),
        Source::Api(_)
        | Source::Topic(_)
        | Source::Bucket(_)
        | Source::Events(_)
        | Source::Schedule(_)
        | Source::Alexa(_) => None,
    }
}
