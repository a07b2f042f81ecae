//! The command line: what `pipe` understands, and what its exit codes mean.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::aws::ConnectOptions;
use crate::error::Class;
use crate::names::quoted;
use crate::session::Session;

mod changing;
mod consent;
mod console;
mod dev;
mod dlq;
mod graph;
mod iam_policy;
mod init;
mod logs;
mod meant;
mod moment;
mod openapi;
mod send;
mod status;
mod trace;
mod using;

pub use changing::{ApplyArgs, DestroyArgs, DiffArgs, RunArgs, UnlockArgs};
pub use consent::{ConsentArgs, OrphanArgs};
pub use console::ConsoleArgs;
pub use dev::DevArgs;
pub use dlq::{DlqCommand, DlqExportArgs, DlqLsArgs, DlqPurgeArgs, DlqRedriveArgs, DlqShowArgs, ReplayArgs};
pub use graph::{GraphArgs, GraphFormat};
pub use iam_policy::IamPolicyArgs;
pub use init::{InitArgs, Pattern};
pub use logs::LogsArgs;
pub use meant::suggest;
pub use moment::Moment;
pub use openapi::{OpenapiArgs, OpenapiFormat};
pub use send::SendArgs;
pub use status::{RIGHTS as STATUS_RIGHTS, StatusArgs};
pub use trace::TraceArgs;
pub use using::OutputsArgs;

/// Exit codes, the same for every command.
pub mod exit {
    /// Done, or nothing to do.
    pub const OK: u8 = 0;
    /// Failed.
    pub const FAILED: u8 = 1;
    /// `diff --exit-code`: there are changes.
    pub const CHANGES: u8 = 2;
    /// Refused, because consent is missing.
    pub const CONSENT: u8 = 3;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// The exit code for a failure of this class.
pub fn exit_code(class: Class) -> u8 {
    match class {
        Class::Consent => exit::CONSENT,
        Class::Interrupted => exit::INTERRUPTED,
        _ => exit::FAILED,
    }
}

/// One page of YAML becomes a production-grade AWS event pipeline.
#[derive(Debug, Parser)]
#[command(
    name = "pipe",
    version,
    about,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 done or nothing to do, 1 failed, 2 changes present (diff --exit-code), 3 refused because consent is \
missing, 130 interrupted."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// AWS region; otherwise AWS_REGION or the profile's
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// Profile of the AWS configuration files; otherwise AWS_PROFILE
    #[arg(long, global = true)]
    pub profile: Option<String>,
    /// An AWS-compatible endpoint for every service; otherwise AWS_ENDPOINT_URL
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The pipeline that `pipe dev` runs on this machine, instead of the one on AWS
    #[arg(long, global = true, conflicts_with_all = ["region", "profile", "endpoint_url"])]
    pub local: bool,
    /// Print JSON, one object a line, for machines
    #[arg(long, global = true)]
    pub json: bool,
    /// Trace every AWS call to standard error; -vv for more. RUST_LOG, if set, decides instead what is traced
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The `pipe dev` that `--local` means.
    #[arg(skip)]
    pub session: Option<Session>,
}

impl Global {
    /// The way to AWS that the options ask for.
    pub fn connect_options(&self) -> ConnectOptions {
        match &self.session {
            Some(session) => ConnectOptions {
                region: Some(session.region.clone()),
                profile: None,
                endpoint_url: Some(session.endpoint_url.clone()),
                keys: session.keys.clone(),
            },
            None => ConnectOptions {
                region: self.region.clone(),
                profile: self.profile.clone(),
                endpoint_url: self.endpoint_url.clone(),
                keys: None,
            },
        }
    }

    /// The options that lead another command to the same place, each after a space, for a command that is printed.
    pub fn way(&self) -> String {
        if self.session.is_some() {
            return " --local".to_owned();
        }
        let options =
            [("--region", &self.region), ("--profile", &self.profile), ("--endpoint-url", &self.endpoint_url)];
        let given = options.iter().filter_map(|(name, value)| Some(format!(" {name} {}", quoted(value.as_ref()?))));
        given.collect()
    }
}

/// What `pipe` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented spec to begin with
    Init(InitArgs),
    /// Make the account match the spec
    Apply(ApplyArgs),
    /// Show what apply would do
    Diff(DiffArgs),
    /// Delete what the pipeline owns
    Destroy(DestroyArgs),
    /// End the lease that a dead run has left
    Unlock(UnlockArgs),
    /// Check a spec offline: every problem in one run
    Validate(FileArgs),
    /// Print the JSON schema of specs
    Schema(SchemaArgs),
    /// Draw the resources: needs solid, mentions dotted
    Graph(GraphArgs),
    /// Describe the API in OpenAPI 3.0, for clients and documentation
    Openapi(OpenapiArgs),
    /// List the pipelines of this account and region
    List,
    /// Print endpoint, names and ARNs
    Outputs(OutputsArgs),
    /// Print the least IAM policy that a deployer of this spec needs
    IamPolicy(IamPolicyArgs),
    /// Run the pipeline on this machine, and apply every edit of its spec and handlers
    Dev(DevArgs),
    /// Serve a page that shows the pipeline on AWS, or say where that of `pipe dev` is
    ///
    /// On AWS it shows what `status`, `logs`, `trace` and `dlq` read, as long as a page is open, and changes nothing but by a redrive,
    /// after asking. Only the address that it prints opens it.
    Console(ConsoleArgs),
    /// Send events: to the source, or without one to what carries them
    Send(SendArgs),
    /// Show whether it works and keeps up, and what needs a person until when
    Status(StatusArgs),
    /// Show the logs of all parts, merged by time
    Logs(LogsArgs),
    /// Show the way of one event, from the API to its row or dead letter
    Trace(TraceArgs),
    /// Read the dead-letter queue, send its letters once more, delete or export them
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Send a part of the stream to the consumer's function once more, in order
    ///
    /// The mapping and its checkpoint are left alone. A shard ends at the first record that the function does not take, and the command
    /// says how to go on from there.
    Replay(ReplayArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the licenses of what pipe is made of
    Licenses,
    /// Runs a bundled handler, as `pipe dev` of a debug build does
    #[command(hide = true)]
    Handler { name: String },
    /// Runs a command that ends with whoever started it
    #[command(hide = true)]
    Supervise {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

impl Command {
    /// Whether its plan is to have every property as it is.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Apply(ApplyArgs { full: true, .. }) | Self::Diff(DiffArgs { full: true, .. }))
    }

    /// The spec that the command is about; the default one where it names none.
    pub fn file(&self) -> &Path {
        match self {
            Self::Apply(args) => &args.spec.file,
            Self::Diff(args) => &args.spec.file,
            Self::Destroy(args) => &args.spec.file,
            Self::Unlock(args) => &args.spec.file,
            Self::Init(args) => &args.spec.file,
            Self::Validate(args) => &args.file,
            Self::IamPolicy(args) => &args.spec.file,
            Self::Graph(args) => &args.spec.file,
            Self::Openapi(args) => &args.spec.file,
            Self::Outputs(args) => &args.spec.file,
            Self::Dev(args) => &args.spec.file,
            Self::Console(args) => &args.spec.file,
            Self::Send(args) => &args.spec.file,
            Self::Status(args) => &args.spec.file,
            Self::Logs(args) => &args.spec.file,
            Self::Trace(args) => &args.spec.file,
            Self::Dlq(command) => command.file(),
            Self::Replay(args) => &args.spec.file,
            Self::Schema(_) | Self::List | Self::Completions { .. } => Path::new(SPEC),
            Self::Licenses | Self::Handler { .. } | Self::Supervise { .. } => Path::new(SPEC),
        }
    }
}

/// The spec that is meant where none is named.
const SPEC: &str = "pipeline.yaml";

/// The spec that a command is about.
#[derive(Clone, Debug, Args)]
pub struct FileArgs {
    /// The spec
    #[arg(default_value = SPEC)]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Print the schema of the lines of --json instead
    #[arg(long)]
    pub events: bool,
}
