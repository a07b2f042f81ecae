//! The arguments of `pipe status`.

use clap::Args;

use super::FileArgs;

/// The IAM actions of all that it may read, whatever the pipeline has. A test compares them with the calls.
pub const RIGHTS: &str = "\
It reads with these IAM actions, of the parts that the pipeline has; what it may not read, it names: apigateway:GET, \
cloudwatch:DescribeAlarms, cloudwatch:GetMetricData, dynamodb:DescribeTable, events:DescribeRule, iot:GetTopicRule, \
iot:ListTopicRules, kinesis:DescribeStreamSummary, lambda:GetFunction, lambda:ListEventSourceMappings, \
logs:DescribeSubscriptionFilters, s3:GetBucketNotification, scheduler:GetSchedule, sns:GetTopicAttributes, \
sqs:GetQueueAttributes.";

/// One line a part, in the order in which an event travels, with the figures of the last hour; in `pipe dev` of the last six minutes.
///
/// The exit code is 1 when something needs a person: dead letters; a mapping, rule or schedule that is disabled though the spec enables it, or a
/// mapping whose last call went wrong; errors, throttles, refused records, or undelivered and lost events in that time; unread records older than
/// a third of what their stream keeps; an alarm in ALARM; a part that is not there, or that could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = RIGHTS)]
pub struct StatusArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Look again every 30 seconds, of a `pipe dev` every 2, until Ctrl-C; each look at AWS costs a fraction of a cent
    #[arg(long)]
    pub watch: bool,
}
