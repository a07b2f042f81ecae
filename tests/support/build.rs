//! Builds the bundled handlers with their release profile: the tests run and deploy what a release embeds.

use std::path::Path;
use std::process::ExitCode;

#[path = "../../engine/src/bundle/elf.rs"]
mod elf;
#[path = "../../engine/src/bundle/handlers.rs"]
mod handlers;
#[path = "../../engine/src/bundle/pack.rs"]
mod pack;
#[path = "../../engine/build/script.rs"]
mod script;

fn main() -> ExitCode {
    script::exit(run())
}

fn run() -> Result<(), String> {
    script::zip(script::ready_made()?, Path::new(&script::variable("OUT_DIR")?))?;
    for script in ["tests/support/build.rs", "engine/build/script.rs"] {
        script::tell(&format!("rerun-if-changed={}/{script}", script::sources()?.root))?;
    }
    Ok(())
}
