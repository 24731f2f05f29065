//! Files, directories, patterns and standard input as log sources.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{Collector, Format, LineCounts, SourceSummary, decode, rotation};

/// A log file that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogFile {
    /// The path as given, or as found below the directory given; `-` for standard input.
    pub path: PathBuf,
    /// Its size in bytes; 0 for standard input.
    pub bytes: u64,
}

impl LogFile {
    /// The name in reports.
    pub fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }
}

/// How far the reading of several files has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress<'p> {
    /// The file being read.
    pub name: &'p str,
    /// Bytes of all files that were read, before decompression.
    pub done_bytes: u64,
    /// Bytes of all files; standard input counts 0.
    pub total_bytes: u64,
}

/// The log files that paths, directories and patterns name, and what could not be found.
///
/// A directory gives the files in it and below it, except hidden ones and those with zero bytes in their first
/// kilobyte that are no text in UTF-16. `-` is standard input. Each file is given once, in the order of the arguments,
/// within an argument by path. The files of a rotated set (`app.log.2.gz`, `app.log.1`, `app.log`; or with dates in
/// their names) stand together, the oldest first.
pub fn find_logs<S: AsRef<str>>(arguments: &[S]) -> (Vec<LogFile>, Vec<SourceSummary>) {
    let mut found = Found::default();
    for argument in arguments {
        found.argument(argument.as_ref());
    }
    rotation::in_time_order(&mut found.files, |file| &file.path);
    (found.files, found.problems)
}

/// The summary of a source that was not read.
fn problem(name: &str, text: String) -> SourceSummary {
    SourceSummary {
        name: Arc::from(name),
        format: Format::Plain.as_str().to_owned(),
        bytes: 0,
        lines: LineCounts::default(),
        problem: Some(text),
    }
}

#[derive(Default)]
struct Found {
    files: Vec<LogFile>,
    known: HashSet<PathBuf>,
    problems: Vec<SourceSummary>,
}

impl Found {
    fn argument(&mut self, argument: &str) {
        let path = Path::new(argument);
        if argument == "-" {
            self.push(path.to_owned(), 0);
        } else if path.is_dir() {
            self.directory(path, 0);
        } else if path.exists() || !argument.contains(['*', '?', '[']) {
            self.file(path);
        } else {
            match glob::glob(argument) {
                Ok(paths) => self.pattern(argument, paths),
                Err(error) => self.problems.push(problem(
                    argument,
                    format!(
                        "not a pattern: {} at character {}",
                        error.msg,
                        error.pos + 1
                    ),
                )),
            }
        }
    }

    fn pattern(&mut self, argument: &str, paths: glob::Paths) {
        let mut n = 0_usize;
        for path in paths {
            n += 1;
            match path {
                Ok(path) if path.is_dir() => {}
                Ok(path) => self.file(&path),
                Err(error) => {
                    let name = error.path().to_string_lossy().into_owned();
                    self.problems
                        .push(problem(&name, format!("cannot be read: {}", error.error())));
                }
            }
        }
        if n == 0 {
            self.problems
                .push(problem(argument, "no file fits the pattern".to_owned()));
        }
    }

    fn file(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) => self.push(path.to_owned(), metadata.len()),
            Err(error) => self.problems.push(problem(
                &path.to_string_lossy(),
                format!("cannot be read: {error}"),
            )),
        }
    }

    fn push(&mut self, path: PathBuf, bytes: u64) {
        if self.known.insert(path.clone()) {
            self.files.push(LogFile { path, bytes });
        }
    }

    fn directory(&mut self, path: &Path, depth: u8) {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                self.problems.push(problem(
                    &path.to_string_lossy(),
                    format!("cannot be read: {error}"),
                ));
                return;
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            // A link to a directory may lead in a circle.
            if hidden || depth == 32 {
                continue;
            }
            if path.is_dir() {
                if !path.is_symlink() {
                    self.directory(&path, depth + 1);
                }
            } else if path.is_file() && !is_binary(&path) {
                self.file(&path);
            }
        }
    }
}

fn is_binary(path: &Path) -> bool {
    let mut start = Vec::with_capacity(1_024);
    let Ok(file) = File::open(path) else {
        return false;
    };
    if file.take(1_024).read_to_end(&mut start).is_err() {
        return false;
    }
    let packed = decode::packed(&start).is_some();
    let utf16 = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    start.contains(&0) && !packed && !utf16
}

impl Collector {
    /// Reads files, directories, patterns and standard input (`-`), and tells how far it has come.
    ///
    /// A file that cannot be read is a problem in its summary, not an end. A file with the same bytes as one before,
    /// compressed or not, is not read again; its summary says so.
    pub fn read_paths<S: AsRef<str>>(
        &mut self,
        arguments: &[S],
        progress: &mut dyn FnMut(&Progress<'_>),
    ) -> Vec<SourceSummary> {
        let (files, problems) = find_logs(arguments);
        let mut summaries = Vec::new();
        for summary in problems {
            self.add_source(summary.clone());
            summaries.push(summary);
        }
        let total_bytes = files.iter().map(|file| file.bytes).sum();
        let mut done_bytes = 0;
        let copies = copies(&files);
        for (file, copy) in files.iter().zip(copies) {
            let name = file.name();
            let original = copy.and_then(|copy| Some((copy, files.get(copy.of)?)));
            let summary = if let Some((copy, original)) = original {
                let what = if copy.packed { "content" } else { "bytes" };
                let summary = problem(
                    &name,
                    format!(
                        "the same {what} as `{}`, so not read again",
                        original.name()
                    ),
                );
                self.add_source(summary.clone());
                summary
            } else {
                let mut tell = |bytes: u64| {
                    progress(&Progress {
                        name: &name,
                        done_bytes: done_bytes + bytes.min(file.bytes),
                        total_bytes,
                    });
                };
                self.read_file(file, &mut tell)
            };
            done_bytes += file.bytes;
            summaries.push(summary);
        }
        summaries
    }

    fn read_file(&mut self, file: &LogFile, tell: &mut dyn FnMut(u64)) -> SourceSummary {
        let name = file.name();
        if file.is_stdin() {
            return self.read_with_progress(&name, io::stdin().lock(), tell);
        }
        match File::open(&file.path) {
            Ok(input) => self.read_with_progress(&name, input, tell),
            Err(error) => {
                let summary = problem(&name, format!("cannot be read: {error}"));
                self.add_source(summary.clone());
                summary
            }
        }
    }
}

/// A file that another one before it is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Copied {
    /// The index of the other one.
    of: usize,
    /// Whether only what is in them is the same, after decompression.
    packed: bool,
}

/// For each file the one before it that holds the same bytes, and at least one.
fn copies(files: &[LogFile]) -> Vec<Option<Copied>> {
    let heads: Vec<Option<Head>> = files.iter().map(head).collect();
    let any_packed = heads.iter().flatten().any(|head| head.is_packed);
    // Only files of one size are compared, or with one start where any is compressed, each with the different ones.
    let mut by_size: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut by_start: HashMap<&[u8], Vec<usize>> = HashMap::new();
    let find = |(index, file): (usize, &LogFile)| {
        let head = heads.get(index)?.as_ref()?;
        let same_size = by_size.entry(file.bytes).or_default();
        let same_bytes = same_size.iter().copied().find(|&other| {
            let other = files.get(other).map(|other| &other.path);
            let (Some(other), Ok(mine)) = (other, File::open(&file.path)) else {
                return false;
            };
            File::open(other).is_ok_and(|other| is_same(other, mine).unwrap_or(false))
        });
        if let Some(of) = same_bytes {
            return Some(Copied { of, packed: false });
        }
        same_size.push(index);
        if !any_packed || head.start.is_empty() {
            return None;
        }
        let same_start = by_start.entry(&head.start).or_default();
        let unpacked = same_start.iter().copied().find(|&other| {
            let is_packed = |head: &Head| head.is_packed;
            let other_is_packed = heads
                .get(other)
                .and_then(Option::as_ref)
                .is_some_and(is_packed);
            (head.is_packed || other_is_packed)
                && files
                    .get(other)
                    .is_some_and(|other| same_content(&other.path, &file.path).unwrap_or(false))
        });
        if let Some(of) = unpacked {
            return Some(Copied { of, packed: true });
        }
        same_start.push(index);
        None
    };
    files.iter().enumerate().map(find).collect()
}

/// What a file begins with, after decompression.
struct Head {
    is_packed: bool,
    start: Vec<u8>,
}

/// Nothing for an empty file, standard input, and what cannot be read.
fn head(file: &LogFile) -> Option<Head> {
    if file.bytes == 0 || file.is_stdin() {
        return None;
    }
    let mut first = Vec::with_capacity(6);
    File::open(&file.path)
        .ok()?
        .take(6)
        .read_to_end(&mut first)
        .ok()?;
    let mut start = Vec::new();
    content(&file.path)
        .ok()?
        .take(1 << 10)
        .read_to_end(&mut start)
        .ok()?;
    Some(Head {
        is_packed: decode::packed(&first).is_some(),
        start,
    })
}

/// The content of a file, unpacked.
fn content(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut first = Vec::with_capacity(6);
    File::open(path)?.take(6).read_to_end(&mut first)?;
    match decode::unpack(&first, File::open(path)?)? {
        Some(unpacked) => Ok(unpacked),
        None => Ok(Box::new(File::open(path)?)),
    }
}

fn same_content(a: &Path, b: &Path) -> io::Result<bool> {
    is_same(content(a)?, content(b)?)
}

fn is_same(a: impl Read, b: impl Read) -> io::Result<bool> {
    let (mut a, mut b) = (BufReader::new(a), BufReader::new(b));
    loop {
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        if left.is_empty() || right.is_empty() {
            return Ok(left.is_empty() && right.is_empty());
        }
        let n = left.len().min(right.len());
        if left.get(..n) != right.get(..n) {
            return Ok(false);
        }
        a.consume(n);
        b.consume(n);
    }
}
