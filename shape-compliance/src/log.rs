//! Append-only files of JSON lines that survive a crash.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::{Error, error::Repr};

/// A file of lines `DIGEST JSON`. Each digest is over the one before it and the line, so that a line which was changed,
/// removed or moved is found. What follows the last line feed is the trace of a crash: it was never acknowledged and is
/// cut off.
#[derive(Debug)]
pub(crate) struct LineLog {
    path: PathBuf,
    file: File,
    digest: String,
}

/// A log that was opened, with what it holds.
#[derive(Debug)]
pub(crate) struct Opened<T> {
    pub(crate) log: LineLog,
    pub(crate) values: Vec<T>,
    /// Bytes of a last line that was not whole.
    pub(crate) cut_bytes: u64,
}

impl LineLog {
    pub(crate) fn open<T: DeserializeOwned>(path: &Path) -> Result<Opened<T>, Error> {
        let io = |action| move |error: std::io::Error| Error::io(action, path, &error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io("open"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read"))?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let cut = bytes.split_off(whole);
        let (values, digest) = parse(&path.display().to_string(), &bytes)?;
        if !cut.is_empty() {
            file.set_len(length(whole)).map_err(io("cut"))?;
        }
        file.seek(SeekFrom::End(0)).map_err(io("read"))?;
        let log = Self {
            path: path.to_owned(),
            file,
            digest,
        };
        Ok(Opened {
            log,
            values,
            cut_bytes: length(cut.len()),
        })
    }

    /// Writes values, durable when this returns.
    pub(crate) fn append<T: Serialize>(&mut self, values: &[T]) -> Result<(), Error> {
        let mut text = String::new();
        let mut digest = self.digest.clone();
        for value in values {
            let json = serde_json::to_string(value).map_err(|error| Repr::Fact {
                message: error.to_string(),
            })?;
            digest = next_digest(&digest, &json);
            text.push_str(&digest);
            text.push(' ');
            text.push_str(&json);
            text.push('\n');
        }
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| Error::io("write", &self.path, &error))?;
        self.digest = digest;
        Ok(())
    }
}

/// The values of whole lines, and the digest of the last one.
pub(crate) fn parse<T: DeserializeOwned>(
    file: &str,
    bytes: &[u8],
) -> Result<(Vec<T>, String), Error> {
    let mut digest = String::new();
    let mut values = Vec::new();
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.is_empty());
    for (index, line) in lines.enumerate() {
        let wrong = |message: String| Repr::Line {
            file: file.to_owned(),
            line: index + 1,
            message,
        };
        let text = std::str::from_utf8(line).map_err(|_| wrong("not UTF-8".to_owned()))?;
        let (seen, json) = text
            .split_once(' ')
            .ok_or_else(|| wrong("no digest before the JSON".to_owned()))?;
        let expected = next_digest(&digest, json);
        if seen != expected {
            let message = "changed, or a line before it is missing: the digest does not fit";
            return Err(wrong(message.to_owned()).into());
        }
        values.push(serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?);
        digest = expected;
    }
    Ok((values, digest))
}

/// Half of a SHA-256: enough to find a mistake and to deter one.
fn next_digest(before: &str, json: &str) -> String {
    let digest = Sha256::new()
        .chain_update(before)
        .chain_update(json)
        .finalize();
    let hex = digest[..16].iter().map(|byte| format!("{byte:02x}"));
    hex.collect()
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
