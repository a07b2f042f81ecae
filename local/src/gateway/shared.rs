//! What all requests of a gateway share, whatever it serves at the time.

use std::sync::{Arc, PoisonError, RwLock};

use super::access_log::Log;
use super::door::Door;
use super::live::Live;
use super::reach::Reach;

/// The gateway's parts that stay, and what is served now.
pub struct Shared {
    pub reach: Reach,
    pub log: Log,
    pub door: Door,
    live: RwLock<Arc<Live>>,
}

impl Shared {
    pub fn new(reach: Reach, log: Log, door: Door, live: Live) -> Self {
        Self { reach, log, door, live: RwLock::new(Arc::new(live)) }
    }

    /// What is served now. A request that holds it goes on with it when another comes.
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves this from now on.
    pub fn serve(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
    }
}
