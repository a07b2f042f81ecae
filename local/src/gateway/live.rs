//! What is served at one time: a snapshot of the API and the settings of its stage.

use std::sync::Arc;

use super::authorizer::Permits;
use super::definition::{Place, Stage, Texts};
use super::exchange::Exchange;
use super::snapshot::Snapshot;
use super::throttle::Throttles;
use super::variables::Format;

/// A snapshot behind its stage.
#[derive(Debug)]
pub struct Live {
    pub place: Place,
    pub snapshot: Arc<Snapshot>,
    pub variables: Arc<Texts>,
    pub throttles: Arc<Throttles>,
    pub access_log: Option<LogFormat>,
    /// Asked anew after each refresh.
    pub permits: Permits,
}

/// Where a line goes and how it looks.
#[derive(Debug)]
pub struct LogFormat {
    pub group: String,
    pub role: String,
    pub format: Format,
}

impl Live {
    /// `before` is what was served until now: its buckets go on where the stage's settings are the same.
    pub fn new(place: Place, snapshot: Arc<Snapshot>, stage: Stage, before: Option<&Live>) -> Self {
        let same = before.filter(|before| before.place == place && before.throttles.are_of(&stage.throttles));
        let throttles = same.map(|before| Arc::clone(&before.throttles));
        let log = stage.access_log.map(|log| LogFormat {
            format: Format::parse(&log.format),
            group: log.group,
            role: log.role,
        });
        Self {
            place,
            snapshot,
            variables: Arc::new(stage.variables),
            throttles: throttles.unwrap_or_else(|| Arc::new(Throttles::new(stage.throttles))),
            access_log: log,
            permits: Permits::default(),
        }
    }
}

impl Place {
    /// The ARN of the method that a request calls, which an authorizer's policy is about.
    pub fn method_arn(&self, exchange: &Exchange) -> String {
        let Self { partition, region, account, api, stage } = self;
        let path = exchange.resource_path.strip_prefix('/').unwrap_or(&exchange.resource_path);
        format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{}/{path}", exchange.method)
    }
}
