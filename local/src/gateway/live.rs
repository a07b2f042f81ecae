//! What is served at one time: a snapshot of the API and the settings of its stage.

use std::sync::Arc;

use super::access_log::LogFormat;
use super::callers::Callers;
use super::definition::{ApiAddress, Plan, Stage, Texts};
use super::keys::Keys;
use super::permits::Permits;
use super::reach::Reach;
use super::serving::Serving;
use super::snapshot::Snapshot;
use super::throttle::Throttles;
use super::variables::Format;

/// A snapshot behind its stage.
#[derive(Debug)]
pub struct Live {
    pub address: ApiAddress,
    pub snapshot: Arc<Snapshot>,
    pub variables: Arc<Texts>,
    pub throttles: Arc<Throttles>,
    pub keys: Arc<Keys>,
    pub access_log: Option<LogFormat>,
    /// Asked again after each refresh.
    pub permits: Permits,
    pub callers: Callers,
}

impl Live {
    /// `before` is what was served until now: its buckets go on where the stage's settings are the same.
    pub fn new(
        address: ApiAddress,
        snapshot: Arc<Snapshot>,
        (stage, plans): (Stage, Vec<Plan>),
        before: Option<&Live>,
    ) -> Self {
        let same = before.filter(|before| before.address == address && before.throttles.are_of(&stage.throttles));
        let throttles = same.map(|before| Arc::clone(&before.throttles));
        let log = stage.access_log.map(|log| LogFormat {
            format: Format::parse(&log.format),
            group: log.group,
            role: log.role,
        });
        Self {
            address,
            snapshot,
            variables: Arc::new(stage.variables),
            throttles: throttles.unwrap_or_else(|| Arc::new(Throttles::new(stage.throttles))),
            keys: Keys::new(plans, before.map(|before| &before.keys)),
            access_log: log,
            permits: Permits::default(),
            callers: Callers::default(),
        }
    }

    /// What a request is served with, by these ways out.
    pub fn serving<'a>(&'a self, reach: &'a Reach) -> Serving<'a> {
        let Self { address, permits, callers, snapshot, .. } = self;
        Serving { reach, permits, callers, address, binary: &snapshot.binary_types }
    }
}
