//! A log that grows, through every rotation.

use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
};

pub use self::{events::FollowedEvents, position::FollowPosition};
use self::{
    position::{FileId, Known, Mark, Print},
    segment::Segment,
};
use crate::{
    Reader,
    rotation::{Age, Name},
};

mod events;
mod position;
mod segment;
mod units;

/// A line of a followed log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedLine {
    /// Its text, without the line end; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// The file it stands in. A file that was rotated has the name that it had when it was opened.
    pub path: PathBuf,
    /// The offset of its first byte in that file.
    pub byte_offset: u64,
    /// Whether it was cut at the greatest length.
    pub is_cut: bool,
}

/// Follows a log file, as `tail -F` does, and can go on after a restart where it was.
///
/// Each line is handed out once, and none is lost, when the file is renamed and made anew, copied and truncated, or
/// replaced; also where that happens several times between two looks or while nobody follows: what was rotated
/// meanwhile is looked up in the rotated set (`app.log.1`, `app.log.2.gz`, `app.2.log`, `app-2026-11-23.log`), told by inode and by
/// content. A file that was renamed is read on for [`Follower::drain_rounds`] further looks, because its writer may
/// still have it open. What only the writer can lose stays lost: lines that are written between the copying and the
/// truncating of `copytruncate`, and files that were deleted before anyone read them.
///
/// It is an iterator that never waits: `None` means that there is nothing more *for now*, and each further call is
/// another look. Waiting is up to the caller, who knows the clock.
///
/// ```
/// use std::io::Write as _;
/// use shape_telemetry::Follower;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("app.log");
/// let mut log = std::fs::File::create(&path)?;
/// let mut follower = Follower::new(&path);
/// writeln!(log, "one")?;
/// let line = follower.next().expect("a line")?;
/// assert_eq!((line.text.as_str(), line.byte_offset), ("one", 0));
/// assert!(follower.next().is_none());
///
/// // Another process goes on where this one was.
/// let saved = serde_json::to_string(&follower.position())?;
/// std::fs::rename(&path, path.with_extension("log.1"))?;
/// writeln!(log, "two")?;
/// std::fs::write(&path, "three\n")?;
/// let follower = Follower::resume(&path, &serde_json::from_str(&saved)?)?;
/// let lines: Result<Vec<_>, _> = follower.map(|line| line.map(|line| line.text)).collect();
/// assert_eq!(lines?, ["two", "three"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    max_line: usize,
    drain_rounds: u32,
    /// The files that are not read to their end, the active one last.
    segments: VecDeque<Segment>,
    /// Whether the last of `segments` is the file of `path`.
    has_active: bool,
    known: Vec<Known>,
    /// How many segments there were.
    n_segments: u64,
}

impl Follower {
    /// Follows from the start of the file, which need not exist yet. Older files of its rotated set are left out.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let mut follower = Self::closed(path.into());
        if let Ok(segment) = Segment::open(&follower.path, follower.max_line) {
            follower.activate(segment);
        }
        follower
    }

    /// Nothing open; what is there but the file itself is older.
    fn closed(path: PathBuf) -> Self {
        let mut follower = Self {
            path,
            max_line: Reader::MAX_LINE,
            drain_rounds: 60,
            segments: VecDeque::new(),
            has_active: false,
            known: Vec::new(),
            n_segments: 0,
        };
        follower.known = follower
            .siblings()
            .iter()
            .filter_map(|path| known(path))
            .collect();
        follower
    }

    /// Follows what is written from now on: from behind the last complete line of the file.
    pub fn at_end(path: impl Into<PathBuf>) -> io::Result<Self> {
        let mut follower = Self::closed(path.into());
        match Segment::open_at_end(&follower.path, follower.max_line) {
            Ok(segment) => follower.activate(segment),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(follower)
    }

    /// Goes on where another follower of the same path was.
    pub fn resume(path: impl Into<PathBuf>, position: &FollowPosition) -> io::Result<Self> {
        let mut follower = Self::closed(path.into());
        follower.known.clone_from(&position.known);
        let lost = position.files.iter().map(|mark| (*mark, None)).collect();
        follower.arrange(lost)?;
        Ok(follower)
    }

    /// Longer lines are cut to this many bytes, at least 64; [`Reader::MAX_LINE`] by default.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes.max(64);
        for segment in &mut self.segments {
            segment.max_line = self.max_line;
        }
        self
    }

    /// For how many looks a file that is no longer the active one is read on, 60 by default: a minute for someone who
    /// looks every second.
    #[must_use]
    pub fn drain_rounds(mut self, rounds: u32) -> Self {
        self.drain_rounds = rounds;
        self
    }

    /// The path followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it stands: behind the lines that were handed out.
    pub fn position(&self) -> FollowPosition {
        FollowPosition {
            files: self.segments.iter().map(Segment::mark).collect(),
            known: self.known.clone(),
        }
    }

    fn activate(&mut self, segment: Segment) {
        self.push(segment);
        self.has_active = true;
    }

    fn push(&mut self, mut segment: Segment) {
        if segment.serial == 0 {
            self.n_segments += 1;
            segment.serial = self.n_segments;
        }
        self.segments.push_back(segment);
    }

    /// The other files of the rotated set, the oldest first.
    fn siblings(&self) -> Vec<PathBuf> {
        let base = Name::of(&self.path).base;
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let own = self.path.file_name();
        let mut found: Vec<(Age, PathBuf)> = entries
            .flatten()
            .filter(|entry| Some(&*entry.file_name()) != own)
            .map(|entry| folder.join(entry.file_name()))
            .filter_map(|path| Some((Name::of_set(&path, &base)?.age, path)))
            .filter(|(_, path)| path.is_file())
            .collect();
        found.sort();
        found.into_iter().map(|(_, path)| path).collect()
    }

    /// The index of the first segment with complete lines, reading on where there are none.
    fn ready(&mut self) -> io::Result<Option<usize>> {
        if self.is_unread()? {
            // What is read of the others tells which files are copies of them.
            let n_rotated = self.segments.len() - 1;
            if let Some(index) = self.fill(n_rotated)? {
                return Ok(Some(index));
            }
            self.look_for_newcomers()?;
        }
        loop {
            if let Some(index) = self.fill(usize::MAX)? {
                return Ok(Some(index));
            }
            if !self.look()? {
                return Ok(None);
            }
        }
    }

    /// Whether nothing was read yet of the file that is the active one: it may have been copied and truncated meanwhile,
    /// and the copy is older than what is in it now.
    fn is_unread(&self) -> io::Result<bool> {
        let active = self.segments.back().filter(|_| self.has_active);
        let Some(active) = active.filter(|active| active.offset == 0 && active.is_empty()) else {
            return Ok(false);
        };
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(active.id.is_some() && FileId::of(&metadata) == active.id),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads on in so many of the segments; the first one with complete lines.
    fn fill(&mut self, n: usize) -> io::Result<Option<usize>> {
        for (index, segment) in self.segments.iter_mut().take(n).enumerate() {
            while segment.complete().is_empty() && segment.read()? {
                segment.idle = 0;
            }
            if !segment.complete().is_empty() {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Looks for what happened to the files; whether there may be more to read.
    fn look(&mut self) -> io::Result<bool> {
        let n_rotated = self.segments.len() - usize::from(self.has_active);
        let rounds = self.drain_rounds;
        let is_over = |segment: &Segment| segment.is_final() || rounds < segment.idle;
        for segment in self.segments.iter_mut().take(n_rotated) {
            segment.idle += 1;
            if is_over(segment) && !segment.is_empty() {
                // A line that was never ended is one all the same.
                segment.end();
                return Ok(true);
            }
        }
        for _ in 0..n_rotated {
            if !self.segments.front().is_some_and(is_over) {
                break;
            }
            if let Some(segment) = self.segments.pop_front() {
                self.known.push(segment.known());
            }
        }
        let on_disk = match fs::metadata(&self.path) {
            Ok(metadata) => FileId::of(&metadata),
            // Between the renaming and the making of the new file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if !self.has_active {
            self.arrange(Vec::new())?;
            return Ok(true);
        }
        let Some(active) = self.segments.back_mut() else {
            return Ok(false);
        };
        let is_intact = active.is_intact()?;
        let is_same = match (on_disk, active.id) {
            (Some(on_disk), Some(id)) => on_disk == id,
            // Without inodes, content tells.
            _ => active.mark().fits(&mut fs::File::open(&self.path)?)?,
        };
        if is_intact && is_same {
            return self.look_for_newcomers();
        }
        self.has_active = false;
        let mut lost = Vec::new();
        if !is_intact && let Some(segment) = self.segments.pop_back() {
            lost.push((segment.mark(), Some(segment)));
        }
        self.arrange(lost)?;
        Ok(true)
    }

    /// Looks for rotated files that nobody knows although the active one seems untouched: of a file that was truncated
    /// before anything was read of it, nothing is known that could have changed.
    fn look_for_newcomers(&mut self) -> io::Result<bool> {
        let is_new = |path: &PathBuf| {
            let id = fs::metadata(path)
                .ok()
                .and_then(|metadata| FileId::of(&metadata));
            id.is_some()
                && self.known.iter().all(|known| known.id != id)
                && self.segments.iter().all(|segment| segment.id != id)
        };
        if !self.siblings().iter().any(is_new) {
            return Ok(false);
        }
        let n_before = self.segments.len();
        self.has_active = false;
        let active = self.segments.pop_back();
        self.arrange_with(Vec::new(), active.into_iter().collect())?;
        Ok(n_before < self.segments.len())
    }

    /// Finds the files of marks, and those that were made since, and opens them in the order of time.
    ///
    /// What was read of a file that is nowhere any more is handed out as it is.
    fn arrange(&mut self, mut lost: Vec<Lost>) -> io::Result<()> {
        let recovered = self.recover_by_id(&mut lost)?;
        self.arrange_with(lost, recovered)
    }

    fn arrange_with(&mut self, mut lost: Vec<Lost>, mut recovered: Vec<Segment>) -> io::Result<()> {
        let mut seen: Vec<Known> = Vec::new();
        for path in self.siblings() {
            let Some(found) = known(&path) else {
                continue;
            };
            seen.push(found);
            if let Some(at) = recovered.iter().position(|segment| segment.path == path) {
                let segment = recovered.swap_remove(at);
                self.push(segment);
            } else if let Some(segment) = self.recover_by_content(&path, &mut lost) {
                self.push(segment);
            } else if !self.is_known(&path, found, &lost, &mut recovered)
                && let Ok(segment) = Segment::open(&path, self.max_line)
            {
                self.push(segment);
            }
        }
        let active = match recovered.pop() {
            Some(segment) => Ok(segment),
            None => Segment::open(&self.path, self.max_line),
        };
        // What is nowhere any more is older than what is.
        for (_, segment) in lost.into_iter().rev() {
            if let Some(mut segment) = segment
                && !segment.is_empty()
            {
                segment.end();
                self.segments.push_front(segment);
            }
        }
        // What was read need not be read again; what is gone is forgotten.
        self.known.retain(|known| {
            seen.iter()
                .any(|found| found.head == known.head && !found.is_same(known))
        });
        for found in seen {
            if !self
                .segments
                .iter()
                .any(|segment| segment.known().is_same(&found))
            {
                self.known.push(found);
            }
        }
        match active {
            Ok(segment) => self.activate(segment),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Opens the files that have the inode and the content of a mark.
    fn recover_by_id(&self, lost: &mut Vec<Lost>) -> io::Result<Vec<Segment>> {
        let mut recovered = Vec::new();
        for path in self.siblings().iter().chain([&self.path]) {
            let id = match fs::metadata(path) {
                Ok(metadata) => FileId::of(&metadata),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let same = |(mark, _): &Lost| id.is_some() && mark.id == id;
            if let Some(index) = lost.iter().position(same)
                && let Some((mark, _)) = lost.get(index)
                && let Some(segment) = Segment::open_at(path, mark, self.max_line)?
            {
                recovered.push(segment);
                lost.remove(index);
            }
        }
        Ok(recovered)
    }

    /// Opens a file that was copied or compressed from the one of a mark.
    fn recover_by_content(&self, path: &Path, lost: &mut Vec<Lost>) -> Option<Segment> {
        for index in 0..lost.len() {
            let (mark, old) = lost.get(index)?;
            let is_marked = 0 < mark.offset || old.as_ref().is_some_and(|old| !old.is_empty());
            if is_marked
                && let Ok(Some(mut segment)) = Segment::open_at(path, mark, self.max_line)
                && old
                    .as_ref()
                    .is_none_or(|old| old.is_gone_on_with(&mut segment).unwrap_or(false))
            {
                lost.remove(index);
                return Some(segment);
            }
        }
        None
    }

    /// Whether a file need not be read: it is open, was read, is older than the start, or is a copy of such a file.
    fn is_known(
        &mut self,
        path: &Path,
        found: Known,
        lost: &[Lost],
        recovered: &mut [Segment],
    ) -> bool {
        if self
            .segments
            .iter()
            .any(|segment| segment.known().is_same(&found))
        {
            return true;
        }
        let head = segment::head(path).unwrap_or_default();
        let begins = |known: Print| 0 < known.bytes && known.begins(&head);
        if found.id.is_some()
            && let Some(known) = self.known.iter().find(|known| known.is_same(&found))
        {
            // An inode that was used again holds something else.
            return known.head.begins(&head);
        }
        if Name::of(path).is_packed {
            // It is being written, or the file that it was made of is here.
            return path.with_extension("").exists()
                || self.known.iter().any(|known| begins(known.head))
                || self
                    .segments
                    .iter()
                    .any(|segment| begins(segment.known().head));
        }
        // `copytruncate` copies first: the copy may end before what was read already.
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut open = self.segments.iter_mut().chain(recovered);
        open.any(|segment| segment.was_copied_to(path).unwrap_or(false))
            || lost.iter().any(|(mark, segment)| {
                let is_start = segment.as_ref().is_some_and(|it| it.begins_with(&head));
                length <= mark.offset && (is_start || begins(mark.head))
            })
    }

    /// Hands out the first line of a segment.
    fn line(&mut self, index: usize) -> Option<FollowedLine> {
        let segment = self.segments.get_mut(index)?;
        let lines = segment.complete();
        let units = segment.units();
        let length = units.behind_line(lines)?;
        let line = units.text(lines.get(..length)?, segment.offset == 0);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        let text = line.strip_suffix('\r').unwrap_or(line).to_owned();
        let line = FollowedLine {
            text,
            path: segment.path.clone(),
            byte_offset: segment.offset,
            is_cut: 0 < segment.n_cut(length),
        };
        segment.consume(length);
        Some(line)
    }
}

impl Iterator for Follower {
    type Item = io::Result<FollowedLine>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.ready() {
            Ok(index) => self.line(index?).map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}

/// A place whose file is to be found, and what was read of it.
type Lost = (Mark, Option<Segment>);

/// A file as far as it can be told from others.
fn known(path: &Path) -> Option<Known> {
    let metadata = fs::metadata(path).ok()?;
    let head = segment::head(path).unwrap_or_default();
    Some(Known {
        id: FileId::of(&metadata),
        head: Print::of(&head),
    })
}
