//! One file a command; each reads as the walk: parse, lower, read live, plan, print, ask, run, exit code.

mod apply;
mod building;
mod change;
mod consent;
mod console;
mod consumer_rights;
mod demo;
mod destroy;
mod dev;
mod diff;
pub(crate) mod dlq;
mod ends;
mod graph;
mod halt;
mod hand;
mod iam_policy;
mod init;
mod kept;
mod keys;
mod list;
pub(crate) mod logs;
mod moment;
mod openapi;
mod outputs;
mod replay;
pub(crate) mod running;
pub(crate) mod send;
pub(crate) mod status;
pub(crate) mod trace;
mod unlock;
mod validate;
mod walk;

use clap::CommandFactory;

use crate::cli::{Cli, Command, Global, SchemaArgs, exit, exit_code};
use crate::error::Error;
use crate::event::{self, Event};
use crate::session::{self, Session};
use crate::spec::Report;
use crate::term::{self, Shell};

/// Why a command ends early.
#[derive(Debug)]
pub enum Stop {
    /// All reasons at once.
    Errors(Vec<Error>),
    /// Problems of the spec, each with its place.
    Report(Report),
    /// All is said already.
    Code(u8),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Errors(vec![error])
    }
}

type Outcome = Result<u8, Stop>;

/// Runs a command, reports what stopped it, and returns the exit code.
pub async fn run(cli: Cli) -> u8 {
    let shell = Shell { json: cli.global.json, full: cli.command.is_full() };
    let global = match session(&cli) {
        Ok(session) => &Global { session, ..cli.global.clone() },
        Err(error) => return report(shell, error.into()),
    };
    let code = dispatch(shell, global, &cli.command).await.unwrap_or_else(|stop| report(shell, stop));
    match term::unwritten() {
        None => code,
        Some(why) => {
            let error = Error::fatal(format!("not everything could be written to standard output: {why}"));
            shell.err(&term::render_error(
                &error.hint("the command did its work: only a part of its output is missing"),
            ));
            if matches!(code, exit::OK | exit::CHANGES) { exit::FAILED } else { code }
        }
    }
}

async fn dispatch(shell: Shell, global: &Global, command: &Command) -> Outcome {
    match command {
        Command::Init(args) => init::run(shell, args),
        Command::Apply(args) => apply::run(shell, global, args).await,
        Command::Diff(args) => diff::run(shell, global, args).await,
        Command::Destroy(args) => destroy::run(shell, global, args).await,
        Command::Unlock(args) => unlock::run(shell, global, args).await,
        Command::Validate(args) => validate::run(shell, args),
        Command::Schema(args) => Ok(schema(shell, args)),
        Command::Graph(args) => graph::run(shell, global, args),
        Command::Openapi(args) => openapi::run(shell, global, args),
        Command::List => list::run(shell, global).await,
        Command::Outputs(args) => outputs::run(shell, global, args).await,
        Command::IamPolicy(args) => iam_policy::run(shell, global, args).await,
        Command::Dev(args) => dev::run(shell, global, args).await,
        Command::Console(args) => console::run(shell, global, args).await,
        Command::Send(args) => send::run(shell, global, args).await,
        Command::Logs(args) => logs::run(shell, global, args).await,
        Command::Trace(args) => trace::run(shell, global, args).await,
        Command::Status(args) => status::run(shell, global, args).await,
        Command::Dlq(command) => dlq::run(shell, global, command).await,
        Command::Replay(args) => replay::run(shell, global, args).await,
        Command::Handler { name } => Err(Error::fatal(format!("there is no handler `{name}`")).into()),
        Command::Supervise { .. } => Err(Error::defect("`supervise` does not come here").into()),
        Command::Completions { shell: of } => Ok(completions(shell, *of)),
        Command::Licenses => Ok(licenses(shell)),
    }
}

fn schema(shell: Shell, args: &SchemaArgs) -> u8 {
    let schema = if args.events { event::schema() } else { crate::spec::schema() };
    match serde_json::from_str(&schema) {
        Ok(schema) if shell.json => shell.line(&Event::Schema { schema }),
        _ => shell.data(&schema),
    }
    exit::OK
}

fn completions(shell: Shell, of: clap_complete::Shell) -> u8 {
    // Into memory first: clap_complete panics where its reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(of, &mut Cli::command(), "pipe", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell.json {
        true => shell.line(&Event::Completions { script }),
        false => shell.data(&script),
    }
    exit::OK
}

fn licenses(shell: Shell) -> u8 {
    /// Written and checked by `.ci/licenses.py`.
    const NOTICES: &str = include_str!("../../NOTICES");
    match shell.json {
        true => shell.line(&Event::Licenses { text: NOTICES }),
        false => shell.data(NOTICES),
    }
    exit::OK
}

/// The running `pipe dev` that `--local` asks for.
fn session(cli: &Cli) -> Result<Option<Session>, Error> {
    match cli.global.local {
        true => session::find(cli.command.file()).map(Some),
        false => Ok(None),
    }
}

fn report(shell: Shell, stop: Stop) -> u8 {
    let errors = match stop {
        Stop::Report(report) => {
            shell.line(&Event::Problems { problems: report.located() });
            shell.err(&report.render(true));
            return exit::FAILED;
        }
        Stop::Code(code) => return code,
        Stop::Errors(errors) => errors,
    };
    errors.iter().for_each(|error| shell.error(error));
    errors.iter().map(|error| exit_code(error.class())).max().unwrap_or(exit::FAILED)
}
