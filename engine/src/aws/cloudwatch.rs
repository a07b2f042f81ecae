//! CloudWatch's metrics, alarms and dashboards.

use crate::aws::Service;

/// CloudWatch in AWS JSON 1.0. Times are in seconds since 1970. Hosts and signatures call it `monitoring`, IAM `cloudwatch`.
pub const CLOUDWATCH: Service = Service { name: "monitoring", target: "GraniteServiceVersion20100801" };
