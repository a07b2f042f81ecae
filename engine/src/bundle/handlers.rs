//! The bundled handlers, built and zipped. A part of the crate and, by `#[path]`, of the build scripts.
//!
//! A release of `pipe` embeds them. A debug build does not, for their own build takes longer than all else: it makes them when one is
//! deployed for the first time.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{elf, pack};

/// Names of the bundled handlers: programs of the crate `handlers`.
pub const HANDLERS: &[&str] = &["authorizer", "jwt-authorizer", "stream-to-table"];

/// The variables of an outer cargo that must not reach the inner one: another profile's values, and clippy's wrapper, would build
/// something else, or build again each time.
const OF_THE_OUTER_CARGO: [&str; 13] = [
    "DEBUG",
    "HOST",
    "MAKEFLAGS",
    "MFLAGS",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC_LINKER",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "TARGET",
];

/// Cargo's own settings that stay: where crates come from, and with what another target is linked.
const KEPT: [&str; 6] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_TARGET_"];

/// Where the handlers' crate is, and where it is built.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The repository.
    pub root: &'a str,
    /// A target folder that no other cargo uses: an outer one holds the lock of its own.
    pub target: &'a str,
    /// The target triple.
    pub triple: &'a str,
}

impl Sources<'_> {
    /// Builds the handlers with their release profile and returns the folder of the programs.
    ///
    /// # Errors
    /// A system other than Linux, no cargo, a build that fails: as text.
    pub fn build(&self, cargo: &OsStr) -> Result<PathBuf, String> {
        if !self.triple.contains("linux") {
            return Err(format!(
                "the handlers run on Linux and cannot be built for `{}`: set PIPE_HANDLERS to a folder with {HANDLERS:?}, built for \
                 Linux on the same architecture, and build `pipe` again",
                self.triple
            ));
        }
        let manifest = Path::new(self.root).join("handlers/Cargo.toml");
        let mut command = Command::new(cargo);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_the_outer_cargo(name)) {
            command.env_remove(name);
        }
        command.args([
            "build",
            "--locked",
            "--quiet",
            "--profile",
            "release-handlers",
            "--package",
            "pipe-handlers",
            "--bins",
        ]);
        command.arg("--manifest-path").arg(manifest).args(["--target", self.triple, "--target-dir", self.target]);
        command.env("CARGO_ENCODED_RUSTFLAGS", self.flags()?).stdin(Stdio::null()).stdout(Stdio::null());
        let output = command.output().map_err(|error| format!("cannot run cargo for the handlers: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!(
                "the handlers do not build ({}); with PIPE_HANDLERS=dir, `pipe` gets the ready-made ones of that folder\n{}",
                output.status,
                said.trim_end()
            ));
        }
        Ok(Path::new(self.target).join(self.triple).join("release-handlers"))
    }

    /// No flags of the outer build, and no paths of this machine in the programs: two checkouts make the same handlers.
    fn flags(&self) -> Result<OsString, String> {
        let root = Path::new(self.root).canonicalize();
        let root = root.map_err(|error| format!("cannot resolve `{}`: {error}", self.root))?;
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
        let mut flags = OsString::new();
        for (path, name) in [(Some(root), "/pipe"), (Some(self.target.into()), "/pipe/target"), (home, "/cargo")] {
            let Some(path) = path else { continue };
            flags.push(if flags.is_empty() { "" } else { "\x1f" });
            flags.push("--remap-path-prefix=");
            flags.push(path);
            flags.push("=");
            flags.push(name);
        }
        Ok(flags)
    }
}

fn is_of_the_outer_cargo(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let kept = name != "CARGO_TARGET_DIR" && KEPT.iter().any(|prefix| name.starts_with(prefix));
    OF_THE_OUTER_CARGO.contains(&name) || name.starts_with("CARGO_") && !kept
}

/// Zips one program into `folder` as `NAME.zip`, with its hash in `NAME.sha256` and, in `NAME.unfit`, why it does not run on Lambda
/// (empty where it does). Nothing is written where the zip there is of this very program.
///
/// # Errors
/// A program that cannot be read or is for another architecture than `wanted`, as Lambda calls it: as text.
pub fn zip(name: &str, programs: &Path, wanted: &str, folder: &Path) -> Result<(), String> {
    let program = programs.join(name);
    let bytes = std::fs::read(&program).map_err(|error| {
        let program = program.display();
        format!("cannot read the handler `{program}`: {error}\nPIPE_HANDLERS must name a folder with {HANDLERS:?}")
    })?;
    let found = elf::inspect(&bytes).map_err(|what| format!("the handler `{}` is {what}", program.display()))?;
    if found.architecture != wanted {
        let program = program.display();
        return Err(format!("the handler `{program}` is for {}, and pipe is built for {wanted}", found.architecture));
    }
    // Deflating in a debug build takes seconds, so the stamp holds all that the zip follows from.
    let stamp = [&bytes, include_bytes!("pack.rs").as_slice()].concat();
    let stamped = folder.join(format!("{name}.stamp"));
    if std::fs::read(&stamped).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let zip = pack::pack(&bytes).map_err(|error| format!("cannot zip `{}`: {error}", program.display()))?;
    write(&folder.join(format!("{name}.unfit")), found.unfit.unwrap_or_default().as_bytes())?;
    write(&folder.join(format!("{name}.sha256")), pack::sha256(&zip).as_bytes())?;
    write(&folder.join(format!("{name}.zip")), &zip)?;
    write(&stamped, &stamp)
}

/// Writes a file at once, unless it has these bytes: what is embedded and has not changed need not be compiled again.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let written = std::fs::write(&new, bytes).and_then(|()| std::fs::rename(&new, path));
    written.map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}
