//! A subscription filter on a log group, which is anyone's.

use crate::aws::policy::allow;
use crate::error::Result;
use crate::graph::Node;
use crate::kinds::log_filter::LogFilter;
use crate::kinds::log_group::{self, LogGroup};
use crate::lower::consumer::CONSUMER;
use crate::lower::known::Family;
use crate::lower::source::{Acts, Letters, Link, Next, PERMISSION, ROLE, Sender, next};
use crate::lower::stream::kinesis::STREAM;
use crate::lower::{Lowering, stream};
use crate::resource::Name;
use crate::spec::Logs;

const FILTER: &str = "filter";
/// Somebody else's; in the cloud of `pipe dev` a stand-in for it.
const GROUP: &str = "source-log";

/// Found by the statement or the role that names the group.
pub(in crate::lower) const FAMILIES: &[Family] = &[Family::of::<LogFilter>(FILTER), Family::of::<LogGroup>(GROUP)];

pub(super) fn link(lowering: &Lowering<'_>, logs: &Logs) -> Result<Link> {
    let group = log_group::arn(lowering.place, &Name::new(&logs.group));
    // With `:*` for a function (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html); how it comes to a role no page
    // says, so a role takes both.
    let (service, arn) = ("logs.amazonaws.com", format!("{group}:*"));
    let next = next(lowering);
    let role = next.as_ref().filter(|next| next.takes_roles()).map(|next| {
        // It names the group beside the stream, where that allows nothing: by it the filter is found again.
        let put = allow("Deliver", &["kinesis:PutRecord"], &[next.arn().to_owned(), group.clone()]);
        let statements = std::iter::once(put).chain(stream::kinesis::write_key(lowering)).collect();
        Acts { service, arns: vec![group, arn.clone()], statements }
    });
    let sender = Some(Sender { service, arn, token: String::new() });
    let filter = next.map(|next| node(lowering, logs, &next)).transpose()?;
    let group = match logs.stand_in {
        true => Node::new(GROUP, &logs.group, &LogGroup { retention_days: 1 })?,
        false => Node::existing::<LogGroup>(GROUP, &logs.group),
    };
    let nodes = std::iter::once(group).chain(filter).collect();
    Ok(Link { nodes, sender, role, letters: Letters::Lost })
}

fn node(lowering: &Lowering<'_>, logs: &Logs, next: &Next) -> Result<Node> {
    let props = LogFilter {
        pattern: logs.pattern.clone(),
        destination: next.arn().to_owned(),
        role: if next.takes_roles() { lowering.role_arn(ROLE) } else { String::new() },
        others: Vec::new(),
    };
    Ok(Node::new(FILTER, &logs.group, &props)?.needs([GROUP, PERMISSION, ROLE, CONSUMER, STREAM]))
}
