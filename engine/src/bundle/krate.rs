//! Handlers that are Rust crates: `cargo build --release`, into a target folder that nothing else uses.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::bundle::environment;
use crate::error::{Error, Result};

/// What `cargo metadata` says about the crate and its workspace.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    default_run: Option<String>,
    targets: Vec<Target>,
    /// The registry or repository that it is of; nothing for a local folder.
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    /// The folder of a path dependency.
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// A line of `cargo build --message-format json`.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    executable: Option<PathBuf>,
}

/// Builds the crate in `folder` and reads its one binary, or the one that `default-run` names.
///
/// # Errors
/// No cargo, a crate without a binary or with several, and what the compiler says.
pub fn build(folder: &Path) -> Result<Vec<u8>> {
    let manifest = folder.join("Cargo.toml");
    let metadata = metadata(folder, &["--no-deps"])?;
    let binary = binary(&metadata, &manifest)?;
    // A target folder of its own: the editor and a `cargo run` around us hold the lock of the usual one. And each workspace has
    // one: in a folder that several share (CARGO_TARGET_DIR), cargo takes one crate for another of the same name.
    let workspace = Sha256::digest(metadata.workspace_root.as_os_str().as_encoded_bytes());
    let target = metadata.target_directory.join("pipe").join(hex::encode(&workspace[..6]));
    let mut arguments: Vec<&OsStr> =
        ["build", "--release", "--quiet", "--message-format=json-render-diagnostics", "--bin"]
            .iter()
            .map(AsRef::as_ref)
            .collect();
    arguments.extend([binary.as_ref(), "--target-dir".as_ref(), target.as_os_str()]);
    let messages = cargo(folder, arguments)?;
    let built = messages.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let built: Vec<Message> = built.map(parse).collect::<Result<_>>()?;
    let program = built.into_iter().rev().find_map(|message| message.executable);
    let program = program.ok_or_else(|| Error::fatal(format!("`cargo build` made no program `{binary}`")))?;
    super::bytes(&program)
}

fn metadata(folder: &Path, more: &[&str]) -> Result<Metadata> {
    let arguments = ["metadata", "--format-version=1"].iter().chain(more).map(AsRef::as_ref);
    parse(&cargo(folder, arguments)?)
}

/// Local files and folders that a crate is built from, and the folder that it is built into.
#[derive(Debug, Default)]
pub struct Sources {
    /// Folders of packages; the workspace's manifest, its lock file also where there is none yet, and settings, if there are any.
    pub paths: Vec<PathBuf>,
    /// Output of a build is not a source.
    pub target: Option<PathBuf>,
}

/// Where the sources of the crate in `folder` are. Nothing is fetched or written.
///
/// Cargo knows all (a `[patch]`, too) where a lock file fits and all is fetched that may be needed; else it is what the manifests name.
/// If cargo cannot read the crate, only its own folder counts.
pub fn sources(folder: &Path) -> Sources {
    let mut sources = Sources { paths: vec![folder.to_owned()], target: None };
    // Crates for other systems only are never fetched by a build.
    let platform = format!("--filter-platform={}-unknown-linux-gnu", std::env::consts::ARCH);
    let packages = match metadata(folder, &["--locked", "--offline", &platform]) {
        Ok(metadata) => {
            sources.workspace(&metadata);
            let own = metadata.packages.iter().filter(|package| package.source.is_none());
            own.filter_map(|package| Some(package.manifest_path.parent()?.to_owned())).collect()
        }
        Err(_) => sources.named(folder),
    };
    sources.paths.extend(packages);
    sources
}

impl Sources {
    fn workspace(&mut self, metadata: &Metadata) {
        const FILES: [&str; 6] = [
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            "rust-toolchain",
            ".cargo/config.toml",
            ".cargo/config",
        ];
        let files = FILES.iter().map(|name| metadata.workspace_root.join(name));
        // The first build makes the lock file.
        self.paths.extend(files.filter(|file| file.is_file() || file.ends_with("Cargo.lock")));
        self.target.get_or_insert_with(|| metadata.target_directory.clone());
    }

    /// The folders that manifests name, from this one on.
    fn named(&mut self, folder: &Path) -> BTreeSet<PathBuf> {
        let (mut found, mut open) = (BTreeSet::new(), vec![folder.to_owned()]);
        while let Some(folder) = open.pop() {
            let folder = folder.canonicalize().unwrap_or(folder);
            if !found.insert(folder.clone()) {
                continue;
            }
            let Ok(metadata) = metadata(&folder, &["--no-deps"]) else { continue };
            self.workspace(&metadata);
            let is_here = |package: &&Package| package.manifest_path.parent() == Some(folder.as_path());
            let here = metadata.packages.iter().filter(is_here);
            open.extend(
                here.flat_map(|package| &package.dependencies).filter_map(|dependency| dependency.path.clone()),
            );
        }
        found
    }
}

/// The binary that `cargo run` would take.
fn binary<'a>(metadata: &'a Metadata, manifest: &Path) -> Result<&'a str> {
    let here = manifest.canonicalize().unwrap_or_else(|_| manifest.to_owned());
    let is_here = |package: &&Package| package.manifest_path.canonicalize().is_ok_and(|path| path == here);
    let Some(package) = metadata.packages.iter().find(is_here) else {
        return Err(Error::fatal(format!("`{}` is a workspace, not a crate", manifest.display()))
            .hint("name the folder of the member that holds the handler"));
    };
    let binaries = package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "bin"));
    let names: Vec<&str> = binaries.map(|target| target.name.as_str()).collect();
    match (package.default_run.as_deref(), names.as_slice()) {
        (Some(name), _) => Ok(name),
        (None, [one]) => Ok(one),
        (None, []) => Err(Error::fatal(format!("the crate `{}` has no binary", manifest.display()))
            .hint("a handler is a program: give it a `src/main.rs`")),
        (None, several) => {
            let names = several.join("`, `");
            Err(Error::fatal(format!("the crate `{}` has several binaries: `{names}`", manifest.display()))
                .hint("say which one with `default-run = \"...\"` in its `[package]`"))
        }
    }
}

/// Runs cargo in `folder`, without this process's credentials, and gives what it writes to stdout.
fn cargo<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<Vec<u8>> {
    let place = folder.display();
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(folder).env_clear().envs(environment::kept()).env("CARGO_TERM_COLOR", "never");
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::fatal(format!("the handler `{place}` is a crate, but there is no `cargo` to build it"))
                .hint("install Rust (https://rustup.rs), or name a folder with a built `bootstrap`, or a zip")
        }
        _ => Error::fatal(format!("cannot run `cargo` in `{place}`: {error}")),
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let error = Error::fatal(format!("the crate `{place}` does not build:\n{}", said.trim_end()));
    let unknown = ["authenticat", "no token found"].iter().any(|part| said.contains(part));
    Err(if unknown {
        error.hint(
            "cargo gets no tokens from the environment: use `cargo login`, or build the crate yourself and name the folder \
             of its `bootstrap`",
        )
    } else {
        error
    })
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T> {
    serde_json::from_slice(line).map_err(|error| Error::fatal(format!("cannot read cargo's answer: {error}")))
}
