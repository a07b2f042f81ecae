//! The code that is deployed: the handlers that this binary carries, and those that users bring.
//!
//! Everything ends as a zip and its SHA-256, by which [`crate::aws::Cx`] hands it to the function's kind. Code that cannot
//! run on Lambda (another architecture, a newer glibc) is reported here, and not when it first runs.

use std::path::Path;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::spec::{Function, Handler, Loaded, contained};

mod archive;
mod carried;
mod codes;
mod elf;
mod environment;
mod folder;
mod handlers;
mod krate;
mod managed;
mod native;
mod pack;
#[cfg(test)]
mod tests;

pub use carried::{Use, is_built};
pub use codes::Codes;
pub use handlers::HANDLERS;
pub use krate::{Sources, sources};

/// The architecture that `pipe` was built for, as Lambda calls it; the bundled handlers have it too.
pub const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

/// The largest zip that can be sent to Lambda, in bytes (`docs/aws.md#lambda-quotas`).
const ZIPPED: usize = 52_428_800;

/// Code that a function can be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Base64 of the zip's SHA-256, which is Lambda's `CodeSha256`.
    pub sha256: String,
    /// A zip with `bootstrap` at its root, or with what a runtime of AWS takes.
    pub zip: Bytes,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// AWS's name for what it runs on: `provided.al2023` for a `bootstrap`.
    pub runtime: String,
    /// What the runtime calls; `bootstrap` says nothing to the one that runs programs.
    pub entry: String,
    /// Why it does not start on Lambda, though it may on this machine: it needs a newer glibc.
    pub unfit: Option<Error>,
}

impl Code {
    /// A program of one's own, `bootstrap`, which Lambda starts itself.
    fn program(sha256: String, zip: Bytes, architecture: String, unfit: Option<Error>) -> Self {
        Self { sha256, zip, architecture, runtime: "provided.al2023".into(), entry: "bootstrap".into(), unfit }
    }
}

/// Whether a handler is a crate, which takes a while to build.
pub fn is_crate(handler: &str, root: &Path) -> bool {
    !HANDLERS.contains(&handler)
        && contained(root, handler)
            .is_ok_and(|path| path.join("Cargo.toml").is_file() && !path.join("bootstrap").is_file())
}

/// Why `apply` would refuse the user's own handler, where no build is needed to see it. The faults of a crate show in its build.
pub fn refused(loaded: &Loaded) -> Option<Error> {
    let function = loaded.spec.function()?;
    let handler = function.handler.as_ref()?;
    if let Handler::Managed(managed) = handler {
        return managed::refused(managed, &loaded.root, codes::architecture(function));
    }
    if function.is_bundled() || is_crate(handler.path(), &loaded.root) {
        return None;
    }
    match load(handler.path(), &loaded.root, codes::architecture(function), Use::RunHere) {
        Ok(code) => code.unfit,
        Err(error) => Some(error),
    }
}

/// Finds, builds or packs the code of the consumer's function. One that exists already has its own, of which nothing is known here.
///
/// # Errors
/// As [`load`]; as the code of one of AWS's runtimes.
fn of_function(function: &Function, root: &Path, to: Use) -> Result<Option<Code>> {
    let architecture = codes::architecture(function);
    function
        .handler
        .as_ref()
        .map(|handler| match handler {
            Handler::Managed(managed) => managed::load(managed, root, architecture),
            Handler::Named(name) => load(name, root, architecture, to),
        })
        .transpose()
}

/// Finds, or builds, the code of a handler: a bundled name, or a path below `root` to a folder with `bootstrap`, to a zip, or to
/// a crate.
///
/// A zip is taken byte for byte; of a folder only `bootstrap` is. `architecture` is what the spec asks for; with none it is that
/// of the program, and for a script that of `pipe`. A script (`#!`) may be a bootstrap, but Amazon Linux 2023 for Lambda has
/// little more than a shell to run it. Building a crate takes as long as cargo does, and blocks.
///
/// # Errors
/// No such handler, or one outside of the repository; a crate that does not build; a file that is not a program for Linux;
/// another architecture than was asked for; a zip larger than Lambda takes. Code that needs a newer glibc than Lambda's Amazon
/// Linux 2023 has is returned, as unfit.
pub fn load(handler: &str, root: &Path, architecture: Option<&str>, to: Use) -> Result<Code> {
    if HANDLERS.contains(&handler) {
        let code = carried::code(handler, to)?;
        return match architecture {
            Some(wanted) if wanted != code.architecture => Err(other_architecture(handler, ARCHITECTURE, wanted).hint(
                format!("the bundled handlers are for `{ARCHITECTURE}`, as this `pipe` is: leave `architecture` out"),
            )),
            _ => Ok(code),
        };
    }
    // As the spec's rules do, but later: what was a folder then may be a link now.
    let inside =
        |path: &str| contained(root, path).map_err(|error| Error::fatal(error).hint("bring it into the repository"));
    let path = inside(handler)?;
    if path.is_dir() && path.join("bootstrap").is_file() {
        return packed(&bytes(&inside(&format!("{handler}/bootstrap"))?)?, handler, architecture);
    }
    if path.is_dir() && path.join("Cargo.toml").is_file() {
        return packed(&krate::build(&path)?, handler, architecture);
    }
    if path.is_file() && path.extension().is_some_and(|end| end == "zip") {
        let zip = bytes(&path)?;
        let fit = fit(&archive::bootstrap(&zip, handler)?, handler, architecture)?;
        return code(zip, handler, fit);
    }
    let error = if path.exists() {
        Error::fatal(format!(
            "`{handler}` is not a handler: it is neither a zip nor a folder with `bootstrap` or `Cargo.toml`"
        ))
    } else {
        Error::fatal(format!("there is no handler `{handler}`: `{}` does not exist", path.display()))
    };
    let known = HANDLERS.join("`, `");
    Err(error
        .hint(format!("bundled: `{known}`; or give the path of a crate, of a folder with `bootstrap`, or of a zip")))
}

fn packed(bootstrap: &[u8], handler: &str, architecture: Option<&str>) -> Result<Code> {
    let fit = fit(bootstrap, handler, architecture)?;
    let zip = pack::pack(bootstrap).map_err(|error| Error::fatal(format!("`{handler}` cannot be zipped: {error}")))?;
    code(zip, handler, fit)
}

fn code(zip: Vec<u8>, handler: &str, (architecture, unfit): (String, Option<Error>)) -> Result<Code> {
    if zip.len() > ZIPPED {
        return Err(Error::fatal(format!(
            "the zip of `{handler}` has {} bytes, and Lambda takes {ZIPPED} at most",
            zip.len()
        ))
        .hint("build it in release, and strip its symbols (`strip = true` in the profile)"));
    }
    Ok(Code::program(pack::sha256(&zip), zip.into(), architecture, unfit))
}

/// For which architecture a bootstrap is, and why it does not start on Lambda if it does not.
fn fit(bootstrap: &[u8], handler: &str, wanted: Option<&str>) -> Result<(String, Option<Error>)> {
    if bootstrap.starts_with(b"#!") {
        return Ok((wanted.unwrap_or(ARCHITECTURE).to_owned(), None));
    }
    let program = elf::inspect(bootstrap).map_err(|what| {
        Error::fatal(format!("the bootstrap of `{handler}` does not run on Lambda: it is {what}")).hint(
            "build it for Linux: `cargo zigbuild --release --target x86_64-unknown-linux-gnu.2.34`, or `aarch64-...`",
        )
    })?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != program.architecture) {
        return Err(other_architecture(handler, program.architecture, wanted)
            .hint(format!("set `architecture: {}`, or build the handler for {wanted}", program.architecture)));
    }
    let unfit = program.unfit.map(|unfit| {
        let machine = if program.architecture == "arm64" { "aarch64" } else { "x86_64" };
        Error::fatal(format!("the bootstrap of `{handler}` {unfit}")).hint(format!(
            "build it on Amazon Linux 2023, or with `cargo zigbuild --release --target {machine}-unknown-linux-gnu.2.34`, or \
             static for {machine}-unknown-linux-musl"
        ))
    });
    Ok((program.architecture.to_owned(), unfit))
}

fn other_architecture(handler: &str, has: &str, wanted: &str) -> Error {
    Error::fatal(format!("the handler `{handler}` is for `{has}`, but the spec asks for `{wanted}`"))
}

/// Reads a file; the error names it.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::fatal(format!("cannot read `{}`: {error}", path.display())))
}
