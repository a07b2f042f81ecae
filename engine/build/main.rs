//! Leaves `embedded.rs` in `OUT_DIR`: in a release the bundled handlers' zips, in a debug build the place where they can be built.
//!
//! `PIPE_HANDLERS=dir` embeds ready-made programs in either: those that `handlers::HANDLERS` names, in that folder, absolute or relative
//! to the repository's root.

use std::fmt::Write;
use std::process::ExitCode;

use handlers::HANDLERS;

#[path = "../src/bundle/elf.rs"]
mod elf;
#[path = "../src/bundle/handlers.rs"]
mod handlers;
#[path = "../src/bundle/pack.rs"]
mod pack;
mod script;

fn main() -> ExitCode {
    script::exit(run())
}

fn run() -> Result<(), String> {
    let out = script::variable("OUT_DIR")?;
    let debug = script::variable("PROFILE")? == "debug";
    let generated = match script::ready_made()? {
        None if debug => {
            let sources = script::sources()?;
            format!("const EMBEDDED: &[Embedded] = &[];\nconst SOURCES: Option<Sources<'_>> = Some({sources:?});\n")
        }
        programs => {
            script::zip(programs, out.as_ref())?;
            format!(
                "const EMBEDDED: &[Embedded] = &[\n{}];\nconst SOURCES: Option<Sources<'_>> = None;\n",
                embedded(&out)
            )
        }
    };
    script::tell("rerun-if-changed=build")?;
    handlers::write(&std::path::Path::new(&out).join("embedded.rs"), generated.as_bytes())
}

/// One entry for each handler.
fn embedded(out: &str) -> String {
    HANDLERS.iter().fold(String::new(), |mut text, name| {
        let part = |kind: &str| format!("{out}/{name}.{kind}");
        let (zip, sha256, unfit) = (part("zip"), part("sha256"), part("unfit"));
        // A `String` takes all.
        let _ = writeln!(
            text,
            "Embedded {{ name: {name:?}, zip: include_bytes!({zip:?}), sha256: include_str!({sha256:?}), unfit: include_str!({unfit:?}) }},"
        );
        text
    })
}
