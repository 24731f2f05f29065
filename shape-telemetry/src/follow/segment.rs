//! One file of a followed log.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    position::{FileId, HEAD, Known, Mark, Print, TAIL, up_to},
    units::Units,
};
use crate::{decode, number};

/// How much is read at once.
const BLOCK: usize = 1 << 16;

enum Input {
    /// A file that may grow.
    Growing(File),
    /// A compressed file, which does not.
    Packed(Box<dyn Read>),
    /// The file is gone; what was read of it is left.
    Gone,
}

/// A file from the first byte that was not handed out.
pub(super) struct Segment {
    /// Tells the segments of a follower apart.
    pub(super) serial: u64,
    pub(super) path: PathBuf,
    pub(super) id: Option<FileId>,
    input: Input,
    /// Bytes that were read; those before `from` were handed out.
    buffer: Vec<u8>,
    from: usize,
    /// Where the last line of the buffer begins, which is not complete.
    line_start: usize,
    /// Lines in the buffer that were cut: where they end in it, and how many bytes of each are not there.
    cuts: VecDeque<(usize, u64)>,
    /// Bytes dropped so far of the line that the buffer ends with.
    dropped: u64,
    pub(super) offset: u64,
    pub(super) lines: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Rounds without a new byte, since the file is no longer the active one.
    pub(super) idle: u32,
    /// Whether the last line end of the buffer is not in the file.
    is_ended: bool,
    pub(super) max_line: usize,
    /// How the file is encoded, once something of it was read.
    units: Option<Units>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment")
            .field("path", &self.path)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl Segment {
    fn new(path: &Path, id: Option<FileId>, input: Input, max_line: usize) -> Self {
        Self {
            serial: 0,
            path: path.to_owned(),
            id,
            input,
            buffer: Vec::new(),
            from: 0,
            line_start: 0,
            cuts: VecDeque::new(),
            dropped: 0,
            offset: 0,
            lines: 0,
            head: Vec::new(),
            tail: Vec::new(),
            idle: 0,
            is_ended: false,
            max_line,
            units: None,
        }
    }

    /// A file from its start.
    pub(super) fn open(path: &Path, max_line: usize) -> io::Result<Self> {
        let file = File::open(path)?;
        let id = FileId::of(&file.metadata()?);
        let unpacked = unpacked(path)?;
        let input = unpacked.map_or(Input::Growing(file), Input::Packed);
        Ok(Self::new(path, id, input, max_line))
    }

    /// A file from behind its last complete line.
    pub(super) fn open_at_end(path: &Path, max_line: usize) -> io::Result<Self> {
        let mut segment = Self::open(path, max_line)?;
        let Input::Growing(file) = &mut segment.input else {
            return Ok(segment);
        };
        let length = file.metadata()?.len();
        let units = Units::of(&up_to(file, HEAD)?);
        let start = length.saturating_sub(number::len(BLOCK));
        // Where a unit begins.
        let start = start + start % 2;
        file.seek(SeekFrom::Start(start))?;
        let block = up_to(file, BLOCK)?;
        let end = units.behind_last_line(&block).unwrap_or(if start == 0 {
            0
        } else {
            units.whole(block.len())
        });
        segment.offset = start + number::len(end);
        let before = block.get(..end).unwrap_or_default();
        segment.tail = before
            .get(end.saturating_sub(TAIL)..)
            .unwrap_or_default()
            .to_vec();
        file.seek(SeekFrom::Start(0))?;
        let head = segment.offset.min(number::len(HEAD));
        segment.head = up_to(file, usize::try_from(head).unwrap_or(HEAD))?;
        Ok(segment)
    }

    /// A file from a mark, if it is the one of the mark.
    pub(super) fn open_at(path: &Path, mark: &Mark, max_line: usize) -> io::Result<Option<Self>> {
        let mut segment = Self::open(path, max_line)?;
        let fits = match &mut segment.input {
            Input::Growing(file) => mark.fits(file)?,
            Input::Packed(input) => mark.leads(input.as_mut())?,
            Input::Gone => false,
        };
        if !fits {
            return Ok(None);
        }
        segment.offset = mark.offset;
        segment.lines = mark.lines;
        if let Input::Growing(file) = &mut segment.input {
            file.seek(SeekFrom::Start(0))?;
            segment.head = up_to(file, mark.head.bytes.try_into().unwrap_or(HEAD))?;
            file.seek(SeekFrom::Start(
                mark.offset - mark.tail.bytes.min(mark.offset),
            ))?;
            segment.tail = up_to(file, mark.tail.bytes.try_into().unwrap_or(TAIL))?;
        }
        Ok(Some(segment))
    }

    /// The first bytes of a file as text: what a reading that begins later must know of them.
    pub(super) fn start(&self) -> String {
        let read = || {
            let mut file = File::open(&self.path)?;
            up_to(&mut file, BLOCK)
        };
        let bytes: Vec<u8> = read().unwrap_or_default();
        let units = Units::of(&bytes);
        let lines = units.behind_last_line(&bytes).unwrap_or(0);
        let lines = bytes.get(..lines).unwrap_or_default();
        units.text(lines, true).into_owned()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            id: self.id,
            offset: self.offset,
            lines: self.lines,
            head: Print::of(&self.head),
            tail: Print::of(&self.tail),
        }
    }

    pub(super) fn known(&self) -> Known {
        Known {
            id: self.id,
            head: Print::of(&self.head),
        }
    }

    /// Whether the file is still the one that was read so far.
    pub(super) fn is_intact(&mut self) -> io::Result<bool> {
        let reached = self.reached();
        let mark = self.mark();
        // The last bytes that were read, handed out or not.
        let from = self.cuts.back().map_or(self.from, |cut| cut.0);
        let waiting = self.buffer.get(from..).unwrap_or_default();
        let waiting = waiting.get(waiting.len().saturating_sub(TAIL)..);
        let waiting = waiting.filter(|_| self.dropped == 0).unwrap_or_default();
        let Input::Growing(file) = &mut self.input else {
            return Ok(true);
        };
        if file.metadata()?.len() < reached || !mark.fits(file)? {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(reached - number::len(waiting.len())))?;
        Ok(up_to(file, waiting.len())? == waiting)
    }

    /// Whether a segment that begins at the same place of another file has what this one did not hand out.
    pub(super) fn is_gone_on_with(&self, other: &mut Self) -> io::Result<bool> {
        let mine = self.buffer.get(self.from..).unwrap_or_default();
        if mine.is_empty() {
            return Ok(true);
        }
        other.read()?;
        let n = mine.len().min(other.buffer.len()).min(BLOCK);
        Ok(0 < n && mine.get(..n) == other.buffer.get(..n) && mine.len().min(BLOCK) <= n)
    }

    /// Whether the file began with bytes.
    pub(super) fn begins_with(&self, bytes: &[u8]) -> bool {
        !bytes.is_empty() && self.head.starts_with(bytes)
    }

    /// Whether the file will never grow.
    pub(super) fn is_final(&self) -> bool {
        !matches!(self.input, Input::Growing(_))
    }

    /// Whether a file is a copy of the first bytes of this one.
    pub(super) fn was_copied_to(&mut self, path: &Path) -> io::Result<bool> {
        let Input::Growing(file) = &mut self.input else {
            return Ok(false);
        };
        let mut copy = File::open(path)?;
        let length = copy.metadata()?.len();
        if length == 0 || file.metadata()?.len() < length {
            return Ok(false);
        }
        for start in [0, length.saturating_sub(number::len(HEAD))] {
            file.seek(SeekFrom::Start(start))?;
            copy.seek(SeekFrom::Start(start))?;
            let n = number::len(HEAD).min(length - start);
            let n = usize::try_from(n).unwrap_or(HEAD);
            if up_to(file, n)? != up_to(&mut copy, n)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where in the file reading goes on.
    fn reached(&self) -> u64 {
        let dropped = self.cuts.iter().map(|(_, bytes)| bytes).sum::<u64>() + self.dropped;
        self.offset + number::len(self.buffer.len() - self.from) + dropped
    }

    /// Reads on; whether there was anything. What is read from a file that was cut or replaced meanwhile is not kept.
    pub(super) fn read(&mut self) -> io::Result<bool> {
        if !self.is_intact()? {
            return Ok(false);
        }
        let place = self.reached();
        let bytes = match &mut self.input {
            Input::Growing(file) => {
                file.seek(SeekFrom::Start(place))?;
                up_to(file, BLOCK)?
            }
            Input::Packed(input) => match up_to(input.as_mut(), BLOCK) {
                Ok(bytes) => bytes,
                Err(error) => {
                    // Told once; what was read before is kept.
                    self.input = Input::Gone;
                    return Err(error);
                }
            },
            Input::Gone => Vec::new(),
        };
        if bytes.is_empty() || !self.is_intact()? {
            return Ok(false);
        }
        let units = match self.units {
            Some(units) => units,
            None if place == 0 => Units::of(&bytes),
            None if !self.head.is_empty() => Units::of(&self.head),
            // A compressed file from the middle; its name may be another by now.
            None => Units::of(&head(&self.path).unwrap_or_default()),
        };
        // Half a unit is read again, with its other half.
        let bytes = match (&self.input, bytes.get(..units.whole(bytes.len()))) {
            (Input::Growing(_), Some(whole)) => whole,
            _ => &bytes,
        };
        if bytes.is_empty() {
            return Ok(false);
        }
        self.units = Some(units);
        self.compact();
        self.take(bytes);
        Ok(true)
    }

    /// Forgets what was handed out.
    fn compact(&mut self) {
        self.buffer.drain(..self.from);
        self.line_start -= self.from.min(self.line_start);
        for cut in &mut self.cuts {
            cut.0 -= self.from.min(cut.0);
        }
        self.from = 0;
    }

    /// Appends bytes to the buffer, without those of a line beyond its greatest length.
    fn take(&mut self, bytes: &[u8]) {
        let units = self.units();
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = units.behind_line(rest);
            let (line, behind) = rest
                .split_at_checked(end.unwrap_or(rest.len()))
                .unwrap_or((rest, &[]));
            rest = behind;
            let text = match end {
                Some(_) => line.strip_suffix(units.line_end()).unwrap_or(line),
                None => line,
            };
            let room = self
                .max_line
                .saturating_sub(self.buffer.len() - self.line_start);
            let kept = text.get(..units.whole(room)).unwrap_or(text);
            self.buffer.extend_from_slice(kept);
            self.dropped += number::len(text.len() - kept.len());
            if end.is_some() {
                self.end_line();
            }
        }
    }

    /// Ends the line that the buffer ends with.
    fn end_line(&mut self) {
        self.buffer.extend_from_slice(self.units().line_end());
        self.line_start = self.buffer.len();
        if 0 < self.dropped {
            self.cuts.push_back((self.line_start, self.dropped));
            self.dropped = 0;
        }
    }

    /// How the file is encoded, as far as it is known.
    pub(super) fn units(&self) -> Units {
        self.units.unwrap_or(Units::UTF_8)
    }

    /// The complete lines that were read and not handed out.
    pub(super) fn complete(&self) -> &[u8] {
        self.buffer
            .get(self.from..self.line_start)
            .unwrap_or_default()
    }

    /// Whether all that was read was handed out.
    pub(super) fn is_empty(&self) -> bool {
        self.from == self.buffer.len()
    }

    /// How many lines among so many bytes of the complete ones were cut.
    pub(super) fn n_cut(&self, length: usize) -> u64 {
        let end = self.from + length;
        number::len(self.cuts.iter().take_while(|cut| cut.0 <= end).count())
    }

    /// Marks so many bytes of the complete lines as handed out.
    pub(super) fn consume(&mut self, length: usize) {
        let end = (self.from + length).min(self.line_start);
        let is_made_up = self.is_ended && end == self.buffer.len() && self.from < end;
        let done = self
            .buffer
            .get(
                self.from
                    ..end
                        - if is_made_up {
                            self.units().line_end().len()
                        } else {
                            0
                        },
            )
            .unwrap_or_default();
        // The first bytes of the file, as long as none of them is missing.
        if number::len(self.head.len()) == self.offset && self.n_cut(length) == 0 {
            let room = HEAD - self.head.len().min(HEAD);
            self.head
                .extend_from_slice(done.get(..room).unwrap_or(done));
        }
        self.offset += number::len(done.len());
        self.lines += number::len(self.units().lines(done));
        self.lines += u64::from(is_made_up);
        self.tail.extend_from_slice(
            done.get(done.len().saturating_sub(TAIL)..)
                .unwrap_or_default(),
        );
        let mut keep = TAIL;
        while let Some(&(cut, bytes)) = self.cuts.front().filter(|cut| cut.0 <= end) {
            self.offset += bytes;
            // The bytes before the end of a line that was cut are not those of the file.
            keep = TAIL.min((self.from + done.len()).saturating_sub(cut));
            self.cuts.pop_front();
        }
        self.tail
            .drain(..self.tail.len() - keep.min(self.tail.len()));
        self.from = end;
    }

    /// Ends the last line, which never was.
    pub(super) fn end(&mut self) {
        if self.line_start < self.buffer.len() {
            self.is_ended = true;
            self.end_line();
        }
        self.input = Input::Gone;
    }
}

/// The content of a compressed file.
fn unpacked(path: &Path) -> io::Result<Option<Box<dyn Read>>> {
    let mut file = File::open(path)?;
    let first = up_to(&mut file, 6)?;
    file.seek(SeekFrom::Start(0))?;
    decode::unpack(&first, file)
}

/// The first bytes of a file, after decompression.
pub(super) fn head(path: &Path) -> io::Result<Vec<u8>> {
    match unpacked(path)? {
        Some(mut input) => up_to(input.as_mut(), HEAD),
        None => up_to(&mut File::open(path)?, HEAD),
    }
}
