//! Builds the handlers that `pipe` ships, and leaves them zipped in `OUT_DIR`, from where `src/bundle.rs` embeds them.
//!
//! `PIPE_HANDLERS=dir` takes ready-made programs instead: `authorizer` and `stream-to-table` in that folder, absolute or
//! relative to the repository's root.

use std::ffi::{OsStr, OsString};
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

#[path = "src/bundle/elf.rs"]
mod elf;
#[path = "src/bundle/pack.rs"]
mod pack;

const HANDLERS: [&str; 2] = ["authorizer", "stream-to-table"];

/// What decides whether this script runs again.
const INPUTS: [&str; 5] = ["build.rs", "../handlers/src", "../handlers/Cargo.toml", "../Cargo.lock", "../Cargo.toml"];

/// What a cargo tells its build scripts, and must not reach the cargo that this one starts: another profile's values, and
/// clippy's wrapper, would build something else, or build anew each time.
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

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is gone, the exit code still says it.
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    for input in INPUTS {
        tell(&format!("rerun-if-changed={input}"))?;
    }
    tell("rerun-if-env-changed=PIPE_HANDLERS")?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    let programs = match std::env::var_os("PIPE_HANDLERS") {
        Some(folder) => {
            let folder = Path::new("..").join(folder);
            for name in HANDLERS {
                tell(&format!("rerun-if-changed={}", folder.join(name).display()))?;
            }
            folder
        }
        None => build(&out)?,
    };
    HANDLERS.iter().try_for_each(|name| embed(name, &programs.join(name), &out))
}

/// Zips one program into `OUT_DIR`, unless the zip there is of this very program.
fn embed(name: &str, program: &Path, out: &Path) -> Result<(), String> {
    let bytes = std::fs::read(program).map_err(|error| {
        format!(
            "cannot read the handler `{}`: {error}\nPIPE_HANDLERS must name a folder with {HANDLERS:?}",
            program.display()
        )
    })?;
    let found = elf::inspect(&bytes).map_err(|what| format!("the handler `{}` is {what}", program.display()))?;
    let wanted = if variable("CARGO_CFG_TARGET_ARCH")? == "aarch64" { "arm64" } else { "x86_64" };
    if found.architecture != wanted {
        let name = program.display();
        return Err(format!("the handler `{name}` is for {}, and pipe is built for {wanted}", found.architecture));
    }
    let unfit = found.unfit.unwrap_or_default();
    if !unfit.is_empty() {
        tell(&format!("warning=the handler `{name}` {unfit}: this pipe will refuse to deploy it"))?;
    }
    write(&out.join(format!("{name}.unfit")), unfit.as_bytes())?;
    // Deflating in a debug build takes seconds, so the stamp holds all that the zip follows from.
    let stamp = [&bytes, include_bytes!("src/bundle/pack.rs").as_slice()].concat();
    let stamped = out.join(format!("{name}.stamp"));
    if std::fs::read(&stamped).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let zip = pack::pack(&bytes).map_err(|error| format!("cannot zip `{}`: {error}", program.display()))?;
    write(&out.join(format!("{name}.sha256")), pack::sha256(&zip).as_bytes())?;
    write(&out.join(format!("{name}.zip")), &zip)?;
    write(&stamped, &stamp)
}

/// Builds the handlers' crate and names the folder of its programs.
fn build(out: &Path) -> Result<PathBuf, String> {
    let triple = variable("TARGET")?;
    if variable("CARGO_CFG_TARGET_OS")? != "linux" {
        return Err(format!(
            "the handlers run on Linux and cannot be built for `{triple}`: set PIPE_HANDLERS to a folder with {HANDLERS:?}, built \
             for Linux on the same architecture"
        ));
    }
    let target = target_folder(out, &triple);
    let mut cargo = Command::new(variable("CARGO")?);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_the_outer_cargo(name)) {
        cargo.env_remove(name);
    }
    cargo.args(["build", "--locked", "--profile", "release-handlers", "--package", "pipe-handlers", "--bins"]);
    cargo.args(["--manifest-path", "../handlers/Cargo.toml", "--target", &triple, "--target-dir"]).arg(&target);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(&target)?).stdin(Stdio::null()).stdout(Stdio::null());
    let status = cargo.status().map_err(|error| format!("cannot run cargo for the handlers: {error}"))?;
    if !status.success() {
        return Err(format!("the handlers do not build ({status}); with PIPE_HANDLERS=dir pipe takes ready-made ones"));
    }
    Ok(target.join(triple).join("release-handlers"))
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

/// No flags of the outer build, and no paths of this machine in the programs: two checkouts make the same handlers.
fn flags(target: &Path) -> Result<OsString, String> {
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("..");
    let root = root.canonicalize().map_err(|error| format!("cannot resolve `{}`: {error}", root.display()))?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut flags = OsString::new();
    for (path, name) in [(Some(root), "/pipe"), (Some(target.to_owned()), "/pipe/target"), (home, "/cargo")] {
        let Some(path) = path else { continue };
        flags.push(if flags.is_empty() { "" } else { "\x1f" });
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    Ok(flags)
}

fn is_of_the_outer_cargo(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let kept = name != "CARGO_TARGET_DIR" && KEPT.iter().any(|prefix| name.starts_with(prefix));
    OF_THE_OUTER_CARGO.contains(&name) || name.starts_with("CARGO_") && !kept
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|error| format!("cargo does not say `{name}`: {error}"))
}

/// Writes a file unless it has these bytes: what is embedded and has not changed need not be compiled again.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    std::fs::write(path, bytes).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

fn tell(instruction: &str) -> Result<(), String> {
    writeln!(stdout(), "cargo::{instruction}").map_err(|error| format!("cannot tell cargo: {error}"))
}
