//! Runs an emulator with the test endpoint in front of it, by hand: `cargo run --example endpoint -- --backend moto`.

use std::io::Write;

use clap::{Parser, ValueEnum};
use pipe_test_support::{Emulator, Endpoint, Kind};

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
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    Ministack,
    MinistackWithAuth,
    Moto,
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
    writeln!(std::io::stdout(), "{} in front of {upstream}; Ctrl-C ends it", endpoint.url())?;
    loop {
        std::thread::park();
    }
}
