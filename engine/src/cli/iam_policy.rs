//! The options of `pipe iam-policy`.

use clap::Args;

use super::FileArgs;

#[derive(Debug, Args)]
pub struct IamPolicyArgs {
    #[command(flatten)]
    pub spec: FileArgs,
    /// Print what the role of the consumer's function needs instead, beside its log: for a function that exists already
    #[arg(long)]
    pub consumer: bool,
    /// Print this part alone of a policy that is longer than a managed policy may be, from 1 on
    #[arg(long, value_name = "N", conflicts_with = "consumer")]
    pub part: Option<usize>,
}
