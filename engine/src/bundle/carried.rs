//! The bundled handlers, as this `pipe` has them.
//!
//! A release embeds them. A debug build runs them by itself for `pipe dev` (`pipe handler NAME`), and builds them with their release
//! profile when they are deployed for the first time, so that its own first build is shorter.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::bundle::handlers::{self, HANDLERS, Sources};
use crate::bundle::{ARCHITECTURE, Code, bytes, pack};
use crate::error::{Error, Result};

/// A handler as the build script left it.
struct Embedded {
    name: &'static str,
    zip: &'static [u8],
    sha256: &'static str,
    /// Why it does not run on Lambda; empty where it does.
    unfit: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The folder of zips that the tests have built, in place of those that a debug build would make.
const ZIPPED: &str = "PIPE_ZIPPED_HANDLERS";

/// Whether code is to be deployed, or runs on this machine alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Deploy,
    RunHere,
}

/// Whether cargo builds the bundled handlers when they are asked for.
pub fn is_built(to: Use) -> bool {
    to == Use::Deploy && EMBEDDED.is_empty() && zipped().is_none()
}

fn zipped() -> Option<PathBuf> {
    std::env::var_os(ZIPPED).map(PathBuf::from)
}

/// The handler of this name, which is one of [`HANDLERS`].
///
/// # Errors
/// In a debug build: handlers that do not build.
pub(super) fn code(name: &str, to: Use) -> Result<Code> {
    if let Some(found) = EMBEDDED.iter().find(|embedded| embedded.name == name) {
        return Ok(of(name, Bytes::from_static(found.zip), found.sha256, found.unfit));
    }
    match (zipped(), to) {
        (Some(folder), _) => read(name, &folder),
        (None, Use::RunHere) => itself(name),
        (None, Use::Deploy) => {
            let sources = SOURCES.ok_or_else(|| Error::defect(format!("the handler `{name}` is not embedded")))?;
            let folder = Path::new(sources.target).join("zipped");
            build(&sources, &folder).map_err(Error::fatal)?;
            read(name, &folder)
        }
    }
}

fn build(sources: &Sources<'_>, folder: &Path) -> std::result::Result<(), String> {
    let programs = sources.build("cargo".as_ref())?;
    let made = std::fs::create_dir_all(folder);
    made.map_err(|error| format!("cannot make the folder `{}`: {error}", folder.display()))?;
    HANDLERS.iter().try_for_each(|name| handlers::zip(name, &programs, ARCHITECTURE, folder))
}

pub(super) fn read(name: &str, folder: &Path) -> Result<Code> {
    let part = |kind: &str| bytes(&folder.join(format!("{name}.{kind}")));
    let text = |kind: &str| Ok::<_, Error>(String::from_utf8_lossy(&part(kind)?).into_owned());
    Ok(of(name, part("zip")?.into(), &text("sha256")?, &text("unfit")?))
}

fn of(name: &str, zip: Bytes, sha256: &str, unfit: &str) -> Code {
    let unfit = (!unfit.is_empty()).then(|| {
        Error::fatal(format!("the bundled handler `{name}` {unfit}"))
            .hint("build `pipe` on Amazon Linux 2023 or a system as old, or set PIPE_HANDLERS to a folder of handlers that fit")
    });
    Code::program(sha256.to_owned(), zip, ARCHITECTURE.to_owned(), unfit)
}

/// This very program, which is the handler where it is asked to be.
fn itself(name: &str) -> Result<Code> {
    let program =
        std::env::current_exe().map_err(|error| Error::fatal(format!("cannot find this program: {error}")))?;
    let quoted = program.to_string_lossy().replace('\'', r"'\''");
    let script = format!("#!/bin/sh\nexec '{quoted}' handler {name}\n");
    let zip = pack::pack(script.as_bytes());
    let zip = zip.map_err(|error| Error::fatal(format!("`{name}` cannot be zipped: {error}")))?;
    let sha256 = pack::sha256(&zip);
    Ok(of(name, zip.into(), &sha256, ""))
}
