//! Content codings of request bodies. API Gateway decompresses a body before its models and templates see it
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html>).

use std::io::Read;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::refusal::Refusal;

/// The most that a body may have, in bytes (AWS's quota).
pub const LONGEST_BODY: usize = 10 * 1024 * 1024;

/// Undoes the coding that the headers name.
///
/// # Errors
/// 415 for a coding that is not `gzip`, `deflate` or `identity`, and for a body that is not in its coding; 413 for one that becomes
/// longer than a body may be.
pub fn decoded(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Refusal> {
    let named = headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?"));
    let codings: Vec<String> =
        named.flat_map(|value| value.split(',')).map(|one| one.trim().to_ascii_lowercase()).collect();
    codings.iter().rev().try_fold(body, |body, coding| match coding.as_str() {
        "" | "identity" => Ok(body),
        "gzip" => inflated(MultiGzDecoder::new(&body[..])),
        "deflate" => inflated(ZlibDecoder::new(&body[..])),
        _ => Err(Refusal::of("UNSUPPORTED_MEDIA_TYPE")),
    })
}

fn inflated(decoder: impl Read) -> Result<Bytes, Refusal> {
    let mut body = Vec::new();
    let read = decoder.take(LONGEST_BODY as u64 + 1).read_to_end(&mut body);
    read.map_err(|_| Refusal::of("UNSUPPORTED_MEDIA_TYPE"))?;
    if body.len() > LONGEST_BODY {
        return Err(Refusal::of("REQUEST_TOO_LARGE"));
    }
    Ok(body.into())
}
