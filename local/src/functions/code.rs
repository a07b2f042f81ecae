//! The code of functions: fetched once, unpacked once, kept by its SHA-256, and looked at again before a function runs from it.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::read::ExtractOptions;

pub(super) mod whole;

/// The most that all files of a function may have together, in bytes (`docs/aws.md#lambda-quotas`).
const UNZIPPED: u64 = 262_144_000;
/// The most that a zip may have, in bytes: those above 50 MB go through S3, and no zip is larger than what is in it.
const ZIPPED: usize = 262_144_000;
/// How long fetching may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder with the unpacked code of this SHA-256 (in base64), which is fetched from `place` unless it is there.
///
/// Safe to be killed at any time and to run twice at once: a folder appears only when it is whole. One that is not, or that
/// others can have written, is made again.
///
/// # Errors
/// A text that fits "failed to ...": it cannot be fetched, is another zip than the function's, leaves its folder, or is too large; the
/// cache is another user's.
pub(super) async fn unpacked(cache: &Path, code_sha256: &str, place: &str) -> Result<PathBuf, String> {
    let digest = STANDARD.decode(code_sha256).map_err(|_| format!("read the code's digest `{code_sha256}`"))?;
    let folder = cache.join(URL_SAFE_NO_PAD.encode(&digest));
    let code = folder.join(whole::CODE);
    let (root, there, known) = (cache.to_owned(), folder.clone(), digest.clone());
    let look = move || whole::close(&root).map(|()| whole::is_whole(&there, &known));
    let found =
        tokio::task::spawn_blocking(look).await.map_err(|_| "look at the code: it was interrupted".to_owned())?;
    if found.map_err(|error| format!("use the cache folder `{}`: {error}", cache.display()))? {
        return Ok(code);
    }
    let fetched = tokio::time::timeout(PATIENCE, fetch(place)).await;
    let zip = fetched.map_err(|_| "fetch the code: it takes too long".to_owned())??;
    if Sha256::digest(&zip).as_slice() != digest {
        return Err("fetch the code: it is not the function's, which has just changed".to_owned());
    }
    let made = tokio::task::spawn_blocking(move || unpack(&zip, &folder)).await;
    made.map_err(|_| "unpack the code: it was interrupted".to_owned())?.map(|()| code)
}

/// Only `http`: the endpoints that functions run on are on this machine.
async fn fetch(place: &str) -> Result<Bytes, String> {
    let failed = |reason: String| format!("fetch the code: {reason}");
    let address = place.parse().map_err(|_| failed("its address cannot be read".to_owned()))?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answer = client.get(address).await.map_err(|error| failed(error.to_string()))?;
    if !answer.status().is_success() {
        return Err(failed(format!("the answer is {}", answer.status())));
    }
    let body = Limited::new(answer.into_body(), ZIPPED).collect().await;
    body.map(|body| body.to_bytes()).map_err(|error| failed(error.to_string()))
}

/// Unpacks next to the folder and gives it its name in the end.
pub(super) fn unpack(zip: &[u8], folder: &Path) -> Result<(), String> {
    let failed = |reason: String| format!("unpack the code: {reason}");
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|error| failed(error.to_string()))?;
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(|error| failed(error.to_string()))?;
        if file.enclosed_name().is_none() {
            let name = String::from_utf8_lossy(file.name_raw()).into_owned();
            return Err(failed(format!("`{name}` leaves the folder")));
        }
    }
    let half = beside(folder);
    let made = fill(&mut archive, zip, &half).and_then(|()| place(&half, folder, zip));
    let _ = fs::remove_dir_all(&half);
    made.map_err(|error| failed(error.to_string()))
}

fn fill(archive: &mut ZipArchive<Cursor<&[u8]>>, zip: &[u8], half: &Path) -> std::io::Result<()> {
    whole::make(half)?;
    fs::write(half.join(whole::ZIP), zip)?;
    archive.extract_with_options(half.join(whole::CODE), ExtractOptions::default().with_size_limit(UNZIPPED))?;
    whole::close_all(half)
}

fn place(half: &Path, folder: &Path, zip: &[u8]) -> std::io::Result<()> {
    // Another one may have been faster; what is there is the same then.
    if fs::rename(half, folder).is_ok() || whole::is_whole(folder, &Sha256::digest(zip)) {
        return Ok(());
    }
    // Put aside in one piece: a function may still run from it.
    let aside = beside(folder);
    let placed = fs::rename(folder, &aside).and_then(|()| fs::rename(half, folder));
    let _ = fs::remove_dir_all(&aside);
    placed
}

fn beside(folder: &Path) -> PathBuf {
    folder.with_extension(uuid::Uuid::new_v4().simple().to_string())
}
