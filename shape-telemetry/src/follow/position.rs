//! Where following stands, in a form that outlives the process.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
};

use serde::{Deserialize, Serialize};

use crate::{fingerprint, number};

/// How many bytes at the start of a file are looked at.
pub(super) const HEAD: usize = 1_024;
/// How many bytes before the place reached are looked at.
pub(super) const TAIL: usize = 256;

/// Where a [`Follower`](crate::Follower) stands: what [`Follower::resume`](crate::Follower::resume) goes on from.
///
/// Every line that was handed out lies before it and every other line behind it. It names files by device and inode,
/// and proves them by a hash of their first bytes and of those before the place, because inodes are used again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowPosition {
    /// The files that are not read to their end, the active one last.
    pub(super) files: Vec<Mark>,
    /// Files of the rotated set that need not be read: they were, or are older than the start.
    pub(super) known: Vec<Known>,
}

/// A place in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    pub(super) id: Option<FileId>,
    pub(super) offset: u64,
    /// Lines before the place, from where following began.
    pub(super) lines: u64,
    pub(super) head: Print,
    pub(super) tail: Print,
}

/// A file that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub(super) id: Option<FileId>,
    pub(super) head: Print,
}

/// Device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl Known {
    /// Whether two files are the same: by inode, and by content where there are none.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self.id, other.id) {
            (Some(one), Some(other)) => one == other,
            _ => self.head == other.head,
        }
    }
}

impl FileId {
    #[cfg(unix)]
    #[expect(clippy::unnecessary_wraps, reason = "other systems have no inodes")]
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Other systems tell files apart by what is in them.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// So many bytes, and their hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Print {
    pub(super) bytes: u64,
    hash: u64,
}

impl Print {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: number::len(bytes.len()),
            hash: fingerprint::bytes(bytes),
        }
    }

    fn len(self) -> usize {
        usize::try_from(self.bytes).unwrap_or(usize::MAX).min(HEAD)
    }

    /// Whether bytes begin with the ones that this is the print of.
    pub(super) fn begins(self, bytes: &[u8]) -> bool {
        bytes
            .get(..self.len())
            .is_some_and(|start| Self::of(start) == self)
    }
}

impl Mark {
    /// Whether a file is the one of the mark: it is as long, and has its first bytes and those before the place.
    pub(super) fn fits(&self, file: &mut File) -> io::Result<bool> {
        if file.metadata()?.len() < self.offset {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(0))?;
        let head = up_to(file, self.head.len())?;
        let start = self.offset.saturating_sub(self.tail.bytes);
        file.seek(SeekFrom::Start(start))?;
        let tail = up_to(file, self.tail.len())?;
        Ok(self.head.begins(&head) && self.tail.begins(&tail))
    }

    /// Whether a stream is the file of the mark, in which case it stands at the place afterwards.
    pub(super) fn leads(&self, input: &mut dyn Read) -> io::Result<bool> {
        let head = up_to(input, self.head.len())?;
        if !self.head.begins(&head) {
            return Ok(false);
        }
        let start = self.offset.saturating_sub(self.tail.bytes);
        let read = number::len(head.len());
        // The tail may begin within the head.
        let mut tail: Vec<u8> = usize::try_from(start)
            .ok()
            .and_then(|start| head.get(start..))
            .unwrap_or_default()
            .to_vec();
        let skipped = start.saturating_sub(read);
        if io::copy(&mut (&mut *input).take(skipped), &mut io::sink())? < skipped {
            return Ok(false);
        }
        let rest = self.offset.saturating_sub(read.max(start));
        let missing = usize::try_from(rest).unwrap_or(usize::MAX);
        tail.extend_from_slice(&up_to(input, missing)?);
        Ok(self.tail.begins(&tail) && tail.len() == self.tail.len())
    }
}

/// The next bytes, fewer only at the end.
pub(super) fn up_to(input: &mut (impl Read + ?Sized), n: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(n.min(1 << 16));
    input.take(number::len(n)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
