//! What a test sets: which of AWS's manners an account has, and for how long each lasts. A duration of zero is off.

use std::time::Duration;

use super::chance::Fault;

/// How AWS itself behaves, in one account, beyond what an emulator does. The default is an emulator's nature: none of it.
#[derive(Clone, Debug, Default)]
pub struct Nature {
    pub states: States,
    pub roles: Roles,
    pub unseen: Unseen,
    /// How long reads show the tags that were there before a change.
    pub old_tags: Duration,
    /// How long the tag query (`tag:GetResources`) is behind: with new resources, changed tags and deletions.
    pub tag_query: Duration,
    /// Whether a write is refused while another one of the same REST API, or permission of the same function, is running.
    pub one_at_a_time: bool,
    /// How much faster than published the quotas refill; 0 means no quotas, 1 means AWS's.
    pub quotas: f64,
    pub latency: Latency,
    pub faults: Faults,
}

/// How long states last in which a resource takes no other change.
#[derive(Clone, Debug, Default)]
pub struct States {
    pub streams: Spans,
    pub tables: Spans,
    /// `deleting` is not used: a function is gone at once.
    pub functions: Spans,
    pub mappings: Spans,
    /// How long a new table takes no setting of its backups, from when it is ACTIVE.
    pub backups: Duration,
    /// How long the name of a deleted queue is not free.
    pub queue_names: Duration,
}

#[derive(Clone, Debug, Default)]
pub struct Spans {
    pub creating: Duration,
    pub updating: Duration,
    pub deleting: Duration,
}

/// How long IAM's changes take to reach other services.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    /// From CreateRole or UpdateAssumeRolePolicy until a service can assume the role.
    pub assumable: Duration,
    /// From PutRolePolicy or AttachRolePolicy until a service finds its permissions.
    pub permitted: Duration,
}

/// How long reads answer "not found", and lists are without it, after something was made.
#[derive(Clone, Debug, Default)]
pub struct Unseen {
    pub roles: Duration,
    pub streams: Duration,
    pub tables: Duration,
    pub functions: Duration,
    pub mappings: Duration,
    pub queues: Duration,
    pub log_groups: Duration,
}

/// How long calls take, beside what the emulator needs.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    pub read: Duration,
    pub write: Duration,
    /// At most this much more, drawn from `seed`.
    pub jitter: Duration,
    pub seed: u64,
}

/// What goes wrong by chance. The fate of the n-th call of an operation depends on the seed and n alone.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub seed: u64,
    /// Of each call, 0 to 1.
    pub probability: f64,
    /// What can happen, each as likely as the others; empty is [`Fault::ALL`].
    pub kinds: Vec<Fault>,
    /// How long an answer is held back that does not come: longer than a client waits for it.
    pub held_back: Duration,
}

impl Nature {
    /// AWS's own times, where somebody measured or published them; without faults.
    pub fn real() -> Self {
        let spans = |creating, updating, deleting| Spans {
            creating: milliseconds(creating),
            updating: milliseconds(updating),
            deleting: milliseconds(deleting),
        };
        Self {
            states: States {
                // 2.8: under 10 s; 2.7: 5 to 6 s, and 3 to 6 s more for backups; 2.3: 1 to 2 s; 2.5: a few seconds.
                streams: spans(8_000, 5_000, 8_000),
                tables: spans(6_000, 5_000, 6_000),
                functions: spans(2_000, 1_500, 0),
                mappings: spans(4_000, 4_000, 4_000),
                backups: Duration::from_secs(5),
                queue_names: Duration::from_secs(60),
            },
            // 2.2: 5 to 15 s.
            roles: Roles { assumable: Duration::from_secs(8), permitted: Duration::from_secs(10) },
            unseen: Unseen::all(Duration::from_secs(2)),
            old_tags: Duration::from_secs(3),
            tag_query: Duration::from_secs(60),
            one_at_a_time: true,
            quotas: 1.0,
            latency: Latency { read: milliseconds(40), write: milliseconds(100), jitter: milliseconds(60), seed: 0 },
            faults: Faults { held_back: Duration::from_secs(12), ..Faults::default() },
        }
    }

    /// The same manners, ten times faster.
    pub fn short() -> Self {
        Self::real().faster(10)
    }

    /// The same manners with all times divided, and quotas that refill as much faster.
    pub fn faster(mut self, times: u32) -> Self {
        self.durations().into_iter().for_each(|duration| *duration /= times);
        self.quotas *= f64::from(times);
        self
    }

    /// The same manners with faults by chance of all kinds.
    pub fn with_faults(mut self, probability: f64, seed: u64) -> Self {
        (self.faults.probability, self.faults.seed) = (probability, seed);
        self
    }

    fn durations(&mut self) -> Vec<&mut Duration> {
        let States { streams, tables, functions, mappings, backups, queue_names } = &mut self.states;
        let unseen = &mut self.unseen;
        let mut all = vec![backups, queue_names, &mut self.roles.assumable, &mut self.roles.permitted];
        for spans in [streams, tables, functions, mappings] {
            all.extend([&mut spans.creating, &mut spans.updating, &mut spans.deleting]);
        }
        all.extend([&mut unseen.roles, &mut unseen.streams, &mut unseen.tables, &mut unseen.functions]);
        all.extend([&mut unseen.mappings, &mut unseen.queues, &mut unseen.log_groups]);
        all.extend([&mut self.old_tags, &mut self.tag_query, &mut self.faults.held_back]);
        all.extend([&mut self.latency.read, &mut self.latency.write, &mut self.latency.jitter]);
        all
    }
}

impl Unseen {
    /// The same for everything.
    pub fn all(lasting: Duration) -> Self {
        Self {
            roles: lasting,
            streams: lasting,
            tables: lasting,
            functions: lasting,
            mappings: lasting,
            queues: lasting,
            log_groups: lasting,
        }
    }
}

impl Spans {
    /// The same for all states.
    pub fn all(lasting: Duration) -> Self {
        Self { creating: lasting, updating: lasting, deleting: lasting }
    }
}

fn milliseconds(of: u64) -> Duration {
    Duration::from_millis(of)
}
