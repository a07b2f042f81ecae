//! Published quotas as token buckets, per account and region.

use std::collections::HashMap;
use std::time::Instant;

use crate::endpoint::call::Call;

/// A bucket: which calls take from it, how fast it refills, and how much it holds.
struct Quota {
    service: &'static str,
    operations: Operations,
    per_second: f64,
    burst: f64,
}

enum Operations {
    All,
    Writes,
    AllBut(&'static [&'static str]),
    /// All of them take from one bucket.
    Of(&'static [&'static str]),
}

use Operations::{All, AllBut, Of, Writes};

const fn quota(service: &'static str, operations: Operations, per_second: f64, burst: f64) -> Quota {
    Quota { service, operations, per_second, burst }
}

/// A call takes from every bucket that it belongs to, and from none if one is empty.
static QUOTAS: &[Quota] = &[
    // API Gateway quotas: fixed for account and region; the first holds all others as well.
    quota("apigateway", All, 10.0, 40.0),
    quota("apigateway", Of(&["CreateRestApi"]), 1.0 / 3.0, 1.0),
    quota("apigateway", Of(&["PutRestApi"]), 1.0, 1.0),
    quota("apigateway", Of(&["DeleteRestApi"]), 1.0 / 30.0, 1.0),
    quota("apigateway", Of(&["CreateDeployment"]), 1.0 / 5.0, 1.0),
    quota("apigateway", Of(&["UpdateAccount"]), 1.0 / 20.0, 1.0),
    quota("apigateway", Of(&["UpdateUsagePlan"]), 1.0 / 20.0, 1.0),
    quota("apigateway", Of(&["CreateApiKey"]), 5.0, 5.0),
    quota("apigateway", Of(&["DeleteApiKey"]), 5.0, 5.0),
    quota("apigateway", Of(&["CreateResource"]), 5.0, 5.0),
    quota("apigateway", Of(&["DeleteResource"]), 5.0, 5.0),
    quota("apigateway", Of(&["GetResources"]), 2.5, 5.0),
    // Kinesis quotas.
    quota("kinesis", Of(&["CreateStream"]), 5.0, 5.0),
    quota("kinesis", Of(&["DeleteStream"]), 5.0, 5.0),
    quota("kinesis", Of(&["DescribeStream"]), 10.0, 10.0),
    quota("kinesis", Of(&["DescribeStreamSummary"]), 20.0, 20.0),
    quota("kinesis", Of(&["DescribeStreamConsumer"]), 20.0, 20.0),
    quota("kinesis", Of(&["RegisterStreamConsumer"]), 5.0, 5.0),
    quota("kinesis", Of(&["DeregisterStreamConsumer"]), 5.0, 5.0),
    quota("kinesis", Of(&["DescribeLimits"]), 1.0, 1.0),
    quota("kinesis", Of(&["ListShards"]), 100.0, 100.0),
    quota("kinesis", Of(&["ListStreams"]), 5.0, 5.0),
    quota("kinesis", Of(&["AddTagsToStream"]), 5.0, 5.0),
    quota("kinesis", Of(&["RemoveTagsFromStream"]), 5.0, 5.0),
    quota("kinesis", Of(&["ListTagsForStream"]), 5.0, 5.0),
    quota("kinesis", Of(&["IncreaseStreamRetentionPeriod"]), 5.0, 5.0),
    quota("kinesis", Of(&["DecreaseStreamRetentionPeriod"]), 5.0, 5.0),
    quota("kinesis", Of(&["EnableEnhancedMonitoring"]), 5.0, 5.0),
    quota("kinesis", Of(&["DisableEnhancedMonitoring"]), 5.0, 5.0),
    quota("kinesis", Of(&["MergeShards"]), 5.0, 5.0),
    quota("kinesis", Of(&["SplitShard"]), 5.0, 5.0),
    quota("kinesis", Of(&["UpdateShardCount"]), 10.0, 10.0),
    // Lambda quotas.
    quota("lambda", AllBut(&["Invoke", "GetFunction", "GetPolicy"]), 15.0, 15.0),
    quota("lambda", Of(&["GetFunction"]), 100.0, 100.0),
    quota("lambda", Of(&["GetPolicy"]), 15.0, 15.0),
    // IAM's are not published; some 5 writes a second are known to pass, the burst is a guess.
    quota("iam", Writes, 5.0, 20.0),
    // CloudWatch Logs quotas.
    quota("logs", Of(&["CreateLogGroup"]), 5.0, 5.0),
    quota("logs", Of(&["DeleteLogGroup"]), 5.0, 5.0),
    quota("logs", Of(&["DescribeLogGroups"]), 5.0, 5.0),
];

impl Quota {
    fn covers(&self, call: &Call) -> bool {
        let operation = call.operation.as_str();
        self.service == call.service
            && match self.operations {
                All => true,
                Writes => call.write,
                AllBut(others) => !others.contains(&operation),
                Of(operations) => operations.contains(&operation),
            }
    }
}

/// What is left in the buckets of one account, by region and place in the table. One that is absent is full.
#[derive(Default)]
pub struct Buckets(HashMap<(String, usize), (f64, Instant)>);

impl Buckets {
    /// Takes a token for this call from all its buckets, or says that one is empty. `faster` is how often they refill.
    pub fn take(&mut self, call: &Call, faster: f64) -> bool {
        if faster <= 0.0 {
            return true;
        }
        let now = Instant::now();
        let covering = QUOTAS.iter().enumerate().filter(|(_, quota)| quota.covers(call));
        let levels: Vec<(usize, f64)> =
            covering.map(|(place, quota)| (place, self.level(&call.region, place, quota, faster, now))).collect();
        let allowed = levels.iter().all(|(_, level)| *level >= 1.0);
        for (place, level) in levels {
            let left = if allowed { level - 1.0 } else { level };
            self.0.insert((call.region.clone(), place), (left, now));
        }
        allowed
    }

    fn level(&self, region: &str, place: usize, quota: &Quota, faster: f64, now: Instant) -> f64 {
        let Some((left, since)) = self.0.get(&(region.to_owned(), place)) else {
            return quota.burst;
        };
        (left + now.duration_since(*since).as_secs_f64() * quota.per_second * faster).min(quota.burst)
    }
}
