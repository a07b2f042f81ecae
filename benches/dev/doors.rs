//! An API whose routes have other doors than a password.

use crate::load::Load;
use crate::running::Running;

/// Nothing holds back but the key's own plan, whose limits are the highest that nobody reaches here.
const SPEC: &str = r"
name: doors
source:
  api:
    throttle: off
    routes:
      - { post: '/jwt/{id}', auth: members }
      - { post: '/key/{id}', auth: readers }
auth:
  members: { jwt: { users: people } }
  readers: { api_key: { plans: [free] } }
plans:
  free: { rate_per_second: 10000, burst: 5000, quota: { requests: 100000000, per: month } }
users:
  people: { sign_in: email }
stream: { kinesis: {} }
";

/// A guard of the API, and how to come in.
pub struct Door {
    pub name: &'static str,
    /// Requests a second.
    pub budget: u32,
    path: &'static str,
    header: &'static str,
    output: &'static str,
}

pub const DOORS: [Door; 2] = [
    Door {
        name: "gateway, JWT guard cached",
        budget: 5_000,
        path: "jwt",
        header: "authorization",
        output: "users.people.token",
    },
    Door { name: "gateway, key and plan", budget: 2_000, path: "key", header: "x-api-key", output: "key.free.value" },
];

/// The API, up.
pub fn start() -> Running {
    Running::with(SPEC, |_| {})
}

impl Door {
    /// A load with the credentials of this door.
    pub fn load(&self, running: &Running) -> Load {
        let secret = running.ask(&["outputs", "--reveal", "--field", self.output]);
        let url = running.ask(&["outputs", "--field", "endpoint"]);
        Load::with(url, self.path, self.header, secret)
    }
}
