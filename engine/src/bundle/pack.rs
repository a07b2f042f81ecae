//! Zips whose bytes follow from their content alone. A part of the crate and, by `#[path]`, of `build.rs`.

use std::io::{Cursor, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

/// Zips one executable file, `bootstrap`, at the root.
///
/// Time, mode, system and level are fixed, so the same program gives the same zip on every machine.
///
/// # Errors
/// Only where the zip cannot be written to memory: a program of 4 GiB and more.
pub fn pack(bootstrap: &[u8]) -> Result<Vec<u8>, ZipError> {
    // Up to level 9 it is deflate, in one pass; above it would be Zopfli, which takes minutes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(bootstrap)?;
    Ok(zip.finish()?.into_inner())
}

/// The base64 of a zip's SHA-256, which is what Lambda calls `CodeSha256`.
pub fn sha256(zip: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(zip))
}
