//! `pipe`: see the library for everything but this.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use pipe::cli::{Cli, Command, suggest};
use pipe::error::Error;
use pipe::event::{Event, Failure};
use pipe::term::Shell;
use tracing::Level;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(mut told) => {
            suggest(&mut told);
            return told_by_clap(&told);
        }
    };
    if let Command::Supervise { command } = &cli.command {
        return pipe_local::supervise::run(command);
    }
    if let Command::Handler { name } = &cli.command
        && let Some(ended) = pipe_handlers::programs::by_name(name)
    {
        return ended;
    }
    trace(cli.global.verbose);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    match runtime {
        Ok(runtime) => ExitCode::from(runtime.block_on(pipe::commands::run(cli))),
        Err(_) => ExitCode::from(pipe::cli::exit::FAILED),
    }
}

/// The user asked for help or version; else the command line is wrong. Not with clap's exit code 2: here that means "changes".
fn told_by_clap(told: &clap::Error) -> ExitCode {
    // A reader that went away wants no more of it.
    let _ = told.print();
    if !told.use_stderr() {
        return ExitCode::from(pipe::cli::exit::OK);
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let error = Error::fatal(complaint(told)).hint("`pipe --help` lists the commands");
        Shell { json: true, ..Shell::default() }.line(&Event::Error { error: Failure::from(&error) });
    }
    ExitCode::from(pipe::cli::exit::FAILED)
}

/// What is wrong in what clap says: all before its tips and the usage, as one line.
fn complaint(told: &clap::Error) -> String {
    if told.kind() == clap::error::ErrorKind::MissingSubcommand {
        return "no command was given".to_owned();
    }
    let text = told.render().to_string();
    let wrong = text.split("\n\n").next().unwrap_or_default();
    wrong.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sends traces to standard error: nothing by default, every call with `-v`, what `RUST_LOG` says in any case. The finest
/// traces of the SDK and of the crates below it hold headers and bodies, and are never let through.
fn trace(verbose: u8) {
    let default = match verbose {
        0 => "off",
        1 => "pipe=debug",
        _ => "pipe=trace,aws_smithy_runtime=debug",
    };
    let asked = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let filter = EnvFilter::try_new(if asked.is_empty() { default } else { &asked }).unwrap_or_else(|error| {
        Shell::default().warn(&format!("RUST_LOG cannot be parsed, and is ignored: {error}"));
        EnvFilter::new(default)
    });
    let ours = |target: &str| target == "pipe" || target.starts_with("pipe::");
    let no_bodies = filter_fn(move |about| ours(about.target()) || *about.level() <= Level::DEBUG);
    // A reader that goes away (`pipe -v diff 2>&1 | head`) ends no run.
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour);
    let layer = layer.log_internal_errors(false);
    tracing_subscriber::registry().with(layer.with_filter(filter.and(no_bodies))).init();
}
