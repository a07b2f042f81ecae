//! The ids that a pipeline may have, and the name of each where the spec gives it none.

use crate::aws::Place;
use crate::evidence::Families;
use crate::evidence::{Wanted, Why};
use crate::lower::{alarms, auth, consumer, dashboard, dlq, network, plans, sink, source, stream, users};
use crate::resource::{Id, Kind, Name, Resource};
use crate::spec::Spec;

/// An id, and the name that a spec gives to its resource.
pub(super) struct Known {
    id: &'static str,
    kind: &'static Kind,
    name: fn(&Spec, &Place) -> String,
}

impl Known {
    /// Makes the entry of a resource of the kind `R`.
    pub const fn of<R: Resource>(id: &'static str, name: fn(&Spec, &Place) -> String) -> Self {
        Self { id, kind: const { &Kind::of::<R>() }, name }
    }
}

/// An id whose default name nobody needs to look at, because something else leads to it; or ids of which a spec has one for each name that it
/// gives, as in `plan.free`.
pub(super) struct Family {
    family: &'static str,
    kind: &'static Kind,
}

impl Family {
    /// Makes the entry of a family of resources of the kind `R`.
    pub const fn of<R: Resource>(family: &'static str) -> Self {
        Self { family, kind: const { &Kind::of::<R>() } }
    }
}

/// The families of every part of the lowering.
const FAMILIES: [&[Family]; 14] = [
    alarms::FAMILIES,
    auth::jwt::FAMILIES,
    dashboard::FAMILIES,
    network::FAMILIES,
    plans::FAMILIES,
    users::FAMILIES,
    source::api::domain::FAMILIES,
    source::FAMILIES,
    source::topic::FAMILIES,
    source::bucket::FAMILIES,
    source::events::FAMILIES,
    source::iot::FAMILIES,
    source::logs::FAMILIES,
    source::schedule::FAMILIES,
];

/// Returns the families of ids that a pipeline may have, by kind. Nobody can list their names: what has left the spec is found by
/// its tags, or with what it hangs on.
pub fn families() -> Families {
    FAMILIES.into_iter().flatten().map(|known| (known.kind.name, known.family)).collect()
}

/// The ids of every part of the lowering. What is the account's is in none: no pipeline owns it.
const ALL: [&[Known]; 8] = [
    source::api::IDS,
    auth::basic::IDS,
    stream::kinesis::IDS,
    stream::table_changes::IDS,
    stream::queue::IDS,
    consumer::IDS,
    sink::table::IDS,
    dlq::IDS,
];

/// Returns kind and name of everything that a pipeline of this name may have without its spec saying so: a plan looks for all of
/// them, so that nothing is forgotten when its section leaves the spec.
pub fn defaults(pipeline: &str, place: &Place) -> Vec<Wanted> {
    let silent = Spec::silent(pipeline);
    let wanted = |known: &Known| Wanted {
        kind: known.kind,
        name: Name::new((known.name)(&silent, place)),
        why: Why::Own(Id::new(known.id)),
        likely: false,
    };
    ALL.into_iter().flatten().map(wanted).collect()
}
