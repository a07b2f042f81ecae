//! Where a running `pipe dev` is, so that other commands find it by the spec's path.
//!
//! A file in the user's cache directory, locked while `pipe dev` runs: the lock ends with the process however it ends, so a
//! file that is left behind by a kill misleads nobody.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use pipe_local::private;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::aws::Keys;
use crate::error::{Error, Result};

/// A running `pipe dev`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The spec, as an absolute path.
    pub spec: PathBuf,
    /// The AWS-compatible endpoint that it deployed to.
    pub endpoint_url: String,
    /// Where the API is served, with its stage; empty without an API.
    pub api_url: String,
    /// Where the console is, with the token that opens it, if there is one.
    #[serde(default)]
    pub console_url: Option<String>,
    pub region: String,
    /// Credentials of an endpoint that `pipe dev` started itself, made up for this session: it takes no others. On one of the
    /// user's own, the user's are used.
    pub keys: Option<Keys>,
}

/// An error of the local cloud as one of `pipe`.
impl From<pipe_local::error::Error> for Error {
    fn from(error: pipe_local::error::Error) -> Self {
        let hint = error.hint_text().map(str::to_owned);
        let error = Self::fatal(format!("failed to {}", error.message()));
        hint.map_or(error.clone(), |hint| error.hint(hint))
    }
}

/// The mark of this process as the one `pipe dev` for a spec. It ends when this is dropped.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    file: File,
}

/// The folder that holds what can be made again: the emulator, unpacked code, sessions. `PIPE_CACHE` names another one.
///
/// # Errors
/// The system names no cache directory.
pub fn cache() -> Result<PathBuf> {
    let chosen = std::env::var_os("PIPE_CACHE").map(PathBuf::from);
    chosen.or_else(|| dirs::cache_dir().map(|cache| cache.join("pipe"))).ok_or_else(|| {
        Error::fatal("there is no cache directory for this user").hint("set HOME, XDG_CACHE_HOME or PIPE_CACHE")
    })
}

impl Claim {
    /// Claims a spec for this process.
    ///
    /// # Errors
    /// Another `pipe dev` runs for it; the cache directory cannot be written.
    pub fn of(spec: &Path) -> Result<Self> {
        let path = path(spec)?;
        let failed = |error: std::io::Error| Error::fatal(format!("cannot write `{}`: {error}", path.display()));
        owned(&cache()?)?;
        owned(path.parent().unwrap_or(&path))?;
        let mut options = OpenOptions::new();
        let file = private::file(&path, options.read(true).write(true).create(true).truncate(false)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::fatal(format!("`pipe dev` already runs for `{}`", spec.display()))
                    .hint("stop it first, or give this one another spec"))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Lets other commands find the session.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn publish(&mut self, session: &Session) -> Result<()> {
        let text = serde_json::to_vec(session).map_err(|error| Error::defect(error.to_string()))?;
        let mut write = || {
            self.file.set_len(0)?;
            self.file.rewind()?;
            self.file.write_all(&text)
        };
        write().map_err(|error| Error::fatal(format!("cannot write `{}`: {error}", self.path.display())))
    }
}

/// Makes a folder nobody else's business: who could write in it would choose what runs, and to whom our calls go.
fn owned(folder: &Path) -> Result<()> {
    private::folder(folder).map_err(|error| {
        Error::fatal(format!("cannot use the cache folder `{}`: {error}", folder.display()))
            .hint("name a folder of your own with PIPE_CACHE")
    })
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Emptied, not removed: a successor may hold the same file open and wait for its lock.
        let _ = self.file.set_len(0);
    }
}

/// The session of the `pipe dev` that runs for this spec.
///
/// # Errors
/// None runs, or it has not come up yet.
pub fn find(spec: &Path) -> Result<Session> {
    let none = || {
        Error::fatal(format!("no `pipe dev` runs for `{}`", spec.display()))
            .hint(format!("start it in another terminal: pipe dev {}", spec.display()))
    };
    let mut file = File::open(path(spec)?).map_err(|_| none())?;
    let owner = file.metadata().map_err(|_| none())?.uid();
    // Another user's would lead our calls elsewhere.
    if owner != rustix::process::geteuid().as_raw() || file.try_lock_shared().is_ok() {
        return Err(none());
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|_| none())?;
    serde_json::from_str(&text).map_err(|_| {
        Error::fatal(format!("the `pipe dev` of `{}` is still starting", spec.display()))
            .hint("wait for its `curl` line")
    })
}

/// The file that another command touches when it has changed what runs.
///
/// # Errors
/// The spec is not there.
pub fn bell(spec: &Path) -> Result<PathBuf> {
    Ok(path(spec)?.with_extension("applied"))
}

/// The file in which `pipe dev` keeps where the console of a spec was, and what opened it.
///
/// # Errors
/// The spec is not there.
pub fn door(spec: &Path) -> Result<PathBuf> {
    Ok(path(spec)?.with_extension("console"))
}

/// The file in which `pipe dev` keeps how far it has read the streams of a spec.
///
/// # Errors
/// The spec is not there.
pub fn checkpoints(spec: &Path) -> Result<PathBuf> {
    Ok(path(spec)?.with_extension("checkpoints"))
}

/// Where the emulator that `pipe dev` starts for a spec writes its output.
///
/// # Errors
/// The spec is not there.
pub fn log(spec: &Path) -> Result<PathBuf> {
    Ok(path(spec)?.with_extension("log"))
}

/// Tells the running `pipe dev` that another command has applied something.
///
/// # Errors
/// The cache directory cannot be written.
pub fn ring(spec: &Path) -> Result<()> {
    let bell = bell(spec)?;
    let rung = private::file(&bell, OpenOptions::new().write(true).create(true).truncate(true));
    rung.map(drop).map_err(|error| Error::fatal(format!("cannot write `{}`: {error}", bell.display())))
}

fn path(spec: &Path) -> Result<PathBuf> {
    let spec = fs::canonicalize(spec).map_err(|error| {
        Error::fatal(format!("cannot read `{}`: {error}", spec.display()))
            .hint("name the spec: `pipe ... path/to/pipeline.yaml`")
    })?;
    let hash = Sha256::digest(spec.as_os_str().as_encoded_bytes());
    Ok(cache()?.join("dev").join(format!("{}.json", hex::encode(&hash[..8]))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_does_not_show_its_secret() {
        let session = Session {
            spec: PathBuf::new(),
            endpoint_url: String::new(),
            api_url: String::new(),
            console_url: None,
            region: String::new(),
            keys: Some(Keys("AKIASHOWN".to_owned(), "hidden".to_owned())),
        };
        let shown = format!("{session:?}");
        assert!(shown.contains("AKIASHOWN") && !shown.contains("hidden"), "{shown}");
        let text = serde_json::to_string(&session).unwrap();
        assert_eq!(serde_json::from_str::<Session>(&text).unwrap(), session, "who may read the file has it");
    }
}
