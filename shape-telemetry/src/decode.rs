//! From bytes to text of complete lines: gzip, Zstandard, UTF-16, bytes that are not UTF-8, lines that are too long.

use std::io::{self, Read};

use memchr::memchr;

use crate::{number, read::last_line_end};

const BLOCK: usize = 1 << 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
}

/// Hands out text block by block; every block ends at the end of a line.
pub(crate) struct Decoder<'r> {
    input: Input<'r>,
    encoding: Option<Encoding>,
    /// Bytes that were read and not handed out: the start of a line.
    raw: Vec<u8>,
    /// Memory for a block, which is not cleared; so many bytes of it were read last.
    chunk: Vec<u8>,
    filled: usize,
    /// An odd byte or a high surrogate of UTF-16.
    half: Vec<u8>,
    max_line: usize,
    /// Inside a line that was cut: nothing is kept up to its end.
    skipping: bool,
    bytes: u64,
    /// Bytes before decompression, once the input is closed.
    consumed: u64,
    cut: u64,
    not_utf8: u64,
    opened: bool,
}

enum Input<'r> {
    Raw(Counted<Box<dyn Read + 'r>>),
    #[cfg(feature = "files")]
    Gzip(Box<flate2::read::MultiGzDecoder<Counted<Box<dyn Read + 'r>>>>),
    #[cfg(feature = "files")]
    Zstd(Box<crate::zstd::Frames<Counted<Box<dyn Read + 'r>>>>),
    Closed,
}

impl<'r> Input<'r> {
    /// The input that the first bytes show; an error for data that would be read as noise.
    fn new(first: &[u8], input: Counted<Box<dyn Read + 'r>>) -> io::Result<Self> {
        #[cfg(feature = "files")]
        if first.starts_with(&[0x1f, 0x8b]) {
            return Ok(Self::Gzip(Box::new(flate2::read::MultiGzDecoder::new(
                input,
            ))));
        }
        #[cfg(feature = "files")]
        if first.starts_with(&crate::zstd::MAGIC) {
            return Ok(Self::Zstd(Box::new(crate::zstd::Frames::new(input))));
        }
        match packed(first) {
            Some(name) => Err(io::Error::other(format!(
                "{name} data, which is not read: unpack it first"
            ))),
            None => Ok(Self::Raw(input)),
        }
    }
}

/// The content of a compressed file whose first bytes are given; `None` where it is not compressed.
#[cfg(feature = "files")]
pub(crate) fn unpack(first: &[u8], file: std::fs::File) -> io::Result<Option<Box<dyn Read>>> {
    let inner: Box<dyn Read> = Box::new(file);
    Ok(match Input::new(first, Counted { inner, bytes: 0 })? {
        Input::Raw(_) | Input::Closed => None,
        packed => Some(Box::new(packed)),
    })
}

/// The name of the compression that first bytes show.
pub(crate) fn packed(first: &[u8]) -> Option<&'static str> {
    const MAGICS: [(&[u8], &str); 6] = [
        (&[0x1f, 0x8b], "gzip"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
        (b"\xfd7zXZ\0", "xz"),
        (b"BZh", "bzip2"),
        (&[0x04, 0x22, 0x4d, 0x18], "lz4"),
        (b"PK\x03\x04", "zip"),
    ];
    let of_bzip2 = |name| name != "bzip2" || first.get(4..6) == Some(b"1A");
    MAGICS
        .into_iter()
        .find(|&(magic, name)| first.starts_with(magic) && of_bzip2(name))
        .map(|(_, name)| name)
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes += number::len(n);
        Ok(n)
    }
}

impl<'r> Decoder<'r> {
    pub(crate) fn new(input: impl Read + 'r, max_line: usize) -> Self {
        Self {
            input: Input::Raw(Counted {
                inner: Box::new(input),
                bytes: 0,
            }),
            encoding: None,
            raw: Vec::new(),
            chunk: Vec::new(),
            filled: 0,
            half: Vec::new(),
            max_line,
            skipping: false,
            bytes: 0,
            consumed: 0,
            cut: 0,
            not_utf8: 0,
            opened: false,
        }
    }

    /// Bytes after decompression.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes before decompression.
    pub(crate) fn consumed(&self) -> u64 {
        match &self.input {
            Input::Raw(input) => input.bytes,
            #[cfg(feature = "files")]
            Input::Gzip(input) => input.get_ref().bytes,
            #[cfg(feature = "files")]
            Input::Zstd(input) => input.get_ref().bytes,
            Input::Closed => self.consumed,
        }
    }

    /// Lines that were cut here (those within a block are cut by the caller).
    pub(crate) fn cut(&self) -> u64 {
        self.cut
    }

    pub(crate) fn not_utf8(&self) -> u64 {
        self.not_utf8
    }

    /// Appends complete lines to `text`; false at the end of the input, when the last line need not be complete.
    ///
    /// On an error, what was read before it is appended.
    pub(crate) fn fill(&mut self, text: &mut String) -> io::Result<bool> {
        let start = text.len();
        while text.len() == start {
            let n = match self.read_chunk() {
                Ok(n) => n,
                Err(error) => {
                    self.finish(text);
                    return Err(error);
                }
            };
            if n == 0 {
                self.finish(text);
                return Ok(false);
            }
            self.take_chunk(text);
        }
        Ok(true)
    }

    /// Reads the next bytes into `chunk`.
    fn read_chunk(&mut self) -> io::Result<usize> {
        if !self.opened {
            self.open()?;
            self.opened = true;
        }
        self.chunk.resize(BLOCK, 0);
        let mut n = 0;
        // Small reads (a pipe, a gzip member) are gathered, so that blocks have a useful size.
        let result = loop {
            let Some(rest) = self.chunk.get_mut(n..) else {
                break Ok(());
            };
            if rest.is_empty() {
                break Ok(());
            }
            match self.input.read(rest) {
                Ok(0) => break Ok(()),
                Ok(read) => {
                    n += read;
                    if BLOCK / 4 <= n {
                        break Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.filled = n;
        self.bytes += number::len(n);
        match result {
            Err(error) if n == 0 => Err(error),
            // The error will come again, or end the input, with the next read.
            _ => Ok(n),
        }
    }

    /// Looks at the first bytes, which tell compressed data.
    fn open(&mut self) -> io::Result<()> {
        let mut first = Vec::with_capacity(6);
        if !matches!(self.input, Input::Raw(_)) {
            return Ok(());
        }
        let Input::Raw(input) = std::mem::replace(&mut self.input, Input::Closed) else {
            return Ok(());
        };
        let mut input = input.inner;
        input.by_ref().take(6).read_to_end(&mut first)?;
        let counted: Counted<Box<dyn Read + 'r>> = Counted {
            inner: Box::new(io::Cursor::new(first.clone()).chain(input)),
            bytes: 0,
        };
        self.input = Input::new(&first, counted)?;
        Ok(())
    }

    /// Gives the complete lines of `raw` and `chunk` to `text`.
    fn take_chunk(&mut self, text: &mut String) {
        let chunk = std::mem::take(&mut self.chunk);
        let mut new = chunk.get(..self.filled).unwrap_or_default();
        let encoding = *self.encoding.get_or_insert_with(|| {
            let (encoding, mark) = encoding(new);
            new = new.get(mark..).unwrap_or_default();
            encoding
        });
        let transcoded;
        if let Encoding::Utf16 { big_endian } = encoding {
            transcoded = self.transcode(new, big_endian);
            new = &transcoded;
        }
        if self.skipping {
            match memchr(b'\n', new) {
                Some(at) => {
                    self.skipping = false;
                    new = &new[at + 1..];
                }
                None => new = &[],
            }
        }
        match last_line_end(new) {
            Some(end) => {
                let (lines, rest) = new.split_at(end);
                if self.raw.is_empty() {
                    self.push(lines, text);
                } else {
                    // Only the line that was begun is put together.
                    let first = memchr(b'\n', lines).map_or(end, |at| at + 1);
                    let (first, others) = lines.split_at(first);
                    let mut raw = std::mem::take(&mut self.raw);
                    raw.extend_from_slice(first);
                    self.push(&raw, text);
                    self.push(others, text);
                    raw.clear();
                    self.raw = raw;
                }
                self.raw.extend_from_slice(rest);
            }
            None => self.raw.extend_from_slice(new),
        }
        // A line without end: its start is handed out, the rest is skipped.
        if self.max_line < self.raw.len() {
            let raw = std::mem::take(&mut self.raw);
            self.push(boundary(&raw, self.max_line), text);
            text.push('\n');
            self.cut += 1;
            self.skipping = true;
        }
        self.chunk = chunk;
    }

    /// Hands out what is left at the end.
    fn finish(&mut self, text: &mut String) {
        if !self.half.is_empty() {
            self.raw.extend_from_slice("\u{fffd}".as_bytes());
            self.half.clear();
        }
        let raw = std::mem::take(&mut self.raw);
        self.push(&raw, text);
        self.consumed = self.consumed();
        self.input = Input::Closed;
    }

    /// Appends bytes as text, counting the lines that are not UTF-8.
    fn push(&mut self, bytes: &[u8], text: &mut String) {
        if let Ok(valid) = std::str::from_utf8(bytes) {
            text.push_str(valid);
            return;
        }
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            if let Ok(valid) = std::str::from_utf8(line) {
                text.push_str(valid);
            } else {
                self.not_utf8 += 1;
                text.push_str(&String::from_utf8_lossy(line));
            }
        }
    }

    /// UTF-16 to UTF-8; what is incomplete at the end waits for the next bytes.
    fn transcode(&mut self, chunk: &[u8], big_endian: bool) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.half);
        bytes.extend_from_slice(chunk);
        let mut units: Vec<u16> = units(&bytes, big_endian).collect();
        let mut half = bytes.get(2 * units.len()..).unwrap_or_default().to_vec();
        if let Some(&last) = units.last()
            && (0xd800..0xdc00).contains(&last)
        {
            units.pop();
            let pair = if big_endian {
                last.to_be_bytes()
            } else {
                last.to_le_bytes()
            };
            half.splice(0..0, pair);
        }
        self.half = half;
        utf16(units).into_bytes()
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Raw(input) => input.read(buffer),
            #[cfg(feature = "files")]
            Self::Gzip(input) => input.read(buffer),
            #[cfg(feature = "files")]
            Self::Zstd(input) => input.read(buffer),
            Self::Closed => Ok(0),
        }
    }
}

/// The encoding that the first bytes show, and the length of the byte order mark.
pub(crate) fn encoding(chunk: &[u8]) -> (Encoding, usize) {
    if chunk.starts_with(&[0xef, 0xbb, 0xbf]) {
        return (Encoding::Utf8, 3);
    }
    for (mark, big_endian) in [([0xff, 0xfe], false), ([0xfe, 0xff], true)] {
        if chunk.starts_with(&mark) {
            return (Encoding::Utf16 { big_endian }, 2);
        }
    }
    // Without a mark: text of ASCII characters has a zero in every second byte.
    let sample = chunk.get(..64.min(chunk.len() & !1)).unwrap_or_default();
    let zeros = |odd: usize| {
        sample
            .iter()
            .skip(odd)
            .step_by(2)
            .filter(|&&b| b == 0)
            .count()
    };
    let half = sample.len() / 2;
    if 8 <= half {
        if zeros(0) == 0 && half * 3 / 4 < zeros(1) {
            return (Encoding::Utf16 { big_endian: false }, 0);
        }
        if zeros(1) == 0 && half * 3 / 4 < zeros(0) {
            return (Encoding::Utf16 { big_endian: true }, 0);
        }
    }
    (Encoding::Utf8, 0)
}

/// The units of UTF-16 in bytes; a last odd byte is left out.
pub(crate) fn units(bytes: &[u8], big_endian: bool) -> impl Iterator<Item = u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(move |&pair| {
        if big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    })
}

/// The text of units; those that are no characters are replaced.
pub(crate) fn utf16(units: impl IntoIterator<Item = u16>) -> String {
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// At most `max` bytes that do not end inside a character.
fn boundary(bytes: &[u8], max: usize) -> &[u8] {
    let mut end = max.min(bytes.len());
    while 0 < end && max - end < 3 && bytes.get(end).is_some_and(|b| b & 0xc0 == 0x80) {
        end -= 1;
    }
    &bytes[..end]
}
