//! A folder of code as a zip, whose bytes follow from names, contents and what may be run alone.
//!
//! What nothing runs is left out: repositories, what Python and editors keep for themselves, virtual environments. So is `.env`:
//! secrets do not travel with code. A link within the folder stays a link (package managers tie packages together by them); what
//! another one leads to is packed in its place.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::archive::UNZIPPED;
use super::bytes;
use crate::error::{Error, Result};
use crate::spec::contained;

/// Names of files and folders that are left out; those that begin with `.env.` are, too.
const LEFT_OUT: [&str; 11] = [
    ".git",
    ".env",
    ".DS_Store",
    ".idea",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".vscode",
    "__pycache__",
    "Thumbs.db",
    ".venv",
];

/// In the root of a virtual environment of Python.
const ENVIRONMENT: &str = "pyvenv.cfg";

/// What a zip is made of, by its name in the zip.
pub(super) struct Folder {
    entries: BTreeMap<String, Entry>,
    /// As the spec names it.
    path: String,
}

enum Entry {
    File { from: PathBuf, bytes: u64, executable: bool },
    Link(String),
}

/// Where a folder is walked.
struct Walk<'a> {
    /// The folder of the spec.
    root: &'a Path,
    /// The folder of the code, with every link followed.
    base: PathBuf,
    /// What the links that led here lead to, followed to its end.
    followed: Vec<PathBuf>,
    folder: Folder,
}

impl Folder {
    /// Looks through a folder; `path` is what the spec in `root` names.
    ///
    /// # Errors
    /// What cannot be read or packed; more than Lambda takes.
    pub fn of(path: &str, root: &Path) -> Result<Self> {
        let base = inside(root, path)?;
        let folder = Self { entries: BTreeMap::new(), path: path.to_owned() };
        let mut walk = Walk { root, base: base.clone(), followed: Vec::new(), folder };
        walk.look(&base, "")?;
        let Walk { folder, .. } = walk;
        let total: u64 = folder.sizes().map(|(_, bytes)| bytes).sum();
        if total > UNZIPPED { Err(folder.too_large(total)) } else { Ok(folder) }
    }

    /// Zips it: sorted, without times, with modes that tell only what may be run.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn zip(&self) -> Result<Vec<u8>> {
        let failed = |error: ZipError| Error::fatal(format!("`{}` cannot be zipped: {error}", self.path));
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, entry) in &self.entries {
            match entry {
                Entry::File { from, executable, .. } => {
                    zip.start_file(name, options(*executable)).map_err(failed)?;
                    zip.write_all(&bytes(from)?).map_err(|error| failed(error.into()))?;
                }
                Entry::Link(target) => zip.add_symlink(name, target, options(true)).map_err(failed)?,
            }
        }
        Ok(zip.finish().map_err(failed)?.into_inner())
    }

    /// Each file by its name in the zip.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.entries.iter().filter_map(|(name, entry)| match entry {
            Entry::File { from, .. } => Some((name.as_str(), from.as_path())),
            Entry::Link(_) => None,
        })
    }

    fn sizes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.entries.iter().map(|(name, entry)| match entry {
            Entry::File { bytes, .. } => (name.as_str(), *bytes),
            Entry::Link(_) => (name.as_str(), 0),
        })
    }

    fn too_large(&self, total: u64) -> Error {
        let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, bytes) in self.sizes() {
            *parts.entry(name.split('/').next().unwrap_or(name)).or_default() += bytes;
        }
        let largest = parts.into_iter().max_by_key(|(_, bytes)| *bytes);
        let largest = largest.map(|(name, bytes)| format!("most of it, {bytes} bytes, is `{name}`: "));
        let message = format!("`{}` has {total} bytes, and Lambda takes {UNZIPPED} at most", self.path);
        Error::fatal(message).hint(format!(
            "{}leave out what the function does not need, and what AWS's runtime brings",
            largest.unwrap_or_default()
        ))
    }
}

impl Walk<'_> {
    /// Takes in what is in this folder, which is `prefix` in the zip.
    fn look(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        let unreadable = |error: std::io::Error| Error::fatal(format!("cannot read `{}`: {error}", folder.display()));
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().into_string().map_err(|name| {
                Error::fatal(format!("the name of `{}` is not UTF-8", folder.join(name).display())).hint("rename it")
            })?;
            if !is_left_out(&name) {
                self.take(&entry.path(), &format!("{prefix}{name}"))?;
            }
        }
        Ok(())
    }

    /// Takes in a file, a folder or a link, which is `name` in the zip.
    fn take(&mut self, path: &Path, name: &str) -> Result<()> {
        let unreadable = |error: std::io::Error| Error::fatal(format!("cannot read `{}`: {error}", path.display()));
        let link = std::fs::symlink_metadata(path).map_err(unreadable)?.is_symlink();
        if link {
            return self.follow(path, name);
        }
        let about = std::fs::metadata(path).map_err(unreadable)?;
        if about.is_dir() {
            return match path.join(ENVIRONMENT).is_file() {
                true => Ok(()),
                false => self.look(path, &format!("{name}/")),
            };
        }
        if !about.is_file() {
            let error = Error::fatal(format!("`{}` is neither a file nor a folder", path.display()));
            return Err(error.hint("take it out"));
        }
        let executable = about.permissions().mode() & 0o100 != 0;
        let file = Entry::File { from: path.to_owned(), bytes: about.len(), executable };
        self.folder.entries.insert(name.to_owned(), file);
        Ok(())
    }

    /// Takes in a link as it is, or what it leads to where that is outside of the folder.
    fn follow(&mut self, path: &Path, name: &str) -> Result<()> {
        let wrong =
            |what: String| Error::fatal(format!("the link `{}` leads {what}", path.display())).hint("take it out");
        std::fs::metadata(path).map_err(|error| wrong(format!("nowhere: {error}")))?;
        // As the spec's own paths are: out of the repository none may lead.
        let target = inside(self.root, &format!("{}/{name}", self.folder.path))?;
        if let Ok(within) = target.strip_prefix(&self.base) {
            let up = "../".repeat(name.matches('/').count());
            let to = format!("{up}{}", within.display());
            self.folder.entries.insert(name.to_owned(), Entry::Link(to));
            return Ok(());
        }
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        if self.followed.contains(&target) || folder.is_some_and(|folder| folder.starts_with(&target)) {
            return Err(wrong("back to a folder that it is in".to_owned()));
        }
        self.followed.push(target.clone());
        self.take(&target, name)?;
        self.followed.pop();
        Ok(())
    }
}

/// The path, which must lie in the repository.
fn inside(root: &Path, path: &str) -> Result<PathBuf> {
    contained(root, path).map_err(|error| Error::fatal(error).hint("bring it into the repository"))
}

fn is_left_out(name: &str) -> bool {
    let compiled = Path::new(name).extension().is_some_and(|end| end == "pyc" || end == "pyo");
    compiled || name.starts_with(".env.") || LEFT_OUT.contains(&name)
}

fn options(executable: bool) -> SimpleFileOptions {
    // Not the best level: of 100 MB that would take half a minute, for a hundredth less.
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(if executable { 0o755 } else { 0o644 })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::symlink;
    use std::time::SystemTime;

    use super::*;
    use crate::bundle::pack::sha256;

    fn write(folder: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }

    fn names(root: &Path) -> Vec<String> {
        Folder::of("fn", root).unwrap().entries.into_keys().collect()
    }

    fn refused(root: &Path) -> String {
        Folder::of("fn", root).err().unwrap().message().to_owned()
    }

    #[test]
    fn the_same_files_give_the_same_zip_whenever_and_wherever_they_were_written() {
        let hash = |order: &[(&str, &str)], time: u64| {
            let root = tempfile::tempdir().unwrap();
            write(root.path(), order);
            fs::set_permissions(root.path().join("fn/run"), Permissions::from_mode(0o700)).unwrap();
            let when = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(time);
            File::options().append(true).open(root.path().join("fn/app.py")).unwrap().set_modified(when).unwrap();
            sha256(&Folder::of("fn", root.path()).unwrap().zip().unwrap())
        };
        let files =
            [("fn/app.py", "def handler(event, context): pass\n"), ("fn/run", "#!/bin/sh\n"), ("fn/a/b.py", "")];
        let backwards: Vec<_> = files.iter().rev().copied().collect();
        assert_eq!(hash(&files, 1_000_000_000), hash(&backwards, 1_700_000_000));
    }

    #[test]
    fn what_nothing_runs_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        let kept = [("fn/app.py", ""), ("fn/lib/x.so", ""), ("fn/.hidden", ""), ("fn/env/settings.py", "")];
        let gone = [
            ("fn/.git/HEAD", ""),
            ("fn/.env", "PASSWORD=x"),
            ("fn/.env.production", ""),
            ("fn/lib/__pycache__/x.cpython-313.pyc", ""),
            ("fn/lib/y.pyc", ""),
            ("fn/local/pyvenv.cfg", ""),
            ("fn/local/lib/z.py", ""),
        ];
        write(root.path(), &kept);
        write(root.path(), &gone);
        assert_eq!(names(root.path()), [".hidden", "app.py", "env/settings.py", "lib/x.so"]);
    }

    #[test]
    fn links_within_stay_links_and_others_are_followed_but_out_of_the_repository() {
        let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(root.path().join(".git")).unwrap();
        write(root.path(), &[("fn/app.py", ""), ("fn/store/one/x.js", ""), ("shared/s.py", "shared")]);
        symlink(root.path().join("fn/store/one"), root.path().join("fn/store/two")).unwrap();
        symlink("../shared", root.path().join("fn/shared")).unwrap();
        let folder = Folder::of("fn", root.path()).unwrap();
        assert!(matches!(&folder.entries["store/two"], Entry::Link(target) if target == "../store/one"));
        assert!(matches!(&folder.entries["shared/s.py"], Entry::File { bytes: 6, .. }));
        folder.zip().unwrap();
        symlink(root.path(), root.path().join("fn/round")).unwrap();
        assert!(refused(root.path()).contains("back to a folder"));
        fs::remove_file(root.path().join("fn/round")).unwrap();
        symlink(elsewhere.path(), root.path().join("fn/out")).unwrap();
        assert!(refused(root.path()).contains("outside"));
        fs::remove_file(root.path().join("fn/out")).unwrap();
        symlink("nowhere", root.path().join("fn/gone")).unwrap();
        assert!(refused(root.path()).contains("leads nowhere"));
    }

    #[test]
    fn more_than_lambda_takes_is_refused_by_what_is_largest() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &[("fn/app.py", "x"), ("fn/model/weights", "")]);
        File::create(root.path().join("fn/model/weights")).unwrap().set_len(UNZIPPED).unwrap();
        let error = Folder::of("fn", root.path()).err().unwrap();
        assert!(error.message().contains("262144001 bytes"), "{error}");
        assert!(error.hint_text().unwrap().contains("262144000 bytes, is `model`"), "{error:?}");
    }
}
