//! Compressed bodies.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::super::coding::LONGEST_BODY;
use super::super::definition::Stage;
use super::World;
use super::fixtures::*;

#[tokio::test]
async fn a_compressed_body_is_decompressed_before_its_model_and_template() {
    let world = World::new(&api(), Stage::default()).await;
    let sent = br#"{"a":1}"#;
    let gzip = zipped(GzEncoder::new(Vec::new(), Compression::fast()), sent, GzEncoder::finish);
    let deflate = zipped(ZlibEncoder::new(Vec::new(), Compression::fast()), sent, ZlibEncoder::finish);
    let bomb =
        zipped(GzEncoder::new(Vec::new(), Compression::best()), &vec![b' '; LONGEST_BODY + 1], GzEncoder::finish);
    for (coding, body, status) in [
        ("gzip", gzip.clone(), 200),
        ("GZIP", gzip.clone(), 200),
        ("deflate", deflate, 200),
        ("identity", sent.to_vec(), 200),
        ("br", gzip.clone(), 415),
        ("gzip", sent.to_vec(), 415),
        ("gzip", gzip[..gzip.len() - 4].to_vec(), 415),
        ("gzip", bomb, 413),
    ] {
        let got = world.send("POST", RECORD, &[("content-encoding", coding)], body).await;
        assert_eq!(got.status, status, "{coding}");
    }
    for put in world.cloud.calls_of("Kinesis_20131202.PutRecord") {
        assert_eq!(STANDARD.decode(put.body["Data"].as_str().unwrap()).unwrap(), sent);
    }
}

fn zipped<W: Write>(mut encoder: W, body: &[u8], finish: impl Fn(W) -> std::io::Result<Vec<u8>>) -> Vec<u8> {
    encoder.write_all(body).unwrap();
    finish(encoder).unwrap()
}
