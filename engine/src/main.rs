//! `pipe`: see the library for everything but this.

use std::process::ExitCode;

use clap::Parser;
use pipe::cli::{Cli, Command};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return told_by_clap(&told),
    };
    if let Command::Supervise { command } = &cli.command {
        return pipe_local::supervise::run(command);
    }
    trace(cli.global.verbose);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    match runtime {
        Ok(runtime) => ExitCode::from(runtime.block_on(pipe::commands::run(cli))),
        Err(_) => ExitCode::from(pipe::cli::exit::FAILED),
    }
}

/// Help and version are what was asked for; else the command line is wrong. Not with clap's exit code 2: here that means "changes".
fn told_by_clap(told: &clap::Error) -> ExitCode {
    // A reader that went away wants no more of it.
    let _ = told.print();
    ExitCode::from(if told.use_stderr() { pipe::cli::exit::FAILED } else { pipe::cli::exit::OK })
}

/// Sends traces to standard error: nothing by default, every call with `-v`, what `RUST_LOG` says in any case.
fn trace(verbose: u8) {
    let default = match verbose {
        0 => "off",
        1 => "pipe=debug",
        _ => "pipe=trace,aws_smithy_runtime=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
