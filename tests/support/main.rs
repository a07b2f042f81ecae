//! Runs an emulator with the test endpoint in front of it, by hand, and perhaps a command in its environment:
//! `cargo run --example endpoint -- --backend moto`, `cargo run --example endpoint -- target/debug/pipe apply --yes`.

use std::io::Write;

use clap::{Parser, ValueEnum};
use pipe_test_support::{Emulator, Endpoint, Kind, Nature};

#[derive(Parser)]
struct Arguments {
    #[arg(long, value_enum, default_value_t = Backend::Ministack)]
    backend: Backend,
    /// The endpoint's port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// An emulator that runs already, instead of one of its own.
    #[arg(long)]
    upstream: Option<String>,
    /// AWS's states, delays and quotas, as they are or ten times faster; without it the emulator's nature.
    #[arg(long, value_enum)]
    nature: Option<Manners>,
    /// Faults by chance of this share of the calls, 0 to 1; needs a nature.
    #[arg(long, default_value_t = 0.0, requires = "nature")]
    faults: f64,
    /// What the faults are drawn from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A command to run with the environment that leads to the endpoint; the endpoint stays until Ctrl-C.
    #[arg(trailing_var_arg = true)]
    command: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    Ministack,
    MinistackWithAuth,
    Moto,
}

#[derive(Clone, Copy, ValueEnum)]
enum Manners {
    Real,
    Short,
}

impl Manners {
    fn nature(self) -> Nature {
        match self {
            Self::Real => Nature::real(),
            Self::Short => Nature::short(),
        }
    }
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let kind = match arguments.backend {
        Backend::Ministack => Kind::MiniStack,
        Backend::MinistackWithAuth => Kind::MiniStackWithAuth,
        Backend::Moto => Kind::Moto,
    };
    let own = arguments.upstream.is_none().then(|| Emulator::start(kind));
    let upstream = own.as_ref().map(Emulator::url).or(arguments.upstream).unwrap_or_default();
    let endpoint = Endpoint::start_on(arguments.port, kind, &upstream);
    let account = endpoint.account_of("111122223333");
    if let Some(manners) = arguments.nature {
        account.set_nature(manners.nature().with_faults(arguments.faults, arguments.seed));
    }
    let mut out = std::io::stdout();
    writeln!(out, "{} in front of {upstream}; Ctrl-C ends it. In another terminal:", endpoint.url())?;
    for (name, value) in account.environment() {
        writeln!(out, "export {name}={value}")?;
    }
    if let Some((program, rest)) = arguments.command.split_first() {
        std::process::Command::new(program).args(rest).envs(account.environment()).status()?;
    }
    loop {
        std::thread::park();
    }
}
