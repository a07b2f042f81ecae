//! The parts of a build script that makes the bundled handlers: that of `pipe`, and that of the tests, which deploy what a release embeds.

use std::ffi::OsStr;
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::handlers::{self, HANDLERS, Sources};

/// The files on which the zips depend.
const INPUTS: [&str; 5] = ["engine/src/bundle", "handlers/src", "handlers/Cargo.toml", "Cargo.lock", "Cargo.toml"];

/// Ends the script, with the error on standard error.
pub fn exit(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is gone, the exit code still says it.
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder that `PIPE_HANDLERS` names, if it is set.
pub fn ready_made() -> Result<Option<PathBuf>, String> {
    tell("rerun-if-env-changed=PIPE_HANDLERS")?;
    let folder = std::env::var_os("PIPE_HANDLERS");
    folder.map(|folder| Ok(Path::new(sources()?.root).join(folder))).transpose()
}

/// Zips the handlers into `out`: these programs, or those that are built now.
pub fn zip(programs: Option<PathBuf>, out: &Path) -> Result<(), String> {
    let sources = sources()?;
    let programs = match programs {
        Some(folder) => {
            for name in HANDLERS {
                tell(&format!("rerun-if-changed={}", folder.join(name).display()))?;
            }
            folder
        }
        None => {
            for input in INPUTS {
                tell(&format!("rerun-if-changed={}/{input}", sources.root))?;
            }
            sources.build(OsStr::new(&variable("CARGO")?))?
        }
    };
    let architecture = if variable("CARGO_CFG_TARGET_ARCH")? == "aarch64" { "arm64" } else { "x86_64" };
    for name in HANDLERS {
        handlers::zip(name, &programs, architecture, out)?;
        let unfit = std::fs::read_to_string(out.join(format!("{name}.unfit"))).unwrap_or_default();
        if !unfit.is_empty() {
            tell(&format!("warning=the handler `{name}` {unfit}: this pipe will refuse to deploy it"))?;
        }
    }
    Ok(())
}

/// Where the handlers' crate is, seen from the package that is built, and where it is built.
pub fn sources() -> Result<Sources<'static>, String> {
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = package.ancestors().find(|folder| folder.join("handlers/Cargo.toml").is_file());
    let root = root.ok_or_else(|| format!("there is no `handlers` above `{}`", package.display()))?;
    let triple = variable("TARGET")?;
    let target = target_folder(Path::new(&variable("OUT_DIR")?), &triple);
    let text = |path: &Path| match path.to_str() {
        Some(text) => Ok(&*text.to_owned().leak()),
        None => Err(format!("`{}` is not UTF-8", path.display())),
    };
    Ok(Sources { root: text(root)?, target: text(&target)?, triple: triple.leak() })
}

/// `<target>/handlers`. `OUT_DIR` is `<target>[/<triple>]/<profile>/build/<package>/out`. It must be another folder than the
/// outer cargo's, which holds the lock of that one.
fn target_folder(out: &Path, triple: &str) -> PathBuf {
    let mut above = out.ancestors().skip(4);
    let target = match above.next() {
        Some(folder) if folder.file_name() == Some(OsStr::new(triple)) => above.next(),
        other => other,
    };
    target.unwrap_or(out).join("handlers")
}

/// A variable that cargo sets for build scripts.
pub fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|error| format!("cargo does not say `{name}`: {error}"))
}

/// Sends cargo an instruction.
pub fn tell(instruction: &str) -> Result<(), String> {
    writeln!(stdout(), "cargo::{instruction}").map_err(|error| format!("cannot tell cargo: {error}"))
}
