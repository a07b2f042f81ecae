//! One user at work: a folder with a spec, an account of their own, and the `pipe` binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::Account;

/// A folder of specs, and the environment that leads to one account of a test endpoint. The folder goes with the test.
pub struct Sandbox {
    pub account: Account,
    binary: PathBuf,
    folder: tempfile::TempDir,
    region: String,
}

/// What a run of `pipe` left behind.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Sandbox {
    /// A folder with this text as its `pipeline.yaml`. `binary` is `env!("CARGO_BIN_EXE_pipe")`.
    pub fn new(binary: &str, account: Account, spec: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sandbox = Self { account, binary: binary.into(), folder, region: "eu-central-1".into() };
        sandbox.write(spec);
        sandbox
    }

    /// The same user in another region of the same account, with a folder of their own.
    pub fn in_region(&self, region: &str, spec: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let account = self.account.clone();
        let sandbox = Self { account, binary: self.binary.clone(), folder, region: region.into() };
        sandbox.write(spec);
        sandbox
    }

    /// The folder of the specs.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces `pipeline.yaml`.
    pub fn write(&self, spec: &str) {
        std::fs::write(self.path().join("pipeline.yaml"), spec).expect("the folder takes the spec");
    }

    /// Replaces a part of `pipeline.yaml` that must be there.
    pub fn edit(&self, from: &str, to: &str) {
        let file = self.path().join("pipeline.yaml");
        let spec = std::fs::read_to_string(file).expect("the spec is there");
        assert!(spec.contains(from), "`{from}` is not in the spec");
        self.write(&spec.replacen(from, to, 1));
    }

    /// `pipe` with these arguments, ready to be run otherwise than by [`Sandbox::run`].
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.path());
        command.envs(self.account.environment()).env("AWS_REGION", &self.region).env("NO_COLOR", "1");
        command.env(crate::ZIPPED_HANDLERS, crate::HANDLERS);
        command
    }

    /// Runs `pipe` to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().expect("pipe starts");
        Run::of(output)
    }

    /// Runs `pipe`, which must succeed, and gives what it wrote to standard output.
    pub fn pipe(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "pipe {arguments:?}\n{}\n{}", run.out, run.err);
        run.out
    }

    /// Applies the spec, with consent to every loss and widening, and proves that there is nothing left to do.
    pub fn converge(&self) {
        self.pipe(&["apply", "--yes", "--allow-data-loss", "all", "--allow-widening"]);
        let again = self.run(&["diff", "--exit-code"]);
        assert_eq!(again.code, Some(0), "there is still something to do:\n{}\n{}", again.out, again.err);
    }
}

impl Run {
    /// What a finished process left.
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
