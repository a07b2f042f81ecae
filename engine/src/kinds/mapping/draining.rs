//! Mappings that go on beside the one in their place: they get its settings, so that `enabled: false` stops them too, and what they give up
//! has the same destination. Their source and their start stay.

use std::collections::BTreeMap;

use super::Mapping;
use super::read::no_source;
use super::succession::table;
use crate::aws::Cx;
use crate::error::{Class, Result};
use crate::owner::{PIPELINE, RESOURCE};
use crate::resource::{Live, Name, State};

/// Hands those that drain to the one in their place that has the same owner.
pub(super) fn handed(mut lives: Vec<Live<Mapping>>) -> Vec<Live<Mapping>> {
    let draining: Vec<Live<Mapping>> = lives.iter().filter(|live| live.state == State::Draining).cloned().collect();
    let in_place = |live: &&mut Live<Mapping>| live.state == State::Live && table(&live.props.source).is_some();
    for live in lives.iter_mut().filter(in_place) {
        let same = |one: &&Live<Mapping>| {
            let tag = |key: &str| live.tags.get(key).is_some_and(|value| one.tags.get(key) == Some(value));
            tag(PIPELINE) && tag(RESOURCE)
        };
        let same = draining.iter().filter(same);
        live.props.draining = same.map(|one| (one.handle.to_string(), one.props.clone())).collect();
    }
    lives
}

impl Mapping {
    /// `self` with those that drain beside the live one, as they are to be.
    pub(super) fn with_draining(&self, live: &Self) -> Option<Self> {
        let as_wanted = |(uuid, one): (&String, &Self)| (uuid.clone(), self.beside(one));
        let draining: BTreeMap<_, _> = live.draining.iter().map(as_wanted).collect();
        (!draining.is_empty()).then(|| Self { draining, ..self.clone() })
    }

    /// What one that reads an older stream of the table is to be.
    fn beside(&self, one: &Self) -> Self {
        Self { source: one.source.clone(), start: one.start.clone(), ..self.alone() }
    }

    fn alone(&self) -> Self {
        Self { draining: BTreeMap::new(), ..self.clone() }
    }

    /// Whether it differs itself, whatever drains beside it.
    pub(super) fn differs(&self, live: &Self) -> bool {
        self.alone() != live.alone()
    }

    /// Those that drain, as they are to be and as they are.
    pub(super) fn draining_beside<'a>(&'a self, live: &'a Self) -> impl Iterator<Item = (&'a Self, &'a Self)> {
        self.draining.iter().filter_map(|(uuid, one)| Some((one, live.draining.get(uuid)?)))
    }

    /// Brings those that drain to the settings of this one; the live one among them, where this one takes its place.
    pub(super) async fn sync_draining(&self, cx: &Cx, name: &Name, live: Option<&Live<Self>>) -> Result<()> {
        let Some(live) = live else { return Ok(()) };
        let mut wanted: Vec<(&str, Self)> = Vec::new();
        if self.follows_on(&live.props) && self.beside(&live.props).differs(&live.props) {
            wanted.push((live.handle.as_str(), self.beside(&live.props)));
        }
        // One that is not seen any more has drained, and somebody has deleted it.
        let seen = |uuid: &String, one: &Self| live.props.draining.get(uuid).is_some_and(|now| now != one);
        let others = self.draining.iter().filter(|&(uuid, one)| seen(uuid, one));
        wanted.extend(others.map(|(uuid, one)| (uuid.as_str(), one.clone())));
        for (uuid, one) in wanted {
            match one.update(cx, name, uuid).await {
                // It is gone by now, or its stream is, with the table.
                Err(error) if error.class() == Class::NotFound || no_source(&error) => continue,
                updated => updated?,
            }
            one.settled(cx, name, uuid).await?;
        }
        Ok(())
    }
}
