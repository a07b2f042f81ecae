//! Whether unpacked code is its zip's and nobody else can have written it: it runs as this user, and the cache may be shared.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io::{Cursor, Error, ErrorKind, Read, Result};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::process::geteuid;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::UNZIPPED;

/// In the folder of one code: its zip, and what was in it.
pub const ZIP: &str = "code.zip";
pub const CODE: &str = "code";

/// Makes a folder that only this user may look into.
pub fn make(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the folder of all code, or closes it for others; one of another user's is refused.
pub fn close(cache: &Path) -> Result<()> {
    make(cache)?;
    let about = fs::metadata(cache)?;
    if about.uid() != geteuid().as_raw() {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            "it belongs to another user: name another cache with PIPE_CACHE",
        ));
    }
    if about.mode() & 0o077 == 0 { Ok(()) } else { fs::set_permissions(cache, Permissions::from_mode(0o700)) }
}

/// Takes from others the right to write to what a zip may have given it to.
pub fn close_all(folder: &Path) -> Result<()> {
    for path in below(folder)? {
        let about = fs::symlink_metadata(&path)?;
        if !about.is_symlink() && about.mode() & 0o022 != 0 {
            fs::set_permissions(&path, Permissions::from_mode(about.mode() & 0o7755))?;
        }
    }
    Ok(())
}

/// Whether the folder holds the zip of this SHA-256 and what is in it, nothing else, and all of it is this user's alone to write.
pub fn is_whole(folder: &Path, digest: &[u8]) -> bool {
    holds(folder, digest).unwrap_or(false)
}

fn holds(folder: &Path, digest: &[u8]) -> Result<bool> {
    let mut files = BTreeSet::new();
    for path in below(folder)? {
        let about = fs::symlink_metadata(&path)?;
        if !is_mine(&about) {
            return Ok(false);
        }
        if !about.is_dir() {
            files.insert(path);
        }
    }
    let (zip, code) = (folder.join(ZIP), folder.join(CODE));
    let bytes = fs::read(&zip)?;
    if Sha256::digest(&bytes).as_slice() != digest || !files.remove(&zip) {
        return Ok(false);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        if file.is_dir() {
            continue;
        }
        let path = code.join(plain(&file.enclosed_name().unwrap_or_default()));
        let there = match fs::symlink_metadata(&path)?.is_symlink() {
            link if link != file.is_symlink() => return Ok(false),
            true => fs::read_link(&path)?.into_os_string().into_vec(),
            false => fs::read(&path)?,
        };
        let mut packed = Vec::new();
        file.by_ref().take(UNZIPPED).read_to_end(&mut packed)?;
        if packed != there || !files.remove(&path) {
            return Ok(false);
        }
    }
    Ok(files.is_empty())
}

/// Whether this user made it, and nobody else may write to it. Only folders, files and links count.
fn is_mine(about: &Metadata) -> bool {
    let closed = about.is_symlink() || (about.is_dir() || about.is_file()) && about.mode() & 0o022 == 0;
    closed && about.uid() == geteuid().as_raw()
}

/// The folder itself and everything below it, no link followed.
fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = vec![folder.to_owned()];
    if fs::symlink_metadata(folder)?.is_dir() {
        for entry in fs::read_dir(folder)? {
            all.extend(below(&entry?.path())?);
        }
    }
    Ok(all)
}

/// The path as unpacking makes it.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, Component::Normal(_))).collect()
}
