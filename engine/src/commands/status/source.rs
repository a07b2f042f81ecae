//! Where events come from: whether it is there and sends, and what does not arrive. One file for each kind of source.

mod api;
mod bucket;
mod events;
mod iot;
mod logs;
mod schedule;
mod topic;

use super::station::Station;
use crate::commands::running::Running;
use crate::event::status::Part;
use crate::spec::{Schedule, Source};

/// The station of the source; nothing of one that AWS has no figures and no calls for: the function's tell all.
pub fn at<'a>(running: &'a Running, source: &'a Source, next: &'a Next) -> Option<Station<'a>> {
    let (cx, spec, id) = (&running.cx, &running.spec, source.word());
    Some(match source {
        Source::Api(of) => api::at(cx, id, spec.api_name(), &of.stage),
        Source::Topic(_) => topic::at(cx, id, spec.topic_name()),
        Source::Bucket(bucket) => bucket::at(cx, id, bucket, &next.arn, spec.rule_name()),
        Source::Events(of) => events::at(cx, id, of, spec.rule_name()),
        Source::Schedule(Schedule(full)) => schedule::at(cx, id, spec.schedule_name(), full.enabled),
        Source::Logs(logs) => logs::at(cx, id, &logs.group, next),
        Source::Iot(iot) => iot::at(cx, id, spec.iot_rule_name(), iot.enabled),
        Source::Alexa(_) => return None,
    })
}

/// What a source hands its events to.
#[derive(Clone, Debug, Default)]
pub struct Next {
    pub arn: String,
    /// It is a stream.
    pub is_stream: bool,
}

/// Says of a switch that is off, that it is, and whether the spec wants it so.
fn switched_off(enabled: bool, part: &mut Part) {
    match enabled {
        true => part.needs_person("it is disabled, though the spec enables it", "`pipe apply` enables it"),
        false => part.note("it is disabled, as the spec says (`enabled: false`)"),
    }
}
