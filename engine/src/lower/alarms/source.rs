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
    /// What is lost.
    lost: &'static str,
    /// What that means, and what to do.
    text: String,
}

pub(super) fn part(lowering: &Lowering<'_>) -> Option<Part> {
    next(lowering)?;
    let sends = sends(lowering)?;
    let figure = |metric| Figure::sum(sends.namespace, metric, sends.dimensions.clone());
    let lost = figure(sends.lost);
    let traffic = vec![figure(sends.sent)];
    let watched = vec![Watch::new("source-lost", sends.id, lost, Limit::Once(0.0), sends.text)];
    Some(Part { title: sends.title, traffic, watched })
}

/// The figures of the source, where it has some.
fn sends(lowering: &Lowering<'_>) -> Option<Sends> {
    let by_policy = dead_letters(lowering).is_some();
    Some(match lowering.spec.source.as_ref()? {
        Source::Topic(_) => topic(lowering, by_policy),
        Source::Events(own) => {
            let bus = own.bus.as_ref().map(Bus::name);
            rule(lowering, bus.filter(|bus| *bus != DEFAULT), by_policy)
        }
        Source::Bucket(bucket) if bucket.way() == Via::Events => rule(lowering, None, by_policy),
        Source::Schedule(Schedule(_)) => schedule(lowering),
        Source::Iot(_) => iot_rule(lowering),
        Source::Api(_) | Source::Bucket(_) | Source::Logs(_) | Source::Alexa(_) => return None,
    })
}

/// A topic (<https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html>).
fn topic(lowering: &Lowering<'_>, has_dlq: bool) -> Sends {
    let name = lowering.spec.topic_name();
    Sends {
        id: topic::TOPIC,
        title: format!("Topic {name}"),
        namespace: "AWS/SNS",
        dimensions: vec![("TopicName", name)],
        sent: "NumberOfMessagesPublished",
        lost: if has_dlq { "NumberOfNotificationsFailedToRedriveToDlq" } else { "NumberOfNotificationsFailed" },
        text: undelivered(has_dlq),
    }
}

/// A schedule, by its group (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html>).
fn schedule(lowering: &Lowering<'_>) -> Sends {
    let (name, has_dlq) = (lowering.spec.schedule_name(), dlq::arn(lowering).is_some());
    Sends {
        id: schedule::SCHEDULE,
        title: format!("Schedule {name}"),
        namespace: "AWS/Scheduler",
        dimensions: vec![("ScheduleGroup", name)],
        sent: "InvocationAttemptCount",
        lost: if has_dlq { "InvocationsFailedToBeSentToDeadLetterCount" } else { "InvocationDroppedCount" },
        text: undelivered(has_dlq),
    }
}

/// A rule of AWS IoT (<https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html>).
fn iot_rule(lowering: &Lowering<'_>) -> Sends {
    let name = lowering.spec.iot_rule_name();
    let text = format!(
        "AWS IoT has dropped messages before they came to the rule, because they were more than its quota: they are lost. {} shows how many \
         come. Ask AWS for a higher quota, or have devices send less.",
        run("status")
    );
    Sends {
        id: iot::RULE,
        title: format!("Rule {name}"),
        namespace: "AWS/IoT",
        dimensions: vec![("RuleName", name)],
        sent: "TopicMatch",
        lost: "RuleMessageThrottled",
        text,
    }
}

/// A rule of EventBridge; on the account's own bus its figures do not name the bus
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>).
fn rule(lowering: &Lowering<'_>, bus: Option<&str>, has_dlq: bool) -> Sends {
    let name = lowering.spec.rule_name();
    let bus = bus.map(|bus| ("EventBusName", bus.to_owned()));
    Sends {
        id: events::RULE,
        title: format!("Rule {name}"),
        namespace: "AWS/Events",
        dimensions: bus.into_iter().chain([("RuleName", name)]).collect(),
        sent: "TriggeredRules",
        lost: if has_dlq { "InvocationsFailedToBeSentToDlq" } else { "FailedInvocations" },
        text: undelivered(has_dlq),
    }
}

/// Says that events are lost: neither their target nor, where there is one, the dlq has taken them.
fn undelivered(has_dlq: bool) -> String {
    match has_dlq {
        true => format!(
            "Events of the source could neither be delivered nor put into the dlq: they are lost. The dlq is gone, or its policy or its key refuses \
             the source. {} makes it as the spec has it.",
            run("apply")
        ),
        false => format!(
            "Events of the source could not be delivered: they are lost. What they are for is gone, refuses the source, or takes no more. {} shows \
             what is not well, {} makes it as the spec has it. With a `dlq` such events are kept.",
            run("status"),
            run("apply")
        ),
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
