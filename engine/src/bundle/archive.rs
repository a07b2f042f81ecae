//! Zips that users bring: looked into, never changed.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::{Error, Result};

/// The most that all files of a function may have together, in bytes (`docs/aws.md#lambda-quotas`).
pub const UNZIPPED: u64 = 262_144_000;

/// Opens a zip; `what` names it in errors.
///
/// # Errors
/// It is not a zip, or is larger than Lambda takes.
pub fn opened<'a>(zip: &'a [u8], what: &str) -> Result<ZipArchive<Cursor<&'a [u8]>>> {
    let archive = ZipArchive::new(Cursor::new(zip)).map_err(|error| damaged(what, &error))?;
    let size = archive.decompressed_size().unwrap_or(0);
    if size > u128::from(UNZIPPED) {
        return Err(Error::fatal(format!("`{what}` unzips to {size} bytes, and Lambda takes {UNZIPPED} at most")));
    }
    Ok(archive)
}

fn damaged(what: &str, error: &ZipError) -> Error {
    Error::fatal(format!("`{what}` is not a readable zip: {error}"))
}

/// Reads `bootstrap` at the root of a zip; `what` names the zip in errors.
///
/// # Errors
/// It is not a zip, has no executable `bootstrap` at its root, or is larger than Lambda takes.
pub fn bootstrap(zip: &[u8], what: &str) -> Result<Vec<u8>> {
    let mut archive = opened(zip, what)?;
    let mut file = match archive.by_name("bootstrap") {
        Ok(file) => file,
        Err(ZipError::FileNotFound) => {
            return Err(Error::fatal(format!("`{what}` has no `bootstrap` at its root"))
                .hint("zip the program itself, under the name `bootstrap`, and not the folder that it is in"));
        }
        Err(error) => return Err(damaged(what, &error)),
    };
    if file.unix_mode().is_some_and(|mode| mode & 0o111 == 0) {
        return Err(Error::fatal(format!("`bootstrap` in `{what}` is not executable"))
            .hint("run `chmod 755 bootstrap` and zip it again, on a system that keeps file modes"));
    }
    let mut bytes = Vec::new();
    // The size in the header need not be true.
    let read = file.by_ref().take(UNZIPPED + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::fatal(format!("`bootstrap` in `{what}` cannot be unzipped: {error}")))?;
    if bytes.len() as u64 > UNZIPPED {
        return Err(Error::fatal(format!("`{what}` unzips to more than the {UNZIPPED} bytes that Lambda takes")));
    }
    Ok(bytes)
}
