//! What `--data` means: one event, or a file of many.

use std::io::Read;

use crate::commands::dlq::exported::Exported;
use crate::error::{Error, Result};

/// API Gateway takes no larger body (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// A file of many events.
const MAX_FILE: u64 = 256 * 1024 * 1024;
/// Events of a file at most, as of `--count`.
const MAX_EVENTS: usize = 100_000;

/// Bodies of events: one, or each line of a file that has one event a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Data {
    One(Vec<u8>),
    Lines(Vec<Vec<u8>>),
}

/// Reads what `--data` means.
///
/// # Errors
/// A file that cannot be read, is too large, or has no events.
pub fn read(data: &str) -> Result<Data> {
    match (data, data.strip_prefix('@')) {
        ("-", _) => bytes(std::io::stdin(), data, MAX_BYTES).map(Data::One),
        (_, Some(file)) => {
            let opened = std::fs::File::open(file);
            let opened = opened.map_err(|error| Error::fatal(format!("cannot read `{file}`: {error}")))?;
            let many = [".ndjson", ".jsonl"].iter().any(|ending| file.to_ascii_lowercase().ends_with(ending));
            if many {
                lines(&bytes(opened, file, MAX_FILE)?, file)
            } else {
                bytes(opened, file, MAX_BYTES).map(Data::One)
            }
        }
        _ => Ok(Data::One(data.as_bytes().to_vec())),
    }
}

/// How many events there are to send.
///
/// # Errors
/// A number is asked for, and a file has its own.
pub fn count(data: Option<&Data>, asked: u32) -> Result<u32> {
    match data {
        Some(Data::Lines(lines)) if asked == 1 => Ok(u32::try_from(lines.len()).unwrap_or(u32::MAX)),
        Some(Data::Lines(_)) => Err(Error::fatal("--count does not go with a file of many events")
            .hint("each line of the file is sent once: leave --count out")),
        _ => Ok(asked),
    }
}

fn bytes(source: impl Read, name: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = source.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::fatal(format!("cannot read `{name}`: {error}")))?;
    match bytes.len() as u64 <= most {
        true => Ok(bytes),
        false => Err(Error::fatal(format!("`{name}` is larger than {} MiB", most / 1024 / 1024))
            .hint("API Gateway takes bodies of at most 10 MiB; a file of many events ends in .ndjson, and has at most 256 MiB")),
    }
}

fn lines(bytes: &[u8], file: &str) -> Result<Data> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let lines: Vec<Vec<u8>> = lines.map(body).collect::<Result<_>>()?;
    match lines.len() {
        1..=MAX_EVENTS => Ok(Data::Lines(lines)),
        0 => {
            Err(Error::fatal(format!("there are no events in `{file}`"))
                .hint("each line of it is the body of one event"))
        }
        many => Err(Error::fatal(format!("`{file}` has {many} events")).hint("send at most 100000 in one run")),
    }
}

/// What a line sends: itself, or what the letter holds that `pipe dlq export` wrote.
fn body(line: &[u8]) -> Result<Vec<u8>> {
    Exported::read(line)?.map_or_else(|| Ok(line.to_vec()), |letter| letter.body())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let named = format!("@{}", path.display());
        (folder, named)
    }

    #[test]
    fn each_line_of_such_a_file_is_an_event() {
        for name in ["a.ndjson", "a.JSONL"] {
            let (_folder, named) = file(name, "{\"a\": 1}\r\n\n{\"a\": 2}\n{");
            let data = read(&named).unwrap();
            assert_eq!(
                data,
                Data::Lines([r#"{"a": 1}"#, r#"{"a": 2}"#, "{"].map(|line| line.as_bytes().to_vec()).into())
            );
            assert_eq!(count(Some(&data), 1).unwrap(), 3);
            assert!(count(Some(&data), 2).is_err());
        }
        let (_folder, named) = file("a.ndjson", "\n \n");
        assert!(read(&named).unwrap_err().message().starts_with("there are no events in"));
    }

    #[test]
    fn any_other_data_is_one_event_byte_for_byte() {
        let (_folder, named) = file("a.json", "{\n}\n");
        assert_eq!(read(&named).unwrap(), Data::One(b"{\n}\n".to_vec()));
        assert_eq!(read("{}\n").unwrap(), Data::One(b"{}\n".to_vec()));
        assert_eq!((count(None, 7).unwrap(), count(Some(&Data::One(Vec::new())), 2).unwrap()), (7, 2));
        assert!(read("@/nowhere").is_err());
    }
}
