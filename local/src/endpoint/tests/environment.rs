//! The Python environment, made with a `python3` that the test made up: nothing is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::emulator::supervisor;
use crate::endpoint::MINISTACK;
use crate::endpoint::environment::{KEPT, found_or_made};
use crate::error::{Error, Result};

const PINS: &str = "ministack==1.5.33 \\\n    --hash=sha256:12\n";

/// Answers what the real one is asked, and writes down its calls.
const PYTHON: &str = r#"#!/bin/sh
echo "$@" >> "LOG"
case "$1 $2 $3" in
  "-I -c import"*) echo "VERSION" ;;
  "-I -m venv") VENV; mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-I -m pip") PIP; env > "$(dirname "$0")/environment"; echo "$@" > "$(dirname "$0")/installed" ;;
esac
"#;

/// A search path with a Python, and a cache folder.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(TempDir::new().unwrap());
        fs::create_dir(machine.path("bin")).unwrap();
        machine.python("3.10", ":", ":");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A Python of this version, which runs these commands when it makes an environment and when it installs.
    fn python(&self, version: &str, venv: &str, pip: &str) {
        let text = PYTHON.replace("VERSION", version).replace("VENV", venv).replace("PIP", pip);
        self.program(&text.replace("LOG", &self.path("log").to_string_lossy()));
    }

    fn program(&self, text: &str) {
        super::program(&self.path("bin/python3"), text);
    }

    async fn environment(&self, pins: &str) -> (Result<PathBuf>, Vec<String>) {
        self.environment_in(&self.path("cache/ministack"), pins).await
    }

    async fn environment_in(&self, folder: &Path, pins: &str) -> (Result<PathBuf>, Vec<String>) {
        let mut told = Vec::new();
        let search_path = std::env::join_paths([self.path("nothing"), self.path("bin")]).unwrap();
        let mut tell = |text: &str| {
            if text.starts_with("waiting") {
                fs::write(self.path("waiting"), "").unwrap();
            }
            told.push(text.to_owned());
        };
        let made = found_or_made(folder, pins, &supervisor(), &search_path, &mut tell).await;
        (made, told)
    }

    async fn error(&self) -> Error {
        let (made, _) = self.environment(PINS).await;
        assert!(!self.path("cache/ministack").exists(), "nothing half");
        made.unwrap_err()
    }

    fn cached(&self) -> Vec<String> {
        let all = fs::read_dir(self.path("cache")).unwrap();
        let mut names: Vec<_> = all.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.path("log")).unwrap_or_default().lines().count()
    }
}

fn assert_says(error: &Error, message: &[&str], hint: &str) {
    for text in message {
        assert!(error.message().contains(text), "{error}");
    }
    let given = error.hint_text().unwrap();
    assert!(given.contains(hint) && given.contains("or use --endpoint-url"), "{given}");
}

#[tokio::test]
async fn it_is_made_once() {
    let machine = Machine::new();
    let (made, told) = machine.environment(PINS).await;
    let folder = made.unwrap();
    assert_eq!(folder, machine.path("cache/ministack"));
    let place = folder.display();
    assert_eq!(told, [format!("installing MiniStack 1.5.33 into {place}, once"), "installed MiniStack 1.5.33".into()]);
    let installed = fs::read_to_string(folder.join("bin/installed")).unwrap();
    let list = "/requirements.txt\n";
    let pip =
        "-I -m pip install --quiet --no-input --disable-pip-version-check --require-hashes --only-binary :all: -r ";
    assert!(installed.starts_with(pip) && installed.ends_with(list), "{installed}");
    assert_eq!(fs::read_to_string(folder.join("requirements.txt")).unwrap(), PINS);
    assert_eq!(machine.cached(), ["ministack", "ministack.lock"]);

    let calls = machine.calls();
    let (found, told) = machine.environment(PINS).await;
    assert_eq!((found.unwrap(), told, machine.calls()), (folder, Vec::new(), calls), "not even Python is asked");
}

#[tokio::test]
async fn another_pin_or_hash_makes_it_anew() {
    let machine = Machine::new();
    let folder = machine.environment(PINS).await.0.unwrap();
    for pins in [PINS.replace("1.5.33", "2.0.0"), PINS.replace(":12", ":34")] {
        fs::write(folder.join("left"), "over").unwrap();
        machine.environment(&pins).await.0.unwrap();
        assert_eq!(fs::read_to_string(folder.join("requirements.txt")).unwrap(), pins);
        assert!(!folder.join("left").exists());
    }
}

#[tokio::test]
async fn one_of_the_days_before_hashes_is_made_anew() {
    let machine = Machine::new();
    fs::create_dir_all(machine.path("cache/ministack")).unwrap();
    fs::write(machine.path("cache/ministack/packages.txt"), "ministack==1.5.33").unwrap();
    let folder = machine.environment(PINS).await.0.unwrap();
    assert!(folder.join("bin/installed").exists() && !folder.join("packages.txt").exists());
}

/// Cargo gives every test variables of its own: they stand for all that is not for pip.
#[tokio::test]
async fn pip_gets_no_more_of_the_environment_than_it_needs() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let machine = Machine::new();
    let folder = machine.environment(PINS).await.0.unwrap();
    let seen = fs::read_to_string(folder.join("bin/environment")).unwrap();
    assert!(seen.lines().any(|line| line.starts_with("PATH=")), "{seen}");
    assert!(!seen.contains("CARGO_"), "{seen}");
    let kept = |name: &str| KEPT.split_whitespace().any(|one| one == name);
    // Where the package index is, and how to get there.
    for name in ["PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "HOME"]
    {
        assert!(kept(name), "{name}");
    }
    // Secrets, and ways out of the environment or around the hashes.
    for name in ["AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_REQUIREMENT", "PIP_NO_BINARY"]
    {
        assert!(!kept(name), "{name}");
    }
}

#[test]
fn every_package_has_one_version_and_its_hashes() {
    let text = MINISTACK.replace("\\\n", " ");
    let lines = || text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines() {
        assert!(line.contains("==") && line.contains(" --hash=sha256:"), "{line}");
    }
    for package in ["ministack==1.5.33 ", "hypercorn==", "botocore==", "taskgroup=="] {
        assert!(lines().any(|line| line.starts_with(package)), "{package}");
    }
}

#[tokio::test]
async fn what_was_left_half_is_made_anew() {
    let machine = Machine::new();
    for half in ["cache/ministack.new-1/half", "cache/ministack/half"] {
        fs::create_dir_all(machine.path(half)).unwrap();
    }
    let folder = machine.environment(PINS).await.0.unwrap();
    assert!(folder.join("bin/python").exists() && !folder.join("half").exists());
    assert_eq!(machine.cached(), ["ministack", "ministack.lock"]);
}

#[tokio::test]
async fn of_two_at_once_one_makes_it() {
    let machine = Machine::new();
    // The one that makes it is not done before the other has said that it waits.
    machine.python("3.12", ":", &format!("until [ -e '{}' ]; do sleep 0.01; done", machine.path("waiting").display()));
    let (one, other) = tokio::join!(machine.environment(PINS), machine.environment(PINS));
    assert_eq!(one.0.unwrap(), other.0.unwrap());
    let mut told = [one.1, other.1].concat();
    told.sort();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[2].starts_with("waiting for another process that makes "), "{told:?}");
    assert_eq!(machine.calls(), 4, "two asked for the version, one environment, one installation");
}

#[tokio::test]
async fn a_kill_in_the_middle_ends_all_of_pip_and_leaves_nothing_half() {
    let machine = Machine::new();
    // The supervisor, which leads the group, is the parent.
    let told = format!("echo $PPID > '{0}.new'; mv '{0}.new' '{0}'", machine.path("group").display());
    machine.python("3.12", ":", &format!("{told}; sleep 60 & wait"));
    tokio::select! {
        made = machine.environment(PINS) => panic!("{made:?}"),
        () = async { while !machine.path("group").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        } } => {}
    }
    let group = fs::read_to_string(machine.path("group")).unwrap();
    let group = rustix::process::Pid::from_raw(group.trim().parse().unwrap()).unwrap();
    // All of it: what is left of it a moment longer would write into the folder while the next one removes it.
    let gone = async {
        while rustix::process::test_kill_process_group(group).is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.unwrap();
    assert!(!machine.path("cache/ministack").exists());
    machine.python("3.12", ":", ":");
    machine.environment(PINS).await.0.unwrap();
}

#[tokio::test]
async fn without_python() {
    let machine = Machine::new();
    fs::remove_file(machine.path("bin/python3")).unwrap();
    assert_says(&machine.error().await, &["find `python3`"], "install Python 3.10 or newer");
    fs::write(machine.path("bin/python3"), "not executable").unwrap();
    assert_says(&machine.error().await, &["find `python3`"], "install Python 3.10 or newer");
}

#[tokio::test]
async fn a_python_that_is_too_old() {
    let machine = Machine::new();
    for version in ["3.9", "2.7"] {
        machine.python(version, ":", ":");
        let said = format!("it is Python {version}");
        assert_says(&machine.error().await, &["bin/python3`", &said], "install Python 3.10 or newer");
    }
}

#[tokio::test]
async fn a_python_that_does_not_run() {
    let machine = Machine::new();
    machine.program("#!/bin/sh\necho 'pyenv: no such version' >&2\nexit 127\n");
    assert_says(&machine.error().await, &["run `", "pyenv: no such version"], "install Python 3.10 or newer");
    machine.program("#!/no/such/interpreter\n");
    assert_says(&machine.error().await, &["run `", "No such file"], "check the installation of Python");
}

#[tokio::test]
async fn a_python_without_venv() {
    let machine = Machine::new();
    let debian = "The virtual environment was not created successfully because ensurepip is not available.";
    for text in [debian, "/usr/bin/python3: No module named venv"] {
        machine.python("3.12", &format!("echo '{text}'; exit 1"), ":");
        assert_says(&machine.error().await, &["make a virtual environment", text], "apt install python3-venv");
    }
    machine.python("3.12", "echo 'No space left on device' >&2; exit 1", ":");
    assert_says(&machine.error().await, &["No space left on device"], "check the installation of Python");
}

#[tokio::test]
async fn without_the_package_index() {
    let machine = Machine::new();
    let failing =
        "for i in 1 2 3 4 5 6 7 8 9; do echo \"line $i\" >&2; done; echo 'ERROR: no matching distribution' >&2; exit 1";
    machine.python("3.12", ":", failing);
    let error = machine.error().await;
    let said = "install MiniStack 1.5.33: line 3\n";
    assert_says(&error, &[said, "ERROR: no matching distribution"], "the first use needs the package index (PyPI)");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written() {
    let machine = Machine::new();
    fs::write(machine.path("file"), "").unwrap();
    let (made, _) = machine.environment_in(&machine.path("file/ministack"), PINS).await;
    assert_says(&made.unwrap_err(), &["write `", "file`"], "the cache folder must be writable");
}
