//! MiniStack with authorization on, whose functions call back through the test endpoint: it records their calls, and to it they
//! seem to come by TLS, which the policy of the dead-letter queue asks for.

use std::sync::OnceLock;

use pipe_test_support::{Emulator, Endpoint, Kind, Sandbox};

/// A user at work in an account of their own, with the main pipeline.
pub fn sandbox() -> Sandbox {
    static STARTED: OnceLock<(Emulator, Endpoint)> = OnceLock::new();
    let (_, endpoint) = STARTED.get_or_init(|| {
        let (kind, port) = (Kind::MiniStackWithAuth, Emulator::free_port());
        let endpoint = Endpoint::start_on(0, kind, &format!("http://127.0.0.1:{port}"));
        (Emulator::start_on(kind, port, &endpoint.url()), endpoint)
    });
    Sandbox::new(env!("CARGO_BIN_EXE_pipe"), endpoint.account(), crate::MAIN)
}
