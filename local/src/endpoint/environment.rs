//! MiniStack's Python environment: nothing but what `requirements.txt` names, each by its hash, gets into it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use crate::error::{Error, Result};

/// The oldest Python that the pinned MiniStack runs on (its `Requires-Python`).
const OLDEST: (u32, u32) = (3, 10);
/// In the environment: what it was made with.
const MARKER: &str = "requirements.txt";
/// Follows the folder's name while the environment is being made.
const UNFINISHED: &str = ".new-";
/// How often a lock that another process holds is tried.
const LOCK_EVERY: Duration = Duration::from_millis(100);
/// How much of pip's output is shown when it fails.
const LINES_SHOWN: usize = 8;
const INSTEAD: &str = "or use --endpoint-url";
/// What Python and pip get of the caller's environment: where programs and files are, and the way to the package index, where
/// another index can slip nothing in, because of the hashes. They get no credentials of AWS, and nothing that leads them out of
/// the environment (`PIP_TARGET`, `PIP_USER`, `PYTHONPATH`).
pub(super) const KEPT: &str = "
    PATH HOME TMPDIR LANG LC_ALL LC_CTYPE LD_LIBRARY_PATH DYLD_LIBRARY_PATH PYENV_VERSION
    HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy PIP_PROXY
    SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE PIP_CERT PIP_CLIENT_CERT PIP_TRUSTED_HOST
    XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_CACHE_HOME PIP_CONFIG_FILE PIP_CACHE_DIR PIP_NO_CACHE_DIR
    PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_KEYRING_PROVIDER NETRC
    PIP_DEFAULT_TIMEOUT PIP_TIMEOUT PIP_RETRIES";

/// Finds the environment of these requirements in `folder`, or makes it there, which takes a minute and needs the package index.
///
/// Gives the folder of the virtual environment. It is made beside its place and moved there when it is whole, and made again
/// where it was made with other packages or hashes; of two processes the second waits. `supervisor` is the command that runs what
/// follows it until its own stdin closes: dropping the future ends what it started, and so does the end of the process.
///
/// # Errors
/// No Python, one that is too old or lacks `venv`, no package index, a folder that cannot be written: each with what to do.
pub async fn environment(
    folder: &Path,
    requirements: &str,
    supervisor: &[OsString],
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<PathBuf> {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    found_or_made(folder, requirements, supervisor, &search_path, progress).await
}

/// As [`environment`], with Python looked for on this search path.
pub(super) async fn found_or_made(
    folder: &Path,
    requirements: &str,
    supervisor: &[OsString],
    search_path: &OsStr,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<PathBuf> {
    if is_made(folder, requirements) {
        return Ok(folder.to_owned());
    }
    let python = python(search_path).await?;
    let _lock = lock(folder, progress).await?;
    // The process that held the lock may have made it meanwhile.
    if !is_made(folder, requirements) {
        progress(&format!("installing {} into {}, once", shown(requirements), folder.display()));
        if let Err(error) = make(folder, requirements, supervisor, &python).await {
            // The next attempt would do this, but it may never come.
            remove_unfinished(folder).ok();
            return Err(error);
        }
        progress(&format!("installed {}", shown(requirements)));
    }
    Ok(folder.to_owned())
}

fn is_made(folder: &Path, requirements: &str) -> bool {
    fs::read_to_string(folder.join(MARKER)).is_ok_and(|made| made == requirements)
}

/// Makes the environment under another name, and gives it its own when it is whole.
async fn make(folder: &Path, requirements: &str, supervisor: &[OsString], python: &Path) -> Result<()> {
    remove_unfinished(folder)?;
    // With a name of this process: what ends a moment after one that was killed must not write into another's.
    let unfinished = with_suffix(folder, &format!("{UNFINISHED}{}", std::process::id()));
    // Isolated (-I): modules that lie in the folder where the user works are not imported.
    let venv = [python.as_os_str(), "-I".as_ref(), "-m".as_ref(), "venv".as_ref(), unfinished.as_os_str()];
    let made = run_under(supervisor, &venv).await?;
    if !made.status.success() {
        return Err(no_venv(python, &made));
    }
    let (inside, list) = (unfinished.join("bin/python"), unfinished.join(MARKER));
    fs::write(&list, requirements).map_err(|error| unwritable(&unfinished, &error))?;
    // Wheels alone: installing one runs nothing of it, while a source package runs its build script.
    let pip = ["-I", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"].iter();
    let words = pip.chain(&["--require-hashes", "--only-binary", ":all:", "-r"]).map(OsStr::new);
    let words: Vec<&OsStr> = [inside.as_os_str()].into_iter().chain(words).chain([list.as_os_str()]).collect();
    let installed = run_under(supervisor, &words).await?;
    if !installed.status.success() {
        let message = format!("install {}: {}", shown(requirements), end_of(&installed));
        let hint = format!("the first use needs the package index (PyPI), and Python 3.10 to 3.15; {INSTEAD}");
        return Err(Error::new(message).hint(hint));
    }
    remove(folder)?;
    fs::rename(&unfinished, folder).map_err(|error| unwritable(folder, &error))
}

/// The `python3` of this search path, if it is new enough.
async fn python(search_path: &OsStr) -> Result<PathBuf> {
    const VERSION: &str = "import sys; print('%d.%d' % sys.version_info[:2])";
    let newer = format!("install Python {}.{} or newer, {INSTEAD}", OLDEST.0, OLDEST.1);
    let candidates = std::env::split_paths(search_path).map(|folder| folder.join("python3"));
    let Some(python) = candidates.into_iter().find(|path| is_executable(path)) else {
        return Err(Error::new("find `python3`, which MiniStack needs").hint(newer));
    };
    let asked = run(Command::new(&python).args(["-I", "-c", VERSION])).await?;
    let text = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    let version = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    match version.filter(|_| asked.status.success()) {
        Some(version) if version >= OLDEST => Ok(python),
        Some(_) => Err(Error::new(format!("use `{}`: it is Python {text}", python.display())).hint(newer)),
        None => Err(Error::new(format!("run `{}`: {}", python.display(), end_of(&asked))).hint(newer)),
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Holds the lock file beside the folder until dropped. Tried again and again, because a thread that waits in the kernel could
/// not be cancelled.
async fn lock(folder: &Path, progress: &mut (dyn FnMut(&str) + Send)) -> Result<File> {
    let path = with_suffix(folder, ".lock");
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
    let file = File::create(&path).map_err(|error| unwritable(&path, &error))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if !told => {
                told = true;
                progress(&format!("waiting for another process that makes {}", folder.display()));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
        }
        tokio::time::sleep(LOCK_EVERY).await;
    }
}

/// Runs a command to its end; it is killed if the caller goes away.
async fn run(command: &mut Command) -> Result<Output> {
    let output = cleared(command).stdin(Stdio::null()).kill_on_drop(true).output().await;
    output.map_err(|error| unstarted(command, &error))
}

/// The same with what the command starts itself, as the making of an environment does: all of it ends with the caller, however
/// that ends.
async fn run_under(supervisor: &[OsString], words: &[&OsStr]) -> Result<Output> {
    let mut words = supervisor.iter().map(OsString::as_os_str).chain(words.iter().copied());
    let mut command = Command::new(words.next().unwrap_or_default());
    cleared(command.args(words)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: Ctrl-C at the terminal is for the owner.
    let child = command.process_group(0).spawn();
    let mut child = child.map_err(|error| unstarted(&command, &error))?;
    // Open as long as somebody waits for the output, and the supervisor with it.
    let stdin = child.stdin.take();
    let output = child.wait_with_output().await;
    drop(stdin);
    output.map_err(|error| unstarted(&command, &error))
}

/// With an environment of what is kept alone.
fn cleared(command: &mut Command) -> &mut Command {
    command.env_clear().envs(KEPT.split_whitespace().filter_map(|name| Some((name, std::env::var_os(name)?))))
}

fn unstarted(command: &Command, error: &std::io::Error) -> Error {
    let program = command.as_std().get_program().to_string_lossy();
    Error::new(format!("run `{program}`: {error}")).hint(format!("check the installation of Python, {INSTEAD}"))
}

fn no_venv(python: &Path, output: &Output) -> Error {
    let error = Error::new(format!("make a virtual environment with `{}`: {}", python.display(), end_of(output)));
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    if text.contains("ensurepip") || text.contains("No module named venv") {
        return error.hint(format!("on Debian and Ubuntu: apt install python3-venv; {INSTEAD}"));
    }
    error.hint(format!("check the installation of Python and that the disk is not full, {INSTEAD}"))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let hint = format!("the cache folder must be writable and have 200 MB of space; {INSTEAD}");
    Error::new(format!("write `{}`: {error}", path.display())).hint(hint)
}

/// Removes what processes that were killed have left beside the folder.
fn remove_unfinished(folder: &Path) -> Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    let start = with_suffix(folder, UNFINISHED);
    let start = start.file_name().unwrap_or_default().as_encoded_bytes();
    let siblings = fs::read_dir(parent).map_err(|error| unwritable(parent, &error))?;
    let mut left = siblings.flatten().filter(|one| one.file_name().as_encoded_bytes().starts_with(start));
    left.try_for_each(|one| remove(&one.path()))
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(folder, &error)),
        _ => Ok(()),
    }
}

/// The last lines that a command wrote, its errors after its output.
fn end_of(output: &Output) -> String {
    let text = [output.stdout.as_slice(), b"\n", output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    match lines.len() {
        0 => output.status.to_string(),
        count => lines[count.saturating_sub(LINES_SHOWN)..].join("\n"),
    }
}

/// `MiniStack 1.5.33` for people; of other environments what they name first.
fn shown(requirements: &str) -> String {
    let mut pins = requirements.lines().filter_map(|line| line.split_whitespace().next()?.split_once("=="));
    let pin = pins.clone().find(|(name, _)| *name == "ministack").map(|(_, version)| ("MiniStack", version));
    let (name, version) = pin.or_else(|| pins.next()).unwrap_or(("packages", "without a version"));
    format!("{name} {version}")
}

fn with_suffix(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(folder);
    name.push(suffix);
    PathBuf::from(name)
}
