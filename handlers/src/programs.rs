//! The handlers as programs: each is one of `bin/`, and a debug build of `pipe` runs them by name.

use std::process::ExitCode;

use lambda_runtime::Error;
use serde_json::json;

use crate::log::{self, Level};

mod authorizer;
mod jwt_authorizer;
mod stream_to_table;

pub use authorizer::run as authorizer;
pub use jwt_authorizer::run as jwt_authorizer;
pub use stream_to_table::run as stream_to_table;

/// Runs the handler of this name until the process ends; nothing where there is none.
pub fn by_name(name: &str) -> Option<ExitCode> {
    match name {
        "authorizer" => Some(main(authorizer())),
        "jwt-authorizer" => Some(main(jwt_authorizer())),
        "stream-to-table" => Some(main(stream_to_table())),
        _ => None,
    }
}

/// The `main` of each: on one thread, with the error that ends it in the log.
pub fn main(run: impl Future<Output = Result<(), Error>>) -> ExitCode {
    log::panics_by_place_only();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::from);
    match runtime.and_then(|runtime| runtime.block_on(run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::emit(&log::line(Level::Error, &error.to_string(), json!({})));
            ExitCode::FAILURE
        }
    }
}
