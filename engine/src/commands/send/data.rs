//! What `--data` and `--file` mean: one body, or a file of many, which is read as it is sent.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use crate::commands::dlq::exported::Exported;
use crate::error::{Error, Result};

/// API Gateway takes no larger body (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// An exported letter has such a body in base64, and more beside it.
const MAX_LINE: u64 = 2 * MAX_BYTES;
/// Standard input.
const STDIN: &str = "-";

/// The body of one event that has a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    pub body: Vec<u8>,
    /// The partition key, or the message group, of an exported letter.
    pub lane: Option<String>,
}

/// What is to be sent.
pub enum Data {
    One(Vec<u8>),
    Lines(Lines),
}

/// Reads what `--data` or `--file` means.
///
/// # Errors
/// A file that cannot be read, is too large, has no events, or has a line that cannot be sent.
pub fn read(data: Option<&str>, file: Option<&str>) -> Result<Option<Data>> {
    match (data, file) {
        (None, None) => Ok(None),
        (_, Some(file)) => Lines::of(file).map(|lines| Some(Data::Lines(lines))),
        (Some(STDIN), None) => bytes(std::io::stdin(), STDIN).map(|body| Some(Data::One(body))),
        (Some(data), None) => match data.strip_prefix('@') {
            Some(file) if has_many(file) => Lines::of(file).map(|lines| Some(Data::Lines(lines))),
            Some(file) => bytes(open(file)?, file).map(|body| Some(Data::One(body))),
            None => Ok(Some(Data::One(data.as_bytes().to_vec()))),
        },
    }
}

/// The body of all events, or the events.
pub fn parts(data: Option<Data>) -> (Option<Vec<u8>>, Option<Lines>) {
    match data {
        Some(Data::One(body)) => (Some(body), None),
        Some(Data::Lines(lines)) => (None, Some(lines)),
        None => (None, None),
    }
}

fn has_many(file: &str) -> bool {
    [".ndjson", ".jsonl"].iter().any(|ending| file.to_ascii_lowercase().ends_with(ending))
}

fn open(file: &str) -> Result<File> {
    File::open(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &str, error: &std::io::Error) -> Error {
    Error::fatal(format!("cannot read `{file}`: {error}"))
}

fn bytes(source: impl Read, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    match bytes.len() as u64 <= MAX_BYTES {
        true => Ok(bytes),
        false => Err(Error::fatal(format!("`{name}` is larger than {} MiB", MAX_BYTES / 1024 / 1024)).hint(
            "API Gateway takes bodies of at most 10 MiB; a file of many events, one a line, is sent with --file",
        )),
    }
}

/// The lines of a file, one after the other.
pub struct Lines {
    from: Box<dyn BufRead + Send>,
    name: String,
    /// The number of the line that was read last, from 1.
    line: u64,
    /// How many events there are; nothing where only the end will tell.
    pub count: Option<u32>,
}

impl Lines {
    /// Opens a file and looks through it, so that nothing is sent of one with a bad line. Standard input is read once.
    fn of(file: &str) -> Result<Self> {
        if file == STDIN {
            return Ok(Self::new(Box::new(BufReader::new(std::io::stdin())), file));
        }
        let opened = open(file)?;
        let regular = opened.metadata().is_ok_and(|about| about.is_file());
        let mut lines = Self::new(Box::new(BufReader::new(opened)), file);
        if !regular {
            return Ok(lines);
        }
        let mut count: u32 = 0;
        while lines.next_event()?.is_some() {
            count = count.saturating_add(1);
        }
        match count {
            0 => Err(Error::fatal(format!("there are no events in `{file}`"))
                .hint("each line of it is the body of one event")),
            count => Ok(Self { count: Some(count), ..Self::new(Box::new(BufReader::new(open(file)?)), file) }),
        }
    }

    fn new(from: Box<dyn BufRead + Send>, name: &str) -> Self {
        Self { from, name: name.to_owned(), line: 0, count: None }
    }

    /// The next event; nothing at the end. Empty lines are none.
    ///
    /// # Errors
    /// The file cannot be read, a line is too long, or an exported letter cannot be sent: with the number of the line.
    pub fn next_event(&mut self) -> Result<Option<Own>> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.from).take(MAX_LINE + 1).read_until(b'\n', &mut line);
            if read.map_err(|error| unreadable(&self.name, &error))? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if line.len() as u64 > MAX_LINE {
                return Err(self.at(&Error::fatal(format!("the line is longer than {} MiB", MAX_LINE / 1024 / 1024))));
            }
            let line = line.trim_ascii();
            if !line.is_empty() {
                return self.own(line).map(Some).map_err(|error| self.at(&error));
            }
        }
    }

    fn own(&self, line: &[u8]) -> Result<Own> {
        match Exported::read(line)? {
            None => Ok(Own { body: line.to_vec(), lane: None }),
            Some(letter) => Ok(Own { body: letter.body()?, lane: letter.partition_key.or(letter.group) }),
        }
    }

    fn at(&self, error: &Error) -> Error {
        let placed = Error::new(error.class(), format!("{}:{}: {}", self.name, self.line, error.message()));
        match error.hint_text() {
            Some(hint) => placed.hint(hint),
            None => placed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let named = path.display().to_string();
        (folder, named)
    }

    fn lines(data: Option<Data>) -> Vec<String> {
        let Some(Data::Lines(mut lines)) = data else { panic!("no lines") };
        let all: Vec<String> = std::iter::from_fn(|| lines.next_event().unwrap())
            .map(|own| String::from_utf8(own.body).unwrap() + own.lane.as_deref().unwrap_or_default())
            .collect();
        assert_eq!(lines.count, u32::try_from(all.len()).ok());
        all
    }

    #[test]
    fn each_line_of_a_file_is_an_event() {
        for name in ["a.ndjson", "a.JSONL", "a.txt"] {
            let (_folder, file) = file(name, "{\"a\": 1}\r\n\n{\"a\": 2}\n{");
            let expected = ["{\"a\": 1}", "{\"a\": 2}", "{"];
            assert_eq!(lines(read(None, Some(&file)).unwrap()), expected);
            if name != "a.txt" {
                assert_eq!(lines(read(Some(&format!("@{file}")), None).unwrap()), expected);
            }
        }
        let (_folder, file) = file("a.ndjson", "\n \n");
        let error = read(None, Some(&file)).err().unwrap();
        assert!(error.message().starts_with("there are no events in"), "{error}");
    }

    #[test]
    fn of_an_exported_letter_the_event_is_sent() {
        let letter = r#"{"pipe":"letter","id":"m","shape":"handler","reason":"no-key","sent_at":"","partition_key":"k","event":{"a":1}}"#;
        let (_folder, good) = file("a", &format!("{{}}\n{letter}\n"));
        assert_eq!(lines(read(None, Some(&good)).unwrap()), ["{}", "{\"a\":1}k"]);
        let (_folder, bad) = file("b", &format!("{{}}\n\n{{\"pipe\":\"letter\"}}\n"));
        let error = read(None, Some(&bad)).err().unwrap();
        assert!(
            error.message().starts_with(&format!("{bad}:3: this line says that it is an exported letter")),
            "{error}"
        );
        assert!(error.hint_text().is_some());
    }

    #[test]
    fn any_other_data_is_one_event_byte_for_byte() {
        let one = |data: &str| match read(Some(data), None).unwrap() {
            Some(Data::One(body)) => String::from_utf8(body).unwrap(),
            _ => panic!("{data}"),
        };
        let (_folder, named) = file("a.json", "{\n}\n");
        assert_eq!(one(&format!("@{named}")), "{\n}\n");
        assert_eq!(one("{}\n"), "{}\n");
        assert!(read(Some("@/nowhere"), None).is_err() && read(None, Some("/nowhere")).is_err());
        assert!(read(None, None).unwrap().is_none());
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let endless = std::io::repeat(b'x');
        let mut lines = Lines::new(Box::new(BufReader::new(endless)), "x");
        assert_eq!(lines.next_event().unwrap_err().message(), "x:1: the line is longer than 20 MiB");
    }
}
